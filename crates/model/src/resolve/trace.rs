//! Steps 3 and 4 by the kernel's word: from a link, over whatever is between,
//! to a link of the switch's namespace that a port is named after.
//!
//! The rules are tried in order; each either knows how this kind of link goes
//! on or passes. What none can follow is left to [`super::claims`].

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use crate::evidence::{Confirmed, Evidence, Note};
use crate::ids::{LinkKey, Name, Nsid};
use crate::snapshot::{Link, Peer};
use crate::wiring::Wire;

use super::index::{Facts, Few, group};

/// More links than any sane stack of macvlan over vlan over veth has.
const MAX_HOPS: usize = 8;

/// Nearly always the far end of a veth and the port's name.
type Found = SmallVec<[Evidence; 2]>;

/// How far the way could be followed, and what was seen on it.
pub(super) struct Trace {
    pub(super) wire: Wire,
    /// The ports it may end on.
    pub(super) seats: Few<usize>,
    pub(super) evidence: Found,
    pub(super) notes: Vec<Note>,
}

impl Trace {
    fn new(wire: Wire, seats: Few<usize>, evidence: Found) -> Self {
        Self { wire, seats, evidence, notes: Vec::new() }
    }

    fn unresolved(why: impl Into<String>) -> Self {
        Self::new(Wire::Unresolved { why: why.into() }, Few::new(), Found::new())
    }

