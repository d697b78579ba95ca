//! The daemon's life: doors, first look, ready, changes, end.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use host::{Host, Question};
use model::{Trouble, TroubleKind, resolve};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::connections;
use crate::daemon::Daemon;
use crate::doors::Doors;
use crate::routes::routes;
use crate::settings::Settings;
use crate::state::Look;

/// Serves until SIGTERM or SIGINT; `say` is told where, once that is so.
///
/// # Errors
/// A door that cannot be opened. Sources that cannot be reached are no error: the answers
/// say so, and are right again when the source returns.
pub async fn serve(host: Host, settings: &Settings, say: impl Fn(&str)) -> Result<(), Trouble> {
    let mut ends = Ends::new()?;
    let doors = Doors::open(settings).await?;
    say(&format!("listening on unix://{}", settings.socket.display()));
    for address in doors.addresses() {
        say(&format!("listening on {address}"));
    }
    let (stop, stopped) = watch::channel(false);
    let daemon = Arc::new(Daemon::new(host.clone(), boot(), stopped.clone()));
    let looking = tokio::spawn(keep_looking(host, daemon.clone()));
    let router = routes(daemon);
    let serving = connections::serve(doors, &router, stopped);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        () = ends.next() => {
            let _ = sd_notify::notify(&[NotifyState::Stopping]);
            stop.send_replace(true);
            serving.await;
        }
    }
    looking.abort();
    Ok(())
}

async fn keep_looking(host: Host, daemon: Arc<Daemon>) {
    loop {
        let start = Instant::now();
        let snapshot = Arc::new(host.look(&Question::default()).await);
        daemon.pace.looked(start.elapsed());
        let start = Instant::now();
        let wiring = Arc::new(resolve(&snapshot));
        daemon.pace.resolved(start.elapsed());
        let look = Look { snapshot, wiring };
        let first = daemon.live.now().is_none();
        daemon.live.publish(look, Vec::new());
        if first {
            let _ = sd_notify::notify(&[NotifyState::Ready]);
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
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

/// Names this run: when it began, and which process it is.
fn boot() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}.{:x}", since.as_micros(), std::process::id())
}
