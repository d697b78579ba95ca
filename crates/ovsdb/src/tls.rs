//! TLS as Open vSwitch uses it: both sides show a certificate of one private authority,
//! and no name is checked (ovsdb(7), ovs-pki(8)).

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::{self, PemObject};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The files an `ssl:` remote needs, PEM each; the options of the same names of the OVS
/// tools (ovs-vsctl(8), "Public Key Infrastructure Options").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Our private key (`--private-key`), which its owner alone may read: ovs-pki(8) makes it so.
    pub private_key: PathBuf,
    /// Our certificate, and the chain above it if there is one (`--certificate`).
    pub certificate: PathBuf,
    /// The certificates of the authorities that signed the server's (`--ca-cert`).
    pub ca_cert: PathBuf,
}

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// An `ssl:` remote, and no files.
    #[error("an ssl: remote needs a private key, a certificate and a CA certificate")]
    NotConfigured,
    /// A file cannot be read, or holds no PEM of the kind it should.
    #[error("cannot read the {role} {}: {}", .path.display(), pem_problem(.source))]
    File {
        /// What the file is for.
        role: &'static str,
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// The key does not fit the certificate, or one of them is of no use.
    #[error("the key and certificates cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// The authority's certificate cannot be used to check others.
    #[error("the CA certificate cannot be used: {0}")]
    Authority(#[from] rustls::server::VerifierBuilderError),
}

impl TlsError {
    /// The kind of the I/O error below, where there is one.
    pub fn kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::File { source: pem::Error::Io(error), .. } => Some(error.kind()),
            _ => None,
        }
    }
}

fn pem_problem(error: &pem::Error) -> String {
    match error {
        pem::Error::NoItemsFound => "there is none in it".into(),
        pem::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

impl Tls {
    /// Reads the files.
    pub(crate) fn connector(&self) -> Result<TlsConnector, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = AnyName(self.verifier(&provider)?);
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(
                read_certificates("certificate", &self.certificate)?,
                self.key()?,
            )?;
        Ok(TlsConnector::from(Arc::new(config)))
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let path = &self.private_key;
        let key = files::read_key(path).map_err(pem::Error::Io);
        let key = key.and_then(|text| PrivateKeyDer::from_pem_slice(&text));
        key.map_err(file_error("private key", path))
    }

    fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
        let mut authorities = RootCertStore::empty();
        for certificate in read_certificates("CA certificate", &self.ca_cert)? {
            authorities.add(certificate)?;
        }
        let builder =
            WebPkiServerVerifier::builder_with_provider(authorities.into(), provider.clone());
        Ok(builder.build()?)
    }
}

fn file_error(role: &'static str, path: &Path) -> impl Fn(pem::Error) -> TlsError {
    move |source| TlsError::File { role, path: path.to_owned(), source }
}

fn read_certificates(
    role: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = files::read(path).map_err(pem::Error::Io).map_err(file_error(role, path))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let certificates = certificates.map_err(file_error(role, path))?;
    if certificates.is_empty() {
        return Err(file_error(role, path)(pem::Error::NoItemsFound));
    }
    Ok(certificates)
}

/// Makes the handshake over `stream`.
pub(crate) async fn handshake(
    connector: &TlsConnector,
    address: IpAddr,
    stream: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    connector.connect(ServerName::IpAddress(address.into()), stream).await
}

/// Checks chain, dates and signatures, and forgives a certificate made out to another
/// name: ovs-pki makes them out to `NAME id:UUID`, which is no host name.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        {
            // The name is checked last: a certificate that gets that far passed everything else.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
