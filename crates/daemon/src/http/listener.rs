//! The unix socket and the TCP addresses that clients connect to.

use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixListener as StdListener;
use std::sync::Arc;

use host::activation;
use host::unix_socket::Socket;
use model::{SourceError, SourceErrorKind};
use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;

use crate::http::auth::AccessPolicy;
use crate::http::connections::places;
use crate::http::credentials::Credentials;
use crate::http::socket::SOCKET;
use crate::places::{Owner, Places};
use crate::settings::Settings;

/// What the kernel keeps at most of an answer that a client by TCP has not taken, in bytes; it counts
/// twice as much for its own needs. By the unix socket it is `net.core.wmem_default`.
const SEND_BUFFER: usize = 128 << 10;

/// One address that is listened on.
pub(crate) struct Listener {
    kind: Kind,
    policy: Arc<AccessPolicy>,
    places: Arc<Places>,
}

enum Kind {
    Unix(Socket),
    Tcp { listener: TcpListener, address: SocketAddr, credentials: Option<Arc<Credentials>> },
}

/// A client has connected.
pub(crate) enum Connection {
    Unix(UnixStream),
    Tcp(TcpStream, Option<TlsAcceptor>),
}

/// Binds every listener, or none.
///
/// # Errors
/// An address or socket that cannot be bound.
pub(crate) async fn bind(
    settings: &Settings,
    credentials: Option<Arc<Credentials>>,
) -> Result<Vec<Listener>, SourceError> {
    let passed_on = passed_on()?;
    let most = places(settings.listen.len() + 1);
    let mut listeners = Vec::new();
    for address in &settings.listen {
        let failed = |error: io::Error| refused(*address, &error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        // What is accepted inherits it. It only saves memory.
        let _ = set_socket_send_buffer_size(&listener, SEND_BUFFER);
        let address = listener.local_addr().map_err(failed)?;
        let policy = Arc::new(AccessPolicy::of_address(address, credentials.clone()));
        let kind = Kind::Tcp { listener, address, credentials: credentials.clone() };
        listeners.push(Listener { kind, policy, places: Places::new(most) });
    }
    // Last, as it can be seen by others.
    let socket = match passed_on {
        Some(listener) => Socket::passed_on(listener, &settings.socket, SOCKET)?,
        None => Socket::listen(&settings.socket, SOCKET).await?,
    };
    let policy = Arc::new(AccessPolicy::of_socket());
    listeners.insert(0, Listener { kind: Kind::Unix(socket), policy, places: Places::new(most) });
    Ok(listeners)
}

/// The unix socket that the service manager has bound, if it has. It is in the place of the daemon's own.
fn passed_on() -> Result<Option<StdListener>, SourceError> {
    activation::passed_on().map_err(|error| {
        SourceError::new(SourceErrorKind::Unusable, "the service manager's socket", error)
            .hint("a socket unit of the daemon has one ListenStream=, a path; --listen is for TCP")
    })
}

impl Listener {
    /// Where it is, with the port that the system gave where none was named.
    pub(crate) fn url(&self) -> String {
        match &self.kind {
            Kind::Unix(socket) => {
                // As --server takes it, wherever that is started.
                let path = std::path::absolute(socket.path());
                let path = path.as_deref().unwrap_or(socket.path());
                format!("unix://{}", path.display())
            }
            Kind::Tcp { address, credentials, .. } => {
                let scheme = if credentials.is_some() { "https" } else { "http" };
                format!("{scheme}://{address}")
            }
        }
    }

    /// Which requests are answered.
    pub(crate) fn policy(&self) -> &Arc<AccessPolicy> {
        &self.policy
    }

    /// Whether a request must show a token.
    pub(crate) fn wants_token(&self) -> bool {
        self.policy.wants_token()
    }

    /// Who has its places.
    pub(crate) fn places(&self) -> &Arc<Places> {
        &self.places
    }

    /// Accepts the next connection. Cancel safe.
    pub(crate) async fn accept(&self) -> io::Result<(Connection, Owner)> {
        match &self.kind {
            Kind::Unix(socket) => {
                let (stream, _) = socket.listener().accept().await?;
                let owner = stream.peer_cred().map_or(Owner::Unknown, |who| Owner::User(who.uid()));
                Ok((Connection::Unix(stream), owner))
            }
            Kind::Tcp { listener, credentials, .. } => {
                let (stream, from) = listener.accept().await?;
                stream.set_nodelay(true)?;
                let owner = owner(from, stream.local_addr()?);
                let tls = credentials.as_ref().map(|credentials| credentials.acceptor());
                Ok((Connection::Tcp(stream, tls), owner))
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
