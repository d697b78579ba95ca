//! What an engine calls itself, kept for as long as its process lives.
//!
//! Docker's `GET /info` is the only call that tells it, and counts and probes so much beside it that it
//! takes longer than everything else that `connect` does. An engine reads its id when it starts: one
//! process has one id.

use std::fs::{DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::process::Process;

/// Emptied with each start of the machine.
const FOLDER: &str = "/run/docker-ovs";

/// No engine calls itself longer, in bytes.
const LONGEST_ID: usize = 256;

/// The file that remembers the id of one process.
pub(crate) struct Remembered {
    folder: PathBuf,
    /// `PID NAMESPACE-PID-START`.
    file: String,
}

impl Remembered {
    /// That of the process `pid`, if it calls itself one of `programs`: what another one passes on may
    /// come from here today and from there tomorrow.
    pub(crate) fn of(pid: u32, programs: &[&str]) -> Option<Self> {
        Self::within(Path::new(FOLDER), pid, programs)
    }

    fn within(folder: &Path, pid: u32, programs: &[&str]) -> Option<Self> {
        let process = Process::open(pid).ok()?;
        let file = programs.contains(&&*process.comm()).then(|| process.mark())??;
        Some(Self { folder: folder.to_owned(), file })
    }

    /// What is remembered, where that was written by this user and by no other.
    pub(crate) fn read(&self) -> Option<String> {
        let folder = std::fs::symlink_metadata(&self.folder).ok()?;
        if !is_ours_alone(&folder) {
            return None;
        }
        let id = files::read_text(&self.folder.join(&self.file)).ok()?;
        (!id.is_empty() && id.len() <= LONGEST_ID).then_some(id)
    }

    /// Remembers it, and forgets those of processes that have ended. Where that cannot be, the engine
    /// is asked once more.
    pub(crate) fn write(&self, id: &str) {
        if let Err(error) = self.try_to_write(id) {
            tracing::debug!("the engine's id is not remembered: {error}");
        }
    }

    fn try_to_write(&self, id: &str) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if !is_ours_alone(&std::fs::symlink_metadata(&self.folder)?) {
            return Err(io::Error::other("others may write there"));
        }
        self.forget_ended();
        // Whole or not at all: a reader may come in between.
        let unfinished = self.folder.join(format!(".{}-{}", self.file, std::process::id()));
        std::fs::write(&unfinished, id)?;
        std::fs::set_permissions(&unfinished, Permissions::from_mode(0o600))?;
        std::fs::rename(&unfinished, self.folder.join(&self.file))
    }

    fn forget_ended(&self) {
        let own = self.file.split('-').next();
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let mut words = name.split('-');
            // Of another PID namespace nothing is known.
            let is_of_ours = words.next() == own;
            let pid = words.next().and_then(|word| word.parse().ok());
            let (true, Some(pid)) = (is_of_ours, pid) else { continue };
            let has_ended = match Process::open(pid) {
                Ok(process) => process.mark().is_some_and(|now| now != name),
                Err(error) => error.kind() == io::ErrorKind::NotFound,
            };
            if has_ended {
                // Another run may have done so already.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

/// Whether only this user can put anything there.
fn is_ours_alone(folder: &Metadata) -> bool {
    folder.is_dir() && folder.uid() == geteuid().as_raw() && folder.mode() & 0o022 == 0
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test starts a process")]
mod tests {
    use std::process::{Child, Command};

    use tempfile::TempDir;

    use super::*;

    fn of(folder: &Path, pid: u32) -> Option<Remembered> {
        Remembered::within(folder, pid, &["sleep"])
    }

    /// A folder that only this user may write to, whatever the umask.
    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        folder
    }

    struct Sleep(Child);

    impl Sleep {
        fn start() -> Self {
            let sleep = Self(Command::new("sleep").arg("600").spawn().unwrap());
            let process = Process::open(sleep.0.id()).unwrap();
            // The kernel lets a parent go on a moment before its child has its new name.
            lab::wait_until("it calls itself sleep", || process.comm() == "sleep");
            sleep
        }
    }

    impl Drop for Sleep {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    #[test]
    fn an_id_is_remembered_for_one_process_alone() {
        let folder = folder();
        let (folder, engine) = (folder.path().join("run"), Sleep::start());
        let remembered = of(&folder, engine.0.id()).unwrap();
        assert_eq!(remembered.read(), None);
        remembered.write("ABCD:EFGH");
        assert_eq!(remembered.read().as_deref(), Some("ABCD:EFGH"));
        let again = of(&folder, engine.0.id()).unwrap();
        assert_eq!(again.read().as_deref(), Some("ABCD:EFGH"));
        let other = Sleep::start();
        assert_eq!(of(&folder, other.0.id()).unwrap().read(), None);
        let mut later = of(&folder, engine.0.id()).unwrap();
        later.file = later.file.replacen('-', "-0", 1);
        assert_eq!(later.read(), None);
    }

    #[test]
    fn what_has_ended_is_forgotten_and_what_lives_is_not() {
        let folder = folder();
        let (ended, living) = (Sleep::start(), Sleep::start());
        let of = |engine: &Sleep| of(folder.path(), engine.0.id()).unwrap();
        let (gone, kept) = (of(&ended), of(&living));
        gone.write("gone");
        kept.write("kept");
        std::fs::write(folder.path().join("1-1-1-of-another-namespace"), "x").unwrap();
        drop(ended);
        kept.write("kept still");
        assert_eq!((gone.read(), kept.read().as_deref()), (None, Some("kept still")));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_relay_and_a_folder_of_others_are_not_believed() {
        let folder = folder();
        let engine = Sleep::start();
        assert!(Remembered::within(folder.path(), engine.0.id(), &["dockerd"]).is_none());
        let remembered = of(folder.path(), engine.0.id()).unwrap();
        remembered.write("mine");
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        assert_eq!(remembered.read(), None);
        remembered.write("theirs");
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        assert_eq!(remembered.read().as_deref(), Some("mine"));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        let through = Remembered { folder: link, file: remembered.file };
        assert_eq!(through.read(), None, "a link may lead anywhere");
    }
}
