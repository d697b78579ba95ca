//! The fleet: what this host tells of itself, and the tasks that tell, listen and join bridges. Nothing
//! of it is there without `--etcd`, and no answer about this host waits for it.

mod blocks;
mod local;
mod tunnels;
mod uplinks;

use std::sync::Arc;

use etcd::Client;
use fleet::{Fleet, Settings};
use host::Host;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Duration, sleep, timeout};

use crate::daemon::Daemon;

/// What comes in this time is done together.
const COLLECTED: Duration = Duration::from_millis(50);

/// Starts the tasks; the one that publishes, which leaves the fleet when the daemon is to stop.
pub(crate) fn start(
    settings: &Settings,
    fleet: &Arc<Fleet>,
    daemon: &Arc<Daemon>,
    host: Option<Host>,
) -> JoinHandle<()> {
    // A client each: what takes long for one does not hold up the other.
    let client = || Client::new(settings.etcd.clone());
    let (tell, told) = watch::channel(None);
    tokio::spawn(local::tell(daemon.clone(), fleet.clone(), tell));
    tokio::spawn(fleet::follow::follow(client(), fleet.clone()));
    if let Some(host) = host {
        tokio::spawn(tunnels::keep(host.clone(), daemon.clone(), fleet.clone()));
        tokio::spawn(blocks::keep(client(), host, daemon.clone(), fleet.clone()));
    }
    let machine = settings.machine.clone();
    let stopped = daemon.stopped.clone();
    tokio::spawn(fleet::publish::publish(client(), fleet.clone(), machine, told, stopped))
}

/// Waits for a look at this host, or for news of others, and no longer than `most`.
async fn wait_for_news<L, C>(
    looks: &mut watch::Receiver<L>,
    changes: &mut watch::Receiver<C>,
    most: Duration,
) {
    let news = async {
        tokio::select! {
            _ = looks.changed() => {}
            _ = changes.changed() => {}
        }
    };
    let _ = timeout(most, news).await;
    sleep(COLLECTED).await;
}
