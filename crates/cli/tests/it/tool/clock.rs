//! A wall clock that jumps, for the programs that are started under it: faketime(1).

use std::path::PathBuf;
use std::process::Command;

/// The clock; it is right until it jumps.
pub(crate) struct Clock {
    folder: tempfile::TempDir,
    library: PathBuf,
}

impl Clock {
    /// None where the library that makes it is not installed, which is said.
    ///
    /// # Panics
    /// Instead of that, where `DOCKER_OVS_TEST_REQUIRE` is set.
    pub(crate) fn new() -> Option<Self> {
        let Some(library) = library() else {
            let must = std::env::var_os("DOCKER_OVS_TEST_REQUIRE").is_some();
            assert!(!must, "this test needs libfaketime (scripts/setup --for-tests)");
            eprintln!("skipped: no libfaketime (scripts/setup --for-tests installs it)");
            return None;
        };
        let clock = Self { folder: tempfile::tempdir().unwrap(), library };
        clock.jump("+0");
        Some(clock)
    }

    /// Lets it jump to a time relative to the right one, such as `+1y`.
    pub(crate) fn jump(&self, to: &str) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, to).unwrap();
        std::fs::rename(&new, self.time()).unwrap();
    }

    /// The command under this clock. What measures durations is left alone, as when a clock is
    /// set.
    pub(crate) fn rule(&self, mut command: Command) -> Command {
        command.env("LD_PRELOAD", &self.library).env("FAKETIME_TIMESTAMP_FILE", self.time());
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command
    }

    fn time(&self) -> PathBuf {
        self.folder.path().join("time")
    }
}

fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let mut paths = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    paths.find(|path| path.exists())
}
