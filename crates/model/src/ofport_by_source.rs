//! What each switch source says of one port's number.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::switch::{OfPortState, SwitchSource};

/// OpenFlow ports by switch source. There are three sources and thousands of ports: it lives
/// without the heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfPortBySource([Option<OfPortState>; SwitchSource::ALL.len()]);

impl OfPortBySource {
    /// What one source says; a later insertion replaces it.
    #[allow(clippy::indexing_slicing, reason = "there is room for each source")]
    pub fn insert(&mut self, source: SwitchSource, ofport: OfPortState) {
        self.0[source as usize] = Some(ofport);
    }

    /// What this source says; none where it does not have the port.
    #[allow(clippy::indexing_slicing, reason = "there is room for each source")]
    pub fn get(&self, source: SwitchSource) -> Option<OfPortState> {
        self.0[source as usize]
    }

    /// Each source that has the port, by rank.
    #[allow(clippy::indexing_slicing, reason = "there is room for each source")]
    pub fn iter(&self) -> impl Iterator<Item = (SwitchSource, OfPortState)> {
        SwitchSource::ALL.into_iter().filter_map(|source| Some((source, self.0[source as usize]?)))
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
        for (source, ofport) in BTreeMap::deserialize(deserializer)? {
            ofports.insert(source, ofport);
        }
        Ok(ofports)
    }
}