    /// Whether the kernel told the whole way, so that nobody else's word counts.
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

type Rule = fn(&Facts<'_>, LinkKey, &Link, usize) -> Option<Trace>;

const RULES: [Rule; 5] = [direct, across_veth, through_parent, linux_bridge, moved_internal];

/// Follows a link of any namespace towards the switch.
pub(super) fn follow(facts: &Facts<'_>, at: LinkKey, link: &Link) -> Trace {
    step(facts, at, link, 0)
}

fn step(facts: &Facts<'_>, at: LinkKey, link: &Link, hops: usize) -> Trace {
    if hops == MAX_HOPS {
        return Trace::unresolved(format!("more than {MAX_HOPS} links stacked on each other"));
    }
    let found = RULES.iter().find_map(|rule| rule(facts, at, link, hops));
    found.unwrap_or_else(|| Trace::unresolved(dead_end(link)))
}

fn dead_end(link: &Link) -> String {
    match link.kind.as_deref() {
        Some(kind) => format!("the kernel does not say where a link of kind {kind} leads"),
        None => "a hardware link: the kernel does not say where it leads".to_owned(),
    }
}

/// The link is in the switch's namespace, and so a port itself, or on a Linux bridge.
fn direct(facts: &Facts<'_>, at: LinkKey, link: &Link, _hops: usize) -> Option<Trace> {
    if Some(at.netns) != facts.switch_netns {
        return None;
    }
    let seats = facts.seats_named(&link.name);
    (!seats.is_empty()).then(|| {
        let evidence = smallvec![Evidence::SameName { iface: link.name.clone() }];
        Trace::new(Wire::Direct, seats.into(), evidence)
    })
}

fn across_veth(facts: &Facts<'_>, at: LinkKey, link: &Link, _hops: usize) -> Option<Trace> {
    if link.kind.as_deref() != Some("veth") {
        return None;
    }
    let (far, end, confirmed) = match far_end(facts, at, link) {
        Ok(found) => found,
        Err(wire) => return Some(Trace::new(wire, Few::new(), Found::new())),
    };
    let name = end.name.clone();
    let mut trace = land(facts, far, end);
    let met = Evidence::VethPeer { netns: far.netns, ifindex: far.ifindex, name, confirmed };
    trace.evidence.insert(0, met);
    Some(trace)
}

/// The veth ends on `end`: is that a port, or on a Linux bridge that has one?
fn land(facts: &Facts<'_>, far: LinkKey, end: &Link) -> Trace {
    if let Some(trace) = direct(facts, far, end, 0) {
        let wire = Wire::Veth { host_end: end.name.clone(), netns: far.netns };
        return Trace { wire, ..trace };
    }
    if let Some(trace) = over_linux_bridge(facts, far, end) {
        return trace;
    }
    let wire = Wire::Veth { host_end: end.name.clone(), netns: far.netns };
    Trace::new(wire, Few::new(), Found::new())
}

fn over_linux_bridge(facts: &Facts<'_>, far: LinkKey, end: &Link) -> Option<Trace> {
    tied(facts, LinkKey { netns: far.netns, ifindex: end.master? }, end)
}

/// The link is a Linux bridge itself, as a parent of macvlans may be.
fn linux_bridge(facts: &Facts<'_>, at: LinkKey, link: &Link, _hops: usize) -> Option<Trace> {
    tied(facts, at, link)
}

/// The ports that tie this Linux bridge to the switch, reached through `end`.
fn tied(facts: &Facts<'_>, bridge: LinkKey, end: &Link) -> Option<Trace> {
    let uplinks = facts.uplinks.get(&bridge)?;
    let bridge = facts.link(bridge)?;
    let (_, via) = uplinks.first()?;
    let (bridge, via) = (bridge.name.clone(), Name::from(*via));
    let seats = uplinks.iter().map(|(seat, _)| *seat).collect();
    let evidence = smallvec![Evidence::LinuxBridge { bridge: bridge.clone(), via: via.clone() }];
    let wire = Wire::LinuxBridge { host_end: end.name.clone(), bridge, via };
    Some(Trace::new(wire, seats, evidence))
}

/// `IFLA_LINK` is the parent for these kinds, not a peer (linux/if_link.h).
fn through_parent(facts: &Facts<'_>, at: LinkKey, link: &Link, hops: usize) -> Option<Trace> {
    if !matches!(link.kind.as_deref()?, "macvlan" | "macvtap" | "ipvlan" | "ipvtap" | "vlan") {
        return None;
    }
    let Some((below, lower)) = link.peer.and_then(|peer| beneath(facts, at, peer)) else {
        return Some(Trace::unresolved("the link beneath it is in a namespace that was not read"));
    };
    let next = step(facts, below, lower, hops + 1);
    let met = Evidence::Lower { netns: below.netns, name: lower.name.clone() };
    let further = match next.wire {
        Wire::Direct => None,
        // A bare host link beneath, on no port: the way is known, and ends there.
        Wire::Unresolved { .. } if Some(below.netns) == facts.switch_netns => None,
        wire => Some(Box::new(wire)),
    };
    let wire = Wire::Parent { lower: lower.name.clone(), beneath: further };
    let evidence = std::iter::once(met).chain(next.evidence).collect();
    Some(Trace::new(wire, next.seats, evidence))
}

fn beneath<'a>(facts: &Facts<'a>, at: LinkKey, peer: Peer) -> Option<(LinkKey, &'a Link)> {
    let netns = match peer.nsid {
        None => at.netns,
        Some(nsid) => *facts.namespace(at.netns)?.nsids.get(&nsid)?,
    };
    let below = LinkKey { netns, ifindex: peer.ifindex };
    Some((below, facts.link(below)?))
}

/// An internal port moved into a container keeps working; its name may be free to differ,
/// but then only `external_ids` or the address can tell.
fn moved_internal(facts: &Facts<'_>, at: LinkKey, link: &Link, _hops: usize) -> Option<Trace> {
    if !matches!(link.kind.as_deref()?, "openvswitch" | "tun") || !facts.kernel_known {
        return None;
    }
    let fits = |seat: &&usize| {
        let port = facts.seats[**seat].port;
        let same_mac = port.mac.is_none() || link.mac.is_none() || port.mac == link.mac;
        port.kind == "internal" && same_mac && facts.seats[**seat].link.is_none()
    };
    let seats: Few<_> = facts.seats_named(&link.name).iter().filter(fits).copied().collect();
    (Some(at.netns) != facts.switch_netns && !seats.is_empty()).then(|| {
        let evidence = smallvec![Evidence::InternalName { iface: link.name.clone() }];
        Trace::new(Wire::Internal, seats, evidence)
    })
}

/// The other end of a veth, checked from both sides: an ifindex alone proves nothing.
pub(super) fn far_end<'a>(
    facts: &Facts<'a>,
    at: LinkKey,
    link: &Link,
) -> Result<(LinkKey, &'a Link, Confirmed), Wire> {
    let unresolved = |why: &str| Wire::Unresolved { why: why.to_owned() };
    let nameless = "the kernel does not name the other end of this veth";
    let peer = link.peer.ok_or_else(|| unresolved(nameless))?;
    if let Some((far, end)) = beneath(facts, at, peer) {
        let changed = || format!("{} does not point back; it changed during the look", end.name);
        let confirmed = points_back(facts, at, far, end).ok_or_else(|| unresolved(&changed()))?;
        return Ok((far, end, confirmed));
    }
    let ends = facts.far_ends(link.ifindex.0, peer.ifindex.0).iter().copied();
    let ends = ends.filter(|far| *far != at && names(facts, *far, at));
    let ends: Vec<_> = ends.filter_map(|far| Some((far, facts.link(far)?))).collect();
    match ends.as_slice() {
        [(far, end)] => Ok((*far, end, Confirmed::FromFarEnd)),
        _ => Err(match peer.nsid {
            Some(nsid) if is_not_the_switch(facts, at, nsid) => Wire::Elsewhere { nsid },
            _ => unresolved("the other end was not found in any namespace that was read"),
        }),
    }
}

