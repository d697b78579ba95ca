//! What can go wrong between us and a daemon.

use std::io;
use std::path::PathBuf;

use jsonrpc::RemoteError;

use crate::dpif::MalformedDpif;

/// Why a daemon gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file that says which process the daemon is cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Pidfile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No connection could be made.
    #[error("cannot connect to {}: {source}", .path.display())]
    Connect {
        /// Where to.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The daemon refused the command.
    #[error("{command} was refused: {answer}")]
    Refused {
        /// The command.
        command: String,
        /// What the daemon said.
        answer: RemoteError,
    },
    /// The conversation failed.
    #[error(transparent)]
    Rpc(jsonrpc::Error),
    /// The answer to `dpif/show` makes no sense.
    #[error(transparent)]
    Dpif(#[from] MalformedDpif),
}

impl Error {
    /// The kind of the I/O error below, where there is one: tells permission denied,
    /// not found, connection refused and a daemon that hung up apart.
    pub fn kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Pidfile { source, .. } | Self::Connect { source, .. } => Some(source.kind()),
            Self::Rpc(error) => error.kind(),
            Self::Refused { .. } | Self::Dpif(_) => None,
        }
    }
}
