//! The daemon from start to end: credentials, listeners, first look, ready, changes, shutdown.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use fleet::Fleet;
use host::Origin;
use model::SourceError;
use sd_notify::NotifyState;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, info};

use crate::daemon::Daemon;
use crate::follow::follow;
use crate::history::keep;
use crate::hosts;
use crate::http::connections;
use crate::http::credentials::Credentials;
use crate::http::listener::{self, Listener};
use crate::page::FILES;
use crate::pool::Pool;
use crate::restore::keep_restoring;
use crate::routes::routes;
use crate::settings::Settings;
use crate::signals::{SignalRequest, Signals};
use crate::watchdog::keep_alive;

/// So long the history may take to write that the daemon ended.
const LAST_WRITE: Duration = Duration::from_secs(2);
/// So long a look, or a step of a plan, may take that is under way when the daemon ends.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// Serves until SIGTERM or SIGINT; each listener is told at level info, once all are bound.
///
/// # Errors
/// A listener that cannot be bound, a key that is of no use. Sources that cannot be reached are no
/// error: the answers say so, and are right again when the source returns.
pub async fn serve(origin: Origin, settings: &Settings) -> Result<(), SourceError> {
    let mut signals = Signals::new()?;
    let (credentials, listeners) = tokio::select! {
        biased;
        () = signals.end() => return Ok(()),
        opened = open(settings) => opened?,
    };
    for listener in &listeners {
        info!("listening on {}", listener.url());
    }
    // Now: what stays, and is made while something large is written, keeps the memory around it from going back to
    // the system.
    LazyLock::force(&FILES);
    let (stop, stopped) = watch::channel(false);
    let places = listeners.iter().map(|listener| (listener.url(), listener.places().clone()));
    // What was recorded has no history of its own, and is no host of a fleet: it would be told as it is
    // now, in the place of the host that it was recorded of.
    let is_live = matches!(origin, Origin::Live(_));
    let of_fleet = settings.fleet.as_ref().filter(|_| is_live);
    let fleet = of_fleet.map(|settings| Arc::new(Fleet::new(settings)));
    let history = settings.history.clone().filter(|_| is_live);
    let places = places.collect();
    let build = settings.build;
    let known = fleet.clone();
    let stopping = stopped.clone();
    let daemon = Daemon::new(origin.clone(), boot(), places, history, stopping, build, known);
    let daemon = Arc::new(daemon);
    let mut tasks = JoinSet::new();
    tasks.spawn(keep_alive(daemon.look_thread.clone()));
    let keeping = tokio::spawn(keep(daemon.history.clone(), stopped.clone()));
    tasks.spawn(follow(origin.clone(), daemon.clone()));
    let live = origin.live().ok().cloned();
    let of_fleet = of_fleet.zip(fleet.as_ref());
    let published = of_fleet.map(|(told, fleet)| hosts::start(told, fleet, &daemon, live));
    if let Origin::Live(host) = origin
        && settings.restore
    {
        daemon.look_thread.spawn(keep_restoring(host, daemon.clone()));
    }
    let (pool, look_thread) = (daemon.pool.clone(), daemon.look_thread.clone());
    let router = routes(daemon);
    let serving = connections::serve(listeners, &router, &stopped);
    let mut serving = std::pin::pin!(serving);
    let reload_asked = Notify::new();
    let reloading = each_time(&reload_asked, || reload(credentials.clone(), pool.clone()));
    let mut reloading = std::pin::pin!(reloading);
    loop {
        tokio::select! {
            () = &mut serving => return Ok(()),
            never = &mut reloading => match never {},
            asked = signals.next() => match asked {
                SignalRequest::Reload => reload_asked.notify_one(),
                SignalRequest::End => break,
            },
        }
    }
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    stop.send_replace(true);
    serving.await;
    if let Some(published) = published {
        let _ = published.await;
    }
    // A host that hangs is not waited for, nor is a disk.
    let _ = timeout(LAST_LOOK, look_thread.end()).await;
    let _ = timeout(LAST_WRITE, keeping).await;
    Ok(())
}

/// Reads the credentials and binds every listener.
async fn open(
    settings: &Settings,
) -> Result<(Option<Arc<Credentials>>, Vec<Listener>), SourceError> {
    settings.check()?;
    let credentials = settings.tls.as_ref().map(Credentials::read).transpose()?.map(Arc::new);
    let listeners = listener::bind(settings, credentials.clone()).await?;
    Ok((credentials, listeners))
}

/// Does what is asked for, one at a time: what is asked for meanwhile is done once more.
async fn each_time<F: Future<Output = ()>>(asked: &Notify, done: impl Fn() -> F) -> Infallible {
    loop {
        asked.notified().await;
        done().await;
    }
}

/// Reads certificate, key and token anew, off the thread that serves.
async fn reload(credentials: Option<Arc<Credentials>>, pool: Pool) {
    let Some(credentials) = credentials else {
        return info!("there is nothing to be read anew");
    };
    match pool.run(move || credentials.read_again()).await {
        Ok(Ok(())) => info!("certificate, key and token were read anew"),
        Ok(Err(why)) => error!("certificate, key and token stay as they were: {why}"),
        Err(_) => error!("certificate, key and token stay as they were"),
    }
}

/// The name of this run. It is random, for a clock may be set back.
fn boot() -> String {
    format!("{:016x}", host::random())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_for_meanwhile_is_done_once_more_and_holds_up_nothing() {
        const SLOW: Duration = Duration::from_secs(60);
        let (asked, done) = (Notify::new(), Cell::new(0_usize));
        let each = each_time(&asked, || async {
            sleep(SLOW).await;
            done.set(done.get() + 1);
        });
        let mut each = std::pin::pin!(each);
        // As the loop of the daemon does, with other things that happen.
        for second in 0..600 {
            if matches!(second, 1..=50 | 300) {
                asked.notify_one();
            }
            assert!(timeout(Duration::from_secs(1), &mut each).await.is_err());
            let expected = [62, 122, 361].iter().filter(|at| second >= **at).count();
            assert!(done.get().abs_diff(expected) <= 1, "{second}: {}", done.get());
        }
        assert_eq!(done.get(), 3, "one, one for all that came meanwhile, and a later one");
    }
}
