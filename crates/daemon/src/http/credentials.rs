//! Certificate, private key and token of the TCP addresses. They are read anew when that is asked
//! for, and what was read last is used until then.

use std::sync::{Arc, PoisonError, RwLock};

use host::token;
use model::SourceError;
use tokio_rustls::TlsAcceptor;

use crate::http::tls;
use crate::settings::TlsOptions;

/// What was read of the files.
pub(crate) struct Credentials {
    files: TlsOptions,
    read: RwLock<Read>,
}

#[derive(Clone)]
struct Read {
    token: Arc<str>,
    acceptor: TlsAcceptor,
}

impl Credentials {
    /// Reads all three files.
    ///
    /// # Errors
    /// A file that cannot be read, that others can read, or that is of no use.
    pub(crate) fn read(files: &TlsOptions) -> Result<Self, SourceError> {
        let read = RwLock::new(Read::from(files)?);
        Ok(Self { files: files.clone(), read })
    }

    /// The same again, for connections and requests from now on; all of them, or none.
    ///
    /// # Errors
    /// As [`Credentials::read`]; then nothing changed.
    pub(crate) fn read_again(&self) -> Result<(), SourceError> {
        let new = Read::from(&self.files)?;
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    pub(crate) fn token(&self) -> Arc<str> {
        self.now().token
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.now().acceptor
    }

    fn now(&self) -> Read {
        self.read.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Read {
    fn from(files: &TlsOptions) -> Result<Self, SourceError> {
        Ok(Self { token: token(&files.token)?, acceptor: tls::acceptor(files)? })
    }
}

/// Nothing of what was read is shown.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("files", &self.files).finish_non_exhaustive()
    }
}
