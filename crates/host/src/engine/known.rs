//! The engines that are asked: as they are found, and kept from one look to the next.

use std::sync::{Arc, Mutex, PoisonError};

use super::Configured;
use super::discovery::Discovery;

/// Engines that are given, or found whenever it is asked which there are.
#[derive(Clone, Debug)]
pub(crate) struct Engines {
    discovery: Option<Discovery>,
    /// What was found is kept, with its connections: one whose socket has gone is one that does not
    /// answer.
    known: Arc<Mutex<Vec<Configured>>>,
}

impl Engines {
    /// These alone.
    pub(crate) fn given(engines: Vec<Configured>) -> Self {
        Self { discovery: None, known: Arc::new(Mutex::new(engines)) }
    }

    /// Those that are found.
    pub(crate) fn found_by(discovery: Discovery) -> Self {
        Self { discovery: Some(discovery), known: Arc::default() }
    }

    /// Whether others may come.
    pub(crate) fn may_grow(&self) -> bool {
        self.discovery.is_some()
    }

    /// Those there are now: the ones that were known, then new ones.
    pub(crate) fn now(&self) -> Vec<Configured> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for found in self.discovery.iter().flat_map(Discovery::engines) {
            if known.iter().all(|known| known.name != found.name) {
                known.push(found);
            }
        }
        known.clone()
    }
}
