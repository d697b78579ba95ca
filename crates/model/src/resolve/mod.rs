//! The join, in the five steps of the 2014 script: container → namespace → its links →
//! the other end → the port → its number.
//!
//! Each stage borrows the earlier ones: [`index`] indexes the rows, [`port_link`] finds the link
//! of each port, [`claims`] reads what others wrote into `external_ids`, [`trace`] follows the
//! kernel's word from a link to a port, over bonds and Linux bridges by [`stacks`], and [`ports`]
//! answers from the switch's side.

mod claims;
mod clashes;
mod containers;
mod entries;
mod group;
mod halves;
mod index;
mod masters;
mod not_receiving;
mod notes;
mod port_link;
mod ports;
mod trace;
mod traced;
mod unseen;
mod untraceable_links;
mod uppers;
mod veth;

use std::sync::Arc;

use crate::evidence::{Evidence, Note};
use crate::ids::LinkKey;
use crate::snapshot::{Container, Link, Namespace, Scope, Snapshot};
use crate::told::TENANTS;
use crate::wiring::{Attachment, AttachmentState, ContainerRef, EndpointRef, PortRef, Wiring};

use claims::Claims;
pub(crate) use clashes::Clashes;
pub(crate) use entries::answering;
pub use entries::{OPENFLOW_NAME, openflow_name};
use entries::{PortEntry, PortIx};
use group::OneOrMore;
use index::{Index, Tenant};
use notes::{names_another, port_notes, stands_on};
pub use port_link::PortLinks;
use ports::Occupancy;
pub(crate) use ports::TUNNELS;
use trace::Tracer;
use traced::Trace;

/// Relates the rows of all sources to each other.
///
/// Never fails: what cannot be known is said in the result.
pub fn resolve(snapshot: &Snapshot) -> Wiring {
    let (index, containers) = Index::new(snapshot);
    let claims = Claims::new(&index, containers);
    let stages = || Stages { index: &index, tracer: Tracer::new(&index, &claims), claims: &claims };
    let homes = index.container_namespaces().collect();
    let placed = halves::map(homes, stages, |stages, home| stages.attach(home).collect::<Vec<_>>());
    let mut attachments = Vec::with_capacity(placed.iter().map(Vec::len).sum());
    let mut occupancy = Occupancy::new(&index);
    for (attachment, ports) in placed.into_iter().flatten() {
        for port in ports {
            occupancy.add(&index, port, &attachment);
        }
        attachments.push(attachment);
    }
    Wiring {
        host: snapshot.host.clone(),
        taken: snapshot.taken,
        ports: ports::switch_ports(&index, &claims, occupancy),
        attachments,
        source_errors: source_errors(snapshot),
        unseen: unseen::of(snapshot),
    }
}

/// What a whole look missed. A container that ended meanwhile is no error.
fn source_errors(snapshot: &Snapshot) -> Vec<crate::SourceError> {
    let engines = snapshot.engines.values().filter_map(|rows| rows.source_error());
    let switch = snapshot.switch.values().filter_map(|rows| rows.source_error());
    let inside = snapshot.kernel.rows().iter().filter_map(|ns| ns.source_error.as_ref());
    let unread = snapshot.containers();
    let unread = unread.filter_map(|container| container.netns_error.as_ref());
    let unread = unread.filter(|source_error| source_error.kind != crate::SourceErrorKind::Gone);
    engines
        .chain(snapshot.kernel.source_error())
        .chain(switch)
        .chain(inside)
        .chain(unread)
        .cloned()
        .collect()
}

/// What an attachment is made from.
struct Stages<'i, 'a> {
    index: &'i Index<'a>,
    tracer: Tracer<'i, 'a>,
    claims: &'i Claims<'i, 'a>,
}

/// The containers of a namespace, and how each of its attachments refers to them.
struct Tenants<'i, 'a> {
    all: &'i [Tenant<'a>],
    refs: Arc<[Arc<ContainerRef>]>,
}

