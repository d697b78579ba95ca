//! Links that others are enslaved to (`IFLA_MASTER`): Linux bridges, which pass on what comes in
//! by one member to the others, and bonds and teams, which send by their members. In whatever
//! namespace: a Linux bridge may lead to the switch by way of another namespace's.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::smallvec;

use crate::evidence::{Evidence, Note};
use crate::ids::{LinkKey, Name};
use crate::snapshot::{Link, Namespace};
use crate::wiring::Wire;

use super::entries::PortIx;
use super::group::OneOrMore;
use super::port_link::is_datapath;
use super::trace::{Tracer, direct, doubt, on_unknown_datapath, onto, step};
use super::traced::{Found, Trace};
use super::uppers::taken_above;
use super::veth::far_end;

/// Bridges that are members of each other by way of links stacked on them are followed so deep.
const MAX_DEPTH: usize = 8;

/// More ports than that are not told of one link: each of those beneath may lead to each of them.
const MANY: usize = 64;

/// The ports that a Linux bridge leads to.
#[derive(Clone, Debug, Default)]
struct BridgeReach {
    ports: BTreeMap<PortIx, PathToPort>,
    /// Why there may be more, for what arrives at each of the bridges.
    above: Vec<(LinkKey, String)>,
    /// Why there may be more.
    unseen: Option<String>,
}

/// The way from a Linux bridge to a port.
#[derive(Clone, Debug)]
struct PathToPort {
    /// The link that ties it to the switch: of several the first by name.
    through: Name,
    /// Whether not the kernel told it, but `external_ids`, a name or an address.
    claimed: bool,
    /// What is uncertain about it.
    notes: Vec<Note>,
}

/// What was found out of Linux bridges already: each is looked at once, and those that are joined
/// by veths together.
#[derive(Default)]
pub(super) struct MasterLinks {
    known: RefCell<FxHashMap<LinkKey, Rc<BridgeReach>>>,
    open: RefCell<FxHashSet<LinkKey>>,
    /// The same of bonds and teams, by how far the way was that led there.
    aggregates: RefCell<FxHashMap<(LinkKey, usize), Trace>>,
    /// Why what arrives at a link may be taken by one that stands on it.
    pub(super) taken: RefCell<FxHashMap<LinkKey, Option<String>>>,
    /// The links that stand on one and lead to the switch, or may do so.
    pub(super) leading: RefCell<FxHashMap<LinkKey, Rc<[LinkKey]>>>,
    depth: Cell<usize>,
}

pub(super) fn is_bridge(link: &Link) -> bool {
    link.kind.as_deref() == Some("bridge")
}

/// Whether a link sends what it is given by links that are enslaved to it.
pub(super) fn is_aggregate(link: &Link) -> bool {
    matches!(link.kind.as_deref(), Some("bond" | "team"))
}

/// Where what arrives at `end` goes on, if that is enslaved; none where it ends there.
pub(super) fn over_master(tracer: &Tracer<'_, '_>, far: LinkKey, end: &Link) -> Option<Trace> {
    let wire = Wire::Veth { host_end: end.name.clone(), netns: far.netns };
    let (at, master) = match top_master(tracer, far, end) {
        Above::Nothing => return None,
        Above::Unread => {
            let why = format!("the link that {} is enslaved to was not read", end.name);
            let unseen = Some(why);
            return Some(Trace { unseen, ..Trace::new(wire, OneOrMore::new(), Found::new()) });
        }
        Above::Master(at, master) => (at, master),
    };
    if is_bridge(master) {
        let trace = via_bridge(tracer, at, master, end, None);
        let on_none = trace.ports.is_empty();
        return Some(if on_none { Trace { wire, ..trace } } else { trace });
    }
    if let Some(trace) = direct(tracer, at) {
        let elsewhere = tracer.is_elsewhere(at);
        let lower = Evidence::Lower { netns: at.netns, name: master.name.clone(), elsewhere };
        let evidence = std::iter::once(lower).chain(trace.evidence).collect();
        return Some(Trace { wire, evidence, ..trace });
    }
    let unseen = on_unknown_datapath(end, master);
    Some(Trace { unseen, ..Trace::new(wire, OneOrMore::new(), Found::new()) })
}

