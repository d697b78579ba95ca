//! Steps 3 and 4 by the kernel's word: from a link, over whatever is between, to a link of the
//! switch's namespace that is a port.
//!
//! The rules are tried in order; each either knows how what a link of this kind sends goes on or
//! passes. What none can follow is left to [`super::claims`]. Each step that was not seen is kept
//! with its reason: a link is on no port only where every step was seen.
//!
//! What arrives at a link that is a port comes in by that port. What a link sends goes into the
//! switch only by an internal port: by any other one it leaves, past the switch.

use smallvec::smallvec;

use crate::evidence::{Evidence, Note};
use crate::ids::LinkKey;
use crate::snapshot::Link;
use crate::wiring::Wire;

use super::claims::Claims;
use super::entries::{PortEntry, PortIx};
use super::group::OneOrMore;
use super::index::Index;
use super::masters::{MasterLinks, beside, is_aggregate, is_bridge, over_master};
use super::port_link::{FoundBy, is_datapath};
use super::traced::{Found, Trace};
use super::uppers::taken_beside;
use super::veth::{far_end, named_by};

/// More links than any sane stack of macvlan over vlan over veth has.
const MAX_HOPS: usize = 8;

/// What follows links: the index, and what was derived from it for that.
pub(super) struct Tracer<'i, 'a> {
    pub(super) index: &'i Index<'a>,
    pub(super) claims: &'i Claims<'i, 'a>,
    pub(super) masters: MasterLinks,
}

impl<'i, 'a> Tracer<'i, 'a> {
    pub(super) fn new(index: &'i Index<'a>, claims: &'i Claims<'i, 'a>) -> Self {
        Self { index, claims, masters: MasterLinks::default() }
    }

    /// Follows a link of any namespace towards the switch.
    pub(super) fn follow(&self, at: LinkKey, link: &Link) -> Trace {
        step(self, at, link, 0)
    }

    /// Whether a link is in another namespace than the switch's, or that is not known.
    pub(super) fn is_elsewhere(&self, at: LinkKey) -> bool {
        Some(at.netns) != self.index.switch_netns
    }

    /// The ports that this link of the switch's namespace is; none of a link of another one.
    pub(super) fn ports_of(&self, at: LinkKey) -> &'i [PortIx] {
        if self.is_elsewhere(at) { &[] } else { self.index.ports.of_link(at.ifindex) }
    }

    /// The ports that what this link sends comes in by.
    pub(super) fn ports_into(&self, at: LinkKey) -> OneOrMore<PortIx> {
        let ports = self.ports_of(at).iter().copied();
        ports.filter(|port| self.index.ports[*port].takes_what_is_sent() == Some(true)).collect()
    }
}

/// Why a link of the switch's namespace may be a port although none is known to be it.
pub(super) fn doubt(tracer: &Tracer<'_, '_>, at: LinkKey) -> Option<String> {
    let here = Some(at.netns) == tracer.index.switch_netns;
    tracer.index.ports.doubt(at.ifindex).filter(|_| here)
}

type Rule = fn(&Tracer<'_, '_>, LinkKey, &Link, usize) -> Option<Trace>;

const RULES: [Rule; 5] = [into_switch, across_veth, through_parent, over_members, to_nowhere];

pub(super) fn step(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link, hops: usize) -> Trace {
    if hops == MAX_HOPS {
        return Trace::unresolved(format!("more than {MAX_HOPS} links stacked on each other"));
    }
    let found = RULES.iter().find_map(|rule| rule(tracer, at, link, hops));
    let mut trace = found.unwrap_or_else(|| {
        if Some(at.netns) == tracer.index.switch_netns {
            // It leaves the host, or ends in a process: no port of this switch is there.
            return Trace { unseen: doubt(tracer, at), ..Trace::ended(dead_end(link)) };
        }
        tracer.claims.complete(at, link, Trace::unresolved(dead_end(link)))
    });
    trace.notes.extend(past_port(tracer, at, link));
    trace
}

/// What is sent by a port's link that the switch does not take it from.
fn past_port(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link) -> Option<Note> {
    let mut ports = tracer.ports_of(at).iter().map(|port| &tracer.index.ports[*port]);
    let past = ports.find(|entry| entry.takes_what_is_sent() == Some(false))?;
    Some(Note::PastPort { port: past.label(), link: link.name.clone() })
}

fn dead_end(link: &Link) -> String {
    match link.kind.as_deref() {
        Some(kind) => format!("the kernel does not say where a link of kind {kind} leads"),
        None => "a hardware link: the kernel does not say where it leads".to_owned(),
    }
}

/// The link is in the switch's namespace, and a port itself: what arrives there comes in by it.
pub(super) fn direct(tracer: &Tracer<'_, '_>, at: LinkKey) -> Option<Trace> {
    is_port(tracer, tracer.ports_of(at).into())
}

/// The link is an internal port: what it sends goes into the switch.
fn into_switch(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link, _hops: usize) -> Option<Trace> {
    let untold = |port: &&PortIx| tracer.index.ports[**port].takes_what_is_sent().is_none();
    if let Some(port) = tracer.ports_of(at).iter().find(untold) {
        let port = tracer.index.ports[*port].label();
        let link = &link.name;
        return Some(Trace::unresolved(format!(
            "whether the switch takes what {link} sends depends on the kind of its port {port}, \
             which this source does not tell"
        )));
    }
    is_port(tracer, tracer.ports_into(at))
}

fn is_port(tracer: &Tracer<'_, '_>, ports: OneOrMore<PortIx>) -> Option<Trace> {
    let evidence = smallvec![same_link(&tracer.index.ports[*ports.first()?])];
    Some(Trace::new(Wire::Direct, ports, evidence))
}

