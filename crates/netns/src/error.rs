//! What can go wrong on the way into a namespace.

use std::io;
use std::path::{Path, PathBuf};

/// Why a namespace could not be opened, entered or read.
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
    Restless,
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