/// Why what arrives at `link` may go on by another way than to what [`top_master`] finds: a link stands on it
/// or on a master of it, or one of these is of a kind that sends as it likes, as hsr and batadv do. What
/// stands on a Linux bridge is told with what that leads to.
pub(super) fn beside(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link) -> Option<String> {
    if let Some(why) = taken_above(tracer, at, link) {
        return Some(why);
    }
    let mut next = link.master.map(|ifindex| LinkKey { netns: at.netns, ifindex });
    for _ in 0..MAX_DEPTH {
        let master = tracer.index.link(next?)?;
        if is_bridge(master) || !tracer.ports_of(next?).is_empty() {
            return None;
        }
        if !is_told(master) {
            let (end, master) = (&link.name, &master.name);
            return Some(format!(
                "{end} is enslaved to {master}, of which the kernel does not say where it leads"
            ));
        }
        if let Some(why) = taken_above(tracer, next?, master) {
            return Some(why);
        }
        next = master.master.map(|ifindex| LinkKey { netns: at.netns, ifindex });
    }
    None
}

/// Whether it is known where a master sends what its members are given: a VRF routes it, and a datapath
/// has ports, or it is not known for another reason ([`on_unknown_datapath`]).
fn is_told(master: &Link) -> bool {
    is_aggregate(master) || is_datapath(master) || master.kind.as_deref() == Some("vrf")
}

/// What a link is enslaved to.
enum Above<'a> {
    Nothing,
    Unread,
    Master(LinkKey, &'a Link),
}

/// The bridge, port or datapath that takes what arrives at `link`: the first master above it that
/// is one, or is enslaved to nothing.
fn top_master<'a>(tracer: &Tracer<'_, 'a>, at: LinkKey, link: &Link) -> Above<'a> {
    let Some(first) = link.master else { return Above::Nothing };
    let mut next = LinkKey { netns: at.netns, ifindex: first };
    for _ in 0..MAX_DEPTH {
        let Some(master) = tracer.index.link(next) else { return Above::Unread };
        let ends = is_bridge(master) || !tracer.ports_of(next).is_empty();
        match master.master.filter(|_| !ends) {
            Some(above) => next = LinkKey { netns: at.netns, ifindex: above },
            None => return Above::Master(next, master),
        }
    }
    Above::Unread
}

/// The ports that connect this Linux bridge to the switch, for what is sent by the bridge itself:
/// that goes out by its members, and does not arrive at itself.
pub(super) fn over_bridge(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link) -> Trace {
    via_bridge(tracer, at, link, link, Some(at))
}

/// The ports that connect this Linux bridge to the switch, reached through `end`; but for those that take
/// what arrives at `sender`, which is that bridge where it sends by itself.
fn via_bridge(
    tracer: &Tracer<'_, '_>,
    at: LinkKey,
    bridge: &Link,
    end: &Link,
    sender: Option<LinkKey>,
) -> Trace {
    let reach = reach(tracer, at);
    let own = sender.map_or(&[][..], |sender| tracer.ports_of(sender));
    let above = reach.above.iter().filter(|(bridge, _)| Some(*bridge) != sender);
    let unseen = reach.unseen.iter().chain(above.map(|(_, why)| why)).min().cloned();
    if reach.ports.len() > MANY {
        let why = format!("the Linux bridge {} leads to more than {MANY} ports", bridge.name);
        return Trace::unresolved(why);
    }
    let reached = || reach.ports.iter().filter(|(port, _)| !own.contains(port));
    let through = reached().map(|(_, way)| &way.through).min().cloned();
    let ports: OneOrMore<PortIx> = reached().map(|(port, _)| *port).collect();
    let Some(through) = through else {
        let why = format!("nothing on the Linux bridge {} leads to the switch", bridge.name);
        return Trace { unseen, ..Trace::ended(why) };
    };
    let bridge = bridge.name.clone();
    let evidence =
        smallvec![Evidence::LinuxBridge { bridge: bridge.clone(), through: through.clone() }];
    let wire = Wire::LinuxBridge { host_end: end.name.clone(), bridge, through };
    // What is only like a port is no more than that for what is on the bridge with it.
    let claimed = reached().any(|(_, way)| way.claimed);
    let notes = merged(reached().flat_map(|(_, way)| &way.notes));
    Trace { unseen, claimed, notes, ..Trace::new(wire, ports, evidence) }
}

