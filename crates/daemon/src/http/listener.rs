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
use crate::http::connections::places;
use crate::http::places::{Owner, Places};
use crate::http::socket::Socket;
use crate::http::tls;
use crate::settings::Settings;

/// One address that is listened on.
pub(crate) struct Listener {
    kind: Kind,
    places: Arc<Places>,
}

enum Kind {
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
    let most = places(settings.listen.len() + 1);
    let listener = |kind| Listener { kind, places: Places::new(most) };
    for address in &settings.listen {
        let socket = TcpListener::bind(address).await.map_err(|error| refused(*address, &error))?;
        let bound = socket.local_addr().map_err(|error| refused(*address, &error))?;
        let policy = Arc::new(AccessPolicy::new(bound, token.clone()));
        listeners.push(listener(Kind::Tcp { listener: socket, policy, tls: tls.clone() }));
    }
    // Last, as it can be seen by others.
    listeners.insert(0, listener(Kind::Unix(Socket::listen(&settings.socket)?)));
    Ok(listeners)
}

impl Listener {
    /// Where it is, with the port that the system gave where none was named.
    pub(crate) fn url(&self) -> String {
        match &self.kind {
            Kind::Unix(socket) => format!("unix://{}", socket.path().display()),
            Kind::Tcp { policy, tls, .. } => {
                let scheme = if tls.is_some() { "https" } else { "http" };
                format!("{scheme}://{}", policy.address())
            }
        }
    }

    /// The router behind it: by TCP with the access policy in front.
    pub(crate) fn guard(&self, router: Router) -> Router {
        match &self.kind {
            Kind::Unix(_) => router,
            Kind::Tcp { policy, .. } => {
                router.layer(from_fn_with_state(policy.clone(), auth::check))
            }
        }
    }

    /// Whether a request must show a token.
    pub(crate) fn wants_token(&self) -> bool {
        matches!(&self.kind, Kind::Tcp { policy, .. } if policy.wants_token())
    }

    /// Who has its places.
    pub(crate) fn places(&self) -> &Arc<Places> {
        &self.places
    }

    /// Accepts the next connection. Cancel safe.
    pub(crate) async fn accept(&self) -> io::Result<(Connection, Owner)> {
        match &self.kind {
            Kind::Unix(socket) => {
                let (stream, _) = socket.listener.accept().await?;
                let owner = stream.peer_cred().map_or(Owner::Unknown, |who| Owner::User(who.uid()));
                Ok((Connection::Unix(stream), owner))
            }
            Kind::Tcp { listener, tls, .. } => {
                let (stream, from) = listener.accept().await?;
                stream.set_nodelay(true)?;
                let owner = owner(from, stream.local_addr()?);
                Ok((Connection::Tcp(stream, tls.clone()), owner))
            }
        }
    }
}

/// Every user of this machine has the same address; the kernel knows whose the socket is.
fn owner(from: SocketAddr, to: SocketAddr) -> Owner {
    let canonical =
        |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let (from, to) = (canonical(from), canonical(to));
    if !from.ip().is_loopback() {
        return Owner::machine(from.ip());
    }
    host::tcp_socket_owner(from, to).map_or(Owner::Unknown, Owner::User)
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
