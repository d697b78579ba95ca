//! The state that requests read, and the events that led to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Look, Wiring};
use tokio::sync::watch;

use super::log::EventLog;
use super::{Event, Marks, NextEvent, NumberedEvent, State};

/// The current state and the event log. Readers never hold up the task that publishes.
///
/// A look is published by one thread, and what is owed may be told by another one: each takes the log for as long as it
/// goes from the last state to the next.
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

    /// Takes a new look, what of it is told, and the events that lead there from the one before. What
    /// was known before is the caller's to free: with thousands of ports that takes milliseconds.
    #[must_use]
    pub(crate) fn publish(
        &self,
        look: Look,
        told: Arc<Wiring>,
        events: Vec<Event>,
    ) -> Option<Arc<State>> {
        let mut log = self.log();
        let (mut last, looks) = self.now().map_or((0, 0), |state| (state.last, state.looks));
        for event in events {
            last += 1;
            log.push(NumberedEvent::new(&self.boot, last, &event));
        }
        let Look { snapshot, wiring: found, .. } = look;
        let looks = looks + 1;
        let marks = Marks::new(&self.boot, looks, last);
        let state = State { snapshot, found, wiring: told, looks, last, marks };
        self.state.send_replace(Some(Arc::new(state)))
    }

    /// Tells something else than a look.
    pub(crate) fn tell(&self, event: &Event) {
        let mut log = self.log();
        let Some(now) = self.now() else { return };
        let last = now.last + 1;
        let marks = Marks::new(&self.boot, now.looks, last);
        let state = State { last, marks, ..State::clone(&now) };
        log.push(NumberedEvent::new(&self.boot, state.last, event));
        self.state.send_replace(Some(Arc::new(state)));
    }

    /// The event after number `after`.
    pub(crate) fn after(&self, after: u64) -> NextEvent {
        let log = self.log();
        let last = self.now().map_or(0, |state| state.last);
        log.after(after, last)
    }

    fn log(&self) -> MutexGuard<'_, EventLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::Snapshot;
    use model::snapshot::{Observed, Scope};

    use super::*;
    use crate::state::log::{MAX_EVENT_BYTES, MAX_EVENTS};

    fn look() -> Look {
        let snapshot = Snapshot {
            version: Snapshot::VERSION,
            host: "here".to_owned(),
            taken: 1,
            scope: Scope::Everything,
            switch_netns: None,
            engines: BTreeMap::new(),
            named_engines: std::collections::BTreeSet::new(),
            identities: model::identity::Identities::default(),
            other_engines: Vec::new(),
            kernel: Observed::Fresh { rows: Arc::default() },
            switch: BTreeMap::new(),
        };
        Look::new(snapshot)
    }

    fn publish(published: &Published, events: Vec<Event>) {
        let look = look();
        let told = look.wiring.clone();
        drop(published.publish(look, told, events));
    }

    fn events(texts: &[&str]) -> Vec<Event> {
        texts.iter().map(|text| Event { name: None, json: (*text).to_owned() }).collect()
    }

    fn numbers(published: &Published, after: u64) -> Option<Vec<u64>> {
        let (mut numbers, mut last) = (Vec::new(), after);
        loop {
            match published.after(last) {
                NextEvent::Known(event) => last = event.number,
                NextEvent::NoneYet => return Some(numbers),
                NextEvent::Forgotten => return None,
            }
            numbers.push(last);
        }
    }

    #[test]
    fn events_are_numbered_and_found_again() {
        let published = Published::new("a".to_owned());
        assert_eq!(numbers(&published, 0), Some(vec![]));
        publish(&published, events(&["1", "2"]));
        publish(&published, vec![]);
        publish(&published, events(&["3"]));
        assert_eq!(published.now().unwrap().last, 3);
        assert_eq!(numbers(&published, 0), Some(vec![1, 2, 3]));
        assert_eq!(numbers(&published, 2), Some(vec![3]));
        assert_eq!(numbers(&published, 3), Some(vec![]));
        assert_eq!(numbers(&published, 4), None, "events to come are not known");
    }

    #[test]
    fn what_another_thread_tells_costs_no_look_and_has_numbers_of_its_own() {
        const EACH: u64 = 2000;
        let published = Published::new("a".to_owned());
        publish(&published, vec![]);
        std::thread::scope(|scope| {
            let looks = || (0..EACH).for_each(|_| publish(&published, events(&["look"])));
            std::thread::Builder::new().spawn_scoped(scope, looks).unwrap();
            let owed = Event { name: Some("owed"), json: "[]".to_owned() };
            (0..EACH).for_each(|_| published.tell(&owed));
        });
        let now = published.now().unwrap();
        assert_eq!((now.looks, now.last), (1 + EACH, 2 * EACH));
        assert_eq!(numbers(&published, 0), Some((1..=2 * EACH).collect()));
    }

    #[test]
    fn the_log_is_bounded_and_says_when_it_has_forgotten() {
        let published = Published::new("a".to_owned());
        publish(&published, events(&vec!["x"; MAX_EVENTS + 5]));
        assert_eq!(numbers(&published, 4), None);
        assert_eq!(numbers(&published, 5).unwrap()[0], 6);
        assert_eq!(numbers(&published, 5).unwrap().len(), MAX_EVENTS);
        let long = "x".repeat(MAX_EVENT_BYTES / 2);
        publish(&published, events(&[&long, &long, "", "x"]));
        let last = published.now().unwrap().last;
        assert_eq!(numbers(&published, last - 3).map(|numbers| numbers.len()), Some(3));
        assert_eq!(numbers(&published, last - 4), None, "long ones are forgotten sooner");
    }
}
