//! Why a daemon gave no answer, and what to do about it.

use std::fmt;
use std::io;

use host::failure::{of_chain, of_io};
use host::transport::{Endpoint, HttpError, trusted_authorities};
use model::{SourceError, SourceErrorKind};
use rustls::CertificateError;

use crate::server::{Access, TlsFiles};

/// Told about `what`, a daemon that was asked by `access`.
pub(super) fn source_error(what: &str, error: &HttpError, access: &Access) -> SourceError {
    match (error, access.files()) {
        (HttpError::Handshake(error), Some(files)) => handshake(what, error, files),
        (HttpError::Refused { status: 401 | 403, .. }, files) => turned_away(what, files),
        (HttpError::Broken(_), None) if matches!(access, Access::Plain(Endpoint::Tcp(_))) => {
            plain(what, error).hint("does it want https://?")
        }
        _ => plain(what, error),
    }
}

fn plain(what: &str, error: &HttpError) -> SourceError {
    of_chain(what.to_owned(), error, "root may use its socket, and the socket's group")
}

fn handshake(what: &str, error: &io::Error, files: &TlsFiles) -> SourceError {
    let garbled = |why: &str| {
        SourceError::new(SourceErrorKind::Garbled, what, why)
            .hint("does docker ovs serve listen on this port, with --tls-cert?")
    };
    let below = error.get_ref().and_then(|below| below.downcast_ref());
    match below {
        Some(rustls::Error::InvalidCertificate(why)) => mistrust(what, why, files),
        Some(rustls::Error::InvalidMessage(_)) => garbled("what it speaks is not TLS"),
        Some(other) => garbled(&format!("no TLS: {other}")),
        None => garbled(&of_io(String::new(), error, "").why),
    }
}

fn mistrust(what: &str, why: &CertificateError, files: &TlsFiles) -> SourceError {
    use CertificateError as E;
    let authorities = trusted_authorities(files.authorities.as_deref());
    let (why, hint) = match why {
        // Two authorities of the same name differ by their signature only.
        E::UnknownIssuer | E::BadSignature => (
            format!("none of {authorities} signed its certificate"),
            "--tls-ca FILE names the authority's certificate, or the daemon's if it signed itself",
        ),
        E::Expired | E::ExpiredContext { .. } => (
            "its certificate has expired".to_owned(),
            "give the daemon a new one (--tls-cert), if the clock of this machine is right",
        ),
        E::NotValidYet | E::NotValidYetContext { .. } => (
            "its certificate is not valid yet".to_owned(),
            "is the clock of this machine right, and the daemon's?",
        ),
        E::NotValidForName | E::NotValidForNameContext { .. } => (
            why.to_string(),
            "make one with subjectAltName=IP:ADDRESS, or give the name it has: --tls-server-name",
        ),
        E::Other(why) => untrusted(why),
        why => untrusted(why),
    };
    SourceError::new(SourceErrorKind::Unusable, what, why).hint(hint)
}

fn untrusted(why: &dyn fmt::Display) -> (String, &'static str) {
    let why = format!("its certificate is not to be trusted: {why}");
    (why, "a server's has basicConstraints=CA:FALSE and subjectAltName=IP:ADDRESS")
}

fn turned_away(what: &str, files: Option<&TlsFiles>) -> SourceError {
    let token = files.and_then(|files| files.token.as_ref());
    let (why, hint) = match token {
        Some(path) => (
            format!("it does not accept the token in {}", path.display()),
            "use the token that the daemon was started with: a copy of its --token-file",
        ),
        None => (
            "it wants a token".to_owned(),
            "--token-file FILE has it, a copy of the daemon's; it is sent by https:// only",
        ),
    };
    SourceError::new(SourceErrorKind::Denied, what, why).hint(hint)
}
