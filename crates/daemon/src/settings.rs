//! What a user may say about a daemon.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::history::HistorySettings;
use model::{SourceError, SourceErrorKind};

/// Where to listen, and which clients to let in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The unix socket.
    pub socket: PathBuf,
    /// TCP addresses.
    pub listen: Vec<SocketAddr>,
    /// Whether to make attachments again when their container starts.
    pub restore: bool,
    /// For TCP: key, certificate and token; without them only loopback is listened on.
    pub tls: Option<TlsOptions>,
    /// The fleet that this host is of, if it is of one.
    pub fleet: Option<fleet::Settings>,
    /// Where what changes is kept, if it is.
    pub history: Option<HistorySettings>,
    /// Which build serves.
    pub build: Build,
}

/// What a build tells of itself, as `docker ovs version` does.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// Of the release.
    pub version: &'static str,
    /// The commit it was built from, by its first digits, or `unknown`.
    pub commit: &'static str,
    /// When that was made, RFC 3339, or `unknown`.
    pub date: &'static str,
}

/// What makes TCP safe beyond loopback.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// Certificate with its chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// A file with the token that clients must show.
    pub token: PathBuf,
}

impl Settings {
    /// Makes sure that other machines cannot connect without TLS and a token.
    pub(crate) fn check(&self) -> Result<(), SourceError> {
        let open = self.listen.iter().find(|address| !address.ip().is_loopback());
        match (open, &self.tls) {
            (Some(address), None) => {
                let what = format!("--listen {address}");
                let why = "this address can be reached from other machines";
                Err(SourceError::new(SourceErrorKind::Unusable, what, why)
                    .hint("give --tls-cert, --tls-key and --token-file, or listen on 127.0.0.1"))
            }
            _ => Ok(()),
        }
    }
}
