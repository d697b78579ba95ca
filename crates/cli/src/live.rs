//! What verbs that go on and on have in common.

use std::future::pending;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{SignalKind, signal};

/// Waits until the process is to stop: SIGINT, SIGTERM, or a reader of stdout that is gone.
pub async fn stopped() {
    tokio::select! {
        () = received(SignalKind::interrupt()) => {}
        () = received(SignalKind::terminate()) => {}
        () = stdout_closed() => {}
    }
}

async fn received(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(_) => pending().await,
    }
}

/// A pipe whose reader is gone shows an error without being written to; a file never does.
async fn stdout_closed() {
    let stdout = rustix::io::dup(rustix::stdio::stdout());
    #[allow(deprecated, reason = "its successor is unsafe; the descriptor is our own")]
    let stdout = stdout.map(|stdout| AsyncFd::with_interest(stdout, Interest::ERROR));
    match stdout {
        Ok(Ok(stdout)) => {
            let _ = stdout.ready(Interest::ERROR).await;
        }
        _ => pending().await,
    }
}
