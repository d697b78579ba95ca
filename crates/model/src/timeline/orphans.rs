//! Ports whose link is gone: what is told of each, as long as it is there.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::{Change, Timeline, lasting};
use crate::ids::Name;
use crate::switch::Port;
use crate::wiring::{EndpointRef, Occupant, SwitchPort, Wiring};

impl Timeline {
    /// Each that is new, or is otherwise than it was told.
    pub(super) fn orphaned(&mut self, wiring: &Wiring) -> Vec<Change> {
        if wiring.unseen.switch {
            // The port may be gone with its link.
            return Vec::new();
        }
        let mut changes = Vec::new();
        for port in &wiring.ports {
            let Some(now) = self.orphan(port) else { continue };
            let key = port_key(port);
            let told = self.orphans.get(&key);
            if told.is_some_and(|told| told == &*now || is_told_alike(told, &now)) {
                continue;
            }
            let now = now.into_owned();
            self.orphans.insert(key, now.clone());
            changes.push(Change::Orphaned(Box::new(now)));
        }
        changes
    }

    /// A port without a link; also one of which only that cannot be known any more: its row is what it is
    /// now, and who had it stays.
    pub(super) fn orphan<'a>(&self, port: &'a SwitchPort) -> Option<Cow<'a, SwitchPort>> {
        if port.occupant.is_orphaned() {
            return Some(Cow::Borrowed(port));
        }
        if self.orphans.is_empty() || !matches!(port.occupant, Occupant::Unknown { .. }) {
            return None;
        }
        let occupant = self.orphans.get(&port_key(port))?.occupant.clone();
        Some(Cow::Owned(SwitchPort { occupant, ..port.clone() }))
    }

    /// Those that are gone, or have a link again, as they were told last.
    pub(super) fn cleared(&mut self, wiring: &Wiring) -> Vec<Change> {
        if self.orphans.is_empty() || wiring.unseen.switch {
            return Vec::new();
        }
        let ports: FxHashMap<_, _> =
            wiring.ports.iter().map(|port| (port_key(port), port)).collect();
        let still = |port: &&SwitchPort| {
            port.occupant.is_orphaned() || matches!(port.occupant, Occupant::Unknown { .. })
        };
        let over = self.orphans.keys().filter(|key| !ports.get(*key).is_some_and(still));
        let mut over: Vec<_> = over.cloned().collect();
        over.sort();
        let take = |key| self.orphans.remove(&key).map(|port| Change::Cleared(Box::new(port)));
        over.into_iter().filter_map(take).collect()
    }
}

/// Whether nothing that is told of a port is different. Its row has more than any answer: what OVS believes of
/// the link that is gone, and what others wrote into it, of which the words about whose it is are told.
fn is_told_alike(told: &SwitchPort, now: &SwitchPort) -> bool {
    let options = |port: &Port| ["peer", "remote_ip"].map(|key| port.options.get(key).cloned());
    let row = |port: &Port| {
        let numbers = (port.ofport, port.ofport_request, port.dp_port);
        let words = (port.kind.clone(), port.bond.clone(), port.error.clone());
        (numbers, words, port.mac, options(port), EndpointRef::of(port))
    };
    told.datapath_id == now.datapath_id
        && told.fake_bridge == now.fake_bridge
        && told.ofports == now.ofports
        && told.vlans() == now.vlans()
        && told.occupant.to_string() == now.occupant.to_string()
        && lasting(&told.notes).eq(lasting(&now.notes))
        && row(&told.port) == row(&now.port)
}

pub(super) fn port_key(port: &SwitchPort) -> (Name, Name) {
    (port.bridge.clone(), port.port.iface.clone())
}
