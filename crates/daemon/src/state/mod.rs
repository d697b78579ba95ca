//! What the daemon knows at one moment, and the log of what happened.

pub(crate) mod follow;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use model::{Snapshot, Wiring};
use report::{Wanted, list, v1};
use tokio::sync::watch;

/// So many events are remembered for clients that were away for a while,
const MAX_EVENTS: usize = 10_000;
/// unless they are longer than this, in bytes of JSON.
const MAX_EVENT_BYTES: usize = 2 << 20;

/// One look, related, and what is often asked of it.
#[derive(Debug)]
pub(crate) struct State {
    /// What was seen.
    pub(crate) snapshot: Arc<Snapshot>,
    /// What follows from it.
    pub(crate) wiring: Arc<Wiring>,
    /// How many looks there were, this one counted.
    pub(crate) looks: u64,
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

/// An event for clients.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The name of a server-sent event that is not an ordinary one.
    pub(crate) name: Option<&'static str>,
    /// Its v1 JSON.
    pub(crate) json: Arc<str>,
}

/// The same with its number.
#[derive(Clone, Debug)]
pub(crate) struct NumberedEvent {
    pub(crate) number: u64,
    pub(crate) event: Event,
}

/// The last events, oldest first.
#[derive(Debug, Default)]
struct EventLog {
    events: VecDeque<NumberedEvent>,
    bytes: usize,
}

impl EventLog {
    fn push(&mut self, numbered: NumberedEvent) {
        self.bytes += numbered.event.json.len();
        self.events.push_back(numbered);
        while self.events.len() > MAX_EVENTS || self.bytes > MAX_EVENT_BYTES {
            let forgotten = self.events.pop_front();
            self.bytes -= forgotten.map_or(0, |numbered| numbered.event.json.len());
        }
    }
}

/// The current state and the event log. Readers never hold up the task that publishes.
#[derive(Debug)]
pub(crate) struct Published {
    /// Tells this run of the daemon from others, so that their event numbers are not mixed.
    pub(crate) boot: String,
    state: watch::Sender<Option<Arc<State>>>,
    log: Mutex<EventLog>,
}

impl Published {
    /// Before the first look; `boot` is different in each run.
    pub(crate) fn new(boot: String) -> Self {
        Self { boot, state: watch::Sender::new(None), log: Mutex::default() }
    }

    /// The current state, once there was a first look.
    pub(crate) fn now(&self) -> Option<Arc<State>> {
        self.state.borrow().clone()
    }

    /// Is told of every new state.
    pub(crate) fn follow(&self) -> watch::Receiver<Option<Arc<State>>> {
        self.state.subscribe()
    }

    /// Takes a new look, and the events that lead from the one before to it.
    pub(crate) fn publish(&self, look: Look, events: Vec<Event>) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut last, looks) = self.now().map_or((0, 0), |state| (state.last, state.looks));
        for event in events {
            last += 1;
            log.push(NumberedEvent { number: last, event });
        }
        drop(log);
        let Look { snapshot, wiring } = look;
        let (attachments, everything) = Default::default();
        let state = State { snapshot, wiring, looks: looks + 1, last, attachments, everything };
        self.state.send_replace(Some(Arc::new(state)));
    }

    /// At most `most` of the events after number `after`; none if that is forgotten or never
    /// was.
    pub(crate) fn since(&self, after: u64, most: usize) -> Option<Vec<NumberedEvent>> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.now().map_or(0, |state| state.last);
        let forgotten = log.events.front().map_or(last, |event| event.number - 1);
        if after < forgotten || after > last {
            return None;
        }
        let skipped = usize::try_from(after - forgotten).unwrap_or(usize::MAX);
        // Those of a look that is just being published go out with it.
        let known = log.events.iter().skip(skipped).take_while(|event| event.number <= last);
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
            kernel: Observed::Fresh { rows: Arc::default() },
            switch: BTreeMap::new(),
        };
        let wiring = Arc::new(model::resolve(&snapshot));
        Look { snapshot: Arc::new(snapshot), wiring }
    }

    fn events(texts: &[&str]) -> Vec<Event> {
        texts.iter().map(|text| Event { name: None, json: (*text).into() }).collect()
    }

    fn numbers(published: &Published, after: u64) -> Option<Vec<u64>> {
        let events = published.since(after, usize::MAX)?;
        Some(events.iter().map(|event| event.number).collect())
    }

    #[test]
    fn events_are_numbered_and_found_again() {
        let published = Published::new("a".to_owned());
        assert_eq!(numbers(&published, 0), Some(vec![]));
        published.publish(look(), events(&["1", "2"]));
        published.publish(look(), vec![]);
        published.publish(look(), events(&["3"]));
        assert_eq!(published.now().unwrap().last, 3);
        assert_eq!(numbers(&published, 0), Some(vec![1, 2, 3]));
        assert_eq!(numbers(&published, 2), Some(vec![3]));
        assert_eq!(numbers(&published, 3), Some(vec![]));
        assert_eq!(numbers(&published, 4), None, "events to come are not known");
    }

    #[test]
    fn the_log_is_bounded_and_says_when_it_has_forgotten() {
        let published = Published::new("a".to_owned());
        published.publish(look(), events(&vec!["x"; MAX_EVENTS + 5]));
        assert_eq!(published.since(4, 1).map(|events| events.len()), None);
        assert_eq!(published.since(5, 1).unwrap()[0].number, 6);
        assert_eq!(numbers(&published, 5).unwrap().len(), MAX_EVENTS);
        let long = "x".repeat(MAX_EVENT_BYTES / 2);
        published.publish(look(), events(&[&long, &long, "", "x"]));
        assert_eq!(published.log.lock().unwrap().events.len(), 3, "long ones are forgotten sooner");
    }
}
