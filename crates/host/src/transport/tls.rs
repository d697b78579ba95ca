//! TLS below HTTP (RFC 9110, section 4.2.2): the server shows a certificate, and we show none.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use model::{SourceError, SourceErrorKind};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Which authorities to trust, and the name that the certificate must have.
pub struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// Trusts what the authorities in the PEM file `trusted`, or else those of the system, signed
    /// for `name`.
    ///
    /// # Errors
    /// A file that cannot be read, or that has no certificate of use in it; a system without
    /// authorities.
    pub fn new(trusted: Option<&Path>, name: ServerName<'static>) -> Result<Self, SourceError> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(trusted, error))?
            .with_root_certificates(authorities(trusted)?)
            .with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Makes the handshake over `stream`.
    ///
    /// # Errors
    /// The server speaks no TLS, or shows a certificate that is not trusted.
    pub async fn over(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

/// What is trusted, in words.
pub fn trusted_authorities(file: Option<&Path>) -> String {
    match file {
        Some(file) => format!("the authorities in {}", file.display()),
        None => "the authorities of this system".to_owned(),
    }
}

/// The store of a whole system has old certificates among others, which cannot be used.
fn authorities(trusted: Option<&Path>) -> Result<RootCertStore, SourceError> {
    let read = match trusted {
        Some(file) => {
            let text = files::read(file).map_err(|error| unusable(trusted, error))?;
            let certificates = CertificateDer::pem_slice_iter(&text);
            let certificates: Result<Vec<_>, _> = certificates.collect();
            certificates.map_err(|error| unusable(trusted, error))?
        }
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut authorities = RootCertStore::empty();
    match authorities.add_parsable_certificates(read) {
        (0, _) => Err(unusable(trusted, "there is no certificate in it that can be used")),
        _ => Ok(authorities),
    }
}

fn unusable(trusted: Option<&Path>, why: impl fmt::Display) -> SourceError {
    SourceError::new(SourceErrorKind::Unusable, trusted_authorities(trusted), why).hint(
        "--tls-ca FILE names, in PEM, the certificate of the authority that signed the daemon's",
    )
}
