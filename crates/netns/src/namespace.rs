//! A namespace held open by a descriptor, so that its identity cannot be reused.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use crate::Error;

/// Where ip-netns(8) keeps named namespaces.
const NAMED: &str = "/run/netns";

/// File system of namespace files (linux/magic.h).
const NSFS_MAGIC: rustix::fs::FsWord = 0x6e73_6673;

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
        Self::open(Path::new("/proc/thread-self/ns/net"))
    }

    /// The namespace of a process, in this PID namespace.
    ///
    /// # Errors
    /// [`Error::Open`]: not found where there is no such process, permission denied
    /// where CAP_SYS_PTRACE is missing.
    pub fn of_process(pid: u32) -> Result<Self, Error> {
        Self::open(Path::new(&format!("/proc/{pid}/ns/net")))
    }

    /// The namespace behind a file, such as a bind mount in /run/netns.
    ///
    /// # Errors
    /// [`Error::Open`], or [`Error::NotANetns`] for any other file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source: io::Error| Error::Open { path: path.to_owned(), source };
        let file: OwnedFd = File::open(path).map_err(failed)?.into();
        if !is_netns(&file) {
            return Err(Error::NotANetns { path: path.to_owned() });
        }
        let stat = rustix::fs::fstat(&file).map_err(|errno| failed(errno.into()))?;
        Ok(Self { file, identity: Identity { dev: stat.st_dev, ino: stat.st_ino } })
    }

    /// What tells this namespace from every other one.
    pub fn identity(&self) -> Identity {
        self.identity
    }
}

/// A file of nsfs, and as far as its name tells (`net:[4026531840]` under /proc, a path for
/// a bind mount) of no other kind. For a bind mount only setns(2) knows, and refuses.
fn is_netns(file: &OwnedFd) -> bool {
    let name = std::fs::read_link(format!("/proc/thread-self/fd/{}", file.as_raw_fd()));
    let other = |name: &str| name.contains(":[") && !name.starts_with("net:[");
    let nsfs = rustix::fs::fstatfs(file).is_ok_and(|fs| fs.f_type == NSFS_MAGIC);
    nsfs && name.is_ok_and(|name| !other(&name.to_string_lossy()))
}

impl AsFd for Netns {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Names and paths of the namespaces that ip-netns(8) knows.
pub fn named() -> Vec<(String, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(NAMED) else { return Vec::new() };
    let named = entries
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
    let mut named: Vec<_> = named.collect();
    named.sort();
    named
}
