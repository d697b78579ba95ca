//! The unix socket and the TCP addresses that clients connect to.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use host::token;
use model::{SourceError, SourceErrorKind};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;

use crate::http::auth::{self, AccessPolicy};
use crate::http::socket::Socket;
use crate::http::tls;
use crate::settings::Settings;

/// One address that is listened on.
pub(crate) enum Listener {
    Unix(Socket),
    Tcp { listener: TcpListener, policy: Arc<AccessPolicy>, tls: Option<TlsAcceptor> },
}

/// A client has connected.
pub(crate) enum Connection {
    Unix(UnixStream),
    Tcp(TcpStream, Option<TlsAcceptor>),
}

/// Binds every listener, or none.
///
/// # Errors
/// An address or socket that cannot be bound, a token or certificate that is of no use.
pub(crate) async fn bind(settings: &Settings) -> Result<Vec<Listener>, SourceError> {
    settings.check()?;
    let token = settings.locks.as_ref().map(|locks| token(&locks.token)).transpose()?;
    let tls = settings.locks.as_ref().map(tls::acceptor).transpose()?;
    let mut listeners = Vec::new();
    for address in &settings.listen {
        let listener =
            TcpListener::bind(address).await.map_err(|error| refused(*address, &error))?;
        let bound = listener.local_addr().map_err(|error| refused(*address, &error))?;
        let policy = Arc::new(AccessPolicy::new(bound, token.clone()));
        listeners.push(Listener::Tcp { listener, policy, tls: tls.clone() });
    }
    // Last, as it can be seen by others.
    listeners.insert(0, Listener::Unix(Socket::listen(&settings.socket)?));
    Ok(listeners)
}

impl Listener {
    /// Where it is, with the port that the system gave where none was named.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Unix(socket) => format!("unix://{}", socket.path().display()),
            Self::Tcp { policy, tls, .. } => {
                let scheme = if tls.is_some() { "https" } else { "http" };
                format!("{scheme}://{}", policy.address())
            }
        }
    }

    /// The router behind it: by TCP with the access policy in front.
    pub(crate) fn guard(&self, router: Router) -> Router {
        match self {
            Self::Unix(_) => router,
            Self::Tcp { policy, .. } => {
                router.layer(from_fn_with_state(policy.clone(), auth::check))
            }
        }
    }

    /// Accepts the next connection. Cancel safe.
    pub(crate) async fn accept(&self) -> io::Result<Connection> {
        match self {
            Self::Unix(socket) => Ok(Connection::Unix(socket.listener.accept().await?.0)),
            Self::Tcp { listener, tls, .. } => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Connection::Tcp(stream, tls.clone()))
            }
        }
    }
}

fn refused(address: SocketAddr, error: &io::Error) -> SourceError {
    let source_error =
        SourceError::new(SourceErrorKind::Unusable, format!("--listen {address}"), error);
    match error.kind() {
        io::ErrorKind::AddrInUse => source_error
            .hint("another program, or another daemon, listens there; --listen none does without"),
        _ => source_error.hint("--listen names another address, --listen none does without"),
    }
}