/// How the port was known for this link.
pub(super) fn same_link(entry: &PortEntry<'_>) -> Evidence {
    let iface = entry.port.iface.clone();
    let name = |entry: &PortEntry<'_>| entry.link.map_or_else(|| iface.clone(), |l| l.name.clone());
    match (entry.of_link.found_by, entry.link) {
        (Some(FoundBy::Ifindex), Some(link)) => {
            Evidence::SameIfindex { ifindex: link.ifindex, link: link.name.clone(), iface }
        }
        (Some(FoundBy::AltName), _) => Evidence::AltName { link: name(entry), iface },
        (Some(FoundBy::CutName), _) => Evidence::CutName { link: name(entry), iface },
        _ => Evidence::SameName { iface },
    }
}

fn across_veth(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link, _hops: usize) -> Option<Trace> {
    if !link.is_paired() {
        return None;
    }
    let (far, end, confirmed) = match far_end(tracer.index, at, link) {
        Ok(found) => found,
        Err(wire) => return Some(unread_end(wire)),
    };
    let name = end.name.clone();
    let mut trace = arrive_at(tracer, far, end);
    let elsewhere = tracer.is_elsewhere(far);
    let LinkKey { netns, ifindex } = far;
    let met = Evidence::VethPeer { netns, ifindex, name, confirmed, elsewhere };
    trace.evidence.insert(0, met);
    Some(trace)
}

/// A namespace that was not read may hold a Linux bridge that leads on.
fn unread_end(wire: Wire) -> Trace {
    let why = match &wire {
        Wire::Unresolved { why } => why.clone(),
        _ => "its other end is in another namespace than the switch's, which was not read".into(),
    };
    Trace { unseen: Some(why), ..Trace::new(wire, OneOrMore::new(), Found::new()) }
}

/// The veth ends on `end`: is that a port, or enslaved to what has one?
fn arrive_at(tracer: &Tracer<'_, '_>, far: LinkKey, end: &Link) -> Trace {
    let wire = Wire::Veth { host_end: end.name.clone(), netns: far.netns };
    if let Some(trace) = direct(tracer, far) {
        return Trace { wire, ..trace };
    }
    let mut trace = over_master(tracer, far, end)
        .unwrap_or_else(|| Trace::new(wire, OneOrMore::new(), Found::new()));
    trace.unseen = trace.unseen.or_else(|| doubt(tracer, far)).or_else(|| beside(tracer, far, end));
    trace
}

/// The link carries others, as a bond, or joins them, as a Linux bridge; macvlans may stand on it.
fn over_members(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link, hops: usize) -> Option<Trace> {
    if is_bridge(link) {
        return Some(super::masters::over_bridge(tracer, at, link));
    }
    is_aggregate(link).then(|| super::masters::over_members(tracer, at, link, hops))
}

/// What a dummy is sent goes nowhere (drivers/net/dummy.c).
fn to_nowhere(_: &Tracer<'_, '_>, _: LinkKey, link: &Link, _: usize) -> Option<Trace> {
    let dummy = link.kind.as_deref() == Some("dummy");
    dummy.then(|| Trace::ended("a dummy link drops what it is sent"))
}

/// The link sends by another one beneath it, wherever that is.
fn through_parent(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link, hops: usize) -> Option<Trace> {
    if !link.has_parent() {
        return None;
    }
    let Some((below, lower)) = link.peer.and_then(|peer| named_by(tracer.index, at, peer)) else {
        return Some(Trace::unresolved("the link beneath it is in a namespace that was not read"));
    };
    if below.netns != at.netns || !link.hides_its_parents_netns() {
        return Some(over_parent(tracer, (at, link), (below, lower), hops));
    }
    if lower.mac.filter(|mac| mac.identifies()) != link.mac {
        return Some(Trace::unresolved(
            "the kernel does not say in which namespace the link beneath an ipvtap is",
        ));
    }
    let mut trace = over_parent(tracer, (at, link), (below, lower), hops);
    let ports = trace.ports.iter().map(|port| tracer.index.ports[*port].label());
    let by = "hardware address".to_owned();
    trace.notes.extend(ports.map(|port| Note::NotProven { port, by: by.clone() }));
    Some(trace)
}

/// Goes on from the link beneath, beside which others may stand that take a part of what is sent.
fn over_parent(
    tracer: &Tracer<'_, '_>,
    upper: (LinkKey, &Link),
    (below, lower): (LinkKey, &Link),
    hops: usize,
) -> Trace {
    let trace = onto(tracer, below, lower, hops);
    let unseen = trace.unseen.clone().or_else(|| taken_beside(tracer, upper, (below, lower)));
    Trace { unseen, ..trace }
}

/// Goes on from the link beneath.
pub(super) fn onto(tracer: &Tracer<'_, '_>, below: LinkKey, lower: &Link, hops: usize) -> Trace {
    let next = step(tracer, below, lower, hops + 1);
    let elsewhere = tracer.is_elsewhere(below);
    let met = Evidence::Lower { netns: below.netns, name: lower.name.clone(), elsewhere };
    let further = match next.wire {
        Wire::Direct => None,
        // A bare host link beneath, on no port: the way is known, and ends there.
        Wire::Unresolved { .. } if next.unseen.is_none() => None,
        wire => Some(Box::new(wire)),
    };
    let wire = Wire::Parent { lower: lower.name.clone(), beneath: further };
    let evidence = std::iter::once(met).chain(next.evidence).collect();
    Trace { wire, evidence, ..next }
}

/// The link is enslaved to the kernel's datapath although no port is known for it.
pub(super) fn on_unknown_datapath(host_end: &Link, master: &Link) -> Option<String> {
    is_datapath(master).then(|| {
        format!(
            "{} is on the kernel's datapath {}, as no port that is known",
            host_end.name, master.name
        )
    })
}
