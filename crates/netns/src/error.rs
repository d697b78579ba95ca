//! What can go wrong on the way into a namespace.

use std::io;
use std::path::PathBuf;

/// Why a namespace could not be opened, entered or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The namespace file could not be opened.
    #[error("cannot open {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not; permission denied means that CAP_SYS_PTRACE is missing.
        source: io::Error,
    },
    /// The file is not a network namespace.
    #[error("{path} is not a network namespace")]
    NotANetns {
        /// The file.
        path: PathBuf,
    },
    /// The namespace could not be entered.
    #[error("cannot enter the namespace: {0}")]
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
