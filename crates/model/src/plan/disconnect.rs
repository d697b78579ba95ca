//! The end of an attachment.

use std::sync::Arc;

use crate::endpoint_record::EndpointRecord;
use crate::evidence::Evidence;
use crate::ids::{ContainerId, LinkKey, Name};
use crate::memory::{self, MemoryChange};
use crate::port_mark::bears_alias_of;
use crate::port_record::PortRecord;
use crate::query::{self, QueryError};
use crate::snapshot::{Container, Engine, Link, Snapshot};
use crate::switch::{Bridge, Port};
use crate::whereabouts::{Whereabouts, whereabouts};
use crate::wiring::{Attachment, ContainerRef, Occupant, Plug, SwitchPort, Wiring};
use crate::{NamedBridge, PortLinks};

use super::orphaned_veths::{Verdict, far_end, judge_forgotten, marked_as_leaving};
use super::planner::delete;
use super::requesters::requesters;
use super::restore::only_remembered;
use super::upper_links::{Upper, foreign_upper};
use super::world::written_here;
use super::{Plan, PlanError, ReplacePort, Step, require_here};

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
            planner.check(row, request.force)?;
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
    let steps = mark.into_iter().chain([Step::from(removal)]).chain(deletion).collect();
    let container = planner.named(connection.port());
    Ok(Plan { container, interface, bridge: bridge.name.clone(), steps })
}

/// The container, if an engine still has it; some record must name it otherwise.
fn known<'a>(
    snapshot: &'a Snapshot,
    wiring: &Wiring,
    bridge: &Bridge,
    request: &Disconnect,
) -> Result<Option<&'a Container>, PlanError> {
    match query::certain_container(snapshot, &request.container) {
        Ok(known) => Ok(Some(known)),
        Err(error @ QueryError::NoSuchContainer { .. }) => {
            let records = wiring.ports.iter().filter_map(|row| PortRecord::of(&row.port));
            let kept = memory::of(bridge).filter_map(|(_, port)| PortRecord::of(&port));
            let mut all = records.chain(kept);
            let named = all.any(|record| record.matches(&request.container));
            if named { Ok(None) } else { Err(error.into()) }
        }
        Err(error) => Err(error.into()),
    }
}

/// An interface on a bridge: by its port, or by what the bridge remembers of one.
enum Connection<'a> {
    Port(&'a SwitchPort),
    Memory(Arc<Port>),
}

impl Connection<'_> {
    fn port(&self) -> &Port {
        match self {
            Self::Port(row) => &row.port,
            Self::Memory(port) => port,
        }
    }
}

/// An interface of the container, and where that is; or why it may be another's.
struct Found<'a> {
    interface: Name,
    at: Result<Connection<'a>, PlanError>,
}

impl Found<'_> {
    /// Whether it lives: no mere record.
    fn is_plugged(&self) -> bool {
        let Ok(Connection::Port(row)) = &self.at else { return false };
        matches!(row.occupant, Occupant::Plugged { .. })
    }
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

/// What the bridge need not remember once `port` is gone.
pub(super) fn forgotten(bridge: &Bridge, port: &Port) -> MemoryChange {
    let key = PortRecord::of(port).map(|record| memory::key(&record));
    memory::change(bridge, key.as_slice(), None)
}

/// What the connections of one container are looked for and judged by.
struct DisconnectPlanner<'a> {
    snapshot: &'a Snapshot,
    wiring: &'a Wiring,
    words: &'a str,
    known: Option<&'a Container>,
}

