//! Connecting to a member.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{Endpoint, Error, TlsFiles};

/// Connects, and shows the caller's certificate where there is one.
pub(crate) async fn dial(
    endpoint: Endpoint,
    tls: Option<&TlsFiles>,
) -> Result<grpc::Connection, Error> {
    // A certificate's names may be in it.
    let unreachable = |why: &dyn fmt::Display| Error::unreachable(endpoint, why);
    let stream = TcpStream::connect(endpoint.at).await.map_err(|error| unreachable(&error))?;
    let _ = stream.set_nodelay(true);
    let origin = endpoint.to_string();
    let connected = if endpoint.tls {
        let tls =
            tls.ok_or_else(|| unusable(&origin, "https:// needs the authority's certificate"))?;
        let connector = TlsConnector::from(Arc::new(config(tls)?));
        let name = ServerName::IpAddress(endpoint.at.ip().into());
        let stream = connector.connect(name, stream).await.map_err(|error| unreachable(&error))?;
        grpc::Connection::over(stream, &origin).await
    } else {
        grpc::Connection::over(stream, &origin).await
    };
    connected.map_err(|error| unreachable(&error))
}

fn config(tls: &TlsFiles) -> Result<ClientConfig, Error> {
    let mut authorities = RootCertStore::empty();
    let trusted = certificates(&tls.authorities)?;
    if authorities.add_parsable_certificates(trusted).0 == 0 {
        return Err(unusable(tls.authorities.display(), "there is no certificate of use in it"));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable("TLS", error))?
        .with_root_certificates(authorities);
    let mut config = match &tls.own {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => config
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| unusable(certificate.display(), error))?,
    };
    // gRPC is HTTP/2, and etcd hangs up on anything else.
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let text = files::read(path).map_err(|error| unusable(path.display(), error))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let certificates = certificates.map_err(|error| unusable(path.display(), error))?;
    if certificates.is_empty() {
        return Err(unusable(path.display(), "there is no certificate in it"));
    }
    Ok(certificates)
}

/// Who has it is this host to the whole fleet.
fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let text = files::read_key(path).map_err(|error| unusable(path.display(), error))?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| unusable(path.display(), error))
}

fn unusable(what: impl fmt::Display, why: impl fmt::Display) -> Error {
    Error::Unusable { what: what.to_string(), why: why.to_string() }
}
