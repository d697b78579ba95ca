//! Certificate, private key and token of the TCP addresses. They are read anew when that is asked
//! for, and what was read last is used until then.

use std::sync::{Arc, PoisonError, RwLock};

use host::token;
use model::SourceError;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::http::tls;
use crate::settings::TlsOptions;

/// What was read of the files.
pub(crate) struct Credentials {
    files: TlsOptions,
    token: watch::Sender<Arc<str>>,
    acceptor: RwLock<TlsAcceptor>,
}

impl Credentials {
    /// Reads all three files.
    ///
    /// # Errors
    /// A file that cannot be read, that others can read, or that is of no use.
    pub(crate) fn read(files: &TlsOptions) -> Result<Self, SourceError> {
        let (token, acceptor) = read(files)?;
        let token = watch::Sender::new(token);
        Ok(Self { files: files.clone(), token, acceptor: RwLock::new(acceptor) })
    }

    /// A token alone: there is no certificate for a handshake.
    #[cfg(test)]
    pub(crate) fn with_token(token: &str) -> Self {
        use rustls::ServerConfig;
        use rustls::crypto::ring;
        use rustls::server::ResolvesServerCertUsingSni;
        let none = std::path::PathBuf::new;
        let files = TlsOptions { certificate: none(), key: none(), token: none() };
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
        let acceptor = RwLock::new(TlsAcceptor::from(Arc::new(config)));
        Self { files, token: watch::Sender::new(token.into()), acceptor }
    }

    /// The same again, for connections and requests from now on; all of them, or none. Where the token is
    /// another one, streams end that were let in by the one before.
    ///
    /// # Errors
    /// As [`Credentials::read`]; then nothing changed.
    pub(crate) fn read_again(&self) -> Result<(), SourceError> {
        let (token, acceptor) = read(&self.files)?;
        *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
        self.token.send_if_modified(|known| {
            let is_new = *known != token;
            *known = token;
            is_new
        });
        Ok(())
    }

    /// The token, and what tells of another one: its present value is the one that was seen last.
    pub(crate) fn token(&self) -> watch::Receiver<Arc<str>> {
        self.token.subscribe()
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn read(files: &TlsOptions) -> Result<(Arc<str>, TlsAcceptor), SourceError> {
    Ok((token(&files.token)?, tls::acceptor(files)?))
}

/// Nothing of what was read is shown.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("files", &self.files).finish_non_exhaustive()
    }
}
