//! Connections: how many, how long, how large; and their end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use crate::http::listener::{Connection, Listener};

/// At most so many connections of one listener; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 256;
/// A client must have sent the head of its request in this time, also of its next one.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// The largest head, in bytes.
const MAX_HEADER_BYTES: usize = 16 << 10;
/// So many header lines.
const MAX_HEADERS: usize = 64;
/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// A client that takes nothing for so long is dropped, and with it what was meant for it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long answers may take to end when the daemon does.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
/// After an accept that failed, as for want of file descriptors.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// Serves all listeners until `stopped` is true, then lets the answers end.
pub(crate) async fn serve(
    listeners: Vec<Listener>,
    router: &Router,
    stopped: &watch::Receiver<bool>,
) {
    let listeners = listeners
        .into_iter()
        .map(|listener| accept_from(listener, router.clone(), stopped.clone()));
    join_all(listeners).await;
}

/// Serves one listener; connections of another cannot take up its places.
async fn accept_from(listener: Listener, router: Router, mut stopped: watch::Receiver<bool>) {
    let router = listener.guard(router);
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            Some(_) = connections.join_next() => {}
            (place, connection) = accept(&room, &listener) => match connection {
                Ok(connection) => {
                    let served = serve_connection(connection, router.clone(), graceful.watcher());
                    connections.spawn(async move {
                        served.await;
                        drop(place);
                    });
                }
                Err(_) => sleep(ACCEPT_BACKOFF).await,
            },
        }
    }
    drop(listener);
    let _ = timeout(DRAIN_TIMEOUT, graceful.shutdown()).await;
}

/// A place first: without one no connection is accepted.
async fn accept(
    room: &Arc<Semaphore>,
    listener: &Listener,
) -> (Option<OwnedSemaphorePermit>, io::Result<Connection>) {
    let place = room.clone().acquire_owned().await.ok();
    (place, listener.accept().await)
}

async fn serve_connection(connection: Connection, router: Router, watcher: Watcher) {
    match connection {
        Connection::Unix(stream) => serve_stream(stream, router, watcher).await,
        Connection::Tcp(stream, None) => serve_stream(stream, router, watcher).await,
        Connection::Tcp(stream, Some(tls)) => {
            if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                serve_stream(stream, router, watcher).await;
            }
        }
    }
}

async fn serve_stream<S>(stream: S, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(write_limited(stream)), TowerToHyperService::new(router));
    // An error here is the client's; there is no answer left to put it in.
    let _ = watcher.watch(connection).await;
}

/// The stream; writing fails with [`io::ErrorKind::TimedOut`] when nothing could be written
/// for [`WRITE_TIMEOUT`].
fn write_limited<S: AsyncRead + AsyncWrite>(stream: S) -> Pin<Box<TimeoutStream<S>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    Box::pin(stream)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_dropped() {
        let (ours, _theirs) = duplex(16);
        let start = Instant::now();
        let error = write_limited(ours).write_all(&[0; 100]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), WRITE_TIMEOUT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_a_little_now_and_then_is_not() {
        let (ours, mut theirs) = duplex(16);
        let slow = tokio::spawn(async move {
            let mut taken = [0; 10];
            for _ in 0..10 {
                sleep(WRITE_TIMEOUT / 2).await;
                theirs.read_exact(&mut taken).await.unwrap();
            }
        });
        write_limited(ours).write_all(&[0; 100]).await.unwrap();
        slow.await.unwrap();
    }
}
