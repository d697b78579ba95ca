//! The daemon's life: doors, first look, ready, changes, end.

use std::sync::Arc;

use host::Origin;
use model::{Trouble, TroubleKind};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::connections;
use crate::daemon::Daemon;
use crate::doors;
use crate::follow::follow;
use crate::restore::keep_restoring;
use crate::routes::routes;
use crate::settings::Settings;

/// Serves until SIGTERM or SIGINT; `say` is told where, once that is so.
///
/// # Errors
/// A door that cannot be opened. Sources that cannot be reached are no error: the answers
/// say so, and are right again when the source returns.
pub async fn serve(origin: Origin, settings: &Settings, say: fn(&str)) -> Result<(), Trouble> {
    let mut ends = Ends::new()?;
    let doors = doors::open(settings).await?;
    for door in &doors {
        say(&format!("listening on {}", door.url()));
    }
    let (stop, stopped) = watch::channel(false);
    let daemon = Arc::new(Daemon::new(origin.clone(), boot(), stopped.clone()));
    let mut tasks = JoinSet::new();
    tasks.spawn(follow(origin.clone(), daemon.clone()));
    if let Origin::Live(host) = origin
        && settings.restore
    {
        tasks.spawn(keep_restoring(host, daemon.clone(), say));
    }
    let router = routes(daemon);
    let serving = connections::serve(doors, &router, &stopped);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        () = ends.next() => {
            let _ = sd_notify::notify(&[NotifyState::Stopping]);
            stop.send_replace(true);
            serving.await;
        }
    }
    Ok(())
}

/// The signals that end a daemon.
struct Ends {
    term: Signal,
    int: Signal,
}

impl Ends {
    fn new() -> Result<Self, Trouble> {
        let unheard = |error| Trouble::new(TroubleKind::Unusable, "signals", error);
        Ok(Self {
            term: signal(SignalKind::terminate()).map_err(unheard)?,
            int: signal(SignalKind::interrupt()).map_err(unheard)?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

/// Names this run as no other: at random, for a clock may be set back.
fn boot() -> String {
    format!("{:016x}", host::random())
}
