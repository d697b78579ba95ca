//! The end of an attachment.

mod checks;
mod connections;

use std::sync::Arc;

use crate::PortLinks;
use crate::evidence::Evidence;
use crate::ids::{ContainerId, Name};
use crate::memory::{self, MemoryChange};
use crate::port_mark::bears_alias_of;
use crate::port_record::PortRecord;
use crate::query;
use crate::snapshot::{Container, Link, Snapshot};
use crate::switch::{Bridge, Port};
use crate::wiring::{ContainerRef, Occupant, SwitchPort, Wiring};

use super::orphaned_veths::{VethState, far_end, judge_forgotten, marked_as_leaving};
use super::planner::delete;
use super::requesters::requesters;
use super::{Plan, PlanError, ReplacePort, Step, require_here};
use connections::{Connection, known, pick};

/// `docker ovs disconnect BRIDGE CONTAINER`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disconnect {
    /// The bridge.
    pub bridge: String,
    /// The container, by name, id or beginning of the id; it may be gone.
    pub container: String,
    /// Name of the interface inside; the only one on the bridge if none.
    pub interface: Option<String>,
    /// Whether ports that others made may be removed.
    pub force: bool,
}

/// Plans it: the port first, then the veth. A process that is killed between leaves a link that says
/// of itself that it is to be deleted: a link that is in use proves by nothing else that no port is
/// to be its.
///
/// # Errors
/// A [`PlanError`].
pub fn disconnect(
    snapshot: &Snapshot,
    wiring: &Wiring,
    request: &Disconnect,
) -> Result<Plan, PlanError> {
    let named = query::bridge(snapshot, &request.bridge)?;
    let bridge = named.bridge;
    require_here(snapshot)?;
    let planner = DisconnectPlanner {
        snapshot,
        wiring,
        words: &request.container,
        known: known(snapshot, wiring, bridge, request)?,
    };
    let (connection, interface) = pick(request, planner.connections(named))?;
    let (removal, link) = match &connection {
        Connection::Port(row) => {
            planner.check(row, &interface, request.force)?;
            planner.check_way(row, &interface)?;
            planner.check_upper(row, &interface)?;
            let host_end = planner.host_end(row, &interface);
            // It may live under another name, where vswitchd does not hold it.
            let renamed = || {
                let is_orphaned = matches!(row.occupant, Occupant::Orphaned { .. });
                is_orphaned.then(|| planner.left_link(&row.port)).flatten()
            };
            let memory = planner.forgotten_with(bridge, &row.port, &interface);
            (removal(bridge, wiring, row, memory), host_end.or_else(renamed))
        }
        Connection::Memory(port) => (forget(bridge, port), planner.left_link(port)),
    };
    let marked = link.and_then(|link| marked_as_leaving(link));
    let deletion = match &marked {
        Some((_, link)) => Some(delete(link)),
        None => link.map(|link| delete(link)),
    };
    let mark = marked.map(|(mark, _)| Step::from(mark));
    let elsewhere = planner.forgotten_elsewhere(bridge, connection.port());
    let steps =
        mark.into_iter().chain(elsewhere).chain([Step::from(removal)]).chain(deletion).collect();
    let container = planner.named(connection.port());
    Ok(Plan { container, interface, bridge: bridge.name.clone(), steps })
}

fn removal(
    bridge: &Bridge,
    wiring: &Wiring,
    row: &SwitchPort,
    memory: MemoryChange,
) -> ReplacePort {
    ReplacePort {
        bridge: bridge.name.clone(),
        remove: Some(Arc::clone(&row.port)),
        link_is_gone: row.occupant.is_orphaned(),
        expected_requesters: requesters(wiring, [Some(&row.port), None]),
        memory,
        ..ReplacePort::default()
    }
}

/// Of a port that another program has taken.
fn forget(bridge: &Bridge, port: &Port) -> ReplacePort {
    let memory = forgotten(bridge, port);
    ReplacePort { bridge: bridge.name.clone(), memory, ..ReplacePort::default() }
}

/// What the bridge need not remember once `port` is gone: that port, and not another one whose interface had the
/// same name.
pub(super) fn forgotten(bridge: &Bridge, port: &Port) -> MemoryChange {
    memory::change(bridge, memory::key_of(bridge, port).as_slice(), None)
}

/// What the connections of one container are looked for and judged by.
struct DisconnectPlanner<'a> {
    snapshot: &'a Snapshot,
    wiring: &'a Wiring,
    words: &'a str,
    known: Option<&'a Container>,
}