/// An attachment, and the ports it is on; none where it may be on one of several.
type Placed = (Attachment, OneOrMore<PortIx>);

impl<'a> Stages<'_, 'a> {
    /// Steps 1 and 2: the interfaces of a namespace, each followed to its port.
    fn attach(&self, home: &'a Namespace) -> impl Iterator<Item = Placed> {
        let mut links: Vec<_> = home.links.iter().filter(|link| link.is_interface()).collect();
        links.sort_by_key(|link| link.ifindex);
        let all = self.index.tenants(home.id);
        let refs = all.iter().map(|(tenant, _)| Arc::clone(tenant)).collect();
        let tenants = Tenants { all, refs };
        links.into_iter().map(move |link| self.attachment(home, &tenants, link))
    }

    fn attachment(&self, home: &Namespace, all: &Tenants<'_, '_>, link: &Arc<Link>) -> Placed {
        // Each attachment of the namespace has evidence of each of these.
        let tenants = all.all.get(..TENANTS).unwrap_or(all.all);
        let index = self.index;
        let at = LinkKey { netns: home.id, ifindex: link.ifindex };
        let mut trace = self.tracer.follow(at, link);
        trace.notes.extend(self.claims.refuted(at, link, &trace));
        let mut evidence = Vec::with_capacity(tenants.len() + trace.evidence.len() + 3);
        evidence.extend(tenants.iter().map(|(_, row)| first_step(row, home)));
        let port = arrive(index, &trace);
        let only = (trace.ports.len() == 1 && port.port().is_some())
            .then(|| trace.ports.first().copied())
            .flatten();
        let candidates = candidates(index, &trace);
        let mut notes = doubts(index, &trace);
        notes.extend(trace.notes);
        let entry = only.map(|port| &index.ports[port]);
        let named_home = only.and_then(|port| self.claims.named_home(port));
        notes.extend(entry.and_then(|entry| {
            let names = |space: &Namespace, link: &Link, tenants: &[Tenant<'_>]| {
                names_another(index, entry, space, link, tenants, named_home)
            };
            let another = names(home, link, all.all)?;
            // What was made for a link is also for what stands on that, wherever and whatever it is called.
            let is_own = |space: &Namespace, lower: &Link| {
                names(space, lower, index.tenants(space.id)).is_none()
            };
            (!stands_on(index, home, &trace.evidence, is_own)).then_some(another)
        }));
        notes.extend(only.and_then(|port| checksum_offload(index, link, &index.ports[port])));
        notes.extend(old_news(index, tenants));
        notes.extend(tenants.iter().filter_map(|(_, row)| two_namespaces(row)));
        evidence.extend(trace.evidence);
        evidence.extend(only.into_iter().flat_map(|port| numbers(&index.ports[port])));
        let attachment = Attachment {
            tenants: Arc::clone(&all.refs),
            netns: home.id,
            netns_names: home.called(),
            link: Arc::clone(link),
            wire: trace.wire,
            port,
            candidates,
            evidence,
            notes,
        };
        let ports = if attachment.port.ports().is_empty() { OneOrMore::new() } else { trace.ports };
        (attachment, ports)
    }
}

/// Whether TCP and UDP sent by `link` reach the port's bridge with checksums that nothing
/// finishes. What counts is the last link before the port: the other end of the port's veth.
fn checksum_offload(index: &Index<'_>, link: &Link, entry: &PortEntry<'_>) -> Option<Note> {
    let finished = link.tx_checksum_offload == Some(false);
    if finished || entry.port.kind != "system" || !entry.bridge.leaves_checksums() {
        return None;
    }
    let host_end = entry.link.filter(|link| link.is_paired())?;
    let at = LinkKey { netns: index.switch_netns?, ifindex: host_end.ifindex };
    let (_, last, _) = veth::far_end(index, at, host_end).ok()?;
    let unfinished = last.tx_checksum_offload == Some(true);
    unfinished.then(|| Note::ChecksumOffload { link: last.name.clone() })
}

