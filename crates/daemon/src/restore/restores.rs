//! What clients are told of restoring: what is owed, and how often what was done.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use report::v1::{self, RestoreResult};
use tracing::info;

use crate::state::{Event, Published, json};

/// What is owed to containers now, and what was done since the start.
#[derive(Debug, Default)]
pub(crate) struct Restores(Mutex<RestoreState>);

#[derive(Debug, Default)]
struct RestoreState {
    owed: Vec<v1::Owed>,
    results: BTreeMap<RestoreResult, u64>,
}

impl Restores {
    /// What is owed now.
    pub(crate) fn owed(&self) -> Vec<v1::Owed> {
        self.lock().owed.clone()
    }

    /// How many attempts restored something, skipped it or failed.
    pub(crate) fn results(&self) -> BTreeMap<RestoreResult, u64> {
        let none = [RestoreResult::Restored, RestoreResult::Skipped, RestoreResult::Failed];
        let mut all: BTreeMap<_, _> = none.into_iter().map(|result| (result, 0)).collect();
        all.extend(self.lock().results.iter().map(|(result, count)| (*result, *count)));
        all
    }

    pub(super) fn count(&self, result: RestoreResult) {
        *self.lock().results.entry(result).or_default() += 1;
    }

    /// What is owed from now on; clients are told where that is new.
    pub(super) fn owe(&self, owed: Vec<v1::Owed>, published: &Published) {
        let mut state = self.lock();
        if state.owed == owed {
            return;
        }
        let is_known = |row: &v1::Owed| state.owed.iter().any(|known| is_same(known, row));
        for row in owed.iter().filter(|row| !is_known(row)) {
            let v1::Owed { container, interface, bridge, reason, .. } = row;
            info!("{container}:{interface} on {bridge} is owed: {reason}");
        }
        let event = Event { name: Some("owed"), json: json(&owed).into() };
        state.owed = owed;
        drop(state);
        published.tell(event);
    }

    fn lock(&self) -> MutexGuard<'_, RestoreState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether both are of one interface, whatever it waits for.
fn is_same(one: &v1::Owed, other: &v1::Owed) -> bool {
    (&one.id, &one.interface, &one.bridge) == (&other.id, &other.interface, &other.bridge)
}