impl<'a> DisconnectPlanner<'a> {
    /// Its interfaces on the bridge, and those that the bridge remembers. One that may be another's is
    /// among them with its doubt, which counts only where that one is meant.
    fn connections(&self, bridge: NamedBridge<'_>) -> Vec<Found<'a>> {
        let rows = self.wiring.ports.iter().filter(|row| row.is_on(bridge.name()));
        let there = rows.filter_map(|row| self.interface_on(row));
        let kept = only_remembered(self.snapshot, self.wiring).into_iter();
        let kept =
            kept.filter(|(at, port)| bridge.has_remembered(at, port)).filter_map(|(_, port)| {
                let record = PortRecord::of(&port)?;
                self.recorded(&record, Connection::Memory(port))
            });
        there.chain(kept).collect()
    }

    /// What the bridge need not remember once a port is to stay away: where its record was taken from it, what
    /// the bridge remembers of this interface of the container under the port's name.
    fn forgotten_with(&self, bridge: &Bridge, port: &Port, interface: &Name) -> MemoryChange {
        if PortRecord::of(port).is_some() {
            return forgotten(bridge, port);
        }
        let is_its = |record: PortRecord| {
            *record.interface == **interface && self.is_of(&record).unwrap_or_default()
        };
        let kept = memory::of(bridge).filter(|(_, kept)| {
            kept.iface == port.iface && PortRecord::of(kept).is_some_and(is_its)
        });
        let keys: Vec<_> = kept.map(|(key, _)| key.to_owned()).collect();
        memory::change(bridge, &keys, None)
    }

    /// The interface that a port is of, if it is one of this container.
    fn interface_on(&self, row: &'a SwitchPort) -> Option<Found<'a>> {
        if let Occupant::Plugged { plugs } = &row.occupant {
            // Its own comes before what stands on it.
            let own = plugs.iter().filter(|plug| self.is_its(plug));
            let own = own.min_by_key(|plug| self.leads_on(plug))?;
            return Some(Found { interface: own.interface.clone(), at: Ok(Connection::Port(row)) });
        }
        self.recorded(&PortRecord::of(&row.port)?, Connection::Port(row))
    }

    fn recorded(&self, record: &PortRecord, at: Connection<'a>) -> Option<Found<'a>> {
        let at = match self.is_of(record) {
            Ok(false) => return None,
            Ok(true) => Ok(at),
            Err(doubt) => Err(doubt),
        };
        Some(Found { interface: record.interface.as_str().into(), at })
    }

    /// Whether a record is of this container, or of one that is gone and had these words.
    fn is_of(&self, record: &PortRecord) -> Result<bool, PlanError> {
        let may_be = self.known.map_or_else(
            || record.matches(self.words),
            |known| record.names(known) || record.is_replaced_by(known),
        );
        if !may_be {
            return Ok(false);
        }
        match whereabouts(self.snapshot, record) {
            Whereabouts::Known(row) | Whereabouts::Replaced(row) => {
                Ok(self.known.is_some_and(|known| known.id == row.id))
            }
            Whereabouts::Gone => Ok(self.known.is_none()),
            doubt => Err(PlanError::Undecided {
                what: format!("what is recorded of {}", record.owner_name()),
                why: doubt.doubt().unwrap_or_default(),
            }),
        }
    }

    /// What may not be removed, or only by force; never what may be alive elsewhere.
    fn check(&self, row: &SwitchPort, force: bool) -> Result<(), PlanError> {
        let port = row.port.iface.to_string();
        if let Some(bond) = &row.port.bond {
            return Err(PlanError::Bonded { port, bond: bond.clone() });
        }
        let own = |bridge: &Bridge| {
            bridge.name == row.port.iface
                || bridge.fake_bridges.iter().any(|fake| fake.name == row.port.iface)
        };
        if row.port.kind == "internal" && self.snapshot.bridges().any(own) {
            return Err(PlanError::Undecided {
                what: format!("port {port}"),
                why: "it is the bridge's own; ovs-vsctl del-br removes it with the bridge"
                    .to_owned(),
            });
        }
        let undecided = |why: String| {
            let what = format!("port {}", row.port.iface);
            Err(PlanError::Undecided { what, why })
        };
        match &row.occupant {
            Occupant::Plugged { plugs } if !force => self.check_record(row, plugs),
            Occupant::Orphaned { .. } if !force => {
                let record = PortRecord::of(&row.port);
                let system = record.as_ref().and_then(|record| record.system.as_deref());
                written_here(self.snapshot, system).or_else(undecided)
            }
            Occupant::Plugged { .. } | Occupant::Orphaned { .. } => Ok(()),
            Occupant::Unknown { why } => {
                undecided(format!("whether its link is gone is not known: {why}"))
            }
            other => undecided(format!("it is {other}")),
        }
    }

    /// A port that leads on to a Linux bridge, or that other links stand on, is not one interface's to
    /// take: what else is there, or will be, loses it too.
    fn check_way(&self, row: &SwitchPort, interface: &Name) -> Result<(), PlanError> {
        let way = self.plugged(row, interface);
        let through = way.and_then(|found| found.evidence.iter().find_map(leads_on));
        through.map_or(Ok(()), |through| {
            let port = row.port.iface.to_string();
            let interface = interface.to_string();
            Err(PlanError::NotItsOwn { port, interface, through })
        })
    }

    /// Upper links of the interface, and of the host's end of it, go with it: only the container's own
    /// may.
    fn check_upper(&self, row: &SwitchPort, interface: &Name) -> Result<(), PlanError> {
        let Some(inside) = self.plugged(row, interface) else { return Ok(()) };
        let own = LinkKey { netns: inside.netns, ifindex: inside.link.ifindex };
        let host_end = self.host_end(row, interface).zip(self.snapshot.switch_netns);
        let host_end = host_end.map(|(link, netns)| LinkKey { netns, ifindex: link.ifindex });
        let ends: Vec<_> = host_end.into_iter().chain([own]).collect();
        match foreign_upper(self.snapshot, &ends, inside.netns) {
            None => Ok(()),
            Some(Upper::Foreign(upper)) => {
                Err(PlanError::HasUpper { interface: interface.to_string(), upper })
            }
            Some(Upper::Unknown(why)) => {
                Err(PlanError::Undecided { what: format!("port {}", row.port.iface), why })
            }
        }
    }

    fn leads_on(&self, plug: &Plug) -> bool {
        self.inside(plug)
            .is_some_and(|found| found.evidence.iter().any(|at| leads_on(at).is_some()))
    }

    fn is_its(&self, plug: &Plug) -> bool {
        let known = self.known.map(|known| &known.id);
        plug.tenants.iter().any(|who| Some(&who.id) == known)
    }

    /// The attachment that a plug is.
    fn inside(&self, plug: &Plug) -> Option<&'a Attachment> {
        let mut all = self.wiring.attachments.iter();
        all.find(|found| found.netns == plug.netns && found.link.name == plug.interface)
    }

    /// Whose port with a link on it is.
    fn check_record(&self, row: &SwitchPort, plugs: &[Plug]) -> Result<(), PlanError> {
        let port = row.port.iface.to_string();
        let Some(record) = PortRecord::of(&row.port) else {
            return Err(not_connected_by_us(row));
        };
        if let Err(why) = written_here(self.snapshot, record.system.as_deref()) {
            return Err(PlanError::Undecided { what: format!("port {port}"), why });
        }
        let shares = |owner: &Container| {
            plugs.iter().any(|plug| plug.tenants.iter().any(|who| who.id == owner.id))
        };
        let found = whereabouts(self.snapshot, &record);
        match found.container() {
            Some(owner) if shares(owner) => Ok(()),
            Some(owner) => Err(PlanError::PortOfAnother { port, owner: owner.name.to_string() }),
            None if found == Whereabouts::Gone => Ok(()),
            None => Err(PlanError::PortOfAnother { port, owner: record.owner_name().to_owned() }),
        }
    }

    /// The container's interface of this name on the port.
    fn plugged(&self, row: &SwitchPort, interface: &Name) -> Option<&'a Attachment> {
        let Occupant::Plugged { plugs } = &row.occupant else { return None };
        let is = |plug: &&Plug| plug.interface == *interface && self.is_its(plug);
        plugs.iter().find(is).and_then(|plug| self.inside(plug))
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
                && judge_forgotten(self.snapshot, self.wiring, link) == Verdict::Orphaned
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
            engine: Engine::default(),
            qualified: None,
        }
    }
}

