//! What clients are told of restoring: what is owed, and how often what was done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use report::v1::{self, RestoreResult};
use serde_json::value::RawValue;
use tracing::info;

use crate::json::json;
use crate::state::{Event, Published};

/// What is owed to containers now, and what was done since the start.
#[derive(Debug, Default)]
pub(crate) struct Restores(Mutex<RestoreState>);

#[derive(Debug, Default)]
struct RestoreState {
    owed: Arc<WrittenOwed>,
    results: BTreeMap<RestoreResult, u64>,
}

/// What is owed, as it was written when it changed: with thousands of rows it is long, and many ask.
#[derive(Debug)]
pub(crate) struct WrittenOwed {
    rows: Vec<v1::Owed>,
    /// As JSON.
    json: Box<RawValue>,
    /// As the event that follows a `reset`, which has no number; empty where nothing is owed.
    event: Bytes,
}

impl WrittenOwed {
    fn new(rows: Vec<v1::Owed>) -> Self {
        let json = json(&rows);
        let event = match rows.as_slice() {
            [] => Bytes::new(),
            _ => {
                format!("event: owed\ndata: {json}\n\n").into_boxed_str().into_boxed_bytes().into()
            }
        };
        let json = RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned());
        Self { rows, json, event }
    }

    /// How many rows there are.
    pub(crate) fn count(&self) -> usize {
        self.rows.len()
    }

    /// The rows as JSON.
    pub(crate) fn json(&self) -> &RawValue {
        &self.json
    }

    /// The event that follows a `reset`; none where nothing is owed.
    pub(crate) fn event(&self) -> Option<Bytes> {
        Some(self.event.clone()).filter(|event| !event.is_empty())
    }
}

impl Default for WrittenOwed {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Restores {
    /// What is owed now. The same [`Arc`] until that changes.
    pub(crate) fn owed(&self) -> Arc<WrittenOwed> {
        self.lock().owed.clone()
    }

    /// How many attempts restored something, skipped it or failed.
    pub(crate) fn results(&self) -> BTreeMap<RestoreResult, u64> {
        let none = [RestoreResult::Restored, RestoreResult::Skipped, RestoreResult::Failed];
        let mut all: BTreeMap<_, _> = none.into_iter().map(|result| (result, 0)).collect();
        all.extend(self.lock().results.iter().map(|(result, count)| (*result, *count)));
        all
    }

    pub(crate) fn count(&self, result: RestoreResult) {
        *self.lock().results.entry(result).or_default() += 1;
    }

    /// What is owed from now on; clients are told where that is new. One task calls this, and a
    /// reader of what is owed does not wait until that is written.
    pub(crate) fn owe(&self, owed: Vec<v1::Owed>, published: &Published) {
        let before = self.owed();
        if before.rows == owed {
            return;
        }
        let known: BTreeSet<_> = before.rows.iter().map(of).collect();
        for row in owed.iter().filter(|row| !known.contains(&of(row))) {
            let v1::Owed { container, interface, bridge, reason, .. } = row;
            info!("{container}:{interface} on {bridge} is owed: {reason}");
        }
        let owed = Arc::new(WrittenOwed::new(owed));
        let event = Event { name: Some("owed"), json: owed.json().get().to_owned() };
        self.lock().owed = owed;
        published.tell(&event);
    }

    fn lock(&self) -> MutexGuard<'_, RestoreState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which interface a row is of, whatever that waits for.
fn of(row: &v1::Owed) -> (&str, &str, &str) {
    (&row.id, &row.interface, &row.bridge)
}
