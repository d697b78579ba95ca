//! Connections: how many, how long, how large; and their end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::doors::{Door, Guest};
use crate::patience::Patient;

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
async fn keep_open(door: Door, router: Router, stopped: watch::Receiver<bool>) {
    let router = door.guard(router);
    let room = Arc::new(Semaphore::new(MOST));
    let mut guests = JoinSet::new();
    let mut end = stopped.clone();
    loop {
        tokio::select! {
            _ = end.wait_for(|stopped| *stopped) => break,
            Some(_) = guests.join_next() => {}
            (place, guest) = next(&room, &door) => match guest {
                Ok(guest) => {
                    let served = receive(guest, router.clone(), stopped.clone());
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
    let _ = timeout(DRAIN, async { while guests.join_next().await.is_some() {} }).await;
}

/// A place first: without one nobody is let in.
async fn next(
    room: &Arc<Semaphore>,
    door: &Door,
) -> (Option<OwnedSemaphorePermit>, io::Result<Guest>) {
    let place = room.clone().acquire_owned().await.ok();
    (place, door.next().await)
}

async fn receive(guest: Guest, router: Router, stopped: watch::Receiver<bool>) {
    match guest {
        Guest::Unix(stream) => talk(stream, router, stopped).await,
        Guest::Tcp(stream, None) => talk(stream, router, stopped).await,
        Guest::Tcp(stream, Some(tls)) => {
            if let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(stream)).await {
                talk(stream, router, stopped).await;
            }
        }
    }
}

async fn talk<S>(stream: S, router: Router, mut stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let talk = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(Patient::new(stream)), TowerToHyperService::new(router));
    let mut talk = std::pin::pin!(talk);
    // What goes wrong with a client is the client's: there is nobody to tell.
    tokio::select! {
        _ = talk.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => talk.as_mut().graceful_shutdown(),
    }
    let _ = talk.await;
}