impl<'a> DisconnectPlanner<'a> {
    /// What the bridge need not remember once a port is to stay away: the port itself, and what the bridge
    /// remembers of this interface of the container under the port's name, whose record may have been taken from
    /// it, or under a name that no port has any more. It would be put back from that.
    fn forgotten_with(&self, bridge: &Bridge, port: &Port, interface: &Name) -> MemoryChange {
        let is_its = |record: PortRecord| {
            *record.interface == **interface && self.is_of(&record).unwrap_or_default()
        };
        let has_port = |kept: &Port| {
            let mut rows = self.wiring.ports.iter().filter(|row| row.bridge == bridge.name);
            rows.any(|row| row.port.iface == kept.iface && PortRecord::of(&row.port).is_some())
        };
        let kept = memory::of(bridge).filter(|(_, kept)| {
            (kept.iface == port.iface || !has_port(kept))
                && PortRecord::of(kept).is_some_and(is_its)
        });
        let kept = kept.map(|(key, _)| key.to_owned());
        let keys: Vec<_> = memory::key_of(bridge, port).into_iter().chain(kept).collect();
        memory::change(bridge, &keys, None)
    }

    /// What other bridges need not remember either: the very record of the port, which was written there before
    /// its row was moved to this one. The interface would be put back there.
    fn forgotten_elsewhere(&self, bridge: &Bridge, port: &Port) -> Vec<Step> {
        let record = PortRecord::of(port).filter(|record| record.created.is_some());
        let Some(record) = record else { return Vec::new() };
        let is_same = |kept: PortRecord| {
            kept.interface == record.interface
                && kept.created == record.created
                && self.is_of(&kept).unwrap_or_default()
        };
        let has_row = |at: &Bridge, kept: &Port| {
            let mut rows = self.wiring.ports.iter().filter(|row| row.bridge == at.name);
            rows.any(|row| row.port.iface == kept.iface)
        };
        let others = self.snapshot.ovsdb_bridges().iter().filter(|at| at.name != bridge.name);
        let forgotten = others.filter_map(|at| {
            let kept = memory::of(at).filter(|(_, kept)| !has_row(at, kept));
            let kept = kept.filter(|(_, kept)| PortRecord::of(kept).is_some_and(is_same));
            let keys: Vec<_> = kept.map(|(key, _)| key.to_owned()).collect();
            let memory = memory::change(at, &keys, None);
            let bridge = at.name.clone();
            (!keys.is_empty()).then(|| ReplacePort { bridge, memory, ..ReplacePort::default() })
        });
        forgotten.map(Step::from).collect()
    }

    /// The veth that the port is, of which this interface is the other end, as its way says. By its name
    /// or its index alone another container's may be taken for it.
    fn host_end(&self, row: &SwitchPort, interface: &Name) -> Option<&'a Arc<Link>> {
        let inside = self.plugged(row, interface)?;
        let link = PortLinks::new(self.snapshot).of(row)?;
        let is_it = |evidence: &Evidence| match evidence {
            Evidence::VethPeer { ifindex, elsewhere: false, .. } => *ifindex == link.ifindex,
            _ => false,
        };
        let leads_inside = link.peer.map(|peer| peer.ifindex) == Some(inside.link.ifindex);
        let is_its = leads_inside && inside.evidence.iter().any(is_it);
        (is_its && link.kind.as_deref() == Some("veth")).then_some(link)
    }

    /// The veth of ours that is left without its port, whatever it is called by now. An alias is copied
    /// as easily as a name: under another name it is the one that leads to the interface inside.
    fn left_link(&self, port: &Port) -> Option<&'a Arc<Link>> {
        let here = self.snapshot.switch_namespace()?;
        let record = PortRecord::of(port).filter(|record| record.system.is_some())?;
        let home = self.known.and_then(|known| known.netns);
        let leads_inside = |link: &Link| {
            let end = far_end(self.snapshot, link);
            end.is_some_and(|(at, end)| Some(at) == home && *end.name == *record.interface)
        };
        here.links.iter().find(|link| {
            (link.name == port.iface || leads_inside(link))
                && bears_alias_of(link, &record)
                && judge_forgotten(self.snapshot, self.wiring, link) == VethState::Orphaned
        })
    }

    fn named(&self, port: &Port) -> ContainerRef {
        let record = PortRecord::of(port);
        let name = record.as_ref().map_or(self.words, |record| record.owner_name());
        let id = record.as_ref().map_or("", |record| &record.container);
        let known = self.known;
        ContainerRef {
            name: known.map_or_else(|| name.into(), |known| known.name.clone()),
            id: known.map_or_else(|| ContainerId(id.into()), |known| known.id.clone()),
            engine: known
                .and_then(|known| self.snapshot.engine_of(known).cloned())
                .unwrap_or_default(),
            qualified: None,
        }
    }
}
