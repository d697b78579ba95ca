//! Where clients come in: the unix socket and TCP, bound before anything is promised.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use model::{Trouble, TroubleKind};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;

use crate::gate::{self, Gate};
use crate::settings::{Settings, token};
use crate::socket::Socket;
use crate::tls;

/// All doors of a daemon.
pub(crate) struct Doors {
    unix: Socket,
    tcp: Vec<Tcp>,
}

struct Tcp {
    listener: TcpListener,
    gate: Arc<Gate>,
    tls: Option<TlsAcceptor>,
}

/// Somebody came in.
pub(crate) enum Guest {
    Unix(UnixStream),
    Tcp(TcpStream, Option<TlsAcceptor>),
}

impl Doors {
    /// Binds everything, or nothing.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Trouble> {
        settings.check()?;
        let token = settings.locks.as_ref().map(|locks| token(&locks.token)).transpose()?;
        let tls = settings.locks.as_ref().map(tls::acceptor).transpose()?;
        let mut tcp = Vec::new();
        for asked in &settings.listen {
            let listener =
                TcpListener::bind(asked).await.map_err(|error| refused(*asked, &error))?;
            let address = listener.local_addr().map_err(|error| refused(*asked, &error))?;
            let gate = Arc::new(Gate::new(address, token.clone()));
            tcp.push(Tcp { listener, gate, tls: tls.clone() });
        }
        Ok(Self { unix: Socket::listen(&settings.socket)?, tcp })
    }

    /// The TCP addresses, with the ports that the system gave where none was named.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let url = |door: &Tcp| {
            let scheme = if door.tls.is_some() { "https" } else { "http" };
            Some(format!("{scheme}://{}", door.listener.local_addr().ok()?))
        };
        self.tcp.iter().filter_map(url).collect()
    }

    /// What each door leads to; the unix socket's comes first.
    pub(crate) fn routers(&self, router: &Router) -> Vec<Router> {
        let guarded = self
            .tcp
            .iter()
            .map(|door| router.clone().layer(from_fn_with_state(door.gate.clone(), gate::check)));
        [router.clone()].into_iter().chain(guarded).collect()
    }

    /// The next guest, and the number of the door.
    pub(crate) async fn next(&self) -> io::Result<(Guest, usize)> {
        let unix = async { Ok((Guest::Unix(self.unix.listener.accept().await?.0), 0)) };
        let tcp = self.tcp.iter().enumerate().map(|(i, door)| {
            Box::pin(async move {
                let (stream, _) = door.listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Guest::Tcp(stream, door.tls.clone()), i + 1))
            })
        });
        let tcp: Vec<_> = tcp.collect();
        if tcp.is_empty() {
            return unix.await;
        }
        tokio::select! {
            guest = unix => guest,
            (guest, ..) = futures_util::future::select_all(tcp) => guest,
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
