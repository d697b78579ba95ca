//! Where clients come in: the unix socket and TCP, bound before anything is promised.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use host::token;
use model::{Trouble, TroubleKind};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;

use crate::http::auth::{self, Gate};
use crate::http::socket::Socket;
use crate::http::tls;
use crate::settings::Settings;

/// One way in.
pub(crate) enum Door {
    Unix(Socket),
    Tcp { listener: TcpListener, gate: Arc<Gate>, tls: Option<TlsAcceptor> },
}

/// Somebody came in.
pub(crate) enum Guest {
    Unix(UnixStream),
    Tcp(TcpStream, Option<TlsAcceptor>),
}

/// Binds every door, or none.
pub(crate) async fn open(settings: &Settings) -> Result<Vec<Door>, Trouble> {
    settings.check()?;
    let token = settings.locks.as_ref().map(|locks| token(&locks.token)).transpose()?;
    let tls = settings.locks.as_ref().map(tls::acceptor).transpose()?;
    let mut doors = Vec::new();
    for asked in &settings.listen {
        let listener = TcpListener::bind(asked).await.map_err(|error| refused(*asked, &error))?;
        let address = listener.local_addr().map_err(|error| refused(*asked, &error))?;
        let gate = Arc::new(Gate::new(address, token.clone()));
        doors.push(Door::Tcp { listener, gate, tls: tls.clone() });
    }
    // Last, as it can be seen by others.
    doors.insert(0, Door::Unix(Socket::listen(&settings.socket)?));
    Ok(doors)
}

impl Door {
    /// Where it is, with the port that the system gave where none was named.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Unix(socket) => format!("unix://{}", socket.path().display()),
            Self::Tcp { gate, tls, .. } => {
                let scheme = if tls.is_some() { "https" } else { "http" };
                format!("{scheme}://{}", gate.address())
            }
        }
    }

    /// What it leads to.
    pub(crate) fn guard(&self, router: Router) -> Router {
        match self {
            Self::Unix(_) => router,
            Self::Tcp { gate, .. } => router.layer(from_fn_with_state(gate.clone(), auth::check)),
        }
    }

    /// The next guest. Cancel safe.
    pub(crate) async fn next(&self) -> io::Result<Guest> {
        match self {
            Self::Unix(socket) => Ok(Guest::Unix(socket.listener.accept().await?.0)),
            Self::Tcp { listener, tls, .. } => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Guest::Tcp(stream, tls.clone()))
            }
        }
    }
}

fn refused(address: SocketAddr, error: &io::Error) -> Trouble {
    let trouble = Trouble::new(TroubleKind::Unusable, format!("--listen {address}"), error);
    match error.kind() {
        io::ErrorKind::AddrInUse => trouble.remedy(
            "another program, or another daemon, listens there; --listen none does without",
        ),
        _ => trouble.remedy("--listen names another address, --listen none does without"),
    }
}
