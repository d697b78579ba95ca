//! TLS below HTTP (RFC 9110, section 4.2.2): the server shows a certificate, and we show none.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use model::{Trouble, TroubleKind};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whom to trust, and to whom the certificate must be made out.
pub(crate) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// Trusts what the authorities in the PEM file `trusted` signed for `name`.
    ///
    /// # Errors
    /// A file that cannot be read, or that has no certificate of use in it.
    pub(crate) fn new(trusted: &Path, name: ServerName<'static>) -> Result<Self, Trouble> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(trusted, error))?
            .with_root_certificates(authorities(trusted)?)
            .with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Makes the handshake over `stream`.
    pub(crate) async fn over(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

/// The file of a whole system has old ones among others, which are of no use to anybody.
fn authorities(trusted: &Path) -> Result<RootCertStore, Trouble> {
    let read: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(trusted).and_then(Iterator::collect);
    let read = read.map_err(|error| unusable(trusted, error))?;
    let mut authorities = RootCertStore::empty();
    match authorities.add_parsable_certificates(read) {
        (0, _) => Err(unusable(trusted, "there is no certificate in it that can be used")),
        _ => Ok(authorities),
    }
}

fn unusable(trusted: &Path, why: impl fmt::Display) -> Trouble {
    let what = format!("the authorities in {}", trusted.display());
    Trouble::new(TroubleKind::Unusable, what, why).remedy(
        "--tls-ca FILE names, in PEM, the certificate of the authority that signed the daemon's",
    )
}
