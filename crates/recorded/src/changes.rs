//! What a database's log tells of ports: which came, went and changed, by whom, and when.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::ids::Name;
use model::switch::{Bridge, Port};
use model::wiring::{Occupant, SwitchPort};

use crate::assemble;
use crate::tables::Tables;

/// What a transaction did to a port.
#[derive(Clone, Debug, PartialEq)]
pub struct PortChange {
    /// When, in milliseconds since the Unix epoch.
    pub at: u64,
    /// What its writer said of it, as the command line of ovs-vsctl.
    pub comment: Option<String>,
    /// The bridge.
    pub bridge: Name,
    /// The port before; none where it came.
    pub before: Option<Arc<Port>>,
    /// The port now; none where it went.
    pub now: Option<Arc<Port>>,
}

impl PortChange {
    /// The port before and now, each with the container that its row names: a log tells no more of
    /// who is on it.
    pub fn ports(&self) -> (Option<SwitchPort>, Option<SwitchPort>) {
        let port = |port: &Option<Arc<Port>>| switch_port(&self.bridge, port.as_ref()?);
        (port(&self.before), port(&self.now))
    }
}

fn switch_port(bridge: &Name, port: &Arc<Port>) -> Option<SwitchPort> {
    let row = Bridge { name: bridge.clone(), ports: vec![port.clone()], ..Bridge::default() };
    let wiring = model::resolve(&assemble::of_switch(vec![row]));
    let mut port = wiring.ports.into_iter().next()?;
    if let Occupant::Unknown { why } = &mut port.occupant {
        let named = why.rsplit_once("; ").map(|(_, named)| named.to_owned());
        *why = named.unwrap_or_else(|| "the log does not tell who is on it".to_owned());
    }
    Some(port)
}

/// Changes that are wanted, from a moment until another.
#[derive(Clone, Debug)]
pub(crate) struct Changes {
    pub(crate) since: u64,
    pub(crate) until: u64,
    pub(crate) found: Vec<PortChange>,
}

/// More are not held: a log of a day has a tenth of that.
pub(crate) const MAX: usize = 200_000;

/// From when until when all that happened is among the changes, where the log goes so far and no more than
/// `max` of them are held: of later ones nothing is known.
pub(crate) fn known(
    log: Option<(u64, u64)>,
    found: &[PortChange],
    max: usize,
) -> Option<(u64, u64)> {
    let (from, until) = log?;
    let last = found.last().filter(|_| found.len() >= max);
    Some((from, last.map_or(until, |last| last.at.min(until))))
}

/// Ports by bridge and name.
pub(crate) type Ports = BTreeMap<(Name, Name), Arc<Port>>;

impl Changes {
    /// Whether a transaction of that moment is wanted.
    pub(crate) fn wants(&self, at: Option<u64>) -> bool {
        self.found.len() < MAX && at.is_some_and(|at| (self.since..=self.until).contains(&at))
    }

    pub(crate) fn add(&mut self, at: u64, comment: Option<&String>, mut before: Ports, now: Ports) {
        let comment = || comment.cloned();
        for (key, port) in now {
            let was = before.remove(&key);
            if was.as_ref() != Some(&port) {
                let (bridge, now) = (key.0, Some(port));
                self.found.push(PortChange { at, comment: comment(), bridge, before: was, now });
            }
        }
        for ((bridge, _), was) in before {
            let before = Some(was);
            self.found.push(PortChange { at, comment: comment(), bridge, before, now: None });
        }
    }
}

/// The ports of tables that have a few rows.
pub(crate) fn of_few(mut few: Tables) -> Ports {
    few.default_types();
    let bridges = few.bridges().rows;
    let each = bridges.into_iter().flat_map(|bridge| {
        let name = bridge.name;
        bridge.ports.into_iter().map(move |port| ((name.clone(), port.iface.clone()), port))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::{PortChange, known};

    #[test]
    fn a_log_is_known_as_far_as_its_changes_are_held() {
        let change =
            |at| PortChange { at, comment: None, bridge: "br0".into(), before: None, now: None };
        let found = [change(20), change(30)];
        assert_eq!(known(Some((10, 90)), &found, 3), Some((10, 90)));
        assert_eq!(known(Some((10, 90)), &found, 2), Some((10, 30)));
        assert_eq!(known(Some((10, 90)), &[], 2), Some((10, 90)));
        assert_eq!(known(None, &found, 2), None);
    }
}
