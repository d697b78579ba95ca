//! What was left behind and may go.
//!
//! Never internal ports, which may live in any namespace; patches, tunnels, members of bonds;
//! what has a link; or a port that can be restored when its container starts.

use std::sync::Arc;

use crate::ids::Name;
use crate::port_record::{PortRecord, alias_says};
use crate::snapshot::{Container, Link, Snapshot};
use crate::switch::Port;
use crate::wiring::{LastTenant, Occupant, SwitchPort, Wiring};

use super::planner::delete;
use super::{OfPortRequests, ReplacePort, Step, is_debris};

/// `docker ovs prune`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prune {
    /// Only on this bridge.
    pub bridge: Option<String>,
    /// Only what was made before, in seconds since the Unix epoch.
    pub until: Option<u64>,
    /// Also what others made.
    pub all: bool,
    /// Also what belongs to stopped containers.
    pub stopped: bool,
}

/// Something that was left behind.
#[derive(Clone, Debug, PartialEq)]
pub enum Prunable {
    /// A port without a link.
    Port {
        /// Its bridge.
        bridge: Name,
        /// The port.
        port: Arc<Port>,
        /// Who had it, in words.
        last: Option<String>,
    },
    /// A veth of ours that is no port, as of a program that was killed.
    Link {
        /// How it is deleted.
        step: Step,
        /// The bridge it was made for, by its alias.
        bridge: Option<Name>,
        /// Who it was made for, in words.
        last: Option<String>,
    },
}

impl Prunable {
    /// How to remove it.
    pub fn removal(&self) -> Step {
        match self {
            Self::Port { bridge, port, .. } => {
                let (bridge, remove) = (bridge.clone(), Some(Arc::clone(port)));
                let expected_requesters = OfPortRequests::new();
                ReplacePort { bridge, remove, add: None, keep_settings: false, expected_requesters }
                    .into()
            }
            Self::Link { step, .. } => step.clone(),
        }
    }

    /// Whether two looks saw the same: a port whose row was not written again meanwhile.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Port { bridge, port, .. }, Self::Port { bridge: at, port: then, .. }) => {
                bridge == at && port.iface == then.iface && port.external_ids == then.external_ids
            }
            (Self::Link { step, .. }, Self::Link { step: then, .. }) => step == then,
            _ => false,
        }
    }
}

/// What may be removed. Takes a whole look in which every source answered.
pub fn prune(snapshot: &Snapshot, wiring: &Wiring, request: &Prune) -> Vec<Prunable> {
    let on = |row: &&SwitchPort| request.bridge.as_ref().is_none_or(|wanted| row.is_on(wanted));
    let ports =
        wiring.ports.iter().filter(on).filter_map(|row| port(snapshot, wiring, row, request));
    // Links bear no time.
    let links =
        request.until.is_none().then(|| debris(snapshot, wiring, request.bridge.as_deref()));
    ports.chain(links.into_iter().flatten()).collect()
}

fn port(
    snapshot: &Snapshot,
    wiring: &Wiring,
    row: &SwitchPort,
    request: &Prune,
) -> Option<Prunable> {
    let Occupant::Orphaned { last } = &row.occupant else { return None };
    let (kind, bond) = (row.port.kind.as_str(), &row.port.bond);
    if kind != "system" || bond.is_some() {
        return None;
    }
    let record = PortRecord::of(&row.port);
    let ours = record.as_ref().is_some_and(|record| record.ours);
    let created = record.as_ref().and_then(|record| record.created);
    let old = request.until.is_none_or(|until| created.is_some_and(|created| created < until));
    let owner = owner(snapshot, record.as_ref(), last.as_ref());
    let restorable = record.as_ref().is_some_and(|record| !has_another(wiring, owner, record));
    let free = may_go(owner, restorable, request.stopped);
    ((ours || request.all) && old && free).then(|| Prunable::Port {
        bridge: row.bridge.clone(),
        port: Arc::clone(&row.port),
        last: words(record.as_ref(), last.as_ref()),
    })
}

/// A container that runs may be given its interface again, if we know how; one that is stopped
/// may start again.
fn may_go(owner: Option<&Container>, restorable: bool, stopped: bool) -> bool {
    match owner {
        None => true,
        Some(row) if row.pid.is_some() => !restorable,
        Some(_) => stopped,
    }
}

/// Whether the container has got such an interface otherwise.
fn has_another(wiring: &Wiring, owner: Option<&Container>, record: &PortRecord) -> bool {
    let home = owner.and_then(|owner| owner.netns);
    let mut inside = wiring.attachments.iter().filter(|found| Some(found.netns) == home);
    inside.any(|found| *found.link.name == *record.interface)
}

fn owner<'a>(
    snapshot: &'a Snapshot,
    record: Option<&PortRecord>,
    last: Option<&LastTenant>,
) -> Option<&'a Container> {
    let all: Vec<_> = snapshot.containers().collect();
    let known = last.and_then(|last| last.container.as_ref());
    let by_claim = || known.and_then(|known| snapshot.container_by_id(&known.id));
    record.and_then(|record| record.owner(&all)).or_else(by_claim)
}

fn words(record: Option<&PortRecord>, last: Option<&LastTenant>) -> Option<String> {
    let marked = record.map(|record| format!("{}:{}", record.owner_name(), record.interface));
    marked.or_else(|| last.map(ToString::to_string))
}

fn debris<'a>(
    snapshot: &'a Snapshot,
    wiring: &'a Wiring,
    bridge: Option<&str>,
) -> impl Iterator<Item = Prunable> + 'a {
    let end = bridge.map(|bridge| format!(" on {bridge}"));
    let meant = move |link: &Link| {
        let alias = link.alias.as_deref().unwrap_or_default();
        end.as_ref().is_none_or(|end| alias.ends_with(end))
    };
    let ports: Vec<&Port> = wiring.ports.iter().map(|row| &*row.port).collect();
    let links = snapshot.switch_namespace().into_iter().flat_map(|ns| &ns.links);
    let links = links.filter(move |link| is_debris(link, &ports) && meant(link));
    links.map(|link| debris_link(snapshot, link))
}

/// The alias says what the link was made for.
fn debris_link(snapshot: &Snapshot, link: &Link) -> Prunable {
    let said = link.alias.as_deref().and_then(alias_says);
    let owner = |(container, interface, _): (&str, &str, &str)| {
        let mut all = snapshot.containers();
        let known = all.find(|row| *row.id.0 == *container).map(|row| &*row.name);
        let short = || container.get(..12).unwrap_or(container);
        format!("{}:{interface}", known.unwrap_or_else(short))
    };
    Prunable::Link {
        step: delete(link),
        bridge: said.map(|(_, _, bridge)| bridge.into()),
        last: said.map(owner),
    }
}
