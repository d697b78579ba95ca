//! What the daemon knows at one moment, and the memory of what happened.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use model::{Snapshot, Wiring};
use report::{Wanted, list, v1};
use tokio::sync::watch;

/// So many events are remembered for clients that were away for a while.
const REMEMBERED: usize = 10_000;

/// One look, related, and what is often asked of it.
#[derive(Debug)]
pub(crate) struct State {
    /// What was seen.
    pub(crate) snapshot: Arc<Snapshot>,
    /// What follows from it.
    pub(crate) wiring: Arc<Wiring>,
    /// The number of the last event that led to it.
    pub(crate) last: u64,
    attachments: OnceLock<Bytes>,
    everything: OnceLock<Arc<str>>,
}

impl State {
    /// Every attachment as v1 JSON, written once.
    pub(crate) fn attachments(&self) -> Bytes {
        let write = || json(&list(&self.snapshot, &self.wiring, &Wanted::default())).into();
        self.attachments.get_or_init(write).clone()
    }

    /// The v1 wiring, written once.
    pub(crate) fn everything(&self) -> Arc<str> {
        let write = || json(&v1::Wiring::new(&self.snapshot, &self.wiring)).into();
        self.everything.get_or_init(write).clone()
    }
}

/// The JSON of a report. Its types are plain structs, which serde_json always can write.
pub(crate) fn json<T: serde::Serialize>(report: &T) -> String {
    serde_json::to_string(report).unwrap_or_default()
}

/// An event as it is told: its number and its v1 JSON.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) number: u64,
    pub(crate) json: Arc<str>,
}

/// The present and the remembered past. Readers wait on the present; nobody can hold it up.
#[derive(Debug)]
pub(crate) struct Live {
    /// Tells this run of the daemon from others, so that their event numbers are not mixed.
    pub(crate) boot: String,
    present: watch::Sender<Option<Arc<State>>>,
    past: Mutex<VecDeque<Told>>,
}

impl Live {
    /// Before the first look; `boot` is different in each run.
    pub(crate) fn new(boot: String) -> Self {
        Self { boot, present: watch::Sender::new(None), past: Mutex::default() }
    }

    /// The present, once there was a first look.
    pub(crate) fn now(&self) -> Option<Arc<State>> {
        self.present.borrow().clone()
    }

    /// Hears of every new present.
    pub(crate) fn follow(&self) -> watch::Receiver<Option<Arc<State>>> {
        self.present.subscribe()
    }

    /// Takes a new look, and the events (as JSON) that lead from the one before to it.
    pub(crate) fn publish(&self, look: Look, events: Vec<String>) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = self.now().map_or(0, |state| state.last);
        for event in events {
            last += 1;
            past.push_back(Told { number: last, json: event.into() });
        }
        let excess = past.len().saturating_sub(REMEMBERED);
        past.drain(..excess);
        drop(past);
        let Look { snapshot, wiring } = look;
        let (attachments, everything) = Default::default();
        let state = State { snapshot, wiring, last, attachments, everything };
        self.present.send_replace(Some(Arc::new(state)));
    }

    /// At most `most` events after number `after`; none if they are forgotten or never were.
    pub(crate) fn since(&self, after: u64, most: usize) -> Option<Vec<Told>> {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.now().map_or(0, |state| state.last);
        let forgotten = past.front().map_or(last, |told| told.number - 1);
        if after < forgotten || after > last {
            return None;
        }
        let skipped = usize::try_from(after - forgotten).unwrap_or(usize::MAX);
        // Those of a look that is just being published are told with it.
        let known = past.iter().skip(skipped).take_while(|told| told.number <= last);
        Some(known.take(most).cloned().collect())
    }
}

/// A Snapshot and its Wiring.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) wiring: Arc<Wiring>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::snapshot::{Observed, Scope};

    use super::*;

    fn look() -> Look {
        let snapshot = Snapshot {
            version: Snapshot::VERSION,
            host: "here".to_owned(),
            taken: 1,
            scope: Scope::Everything,
            switch_netns: None,
            engines: BTreeMap::new(),
            kernel: Observed::Fresh { rows: Vec::new() },
            switch: BTreeMap::new(),
        };
        let wiring = Arc::new(model::resolve(&snapshot));
        Look { snapshot: Arc::new(snapshot), wiring }
    }

    fn numbers(live: &Live, after: u64) -> Option<Vec<u64>> {
        let told = live.since(after, usize::MAX)?;
        Some(told.iter().map(|told| told.number).collect())
    }

    #[test]
    fn events_are_numbered_and_found_again() {
        let live = Live::new("a".to_owned());
        assert_eq!(numbers(&live, 0), Some(vec![]));
        live.publish(look(), vec!["1".into(), "2".into()]);
        live.publish(look(), vec![]);
        live.publish(look(), vec!["3".into()]);
        assert_eq!(live.now().unwrap().last, 3);
        assert_eq!(numbers(&live, 0), Some(vec![1, 2, 3]));
        assert_eq!(numbers(&live, 2), Some(vec![3]));
        assert_eq!(numbers(&live, 3), Some(vec![]));
        assert_eq!(numbers(&live, 4), None, "nobody can know the future");
    }

    #[test]
    fn the_memory_is_bounded_and_says_when_it_has_forgotten() {
        let live = Live::new("a".to_owned());
        let many = REMEMBERED as u64 + 5;
        live.publish(look(), (0..many).map(|n| n.to_string()).collect());
        assert_eq!(live.since(4, 1).map(|told| told.len()), None);
        assert_eq!(live.since(5, 1).unwrap()[0].number, 6);
        assert_eq!(numbers(&live, 5).unwrap().len(), REMEMBERED);
    }
}
