//! A wall clock that jumps, for the programs that are started under it: faketime(1).

use std::path::PathBuf;
use std::process::Command;

/// A clock of a test's own; it is right until it jumps.
#[derive(Debug)]
pub struct Clock {
    folder: tempfile::TempDir,
    library: PathBuf,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// One that is right.
    ///
    /// # Panics
    /// Where the library that makes it is not installed: [`Need::Faketime`](crate::Need).
    pub fn new() -> Self {
        let library = library().expect("libfaketime is installed");
        let clock = Self { folder: tempfile::tempdir().unwrap(), library };
        clock.jump("+0");
        clock
    }

    /// Lets it jump to a time relative to the right one, such as `+1y`.
    ///
    /// # Panics
    /// When its file cannot be written.
    pub fn jump(&self, to: &str) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, to).unwrap();
        std::fs::rename(&new, self.time()).unwrap();
    }

    /// The command under this clock. What measures durations is left alone, as when a clock is
    /// set.
    pub fn rule(&self, mut command: Command) -> Command {
        command.env("LD_PRELOAD", &self.library).env("FAKETIME_TIMESTAMP_FILE", self.time());
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command
    }

    fn time(&self) -> PathBuf {
        self.folder.path().join("time")
    }
}

pub(crate) fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let mut paths = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    paths.find(|path| path.exists())
}