fn reach(tracer: &Tracer<'_, '_>, bridge: LinkKey) -> Rc<BridgeReach> {
    let stacks = &tracer.masters;
    if let Some(known) = stacks.known.borrow().get(&bridge) {
        return Rc::clone(known);
    }
    let unseen =
        |why: &str| Rc::new(BridgeReach { unseen: Some(why.to_owned()), ..BridgeReach::default() });
    if stacks.open.borrow().contains(&bridge) {
        return unseen("the Linux bridges form a loop");
    }
    if stacks.depth.get() == MAX_DEPTH {
        return unseen("more Linux bridges stacked on each other than are followed");
    }
    stacks.depth.set(stacks.depth.get() + 1);
    let (joined, reach) = joined(tracer, bridge);
    stacks.depth.set(stacks.depth.get() - 1);
    let reach = Rc::new(reach);
    for bridge in joined {
        stacks.open.borrow_mut().remove(&bridge);
        stacks.known.borrow_mut().insert(bridge, Rc::clone(&reach));
    }
    reach
}

/// All Linux bridges that are joined to this one by veths, and what they lead to together.
fn joined(tracer: &Tracer<'_, '_>, bridge: LinkKey) -> (Vec<LinkKey>, BridgeReach) {
    let mut all = vec![bridge];
    let mut next = 0;
    tracer.masters.open.borrow_mut().insert(bridge);
    let mut reach = BridgeReach::default();
    while let Some(at) = all.get(next).copied() {
        next += 1;
        if let Some(link) = tracer.index.link(at) {
            reach.add(tracer.ports_of(at), &link.name);
            reach.above.extend(taken_above(tracer, at, link).map(|why| (at, why)));
        }
        // What is told of them does not depend on the order of rows.
        let mut members = tracer.index.members(at).to_vec();
        members.sort_unstable();
        for member in members {
            let Some(link) = tracer.index.link(member) else { continue };
            let Some(other) = reach.over(tracer, member, link) else { continue };
            if tracer.masters.open.borrow_mut().insert(other) {
                all.push(other);
            }
        }
    }
    // One is left where that of the bridge that sends does not count.
    reach.above.sort_by(|(_, one), (_, other)| one.cmp(other));
    reach.above.truncate(2);
    (all, reach)
}

impl BridgeReach {
    /// Adds ports that the kernel says a link leads to.
    fn add(&mut self, ports: &[PortIx], through: &Name) {
        self.add_ways(
            ports,
            &PathToPort { through: through.clone(), claimed: false, notes: Vec::new() },
        );
    }

    fn add_ways(&mut self, ports: &[PortIx], way: &PathToPort) {
        for port in ports {
            let known = self.ports.entry(*port).or_insert_with(|| way.clone());
            if way.through < known.through {
                known.through.clone_from(&way.through);
            }
            // The kernel's word about one way to the port needs no other.
            if known.claimed == way.claimed {
                known.notes = merged(known.notes.iter().chain(&way.notes));
            } else if known.claimed {
                (known.claimed, known.notes) = (false, way.notes.clone());
            }
        }
    }

    /// The least of all reasons, whatever the order of rows.
    fn miss(&mut self, why: Option<String>) {
        let both = self.unseen.take().into_iter().chain(why);
        self.unseen = both.min();
    }

