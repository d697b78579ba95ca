//! Listens where Docker looks for its plugin `ovs`.

use std::convert::Infallible;
use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use host::signals;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use model::SourceError;
use sd_notify::NotifyState;
use tokio::net::UnixStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::info;

use super::calls::{CallReply, answer, refused};
use super::socket::open;
use crate::core::Driver;

/// What Docker accepts (moby, `pkg/plugins/transport`).
const JSON: &str = "application/vnd.docker.plugins.v1.2+json";
/// The longest body, in bytes.
const MAX_BODY: usize = 1 << 20;
/// So long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(3);
/// So long the head of a request may take.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// So long calls may take that are under way at the end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(4);
/// After an error of accept(2).
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// Serves until a signal that would end a process, such as SIGTERM: it ends in order.
///
/// # Errors
/// The socket cannot be listened on.
pub async fn serve(driver: Driver, path: &Path) -> Result<(), SourceError> {
    // Before there is a socket, whose file goes with it only where the driver ends in order.
    let mut stop = std::pin::pin!(stop()?);
    let socket = open(path).await?;
    info!("listening on unix://{}", socket.path().display());
    let driver = Arc::new(driver);
    let learning = driver.clone();
    let learning = tokio::spawn(async move { learning.keep_learning().await });
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = socket.listener().accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(connection(stream, driver.clone())); }
                Err(_) => sleep(ACCEPT_BACKOFF).await,
            },
        }
    }
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    drop(socket);
    learning.abort();
    // Those that are idle never end by themselves.
    let _ = timeout(DRAIN_TIMEOUT, driver.idle()).await;
    Ok(())
}

/// Until the process is to end.
fn stop() -> Result<impl Future<Output = ()>, SourceError> {
    let mut ends = signals::ending()?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !ignores_hangup(&status) {
        ends.push(signals::hangup()?);
    }
    Ok(poll_fn(move |context| {
        let came = ends.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if came { Poll::Ready(()) } else { Poll::Pending }
    }))
}

/// Whether SIGHUP is to do nothing, as nohup(1) has it (`SigIgn` of proc_pid_status(5)).
fn ignores_hangup(status: &str) -> bool {
    /// The bit of signal 1.
    const SIGHUP: u64 = 1;
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|signals| u64::from_str_radix(signals.trim(), 16).ok());
    ignored.is_some_and(|signals| signals & SIGHUP != 0)
}

async fn connection(stream: UnixStream, driver: Arc<Driver>) {
    let service = service_fn(move |request| {
        let driver = driver.clone();
        async move { Ok::<_, Infallible>(respond(request, driver).await) }
    });
    let connection = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    // An error here is the client's; there is no answer left to put it in.
    let _ = connection.await;
}

async fn respond(request: Request<Incoming>, driver: Arc<Driver>) -> Response<Full<Bytes>> {
    let answer = match read(request).await {
        // Goes on to its end also where the caller is gone by then.
        Ok((method, body)) => {
            let call = tokio::spawn(async move { Box::pin(answer(&driver, &method, &body)).await });
            call.await.unwrap_or_else(|_| refused(500, "the driver failed; its log tells why"))
        }
        Err(answer) => answer,
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(JSON));
    response
}

/// The method and the body.
async fn read(request: Request<Incoming>) -> Result<(String, Bytes), CallReply> {
    if request.method() != Method::POST {
        return Err(refused(405, "a call is a POST"));
    }
    let method = request.uri().path().trim_start_matches('/').to_owned();
    let body = Limited::new(request.into_body(), MAX_BODY).collect();
    match timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => Ok((method, body.to_bytes())),
        Ok(Err(error)) => Err(refused(400, &format!("the body cannot be read: {error}"))),
        Err(_) => Err(refused(400, "the body did not come within 3 seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::ignores_hangup;

    #[test]
    fn a_hangup_that_is_to_do_nothing_is_left_alone() {
        let status =
            |ignored: &str| format!("Name:\tx\nSigBlk:\t1\nSigIgn:\t{ignored}\nSigCgt:\t1\n");
        assert!(ignores_hangup(&status("0000000000000001")));
        assert!(ignores_hangup(&status("0000000000001001")));
        assert!(!ignores_hangup(&status("0000000000001000")));
        assert!(!ignores_hangup(&status("")) && !ignores_hangup(""));
    }
}
