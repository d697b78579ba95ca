//! What each switch source says of one port's number.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::switch::{OfPortState, Via};

/// OpenFlow ports by switch source. There are three sources and thousands of ports: it lives
/// without the heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfPortBySource([Option<OfPortState>; Via::ALL.len()]);

impl OfPortBySource {
    /// What one source says; a later insertion replaces it.
    pub fn insert(&mut self, via: Via, ofport: OfPortState) {
        self.0[via as usize] = Some(ofport);
    }

    /// Each source that has the port, by rank.
    pub fn iter(&self) -> impl Iterator<Item = (Via, OfPortState)> {
        Via::ALL.into_iter().filter_map(|via| Some((via, self.0[via as usize]?)))
    }
}

impl Serialize for OfPortBySource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for OfPortBySource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut ofports = Self::default();
        for (via, ofport) in BTreeMap::deserialize(deserializer)? {
            ofports.insert(via, ofport);
        }
        Ok(ofports)
    }
}
