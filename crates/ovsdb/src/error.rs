//! What can go wrong between us and a database server.

use std::io;

use jsonrpc::excerpt;

use crate::remote::{InvalidRemote, Remote};
use crate::tls::TlsError;

/// Why the database gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text that names the server is wrong.
    #[error(transparent)]
    Remote(#[from] InvalidRemote),
    /// No connection could be made, TLS handshake included.
    #[error("cannot connect to {remote}: {source}")]
    Connect {
        /// Where to.
        remote: Remote,
        /// Why not.
        source: io::Error,
    },
    /// The key or the certificates for `ssl:` are missing or of no use.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The conversation failed, or the server refused the request as a whole.
    #[error(transparent)]
    Rpc(#[from] jsonrpc::Error),
    /// One operation of a transaction failed, and with it the transaction
    /// (RFC 7047 section 4.1.3).
    #[error("operation {operation} failed: {}{}", excerpt(.error), detailed(.details.as_deref()))]
    Operation {
        /// Which one, counted from 0. One more than the last is the commit itself.
        operation: usize,
        /// The short word, such as `constraint violation`.
        error: String,
        /// What the server says about it.
        details: Option<String>,
    },
    /// There are rows for another number of operations than were asked.
    #[error("the server returned rows for {got} of {asked} operations")]
    WrongCount {
        /// For how many operations rows were asked.
        asked: usize,
        /// For how many they came.
        got: usize,
    },
    /// Rows are not of the shape they were to be read into.
    #[error("cannot read the rows of {place}: {}", excerpt(&.source.to_string()))]
    Row {
        /// Which rows.
        place: String,
        /// What is wrong with them.
        source: serde_json::Error,
    },
}

fn detailed(details: Option<&str>) -> String {
    details.map_or_else(String::new, |details| format!(": {}", excerpt(details)))
}

impl Error {
    /// Whether the server answered, and the answer was that it will not do what was asked: the
    /// connection is as good as before.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Operation { .. } | Self::Rpc(jsonrpc::Error::Remote(_)))
    }

    /// The kind of the I/O error below, where there is one: tells permission denied,
    /// not found, connection refused and a peer that hung up apart.
    pub fn kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Connect { source, .. } => Some(source.kind()),
            Self::Tls(error) => error.kind(),
            Self::Rpc(error) => error.kind(),
            _ => None,
        }
    }
}
