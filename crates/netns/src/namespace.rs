//! A namespace held open by a descriptor, so that its identity cannot be reused.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::{Error, RouteSocket};

/// Where ip-netns(8) keeps named namespaces.
const NAMED: &str = "/run/netns";

/// File system of namespace files (linux/magic.h).
const NSFS_MAGIC: rustix::fs::FsWord = 0x6e73_6673;

const EINVAL: i32 = 22;

/// Device and inode of a namespace's file, as namespaces(7) says to compare them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Device number of nsfs.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
}

/// An open network namespace.
#[derive(Debug)]
pub struct Netns {
    file: OwnedFd,
    identity: Identity,
}

impl Netns {
    /// The namespace of the calling thread.
    ///
    /// # Errors
    /// [`Error::Open`], where /proc is not mounted.
    pub fn current() -> Result<Self, Error> {
        Self::open_unchecked(Path::new("/proc/thread-self/ns/net"))
    }

    /// The namespace of a process, in this PID namespace.
    ///
    /// # Errors
    /// [`Error::Open`]: not found where there is no such process, permission denied
    /// where CAP_SYS_PTRACE is missing, also where /proc hides the process for that.
    pub fn of_process(pid: u32) -> Result<Self, Error> {
        let path = PathBuf::from(format!("/proc/{pid}/ns/net"));
        Self::open_unchecked(&path).map_err(|error| of_process(error, pid))
    }

    /// The namespace of the process whose folder in proc(5) is open as `folder`: of that very
    /// process, even where another one has its number by now. `pid` is for messages.
    ///
    /// # Errors
    /// As [`Netns::of_process`].
    pub fn of_open_process(folder: impl AsFd, pid: u32) -> Result<Self, Error> {
        let whole = PathBuf::from(format!("/proc/{pid}/ns/net"));
        let opened = Self::open_as(folder, Path::new("ns/net"), &whole);
        opened.map_err(|error| of_process(error, pid))
    }

    /// The namespace behind a file, such as a bind mount in /run/netns.
    ///
    /// # Errors
    /// [`Error::Open`], or [`Error::NotANetns`] for any other file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let namespace = Self::open_unchecked(path)?;
        if namespace.is_of_network()? {
            Ok(namespace)
        } else {
            Err(Error::NotANetns { path: path.to_owned() })
        }
    }

    /// For paths of proc(5) that can only be a network namespace: to ask each of them what it
    /// is would take a twentieth of a lookup.
    fn open_unchecked(path: &Path) -> Result<Self, Error> {
        Self::open_as(rustix::fs::CWD, path, path)
    }

    /// Opens `path` below `folder`, which messages call `named`.
    fn open_as(folder: impl AsFd, path: &Path, named: &Path) -> Result<Self, Error> {
        let failed = |source: io::Error| Error::Open { path: named.to_owned(), source };
        // A FIFO is refused: opening it would wait for its writer.
        let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(folder, path, how, Mode::empty())
            .map_err(|errno| failed(errno.into()))?;
        let stat = rustix::fs::fstat(&file).map_err(|errno| failed(errno.into()))?;
        Ok(Self { file, identity: Identity { dev: stat.st_dev, ino: stat.st_ino } })
    }

    /// A file of nsfs, and `net:[4026531840]` by its name. A bind mount goes by its path
    /// instead; only the kernel can tell what that is one of.
    fn is_of_network(&self) -> Result<bool, Error> {
        if !rustix::fs::fstatfs(&self.file).is_ok_and(|fs| fs.f_type == NSFS_MAGIC) {
            return Ok(false);
        }
        let name = std::fs::read_link(format!("/proc/thread-self/fd/{}", self.file.as_raw_fd()));
        if name.is_ok_and(|name| name.to_string_lossy().starts_with("net:[")) {
            return Ok(true);
        }
        match RouteSocket::here()?.nsid_of(self) {
            Err(Error::Socket(error)) if error.raw_os_error() == Some(EINVAL) => Ok(false),
            answer => answer.map(|_| true),
        }
    }

    /// What tells this namespace from every other one.
    pub fn identity(&self) -> Identity {
        self.identity
    }
}

/// What the error really says of the process. Permission denied, in the place of not found, where
/// that is only how /proc hides it. And not found, in the place of permission denied, where the
/// process ended between the two halves of the way to its file: the kernel then says `EACCES`
/// (`proc_ns_get_link` in fs/proc/namespaces.c), to root too.
fn of_process(error: Error, pid: u32) -> Error {
    let Error::Open { path, source } = error else { return error };
    let is_denied = source.kind() == io::ErrorKind::PermissionDenied;
    let error = Error::Open { path: path.clone(), source };
    if error.is_gone() && is_hidden(pid) {
        return Error::Open { path, source: io::ErrorKind::PermissionDenied.into() };
    }
    if is_denied && has_ended(pid) {
        return Error::Open { path, source: io::ErrorKind::NotFound.into() };
    }
    error
}

fn has_ended(pid: u32) -> bool {
    !Path::new(&format!("/proc/{pid}")).exists() && !is_hidden(pid)
}

/// Whether the process is there and /proc does not show it (`hidepid`, proc(5)): kill(2) finds it
/// all the same.
pub fn is_hidden(pid: u32) -> bool {
    let is_shown = Path::new(&format!("/proc/{pid}")).exists();
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    !is_shown && raw.is_some_and(|raw| test_kill_process(raw) != Err(Errno::SRCH))
}

/// Which namespace the file of one is, without a descriptor for it: none where it is no file of
/// nsfs, or cannot be asked.
pub fn identity_of(path: &Path) -> Option<Identity> {
    let stat = rustix::fs::stat(path).ok()?;
    let is_one = rustix::fs::statfs(path).is_ok_and(|fs| fs.f_type == NSFS_MAGIC);
    is_one.then_some(Identity { dev: stat.st_dev, ino: stat.st_ino })
}

impl AsFd for Netns {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Names and paths of the namespaces that ip-netns(8) knows, by name. They are not opened:
/// [`Netns::open`] tells which of them still are network namespaces. Without their folder there are none.
///
/// # Errors
/// [`Error::Open`]: their folder cannot be read, so that which there are is not known.
pub fn named() -> Result<Vec<(String, PathBuf)>, Error> {
    named_in(Path::new(NAMED))
}

fn named_in(folder: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let unread = |source| Error::Open { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unread(error)),
    };
    let named = entries.map(|entry| {
        let entry = entry.map_err(unread)?;
        Ok::<_, Error>((entry.file_name().to_string_lossy().into_owned(), entry.path()))
    });
    let mut named = named.collect::<Result<Vec<_>, _>>()?;
    named.sort();
    Ok(named)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::named_in;

    #[test]
    fn a_folder_that_cannot_be_read_is_not_an_empty_one() {
        assert!(named_in(Path::new("/proc/self/none")).unwrap().is_empty());
        assert!(!named_in(Path::new("/proc/self/status")).unwrap_err().is_gone());
        let named = named_in(Path::new("/proc/self/ns")).unwrap();
        assert!(named.contains(&("net".to_owned(), "/proc/self/ns/net".into())), "{named:?}");
    }
}
