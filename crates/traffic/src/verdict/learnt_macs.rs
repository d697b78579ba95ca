//! Where bridges learn the MAC of a sender from what came of it.

use std::collections::BTreeSet;

use model::ids::Mac;

use super::Verdict;
use crate::end::End;
use crate::learnt::{LearntTables, switches};

impl LearntTables {
    /// Adds the MAC of the sender of what came so far, and the one that rules wrote in place of that; nothing comes
    /// after what does not arrive.
    pub fn add_mac(&mut self, verdict: &Verdict, from: &End) {
        let rules = verdict.rules.iter().filter(|_| verdict.reaches() != Some(false));
        let written = verdict.arrived.iter().filter_map(|header| header.eth_src.map(Mac));
        let macs: BTreeSet<_> = from.mac.into_iter().chain(written).collect();
        for rule in rules.filter(|rule| switches(rule)) {
            self.add_macs_of(from, &rule.bridge, &macs);
        }
    }
}
