//! One connection, as tonic wants it.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use address::unix;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tonic::body::Body;
use tonic::client::GrpcService;

use crate::Error;

/// How often a peer that is elsewhere is asked whether it is there: etcd hangs up where that is more
/// often than each five seconds.
const PING_AFTER: Duration = Duration::from_secs(10);
/// How long it has to answer that.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that calls are made over, any number at once.
#[derive(Clone)]
pub(crate) struct Channel {
    sender: SendRequest<Body>,
}

impl Channel {
    /// Connects, and tells who listens there: the process, and 0 for one in a PID namespace that
    /// this program does not see (`SO_PEERCRED` of unix(7)).
    pub(crate) async fn connect(path: &Path) -> Result<(Self, u32), Error> {
        let stream = unix::connect(path).await.map_err(Error::Connect)?;
        let peer = pid_of(&stream).map_err(Error::Connect)?;
        let shaken = handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(|error| Error::Broken(Box::new(error)))?;
        // It ends with the last sender, or with the connection; later requests are told that.
        tokio::spawn(connection);
        Ok((Self { sender }, peer))
    }

    /// Speaks HTTP/2 over `stream`, and asks the peer whether it is there as long as it is open.
    pub(crate) async fn over<S>(stream: S) -> Result<Self, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut http2 = Builder::new(TokioExecutor::new());
        http2.timer(TokioTimer::new()).keep_alive_while_idle(true);
        http2.keep_alive_interval(PING_AFTER).keep_alive_timeout(PING_TIMEOUT);
        let shaken = http2.handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(|error| Error::Broken(Box::new(error)))?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Whether nothing can be asked over it any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

fn pid_of(stream: &UnixStream) -> io::Result<u32> {
    let pid = stream.peer_cred()?.pid().unwrap_or(0);
    Ok(u32::try_from(pid).unwrap_or(0))
}

impl GrpcService<Body> for Channel {
    type ResponseBody = Incoming;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, hyper::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.sender.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.sender.send_request(request))
    }
}
