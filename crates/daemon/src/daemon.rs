//! What every request can reach.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use host::{Counters, Observe, Origin, Question};
use model::switch::Via;
use model::{Snapshot, Trouble, query};
use tokio::sync::{Semaphore, watch};

use crate::metrics::Pace;
use crate::refusal::Refusal;
use crate::state::{Live, State};

/// So many requests at once may make the host be asked.
const ASKING: usize = 2;

/// The running daemon.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) live: Live,
    /// True when it is to end.
    pub(crate) stopped: watch::Receiver<bool>,
    pub(crate) pace: Pace,
    origin: Origin,
    asking: Semaphore,
}

impl Daemon {
    pub(crate) fn new(origin: Origin, boot: String, stopped: watch::Receiver<bool>) -> Self {
        Self {
            live: Live::new(boot),
            stopped,
            pace: Pace::default(),
            origin,
            asking: Semaphore::new(ASKING),
        }
    }

    /// What is known.
    pub(crate) fn state(&self) -> Result<Arc<State>, Refusal> {
        self.live.now().ok_or_else(Refusal::early)
    }

    /// The same, where an answer needs every kind of source.
    pub(crate) fn sighted(&self) -> Result<Arc<State>, Refusal> {
        let state = self.state()?;
        query::sighted(&state.snapshot)?;
        Ok(state)
    }

    /// A look of one's own, by more roads than are watched. Those who come at once wait.
    pub(crate) async fn look(&self, roads: Vec<Via>) -> Snapshot {
        let _turn = self.asking.acquire().await;
        let start = Instant::now();
        let snapshot = self.origin.observe(&Question { roads, ..Question::default() }).await;
        self.pace.looked(start.elapsed());
        snapshot
    }

    /// The counters of one interface, or of all; a recording has none.
    pub(crate) async fn statistics(
        &self,
        iface: Option<&str>,
    ) -> Result<BTreeMap<String, Counters>, Trouble> {
        let Origin::Live(host) = &self.origin else { return Ok(BTreeMap::new()) };
        let _turn = self.asking.acquire().await;
        host.statistics(iface).await
    }
}
