//! TLS towards clients.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use model::{SourceError, SourceErrorKind};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::settings::TlsOptions;

/// Reads certificate and key.
///
/// # Errors
/// A file that cannot be read, or a key that is not the certificate's.
pub(crate) fn acceptor(tls: &TlsOptions) -> Result<TlsAcceptor, SourceError> {
    let text = files::read(&tls.certificate);
    let text = text.map_err(|error| unusable("certificate", &tls.certificate, error))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|error| unusable("certificate", &tls.certificate, error))?;
    if chain.is_empty() {
        return Err(unusable("certificate", &tls.certificate, "there is none in it"));
    }
    let key = files::read_key(&tls.key);
    let key = key.map_err(|error| unusable("private key", &tls.key, error))?;
    let key = PrivateKeyDer::from_pem_slice(&key);
    let key = key.map_err(|error| unusable("private key", &tls.key, error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| unusable("certificate", &tls.certificate, error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn unusable(role: &str, path: &Path, why: impl fmt::Display) -> SourceError {
    let what = format!("the {role} {}", path.display());
    SourceError::new(SourceErrorKind::Unusable, what, why)
        .hint("PEM files are needed, key and certificate of one pair")
}
