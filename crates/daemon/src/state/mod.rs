//! What the daemon knows at one moment, and what it has published.

pub(crate) mod follow;
mod log;
mod published;

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use model::{Snapshot, Wiring};
use report::{Wanted, list, v1};

pub(crate) use log::{Event, NumberedEvent};
pub(crate) use published::Published;

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
