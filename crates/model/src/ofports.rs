//! What each road to the switch says of one port's number.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::switch::{OfPortState, Via};

/// A map by road. There are three roads and thousands of ports: it lives without the heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Routes([Option<OfPortState>; Via::ALL.len()]);

impl Routes {
    /// The word of one road; a later one replaces it.
    pub fn insert(&mut self, via: Via, ofport: OfPortState) {
        self.0[via as usize] = Some(ofport);
    }

    /// Each road that said something, by rank.
    pub fn iter(&self) -> impl Iterator<Item = (Via, OfPortState)> {
        Via::ALL.into_iter().filter_map(|via| Some((via, self.0[via as usize]?)))
    }
}

impl Serialize for Routes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Routes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut routes = Self::default();
        for (via, ofport) in BTreeMap::deserialize(deserializer)? {
            routes.insert(via, ofport);
        }
        Ok(routes)
    }
}
