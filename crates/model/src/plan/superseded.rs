//! Several records of one interface: a container that was connected elsewhere, after its interface was taken
//! away by hand, leaves the record of before, on the same bridge or on another one. The last one that was
//! made counts, and never what can be no interface of ours.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::ContainerId;
use crate::port_record::PortRecord;
use crate::snapshot::{Container, Snapshot};
use crate::wiring::SwitchPort;

use super::Remembered;
use super::foreign::{has_own_interface, why_no_interface_of};

/// What a record has in its favour against another one of the same interface.
pub(super) struct RecordRank {
    /// The engine, the container and the interface, where it is known whose it is.
    of: Option<(String, ContainerId, String)>,
    rank: Rank,
    /// Why its port can be no such interface, if it cannot: it is no rival of one that may be.
    foreign: Option<String>,
}

/// The greater one counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Whether the interface is on the port now.
    is_plugged: bool,
    /// When it was made, in seconds since the Unix epoch. ovs-docker tells no time; it makes no second port
    /// of an interface that has a record, so that its own is the older one.
    created: Option<u64>,
    /// Whether it has its port: what merely a bridge remembers may be the same record, whose row has moved
    /// to another bridge.
    has_row: bool,
}

impl RecordRank {
    pub(super) fn of(
        snapshot: &Snapshot,
        record: &PortRecord,
        owner: Option<&Container>,
        row: Option<&SwitchPort>,
    ) -> Self {
        let is_plugged = row.is_some_and(|row| has_own_interface(owner, record, row));
        let foreign = row.filter(|_| !is_plugged).and_then(|row| why_no_interface_of(owner, row));
        let of = owner
            .map(|owner| (engine_of(snapshot, owner), owner.id.clone(), record.interface.clone()));
        let rank = Rank { is_plugged, created: record.created, has_row: row.is_some() };
        Self { of, rank, foreign }
    }
}

/// What the engine of a container calls itself, by whichever of its sockets it was asked; else how it was asked.
fn engine_of(snapshot: &Snapshot, owner: &Container) -> String {
    let engine = snapshot.engine_of(owner);
    let identity = engine.and_then(|engine| snapshot.identities.engines.get(engine));
    let id = identity.and_then(|identity| identity.id.clone());
    id.or_else(|| engine.map(ToString::to_string)).unwrap_or_default()
}

/// All of them, those that are superseded with the reason. Where two have the same standing none of both
/// counts: which of them was meant last is not known. What is superseded by a port and has none itself is left out:
/// nothing of it can be made again for as long as that port is there.
pub(super) fn latest(all: Vec<(Remembered, RecordRank)>) -> Vec<Remembered> {
    let mut by_interface: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, (_, standing)) in all.iter().enumerate() {
        if let Some(of) = &standing.of {
            by_interface.entry(of.clone()).or_default().push(at);
        }
    }
    let mut reasons = BTreeMap::new();
    let mut left_out = BTreeSet::new();
    let outdoes = |at: &usize, other: &usize| outdone(all.get(*at)?, all.get(*other)?);
    let has_port = |at: &usize| all.get(*at).is_some_and(|(one, _)| !one.port_is_gone);
    for rivals in by_interface.values().filter(|rivals| rivals.len() > 1) {
        for at in rivals {
            let others = || rivals.iter().filter(|other| *other != at);
            if let Some(why) = others().filter_map(|other| outdoes(at, other)).max() {
                reasons.insert(*at, why);
            }
            let is_outdone = |port: &usize| has_port(port) && outdoes(at, port).is_some();
            if !has_port(at) && others().any(is_outdone) {
                left_out.insert(*at);
            }
        }
    }
    let all = all.into_iter().enumerate().filter(|(at, _)| !left_out.contains(at));
    all.map(|(at, (one, _))| Remembered { superseded: reasons.remove(&at), ..one }).collect()
}

/// Why another one counts, if it does.
fn outdone(
    (_, own): &(Remembered, RecordRank),
    (other, its): &(Remembered, RecordRank),
) -> Option<String> {
    let Remembered { bridge, port, .. } = other;
    match (&own.foreign, &its.foreign) {
        (_, Some(_)) => return None,
        (Some(why), None) => return Some(why.clone()),
        (None, None) => {}
    }
    match own.rank.cmp(&its.rank) {
        _ if its.rank.is_plugged && !own.rank.is_plugged => {
            Some(format!("the interface is on {bridge} by now, on port {}", port.iface))
        }
        std::cmp::Ordering::Less => {
            Some(format!("port {} of {bridge} was made for the same interface later", port.iface))
        }
        std::cmp::Ordering::Equal => Some(format!(
            "port {} of {bridge} was made for the same interface too, and which of them is the last \
             one is not known: docker ovs disconnect forgets one",
            port.iface
        )),
        std::cmp::Ordering::Greater => None,
    }
}