/// A namespace that was read tells what it calls the switch's: any other word is another one.
fn is_not_the_switch(facts: &Facts<'_>, at: LinkKey, nsid: Nsid) -> bool {
    let home = facts.namespace(at.netns);
    facts.switch_netns.is_some() && home.is_some_and(|home| !home.nsids.contains_key(&nsid))
}

/// Whether the far end says that its peer is exactly `at`.
fn names(facts: &Facts<'_>, far: LinkKey, at: LinkKey) -> bool {
    let Some(end) = facts.link(far) else { return false };
    points_back(facts, at, far, end) == Some(Confirmed::BothWays)
}

fn points_back(facts: &Facts<'_>, at: LinkKey, far: LinkKey, end: &Link) -> Option<Confirmed> {
    let back = end.peer.filter(|back| back.ifindex == at.ifindex)?;
    let home = match back.nsid {
        None => Some(far.netns),
        Some(nsid) => facts.namespace(far.netns)?.nsids.get(&nsid).copied(),
    };
    match home {
        Some(home) => (home == at.netns).then_some(Confirmed::BothWays),
        None => Some(Confirmed::ByIndex),
    }
}

/// For each Linux bridge next to the switch, the ports it can be reached through: its own
/// device as a port, an enslaved link as a port, or an enslaved veth whose other end is one.
pub(super) fn uplinks<'a>(facts: &Facts<'a>) -> FxHashMap<LinkKey, Few<(usize, &'a str)>> {
    let Some(netns) = facts.switch_netns else { return FxHashMap::default() };
    let is_bridge = |link: &Link| link.kind.as_deref() == Some("bridge");
    let own = facts.here().filter(|link| is_bridge(link)).map(|link| (link, link.ifindex));
    let enslaved = facts.here().filter_map(|link| Some((link, link.master?)));
    let enslaved = enslaved.filter(|(_, master)| {
        facts.link(LinkKey { netns, ifindex: *master }).is_some_and(is_bridge)
    });
    group(own.chain(enslaved).flat_map(|(link, bridge)| {
        let seats = ties(facts, LinkKey { netns, ifindex: link.ifindex }, link);
        let key = LinkKey { netns, ifindex: bridge };
        seats.iter().map(move |seat| (key, (*seat, &*link.name)))
    }))
}

fn ties<'f>(facts: &'f Facts<'_>, at: LinkKey, link: &Link) -> &'f [usize] {
    let named = facts.seats_named(&link.name);
    if !named.is_empty() || link.kind.as_deref() != Some("veth") {
        return named;
    }
    match far_end(facts, at, link) {
        Ok((far, end, _)) if far.netns == at.netns => facts.seats_named(&end.name),
        _ => &[],
    }
}
