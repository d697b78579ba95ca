//! What can go wrong on the way into a namespace, and in it.

use std::io;
use std::path::{Path, PathBuf};

const EPERM: i32 = 1;
const ESRCH: i32 = 3;
const ENOMEM: i32 = 12;
const EEXIST: i32 = 17;
const ENODEV: i32 = 19;
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;

/// Why a namespace could not be opened, entered, read, watched or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The namespace file could not be opened.
    #[error("cannot open {path}: {source}{}", lacking_for(path, source))]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not: not found where there is no such process, permission denied where
        /// CAP_SYS_PTRACE is missing for it (namespaces(7)).
        source: io::Error,
    },
    /// The file is not a network namespace.
    #[error("{path} is not a network namespace")]
    NotANetns {
        /// The file.
        path: PathBuf,
    },
    /// The namespace could not be entered.
    #[error("cannot enter the namespace: {}{}", .0, lacking(.0, "CAP_SYS_ADMIN"))]
    Enter(#[source] io::Error),
    /// The kernel refused a request, or the socket failed.
    #[error("rtnetlink: {0}")]
    Socket(#[source] io::Error),
    /// The kernel's answer cannot be read.
    #[error("rtnetlink: the answer is malformed: {0}")]
    Malformed(&'static str),
    /// A dump was interrupted by changes again and again.
    #[error("rtnetlink: links change faster than they can be read")]
    DumpInterrupted,
    /// No link can have that name.
    #[error("{name:?} cannot be the name of a link: {why}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// The kernel refused a change, or the socket failed while it was asked for.
    #[error("cannot {what}: {}{}", objection(source), unprivileged(source, "CAP_NET_ADMIN"))]
    Change {
        /// What was to be done: `delete link 7`.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// The kernel does not tell of changes.
    #[error("cannot listen to changes of links: {0}")]
    Watch(#[source] io::Error),
    /// The kernel does not tell of changes in other namespaces.
    #[error("cannot listen in all namespaces: {}{}", .0, unprivileged(.0, "CAP_NET_BROADCAST"))]
    WatchAll(#[source] io::Error),
}

impl Error {
    /// Whether there is no such process, or no such file, any more.
    pub fn is_gone(&self) -> bool {
        let Self::Open { source, .. } = self else { return false };
        source.kind() == io::ErrorKind::NotFound || source.raw_os_error() == Some(ESRCH)
    }

    /// Whether there was no descriptor or no memory left to open it: nothing follows about what was to be opened.
    pub fn is_exhausted(&self) -> bool {
        let Self::Open { source, .. } = self else { return false };
        is_exhausted(source)
    }

    /// The kernel's number for what it objects to in a change (errno(3)): `EEXIST` where there
    /// is one already, `ENODEV` where there is no such link.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Change { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }

    /// Whether a change failed for there is no such link any more.
    pub fn is_without_link(&self) -> bool {
        self.errno() == Some(ENODEV)
    }
}

/// Whether something failed for want of a descriptor or of memory (`ENFILE`, `EMFILE`, `ENOMEM` of errno(3)): nothing
/// follows about what it was tried with.
pub fn is_exhausted(source: &io::Error) -> bool {
    matches!(source.raw_os_error(), Some(ENOMEM | ENFILE | EMFILE))
}

/// The kernel has no files in mind.
fn objection(source: &io::Error) -> String {
    match source.raw_os_error() {
        Some(EEXIST) => "there is one already (EEXIST)".to_owned(),
        _ => source.to_string(),
    }
}

/// EPERM alone: EACCES says other things, such as that IPv6 is disabled on a link.
fn unprivileged(source: &io::Error, capability: &str) -> String {
    match source.raw_os_error() {
        Some(EPERM) => format!(", {capability} is missing"),
        _ => String::new(),
    }
}

fn lacking_for(path: &Path, source: &io::Error) -> String {
    if path.starts_with("/proc") { lacking(source, "CAP_SYS_PTRACE") } else { String::new() }
}

fn lacking(source: &io::Error, capability: &str) -> String {
    match source.kind() {
        io::ErrorKind::PermissionDenied => format!(", {capability} is missing"),
        _ => String::new(),
    }
}