/// What made a port that `connect` did not.
fn not_connected_by_us(row: &SwitchPort) -> PlanError {
    let port = row.port.iface.to_string();
    match EndpointRecord::of(&row.port) {
        None => PlanError::NotOurs { port },
        Some(endpoint) => {
            let network = endpoint.network_label().to_owned();
            PlanError::NetworkPort { port, network, engine: endpoint.engine }
        }
    }
}

/// Name of the link by which a way leads on, where it is no pair of links alone.
fn leads_on(evidence: &Evidence) -> Option<String> {
    match evidence {
        Evidence::Lower { name, .. } => Some(name.to_string()),
        Evidence::LinuxBridge { bridge, .. } => Some(bridge.to_string()),
        _ => None,
    }
}

fn pick<'a>(
    request: &Disconnect,
    all: Vec<Found<'a>>,
) -> Result<(Connection<'a>, Name), PlanError> {
    let asked = |name: &Name| request.interface.as_deref().is_none_or(|wanted| **name == *wanted);
    let mut have: Vec<_> = all.iter().map(|found| found.interface.to_string()).collect();
    have.sort();
    let mut fits: Vec<_> = all.into_iter().filter(|found| asked(&found.interface)).collect();
    // Beside an interface that lives, what is only recorded under its name is what is left of an earlier one.
    let living = fits.iter().filter(|found| found.is_plugged());
    let living: Vec<_> = living.map(|found| found.interface.clone()).collect();
    fits.retain(|found| found.is_plugged() || !living.contains(&found.interface));
    let container = request.container.clone();
    let bridge = request.bridge.clone();
    let interface = request.interface.clone();
    match (fits.pop(), fits.is_empty()) {
        (Some(one), true) => Ok((one.at?, one.interface)),
        (None, _) => Err(PlanError::NotConnected { container, interface, bridge, have }),
        (Some(_), false) => Err(PlanError::Several { container, bridge, have }),
    }
}
