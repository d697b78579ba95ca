//! Calls that are under way: numbers that they have chosen, and endpoints that they are about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::ids::{Name, OfPort};
use tokio::sync::OwnedMutexGuard;

#[derive(Debug, Default)]
pub(super) struct InFlight {
    numbers: Mutex<BTreeSet<(Name, OfPort)>>,
    endpoints: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// A number that is not chosen again while this lives.
#[derive(Debug)]
pub(super) struct Reserved<'a> {
    all: &'a InFlight,
    number: (Name, OfPort),
}

impl InFlight {
    /// The numbers of a bridge that are chosen already.
    pub(super) fn numbers(&self, bridge: &str) -> BTreeSet<OfPort> {
        let numbers = lock(&self.numbers);
        numbers.iter().filter(|(at, _)| **at == *bridge).map(|(_, ofport)| *ofport).collect()
    }

    /// Chooses one; none where another call has.
    pub(super) fn reserve(&self, bridge: &Name, ofport: OfPort) -> Option<Reserved<'_>> {
        let number = (bridge.clone(), ofport);
        let new = lock(&self.numbers).insert(number.clone());
        // Not `then_some`: what it would drop gives the other call's number back.
        new.then(|| Reserved { all: self, number })
    }

    /// Whether a call is under way.
    pub(super) fn is_busy(&self) -> bool {
        lock(&self.endpoints).values().any(|turn| Arc::strong_count(turn) > 1)
    }

    /// Waits until no other call is about this network or endpoint; those about others go on.
    pub(super) async fn turn(&self, id: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut endpoints = lock(&self.endpoints);
            endpoints.retain(|_, turn| Arc::strong_count(turn) > 1);
            endpoints.entry(id.to_owned()).or_default().clone()
        };
        turn.lock_owned().await
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        lock(&self.all.numbers).remove(&self.number);
    }
}

/// What is locked is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_number_is_chosen_once_and_free_again_afterwards() {
        let calls = InFlight::default();
        let first = calls.reserve(&"br0".into(), OfPort(7)).unwrap();
        assert!(calls.reserve(&"br0".into(), OfPort(7)).is_none());
        assert!(calls.reserve(&"br1".into(), OfPort(7)).is_some());
        assert_eq!(calls.numbers("br0"), BTreeSet::from([OfPort(7)]));
        drop(first);
        assert!(calls.numbers("br0").is_empty());
    }

    #[tokio::test]
    async fn calls_about_one_endpoint_take_turns_and_leave_nothing() {
        let calls = InFlight::default();
        let first = calls.turn("e").await;
        let _other = calls.turn("f").await;
        let waiting = tokio::time::timeout(std::time::Duration::ZERO, calls.turn("e")).await;
        assert!(waiting.is_err());
        drop(first);
        drop(calls.turn("e").await);
        drop(calls.turn("g").await);
        assert!(lock(&calls.endpoints).len() <= 2);
    }
}
