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
        // It goes through all ports at each look.
        daemon.look_thread.spawn(tunnels::keep(host.clone(), daemon.clone(), fleet.clone()));
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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use model::identity::Identities;
    use model::snapshot::{Observed, Scope};
    use model::switch::{Bridge, SwitchSource};
    use model::{Snapshot, Wiring};
    use tokio::time::Instant;

    use super::*;
    use crate::state::{Marks, State};

    /// A look that saw no more than these bridges, or why not.
    pub(super) fn state(bridges: Observed<Bridge>) -> State {
        let snapshot = Snapshot {
            version: Snapshot::VERSION,
            host: String::new(),
            taken: 0,
            scope: Scope::Everything,
            switch_netns: None,
            engines: BTreeMap::new(),
            named_engines: BTreeSet::default(),
            identities: Identities::default(),
            other_engines: Vec::new(),
            kernel: Observed::Fresh { rows: Vec::new().into() },
            switch: BTreeMap::from([(SwitchSource::Ovsdb, bridges)]),
        };
        let wiring = Arc::new(model::resolve(&snapshot));
        let snapshot = Arc::new(snapshot);
        let marks = Marks { tag: None, event_id: None, left_out: None };
        State { snapshot, found: Arc::<Wiring>::clone(&wiring), wiring, looks: 1, last: 0, marks }
    }

    /// What a task waits for is looks, news of others, or its time; what comes together is one piece of news.
    #[tokio::test(start_paused = true)]
    async fn tasks_wait_for_looks_or_news_and_no_longer_than_they_want() {
        let ((look, mut looks), (news, mut changes)) = (watch::channel(0), watch::channel(0));
        let most = Duration::from_secs(10);
        let start = Instant::now();
        wait_for_news(&mut looks, &mut changes, most).await;
        assert_eq!(start.elapsed(), most + COLLECTED, "nothing comes");
        let start = Instant::now();
        look.send_replace(1);
        news.send_replace(1);
        wait_for_news(&mut looks, &mut changes, most).await;
        assert_eq!(start.elapsed(), COLLECTED);
        // What was heard and not read yet is heard again; what was read is not.
        looks.borrow_and_update();
        changes.borrow_and_update();
        let start = Instant::now();
        tokio::spawn(async move {
            sleep(Duration::from_secs(3)).await;
            news.send_replace(2);
            sleep(Duration::from_secs(60)).await;
            drop(look);
        });
        wait_for_news(&mut looks, &mut changes, most).await;
        assert_eq!(start.elapsed(), Duration::from_secs(3) + COLLECTED);
    }
}
