//! The join, in the five steps of the 2014 script: container → namespace → its links →
//! the other end → the port → its number.
//!
//! Each stage borrows the earlier ones: [`index`] indexes the rows, [`uplinks`] finds the Linux
//! bridges that have ports, [`trace`] follows the kernel's word from a link to a port,
//! [`claims`] reads what others wrote into `external_ids`, and [`ports`] answers from the
//! switch's side.

mod claims;
mod containers;
mod entries;
mod group;
mod index;
mod notes;
mod ports;
mod trace;
mod unseen;
mod uplinks;
mod veth;

use std::sync::Arc;

use crate::evidence::{Evidence, Note};
use crate::ids::LinkKey;
use crate::snapshot::{Container, Link, Namespace, Snapshot};
use crate::switch::OfPortState;
use crate::wiring::{Attachment, PortRef, PortState, Wire, Wiring};

use claims::Claims;
use entries::{PortEntry, PortIx};
use index::{Index, Tenant};
use notes::port_notes;
use ports::Occupancy;
use trace::{Trace, Tracer};

/// Relates the rows of all sources to each other.
///
/// Never fails: what cannot be known is said in the result.
pub fn resolve(snapshot: &Snapshot) -> Wiring {
    let index = Index::new(snapshot);
    let stages = Stages {
        index: &index,
        tracer: Tracer::new(&index),
        claims: Claims::new(&index, snapshot),
    };
    let count = index.container_namespaces().map(|home| home.links.len()).sum();
    let mut attachments = Vec::with_capacity(count);
    let mut occupancy = Occupancy::new(&index);
    for (attachment, port) in index.container_namespaces().flat_map(|home| stages.attach(home)) {
        if let Some(port) = port {
            occupancy.add(port, &attachment);
        }
        attachments.push(attachment);
    }
    Wiring {
        host: snapshot.host.clone(),
        taken: snapshot.taken,
        ports: ports::switch_ports(&index, &stages.claims, occupancy),
        attachments,
        source_errors: source_errors(snapshot),
        unseen: unseen::of(snapshot),
    }
}

/// What a whole look missed. A container that ended meanwhile is no source_error.
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
    claims: Claims<'i, 'a>,
}

/// An attachment, and the port it is on if that is exactly one.
type Placed = (Attachment, Option<PortIx>);

impl<'a> Stages<'_, 'a> {
    /// Steps 1 and 2: the Ethernet links of a namespace, each followed to its port.
    fn attach(&self, home: &'a Namespace) -> impl Iterator<Item = Placed> {
        let mut links: Vec<_> = home.links.iter().filter(|link| link.ethernet).collect();
        links.sort_by_key(|link| link.ifindex);
        let tenants = self.index.tenants(home.id);
        links.into_iter().map(move |link| self.attachment(home, tenants, link))
    }

    fn attachment(&self, home: &Namespace, tenants: &[Tenant<'_>], link: &Arc<Link>) -> Placed {
        let index = self.index;
        let at = LinkKey { netns: home.id, ifindex: link.ifindex };
        let trace = self.claims.complete(home, link, self.tracer.follow(at, link));
        let mut evidence = Vec::with_capacity(tenants.len() + trace.evidence.len() + 3);
        evidence.extend(tenants.iter().map(|(_, row)| first_step(row, home)));
        let port = arrive(index, &trace);
        let only = (trace.ports.len() == 1).then(|| trace.ports[0]);
        let mut notes = trace.notes;
        notes.extend(doubts(index, &trace.ports));
        notes.extend(only.and_then(|port| checksum_offload(index, link, &index.ports[port])));
        notes.extend(old_news(index, tenants));
        evidence.extend(trace.evidence);
        evidence.extend(only.into_iter().flat_map(|port| numbers(&index.ports[port])));
        let attachment = Attachment {
            tenants: tenants.iter().map(|(tenant, _)| tenant.clone()).collect(),
            netns: home.id,
            netns_names: home.names.clone(),
            link: Arc::clone(link),
            wire: trace.wire,
            port,
            evidence,
            notes,
        };
        (attachment, only)
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
        tenants.iter().filter_map(|(tenant, _)| index.engine_error(&tenant.engine));
    source_errors.next().map(|why| Note::Stale { why: why.to_string() })
}

fn first_step(container: &Container, home: &Namespace) -> Evidence {
    Evidence::Namespace { container: container.name.clone(), pid: container.pid, netns: home.id }
}

/// Step 5: the number, if the trace ended on exactly one port.
fn arrive(index: &Index<'_>, trace: &Trace) -> PortState {
    match (trace.ports.as_slice(), &trace.wire) {
        ([one], _) => state_of(&index.ports[*one]),
        // What leads nowhere may well lead to a namespace that is not known.
        ([], wire) => match (index.switch_netns_error, wire, index.switch_error()) {
            (Some(why), ..) => PortState::Unknown { why: why.to_owned() },
            (None, Wire::Unresolved { why }, _) => PortState::Unknown { why: why.clone() },
            (None, _, Some(source_error)) => PortState::Unknown { why: source_error.to_string() },
            (None, _, None) => PortState::NotOnSwitch,
        },
        _ => PortState::Unknown { why: "several ports fit equally well".to_owned() },
    }
}

fn state_of(entry: &PortEntry<'_>) -> PortState {
    let port = PortRef {
        bridge: entry.bridge.name.clone(),
        datapath_id: entry.bridge.datapath_id,
        iface: entry.port.iface.clone(),
        ofport: entry.port.ofport,
        ofport_request: entry.port.ofport_request,
        dp_port: entry.dp_port,
        tag: entry.port.tag,
        trunks: entry.port.trunks.clone(),
        bond: entry.port.bond.clone(),
        error: entry.port.error.clone(),
    };
    match port.ofport {
        OfPortState::Assigned(_) => PortState::On(port),
        OfPortState::Pending => PortState::Pending(port),
        OfPortState::Failed => PortState::Failed(port),
    }
}

fn doubts(index: &Index<'_>, ports: &[PortIx]) -> Vec<Note> {
    match ports {
        [] => Vec::new(),
        [one] => port_notes(index, &index.ports[*one]),
        many => {
            let mut candidates: Vec<_> =
                many.iter().map(|port| index.ports[*port].label()).collect();
            candidates.sort();
            vec![Note::Ambiguous { candidates }]
        }
    }
}

fn numbers(entry: &PortEntry<'_>) -> impl Iterator<Item = Evidence> {
    let bridge = &entry.bridge.name;
    let says = entry.ofports.iter();
    says.map(|(source, ofport)| Evidence::Number { source, bridge: bridge.clone(), ofport })
}