/// Who is there rests on rows that the engine told earlier.
fn old_news(index: &Index<'_>, tenants: &[Tenant<'_>]) -> Option<Note> {
    let mut source_errors =
        tenants.iter().filter_map(|(tenant, _)| index.old_engine(&tenant.engine));
    source_errors.next().map(|why| Note::Stale { why: why.to_string() })
}

/// A container whose first process left the namespace that the engine made.
fn two_namespaces(container: &Container) -> Option<Note> {
    let container = container.left().map(|_| container.name.clone())?;
    Some(Note::TwoNamespaces { container })
}

fn first_step(container: &Container, home: &Namespace) -> Evidence {
    Evidence::Namespace { container: container.name.clone(), pid: container.pid, netns: home.id }
}

/// Step 5: the number, if the trace ended on exactly one port.
fn arrive(index: &Index<'_>, trace: &Trace) -> AttachmentState {
    if let Some(why) = index.foreign_switch() {
        return AttachmentState::Unknown { why };
    }
    match trace.ports.as_slice() {
        [one] => port_ref(&index.ports[*one]).into(),
        [] => nowhere(index, trace),
        several if trace.on_all => AttachmentState::Several {
            ports: several.iter().map(|port| port_ref(&index.ports[*port])).collect(),
        },
        _ => AttachmentState::Unknown { why: "several ports fit equally well".to_owned() },
    }
}

/// On no port, if every step of the way was seen.
fn nowhere(index: &Index<'_>, trace: &Trace) -> AttachmentState {
    let unseen = index.switch_unknown().or_else(|| trace.unseen.clone());
    match unseen.or_else(|| index.switch_error().map(ToString::to_string)) {
        Some(why) => AttachmentState::Unknown { why },
        None => AttachmentState::NotOnSwitch,
    }
}

fn port_ref(entry: &PortEntry<'_>) -> PortRef {
    PortRef {
        bridge: entry.bridge.name.clone(),
        datapath_id: entry.bridge.datapath_id,
        iface: entry.port.iface.clone(),
        ofport: entry.port.ofport,
        ofport_request: entry.port.ofport_request,
        dp_port: entry.dp_port,
        vlans: entry.vlans(),
        fake_bridge: entry.fake_bridge(),
        bond: entry.port.bond.clone(),
        port_name: entry.port.port_name.clone(),
        endpoint: EndpointRef::of(entry.port),
        error: entry.port.error.clone(),
    }
}

/// All of several ports of which one fits; none where it is on all of them.
fn candidates(index: &Index<'_>, trace: &Trace) -> Vec<PortRef> {
    let all = if trace.ports.len() > 1 && !trace.on_all { trace.ports.as_slice() } else { &[] };
    all.iter().map(|port| port_ref(&index.ports[*port])).collect()
}

fn doubts(index: &Index<'_>, trace: &Trace) -> Vec<Note> {
    let mut notes = match trace.ports.as_slice() {
        [] => return Vec::new(),
        [one] => port_notes(index, &index.ports[*one]),
        many if trace.on_all => {
            many.iter().flat_map(|port| port_notes(index, &index.ports[*port])).collect()
        }
        many => {
            let mut candidates: Vec<_> =
                many.iter().map(|port| index.ports[*port].label()).collect();
            candidates.sort();
            vec![Note::Ambiguous { candidates }]
        }
    };
    // A look at one container leaves out what else hangs on a Linux bridge.
    let whole = index.scope == Scope::Everything;
    notes.extend(trace.unseen.clone().filter(|_| whole).map(|why| Note::PartlySeen { why }));
    notes
}

fn numbers(entry: &PortEntry<'_>) -> impl Iterator<Item = Evidence> {
    let bridge = &entry.bridge.name;
    let says = entry.ofports.iter();
    says.map(|(source, ofport)| Evidence::Number { source, bridge: bridge.clone(), ofport })
}
