//! Connections: how many, how long, how large; and their end.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request, Response};
use futures_util::future::join_all;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tracing::warn;

use crate::http::auth::AccessPolicy;
use crate::http::fair::FairStream;
use crate::http::guard::guard;
use crate::http::listener::{Connection, Listener};
use crate::http::malformed::ErrorBodyStream;
use crate::http::throttle::Throttle;
use crate::places::{ConnectionSlot, Owner};

/// At most so many connections of one listener, and as many streams; fewer where the process may
/// have few open files.
const MAX_CONNECTIONS: usize = 256;
/// A client must have sent the head of its request in this time, also of its next one.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// The largest head, in bytes.
pub(crate) const MAX_HEADER_BYTES: usize = 16 << 10;
/// So many header lines.
pub(crate) const MAX_HEADERS: usize = 64;
/// The same where a token is wanted: who has none takes no place for long.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(5);
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

/// How many connections a listener may have beside so many others: half of the open files that
/// the process may have are for connections and streams.
pub(crate) fn places(listeners: usize) -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    (files / 2 / 2 / listeners.max(1)).clamp(1, MAX_CONNECTIONS)
}

/// How long the head of a request may take, the first one and each that comes after it.
fn head_timeout(wants_token: bool) -> Duration {
    if wants_token { TOKEN_TIMEOUT } else { HEADER_TIMEOUT }
}

/// Serves one listener; connections of another cannot take up its places.
async fn accept_from(listener: Listener, router: Router, mut stopped: watch::Receiver<bool>) {
    let head = head_timeout(listener.wants_token());
    let crowded = Arc::new(Throttle::default());
    let url: Arc<str> = listener.url().into();
    let mut connections = JoinSet::new();
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            Some(_) = connections.join_next() => {}
            connection = listener.accept() => match connection {
                Ok((connection, owner)) => {
                    let place = Arc::new(listener.places().take(owner));
                    let serve = Serve {
                        router: router.clone(),
                        policy: listener.policy().clone(),
                        head,
                        place: place.clone(),
                        owner,
                        watcher: graceful.watcher(),
                    };
                    let served = serve.connection(connection);
                    let (crowded, url) = (crowded.clone(), url.clone());
                    connections.spawn(async move {
                        tokio::select! {
                            () = served => {}
                            () = place.evicted() => tell_crowded(&crowded, &url),
                        }
                    });
                }
                Err(_) => sleep(ACCEPT_BACKOFF).await,
            },
        }
    }
    drop(listener);
    let _ = timeout(DRAIN_TIMEOUT, graceful.shutdown()).await;
}

fn tell_crowded(crowded: &Throttle, url: &str) {
    if let Some(times) = crowded.happened() {
        warn!("{url}: too many connections, {times} ended to make room for others");
    }
}

/// What it takes to serve one connection.
struct Serve {
    router: Router,
    policy: Arc<AccessPolicy>,
    /// How long the head of a request may take.
    head: Duration,
    place: Arc<ConnectionSlot>,
    /// Whose requests they are.
    owner: Owner,
    watcher: Watcher,
}

impl Serve {
    async fn connection(self, connection: Connection) {
        match connection {
            Connection::Unix(stream) => self.stream(stream).await,
            Connection::Tcp(stream, None) => self.stream(stream).await,
            Connection::Tcp(stream, Some(tls)) => {
                if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                    self.stream(stream).await;
                }
            }
        }
    }

    async fn stream<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { router, policy, head, place, owner, watcher } = self;
        let router = TowerToHyperService::new(router);
        let service = service_fn(move |mut request: Request<Incoming>| {
            place.begin_request();
            // To HEAD nothing is sent that goes on.
            let has_body = request.method() != Method::HEAD;
            request.extensions_mut().insert(owner);
            // Here and not in layers of the router: each of those allocates for every request.
            let answer = match policy.refuse(&mut request) {
                None => Ok(router.call(request)),
                Some(refusal) => Err(refusal),
            };
            let place = place.clone();
            async move {
                let mut answer = match answer {
                    Ok(answer) => answer.await?,
                    Err(refusal) => refusal,
                };
                guard(&mut answer);
                place.end_request(has_body && is_stream(&answer));
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .max_buf_size(MAX_HEADER_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(
                TokioIo::new(ErrorBodyStream::new(FairStream::new(write_limited(stream)))),
                service,
            );
        // An error here is the client's; there is no answer left to put it in.
        let _ = watcher.watch(connection).await;
    }
}

/// Whether the answer has no end.
fn is_stream<B>(answer: &Response<B>) -> bool {
    let kind = answer.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
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
    use std::io;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::Instant;

    use super::*;
    use crate::http::credentials::Credentials;
    use crate::places::Places;

    fn without_token() -> AccessPolicy {
        AccessPolicy::of_address("127.0.0.1:1".parse().unwrap(), None)
    }

    fn with_token() -> AccessPolicy {
        let credentials = Credentials::with_token("0123456789abcdef");
        AccessPolicy::of_address("192.0.2.1:1".parse().unwrap(), Some(Arc::new(credentials)))
    }

    /// What is answered to `said` where nothing more is said, and how many seconds the connection lasts.
    async fn answered(policy: AccessPolicy, said: &str) -> (String, u64) {
        let (ours, mut theirs) = duplex(1 << 16);
        let (graceful, owner) = (GracefulShutdown::new(), Owner::Unknown);
        let serve = Serve {
            router: Router::new(),
            head: head_timeout(policy.wants_token()),
            policy: Arc::new(policy),
            place: Arc::new(Places::new(1).take(owner)),
            owner,
            watcher: graceful.watcher(),
        };
        let start = Instant::now();
        let served = tokio::spawn(serve.stream(ours));
        theirs.write_all(said.as_bytes()).await.unwrap();
        let mut answer = String::new();
        theirs.read_to_string(&mut answer).await.unwrap();
        served.await.unwrap();
        (answer, start.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_wanted_in_a_shorter_time_than_a_request_is() {
        for said in ["", "GET /healthz HTTP/1.1\r\nHost: a.example\r\n"] {
            assert_eq!(answered(with_token(), said).await.1, TOKEN_TIMEOUT.as_secs(), "{said:?}");
            assert_eq!(answered(without_token(), said).await.1, HEADER_TIMEOUT.as_secs());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_whose_request_is_refused_ends_at_once() {
        let close = "\r\nconnection: close\r\n";
        for (policy, method, lines, status) in [
            (with_token(), "GET", "Host: a.example", 401),
            (with_token(), "GET", "Host: a.example\r\nAuthorization: Bearer x", 401),
            (with_token(), "POST", "Host: a.example", 405),
            (without_token(), "DELETE", "Host: localhost", 405),
            (without_token(), "GET", "Host: a.example", 421),
            (without_token(), "GET", "Host: localhost\r\nHost: localhost", 400),
            (without_token(), "GET", "Host: localhost\r\nSec-Fetch-Site: cross-site", 403),
        ] {
            let request = format!("{method} /healthz HTTP/1.1\r\n{lines}\r\n\r\n");
            let (answer, lasted) = answered(policy, &request).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
            assert!(answer.contains(close), "{request}: {answer}");
            assert_eq!(lasted, 0, "{request}");
        }
        // One that is let in keeps its connection, whatever the answer is.
        let request = "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let (answer, lasted) = answered(without_token(), request).await;
        assert!(answer.starts_with("HTTP/1.1 404 ") && !answer.contains(close), "{answer}");
        assert_eq!(lasted, HEADER_TIMEOUT.as_secs());
    }

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
