//! Tunnels that ovs-vswitchd could not make: each is made anew, after pauses that grow.

use std::collections::{BTreeMap, BTreeSet};

use model::backoff::Backoff;
use model::switch::{OfPortState, Port};
use tokio::time::{Duration, Instant};
use tracing::warn;

use crate::state::State;

/// The first pause; each one doubles it.
const FIRST: Duration = Duration::from_secs(1);
/// The longest one.
const LONGEST: Duration = Duration::from_secs(300);

/// When each is made anew, by its name.
#[derive(Debug, Default)]
pub(super) struct TunnelBackoff(BTreeMap<String, Pause>);

#[derive(Debug)]
struct Pause {
    backoff: Backoff,
    due: Instant,
}

impl TunnelBackoff {
    /// Those that are to be made anew now. One that has got its number is forgotten; one that vswitchd has
    /// not dealt with yet is neither.
    pub(super) fn due(&mut self, state: &State) -> BTreeSet<String> {
        let rows = state.snapshot.ovsdb().filter(|rows| rows.is_fresh());
        let Some(rows) = rows else { return BTreeSet::new() };
        let tunnels: BTreeSet<_> =
            rows.rows().iter().flat_map(host::tunnels_of).map(|tunnel| tunnel.name).collect();
        let ports = rows.rows().iter().flat_map(|bridge| &bridge.ports);
        let ports: BTreeMap<_, _> = ports.map(|port| (&*port.iface, port)).collect();
        let state_of = |name: &str| ports.get(name).map(|port| port.ofport);
        self.0.retain(|name, _| !matches!(state_of(name), Some(OfPortState::Assigned(_))));
        let failed = tunnels.into_iter().filter(|name| state_of(name) == Some(OfPortState::Failed));
        let now = Instant::now();
        let due = failed
            .filter(|name| self.is_due(name, now, ports.get(name.as_str()).map(|port| &***port)));
        due.collect()
    }

    fn is_due(&mut self, name: &str, now: Instant, port: Option<&Port>) -> bool {
        let Some(pause) = self.0.get_mut(name) else {
            let why = port.and_then(|port| port.error.as_deref()).unwrap_or("it gives no reason");
            warn!("ovs-vswitchd could not make the tunnel {name}: {why}; it is made anew");
            let mut backoff = Backoff::new(FIRST, LONGEST);
            let due = now + backoff.pause();
            self.0.insert(name.to_owned(), Pause { backoff, due });
            return false;
        };
        if now < pause.due {
            return false;
        }
        pause.due = now + pause.backoff.pause();
        true
    }

    /// How long to wait for the next one, and no longer than `most`.
    pub(super) fn wait(&self, most: Duration) -> Duration {
        let next = self.0.values().map(|pause| pause.due).min();
        let next = next.map(|due| due.saturating_duration_since(Instant::now()));
        // One that is overdue waits for vswitchd, which tells by a look.
        next.filter(|wait| !wait.is_zero()).map_or(most, |wait| wait.min(most))
    }
}
