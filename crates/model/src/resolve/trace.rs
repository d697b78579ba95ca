//! Steps 3 and 4 by the kernel's word: from a link, over whatever is between,
//! to a link of the switch's namespace that a port is named after.
//!
//! The rules are tried in order; each either knows how this kind of link goes
//! on or passes. What none can follow is left to [`super::claims`].

use smallvec::{SmallVec, smallvec};

use crate::evidence::{Evidence, Note};
use crate::ids::{LinkKey, Name};
use crate::snapshot::Link;
use crate::wiring::Wire;

use super::entries::PortIx;
use super::group::OneOrMore;
use super::index::Index;
use super::uplinks::{Uplinks, uplinks};
use super::veth::{far_end, named_by};

/// More links than any sane stack of macvlan over vlan over veth has.
const MAX_HOPS: usize = 8;

/// Nearly always the far end of a veth and the port's name.
type Found = SmallVec<[Evidence; 2]>;

/// How far the way could be followed, and what was seen on it.
pub(super) struct Trace {
    pub(super) wire: Wire,
    /// The ports it may end on.
    pub(super) ports: OneOrMore<PortIx>,
    pub(super) evidence: Found,
    pub(super) notes: Vec<Note>,
}

impl Trace {
    fn new(wire: Wire, ports: OneOrMore<PortIx>, evidence: Found) -> Self {
        Self { wire, ports, evidence, notes: Vec::new() }
    }

    fn unresolved(why: impl Into<String>) -> Self {
        Self::new(Wire::Unresolved { why: why.into() }, OneOrMore::new(), Found::new())
    }

    /// Whether the kernel told the whole way, so that no other source counts.
    pub(super) fn is_followed(&self) -> bool {
        !matches!(self.innermost(), Wire::Unresolved { .. })
    }

    fn innermost(&self) -> &Wire {
        let mut wire = &self.wire;
        while let Wire::Parent { beneath: Some(beneath), .. } = wire {
            wire = beneath;
        }
        wire
    }
}

/// What follows links: the index, and what was derived from it for that.
pub(super) struct Tracer<'i, 'a> {
    index: &'i Index<'a>,
    uplinks: Uplinks<'a>,
}

impl<'i, 'a> Tracer<'i, 'a> {
    pub(super) fn new(index: &'i Index<'a>) -> Self {
        Self { index, uplinks: uplinks(index) }
    }

    /// Follows a link of any namespace towards the switch.
    pub(super) fn follow(&self, at: LinkKey, link: &Link) -> Trace {
        step(self, at, link, 0)
    }
}

type Rule = fn(&Tracer<'_, '_>, LinkKey, &Link, usize) -> Option<Trace>;

const RULES: [Rule; 5] = [direct, across_veth, through_parent, linux_bridge, moved_internal];

fn step(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link, hops: usize) -> Trace {
    if hops == MAX_HOPS {
        return Trace::unresolved(format!("more than {MAX_HOPS} links stacked on each other"));
    }
    let found = RULES.iter().find_map(|rule| rule(tracer, at, link, hops));
    found.unwrap_or_else(|| Trace::unresolved(dead_end(link)))
}

fn dead_end(link: &Link) -> String {
    match link.kind.as_deref() {
        Some(kind) => format!("the kernel does not say where a link of kind {kind} leads"),
        None => "a hardware link: the kernel does not say where it leads".to_owned(),
    }
}

/// The link is in the switch's namespace, and so a port itself, or on a Linux bridge.
fn direct(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link, _hops: usize) -> Option<Trace> {
    if Some(at.netns) != tracer.index.switch_netns {
        return None;
    }
    let ports = tracer.index.ports.named(&link.name);
    (!ports.is_empty()).then(|| {
        let evidence = smallvec![Evidence::SameName { iface: link.name.clone() }];
        Trace::new(Wire::Direct, ports.into(), evidence)
    })
}

fn across_veth(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link, _hops: usize) -> Option<Trace> {
    if !link.is_paired() {
        return None;
    }
    let (far, end, confirmed) = match far_end(tracer.index, at, link) {
        Ok(found) => found,
        Err(wire) => return Some(Trace::new(wire, OneOrMore::new(), Found::new())),
    };
    let name = end.name.clone();
    let mut trace = arrive_at(tracer, far, end);
    let met = Evidence::VethPeer { netns: far.netns, ifindex: far.ifindex, name, confirmed };
    trace.evidence.insert(0, met);
    Some(trace)
}

