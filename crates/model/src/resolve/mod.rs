//! The join, in the five steps of the 2014 script: container → namespace → its links →
//! the other end → the port → its number.
//!
//! [`index`] indexes the rows, [`trace`] follows the kernel's word from a link
//! to a port, [`claims`] reads what others wrote into `external_ids`, and
//! [`ports`] answers from the switch's side.

mod claims;
mod containers;
mod index;
mod ports;
mod trace;
mod unseen;

use std::sync::Arc;

use crate::evidence::{Evidence, Note};
use crate::ids::LinkKey;
use crate::snapshot::{Container, Link, Namespace, Snapshot};
use crate::switch::OfPortState;
use crate::wiring::{Attachment, PortRef, PortState, Wire, Wiring};

use index::{Facts, Seat, Tenant};
use ports::Plugs;
use trace::Trace;

/// Relates the rows of all sources to each other.
///
/// Never fails: what cannot be known is said in the result.
pub fn resolve(snapshot: &Snapshot) -> Wiring {
    let facts = Facts::of(snapshot);
    let count = facts.tenancies().map(|home| home.links.len()).sum();
    let mut attachments = Vec::with_capacity(count);
    let mut plugs = Plugs::none(&facts);
    for (attachment, seat) in facts.tenancies().flat_map(|home| attach(&facts, home)) {
        if let Some(seat) = seat {
            plugs.add(seat, &attachment);
        }
        attachments.push(attachment);
    }
    Wiring {
        host: snapshot.host.clone(),
        taken: snapshot.taken,
        ports: ports::ports(&facts, plugs),
        attachments,
        troubles: troubles(snapshot),
        unseen: unseen::of(snapshot),
    }
}

/// What a whole look missed. A container that ended meanwhile is no trouble.
fn troubles(snapshot: &Snapshot) -> Vec<crate::Trouble> {
    let engines = snapshot.engines.values().filter_map(|rows| rows.trouble());
    let switch = snapshot.switch.values().filter_map(|rows| rows.trouble());
    let inside = snapshot.kernel.rows().iter().filter_map(|ns| ns.trouble.as_ref());
    let unread = snapshot.engines.values().flat_map(crate::Observed::rows);
    let unread = unread.filter_map(|container| container.netns_trouble.as_ref());
    let unread = unread.filter(|trouble| trouble.kind != crate::TroubleKind::Gone);
    engines
        .chain(snapshot.kernel.trouble())
        .chain(switch)
        .chain(inside)
        .chain(unread)
        .cloned()
        .collect()
}

/// An attachment, and the seat it is on if that is exactly one.
type Seated = (Attachment, Option<usize>);

/// Steps 1 and 2: the Ethernet links of a namespace, each followed to its port.
fn attach<'a>(facts: &Facts<'a>, home: &'a Namespace) -> impl Iterator<Item = Seated> {
    let mut links: Vec<_> = home.links.iter().filter(|link| link.ethernet).collect();
    links.sort_by_key(|link| link.ifindex);
    let tenants = facts.tenants(home.id);
    links.into_iter().map(move |link| attachment(facts, home, tenants, link))
}

fn attachment<'a>(
    facts: &Facts<'a>,
    home: &Namespace,
    tenants: &[Tenant<'_>],
    link: &'a Arc<Link>,
) -> Seated {
    let at = LinkKey { netns: home.id, ifindex: link.ifindex };
    let trace = claims::complete(facts, home, link, trace::follow(facts, at, link));
    let mut evidence = Vec::with_capacity(tenants.len() + trace.evidence.len() + 3);
    evidence.extend(tenants.iter().map(|(_, row)| first_step(row, home)));
    let port = arrive(facts, &trace);
    let seat = (trace.seats.len() == 1).then(|| trace.seats[0]);
    let mut notes = trace.notes;
    notes.extend(doubts(facts, &trace.seats));
    notes.extend(seat.and_then(|seat| checksum_offload(facts, link, seat)));
    notes.extend(old_news(facts, tenants));
    evidence.extend(trace.evidence);
    evidence.extend(numbers(facts, &trace.seats));
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
    (attachment, seat)
}

/// Whether TCP and UDP sent by `link` reach the port's bridge with checksums that nothing
/// finishes. What counts is the last link before the port: the other end of the port's veth.
fn checksum_offload(facts: &Facts<'_>, link: &Link, seat: usize) -> Option<Note> {
    let seat = &facts.seats[seat];
    let finished = link.tx_checksum_offload == Some(false);
    if finished || seat.port.kind != "system" || !seat.bridge.leaves_checksums() {
        return None;
    }
    let host_end = seat.link.filter(|link| link.kind.as_deref() == Some("veth"))?;
    let at = LinkKey { netns: facts.switch_netns?, ifindex: host_end.ifindex };
    let (_, last, _) = trace::far_end(facts, at, host_end).ok()?;
    let unfinished = last.tx_checksum_offload == Some(true);
    unfinished.then(|| Note::ChecksumOffload { link: last.name.clone() })
}

/// Who is there rests on rows that the engine told earlier.
fn old_news(facts: &Facts<'_>, tenants: &[Tenant<'_>]) -> Option<Note> {
    let mut troubles =
        tenants.iter().filter_map(|(tenant, _)| facts.engine_trouble(&tenant.engine));
    troubles.next().map(|why| Note::Stale { why: why.to_string() })
}

fn first_step(container: &Container, home: &Namespace) -> Evidence {
    Evidence::Namespace { container: container.name.clone(), pid: container.pid, netns: home.id }
}

/// Step 5: the number, if the trace ended on exactly one port.
fn arrive(facts: &Facts<'_>, trace: &Trace) -> PortState {
    match (trace.seats.as_slice(), &trace.wire) {
        ([one], _) => state_of(&facts.seats[*one]),
        ([], Wire::Unresolved { why }) => PortState::Unknown { why: why.clone() },
        ([], _) => match facts.switch_trouble() {
            Some(trouble) => PortState::Unknown { why: trouble.to_string() },
            None => PortState::NotOnSwitch,
        },
        _ => PortState::Unknown { why: "several ports fit equally well".to_owned() },
    }
}

fn state_of(seat: &Seat<'_>) -> PortState {
    let port = PortRef {
        bridge: seat.bridge.name.clone(),
        datapath_id: seat.bridge.datapath_id,
        iface: seat.port.iface.clone(),
        ofport: seat.port.ofport,
        ofport_request: seat.port.ofport_request,
        dp_port: seat.dp_port,
        tag: seat.port.tag,
        trunks: seat.port.trunks.clone(),
        bond: seat.port.bond.clone(),
        error: seat.port.error.clone(),
    };
    match port.ofport {
        OfPortState::Assigned(_) => PortState::On(port),
        OfPortState::Pending => PortState::Pending(port),
        OfPortState::Failed => PortState::Failed(port),
    }
}

fn doubts(facts: &Facts<'_>, seats: &[usize]) -> Vec<Note> {
    match seats {
        [] => Vec::new(),
        [one] => facts.seats[*one].doubts(facts),
        many => {
            let mut candidates: Vec<_> =
                many.iter().map(|seat| facts.seats[*seat].label()).collect();
            candidates.sort();
            vec![Note::Ambiguous { candidates }]
        }
    }
}

fn numbers(facts: &Facts<'_>, seats: &[usize]) -> Vec<Evidence> {
    let [one] = seats else { return Vec::new() };
    let seat = &facts.seats[*one];
    let bridge = &seat.bridge.name;
    seat.routes
        .iter()
        .map(|(via, ofport)| Evidence::Number { via, bridge: bridge.clone(), ofport })
        .collect()
}