    /// Adds where a member leads; another bridge that it leads to is left to the caller.
    fn over(&mut self, tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link) -> Option<LinkKey> {
        let own = tracer.ports_into(at);
        if !own.is_empty() {
            self.add(&own, &link.name);
            return None;
        }
        if !link.is_paired() {
            let Trace { ports, unseen, claimed, notes, .. } = step(tracer, at, link, 1);
            self.add_ways(&ports, &PathToPort { through: link.name.clone(), claimed, notes });
            self.miss(unseen);
            return None;
        }
        let Ok((far, end, _)) = far_end(tracer.index, at, link) else {
            self.miss(unread_member(tracer, at, link));
            return None;
        };
        self.add(tracer.ports_of(far), &link.name);
        self.miss(doubt(tracer, far).or_else(|| doubt(tracer, at)));
        if tracer.ports_of(far).is_empty() {
            self.miss(beside(tracer, far, end));
        }
        match top_master(tracer, far, end) {
            Above::Master(above, master) if is_bridge(master) => return Some(above),
            Above::Master(above, master) => {
                self.add(tracer.ports_of(above), &link.name);
                if tracer.ports_of(far).is_empty() && tracer.ports_of(above).is_empty() {
                    self.miss(on_unknown_datapath(end, master));
                }
            }
            Above::Unread if tracer.ports_of(far).is_empty() => {
                self.miss(Some(format!("the link that {} is enslaved to was not read", end.name)));
            }
            Above::Nothing | Above::Unread => {}
        }
        None
    }
}

/// Why more may hang on a Linux bridge than was seen: its member leads to a namespace that was to
/// be read and was not. One that is not known at all is taken for another container's, which leads
/// nowhere, unless the kernel says that what arrives there goes on: a look at one container leaves
/// them out, and a look at a host where containers start is behind them.
pub(super) fn unread_member(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link) -> Option<String> {
    let why = format!("the other end of {} is in a namespace that was not read", link.name);
    if Some(at.netns) != tracer.index.switch_netns {
        return Some(why);
    }
    let end = link.peer?;
    let here = tracer.index.namespace(at.netns)?;
    let is_missed = match here.nsids.get(&end.nsid?) {
        Some(there) => !tracer.index.namespace(*there).is_some_and(Namespace::is_read),
        None => here.unread_ways.contains(&end),
    };
    is_missed.then_some(why)
}

/// A bond or team: it is on the ports of its members, on all of them.
pub(super) fn over_members(
    tracer: &Tracer<'_, '_>,
    at: LinkKey,
    link: &Link,
    hops: usize,
) -> Trace {
    if let Some(known) = tracer.masters.aggregates.borrow().get(&(at, hops)) {
        return known.clone();
    }
    let trace = by_members(tracer, at, link, hops);
    tracer.masters.aggregates.borrow_mut().insert((at, hops), trace.clone());
    trace
}

fn by_members(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link, hops: usize) -> Trace {
    let mut members: Vec<_> = tracer.index.members(at).to_vec();
    members.sort_unstable();
    let each =
        members.iter().filter_map(|at| Some(onto(tracer, *at, tracer.index.link(*at)?, hops)));
    let each: Vec<Trace> = each.collect();
    let ports: BTreeSet<PortIx> =
        each.iter().flat_map(|trace| trace.ports.iter().copied()).collect();
    if ports.len() > MANY {
        let why = format!("the members of {} are on more than {MANY} ports", link.name);
        return Trace::unresolved(why);
    }
    let unseen = each.iter().filter_map(|trace| trace.unseen.clone()).min();
    let on_all = ports.len() > 1 && each.iter().all(|trace| trace.on_all || trace.ports.len() < 2);
    let claimed = each.iter().any(|trace| trace.claimed);
    let notes = merged(each.iter().flat_map(|trace| &trace.notes));
    let leading = each.iter().position(|trace| !trace.ports.is_empty()).unwrap_or(0);
    let Some(first) = each.into_iter().nth(leading) else {
        return Trace::ended(format!("nothing is enslaved to {}", link.name));
    };
    let ports = ports.into_iter().collect();
    Trace { ports, on_all, unseen, claimed, notes, ..first }
}

fn merged<'n>(each: impl Iterator<Item = &'n Note>) -> Vec<Note> {
    let mut notes = Vec::new();
    for note in each {
        if notes.len() < MANY && !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    notes
}