/// The veth ends on `end`: is that a port, or on a Linux bridge that has one?
fn arrive_at(tracer: &Tracer<'_, '_>, far: LinkKey, end: &Link) -> Trace {
    if let Some(trace) = direct(tracer, far, end, 0) {
        let wire = Wire::Veth { host_end: end.name.clone(), netns: far.netns };
        return Trace { wire, ..trace };
    }
    let through = through_master(tracer, far, end).or_else(|| as_member(tracer, far, end));
    if let Some(trace) = through {
        return trace;
    }
    let wire = Wire::Veth { host_end: end.name.clone(), netns: far.netns };
    Trace::new(wire, OneOrMore::new(), Found::new())
}

fn through_master(tracer: &Tracer<'_, '_>, far: LinkKey, end: &Link) -> Option<Trace> {
    via_linux_bridge(tracer, LinkKey { netns: far.netns, ifindex: end.master? }, end)
}

/// The end is a member of a bond or team, which is a port or on a Linux bridge that has one.
fn as_member(tracer: &Tracer<'_, '_>, far: LinkKey, end: &Link) -> Option<Trace> {
    let at = LinkKey { netns: far.netns, ifindex: end.master? };
    let master = tracer.index.link(at)?;
    if !matches!(master.kind.as_deref()?, "bond" | "team") {
        return None;
    }
    let mut trace = direct(tracer, at, master, 0).or_else(|| through_master(tracer, at, master))?;
    trace.evidence.insert(0, Evidence::Member { master: master.name.clone() });
    if trace.wire == Wire::Direct {
        trace.wire = Wire::Veth { host_end: end.name.clone(), netns: far.netns };
    }
    Some(trace)
}

/// The link is a Linux bridge itself, as a parent of macvlans may be.
fn linux_bridge(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link, _hops: usize) -> Option<Trace> {
    via_linux_bridge(tracer, at, link)
}

/// The ports that connect this Linux bridge to the switch, reached through `end`.
fn via_linux_bridge(tracer: &Tracer<'_, '_>, bridge: LinkKey, end: &Link) -> Option<Trace> {
    let uplinks = tracer.uplinks.get(&bridge)?;
    let bridge = tracer.index.link(bridge)?;
    let (_, through) = uplinks.first()?;
    let (bridge, through) = (bridge.name.clone(), Name::from(*through));
    let ports = uplinks.iter().map(|(port, _)| *port).collect();
    let evidence =
        smallvec![Evidence::LinuxBridge { bridge: bridge.clone(), through: through.clone() }];
    let wire = Wire::LinuxBridge { host_end: end.name.clone(), bridge, through };
    Some(Trace::new(wire, ports, evidence))
}

/// `IFLA_LINK` is the parent for these kinds, not a peer (linux/if_link.h).
fn through_parent(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link, hops: usize) -> Option<Trace> {
    if !matches!(link.kind.as_deref()?, "macvlan" | "macvtap" | "ipvlan" | "ipvtap" | "vlan") {
        return None;
    }
    let Some((below, lower)) = link.peer.and_then(|peer| named_by(tracer.index, at, peer)) else {
        return Some(Trace::unresolved("the link beneath it is in a namespace that was not read"));
    };
    let next = step(tracer, below, lower, hops + 1);
    let met = Evidence::Lower { netns: below.netns, name: lower.name.clone() };
    let further = match next.wire {
        Wire::Direct => None,
        // A bare host link beneath, on no port: the way is known, and ends there.
        Wire::Unresolved { .. } if Some(below.netns) == tracer.index.switch_netns => None,
        wire => Some(Box::new(wire)),
    };
    let wire = Wire::Parent { lower: lower.name.clone(), beneath: further };
    let evidence = std::iter::once(met).chain(next.evidence).collect();
    Some(Trace::new(wire, next.ports, evidence))
}

/// An internal port moved into a container keeps working; its name may be free to differ,
/// but then only `external_ids` or the address can tell.
fn moved_internal(
    tracer: &Tracer<'_, '_>,
    at: LinkKey,
    link: &Link,
    _hops: usize,
) -> Option<Trace> {
    if !matches!(link.kind.as_deref()?, "openvswitch" | "tun") || !tracer.index.kernel_known {
        return None;
    }
    let fits = |port: &&PortIx| {
        let entry = &tracer.index.ports[**port];
        let row = entry.port;
        let same_mac = row.mac.is_none() || link.mac.is_none() || row.mac == link.mac;
        row.kind == "internal" && same_mac && entry.link.is_none()
    };
    let ports: OneOrMore<_> =
        tracer.index.ports.named(&link.name).iter().filter(fits).copied().collect();
    (Some(at.netns) != tracer.index.switch_netns && !ports.is_empty()).then(|| {
        let evidence = smallvec![Evidence::InternalName { iface: link.name.clone() }];
        Trace::new(Wire::Internal, ports, evidence)
    })
}
