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

use crate::http::listener::{Door, Guest};

/// At most so many connections by one door; further ones wait to be accepted.
const MOST: usize = 256;
/// A client must have sent the head of its request in this time, also of its next one.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// The largest head, in bytes.
const LARGEST_HEAD: usize = 16 << 10;
/// So many header lines.
const MOST_HEADERS: usize = 64;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// A client that takes nothing for so long is dropped, and with it what was meant for it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long answers may take to end when the daemon does.
const DRAIN: Duration = Duration::from_secs(2);
/// After an accept that failed, as for want of file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// Serves everybody until `stopped` is true, then lets the answers end.
pub(crate) async fn serve(doors: Vec<Door>, router: &Router, stopped: &watch::Receiver<bool>) {
    let doors = doors.into_iter().map(|door| keep_open(door, router.clone(), stopped.clone()));
    join_all(doors).await;
}

/// Serves those who come by one door; no other door can take the places of this one.
async fn keep_open(door: Door, router: Router, mut stopped: watch::Receiver<bool>) {
    let router = door.guard(router);
    let room = Arc::new(Semaphore::new(MOST));
    let mut guests = JoinSet::new();
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            Some(_) = guests.join_next() => {}
            (place, guest) = next(&room, &door) => match guest {
                Ok(guest) => {
                    let served = receive(guest, router.clone(), graceful.watcher());
                    guests.spawn(async move {
                        served.await;
                        drop(place);
                    });
                }
                Err(_) => sleep(BREATH).await,
            },
        }
    }
    drop(door);
    let _ = timeout(DRAIN, graceful.shutdown()).await;
}

/// A place first: without one nobody is let in.
async fn next(
    room: &Arc<Semaphore>,
    door: &Door,
) -> (Option<OwnedSemaphorePermit>, io::Result<Guest>) {
    let place = room.clone().acquire_owned().await.ok();
    (place, door.next().await)
}

async fn receive(guest: Guest, router: Router, watcher: Watcher) {
    match guest {
        Guest::Unix(stream) => talk(stream, router, watcher).await,
        Guest::Tcp(stream, None) => talk(stream, router, watcher).await,
        Guest::Tcp(stream, Some(tls)) => {
            if let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(stream)).await {
                talk(stream, router, watcher).await;
            }
        }
    }
}

async fn talk<S>(stream: S, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let talk = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(write_limited(stream)), TowerToHyperService::new(router));
    // What goes wrong with a client is the client's: there is nobody to tell.
    let _ = watcher.watch(talk).await;
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
