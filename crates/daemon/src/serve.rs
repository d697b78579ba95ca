//! The daemon from start to end: listeners, first look, ready, changes, shutdown.

use std::sync::Arc;

use host::Origin;
use model::{SourceError, SourceErrorKind};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::info;

use crate::daemon::Daemon;
use crate::http::connections;
use crate::http::listener;
use crate::http::routes::routes;
use crate::restore::keep_restoring;
use crate::settings::Settings;
use crate::state::follow::follow;
use crate::watchdog::keep_alive;

/// Serves until SIGTERM or SIGINT; each listener is told at level info, once all are bound.
///
/// # Errors
/// A listener that cannot be bound. Sources that cannot be reached are no error: the answers
/// say so, and are right again when the source returns.
pub async fn serve(origin: Origin, settings: &Settings) -> Result<(), SourceError> {
    let mut signals = ShutdownSignals::new()?;
    let listeners = listener::bind(settings).await?;
    for listener in &listeners {
        info!("listening on {}", listener.url());
    }
    let (stop, stopped) = watch::channel(false);
    let places = listeners.iter().map(|listener| (listener.url(), listener.places().clone()));
    let daemon = Daemon::new(origin.clone(), boot(), places.collect(), stopped.clone());
    let daemon = Arc::new(daemon);
    let mut tasks = JoinSet::new();
    tasks.spawn(keep_alive());
    tasks.spawn(follow(origin.clone(), daemon.clone()));
    if let Origin::Live(host) = origin
        && settings.restore
    {
        tasks.spawn(keep_restoring(host, daemon.clone()));
    }
    let router = routes(daemon);
    let serving = connections::serve(listeners, &router, &stopped);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        () = signals.next() => {
            let _ = sd_notify::notify(&[NotifyState::Stopping]);
            stop.send_replace(true);
            serving.await;
        }
    }
    Ok(())
}

/// SIGTERM and SIGINT.
struct ShutdownSignals {
    term: Signal,
    int: Signal,
}

impl ShutdownSignals {
    fn new() -> Result<Self, SourceError> {
        let failed = |error| SourceError::new(SourceErrorKind::Unusable, "signals", error);
        Ok(Self {
            term: signal(SignalKind::terminate()).map_err(failed)?,
            int: signal(SignalKind::interrupt()).map_err(failed)?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

/// The name of this run. It is random, for a clock may be set back.
fn boot() -> String {
    format!("{:016x}", host::random())
}
