//! Links that stand on another one (`IFLA_LINK`), as a VLAN: what arrives at the lower link may be for
//! one of them, which is a port itself or leads to one. Which of them takes it depends on what is sent,
//! so that nothing is known but that there is such a way.

use std::rc::Rc;

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use crate::ids::LinkKey;
use crate::snapshot::Link;

use super::masters::unread_member;
use super::port_link::is_datapath;
use super::trace::{Tracer, doubt};
use super::veth::{far_end, named_by};

/// Of more links than that beyond an upper one it is not told whether one is a port.
const MANY: usize = 1024;

/// Why what arrives at `lower` may go on by a link that stands on it.
pub(super) fn taken_above(tracer: &Tracer<'_, '_>, at: LinkKey, lower: &Link) -> Option<String> {
    if tracer.index.uppers(at).is_empty() {
        return None;
    }
    if let Some(known) = tracer.masters.taken.borrow().get(&at) {
        return known.clone();
    }
    let why = why_taken(tracer, at, lower);
    tracer.masters.taken.borrow_mut().insert(at, why.clone());
    why
}

fn why_taken(tracer: &Tracer<'_, '_>, at: LinkKey, lower: &Link) -> Option<String> {
    let uppers = leading(tracer, at);
    let names = uppers.iter().filter_map(|upper| Some(&tracer.index.link(*upper)?.name));
    let first = names.min()?;
    Some(format!("{first} stands on {}, and leads to the switch or may do so", lower.name))
}

/// Why what a link sends that stands on `lower` may arrive at another one of its driver there, which is a port or leads
/// to one: which mode they are in is not read.
pub(super) fn taken_beside(
    tracer: &Tracer<'_, '_>,
    (at, link): (LinkKey, &Link),
    (below, lower): (LinkKey, &Link),
) -> Option<String> {
    let driver = link.driver_of_siblings()?;
    let uppers = leading(tracer, below);
    let others = uppers.iter().filter(|other| **other != at);
    let others = others.filter_map(|other| tracer.index.link(*other));
    let siblings = others.filter(|other| other.driver_of_siblings() == Some(driver));
    let first = siblings.map(|sibling| &sibling.name).min()?;
    Some(format!(
        "{first} stands on {} beside {}, and leads to the switch or may do so",
        lower.name, link.name
    ))
}

/// The links that stand on this one and lead to the switch, or may do so.
fn leading(tracer: &Tracer<'_, '_>, at: LinkKey) -> Rc<[LinkKey]> {
    if let Some(known) = tracer.masters.leading.borrow().get(&at) {
        return Rc::clone(known);
    }
    let uppers = tracer.index.uppers(at).iter().copied();
    let found: Rc<[LinkKey]> = uppers.filter(|upper| leads_on(tracer, at, *upper)).collect();
    tracer.masters.leading.borrow_mut().insert(at, Rc::clone(&found));
    found
}

/// Whether a port is among what can be reached by `upper` without going by the link `below` it, or may be.
fn leads_on(tracer: &Tracer<'_, '_>, below: LinkKey, upper: LinkKey) -> bool {
    let mut seen = FxHashSet::from_iter([below, upper]);
    let mut open = vec![upper];
    while let Some(at) = open.pop() {
        let Some(link) = tracer.index.link(at) else { return true };
        let is_port = !tracer.ports_of(at).is_empty() || doubt(tracer, at).is_some();
        if is_port || is_datapath(link) || seen.len() > MANY {
            return true;
        }
        let Some(next) = neighbours(tracer, at, link) else { return true };
        open.extend(next.into_iter().filter(|next| seen.insert(*next)));
    }
    false
}

/// Whether nothing is known to go on from the other end of a veth.
fn is_alone(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link) -> bool {
    link.master.is_none()
        && tracer.index.uppers(at).is_empty()
        && tracer.ports_of(at).is_empty()
        && doubt(tracer, at).is_none()
}

/// The links that a packet may go on by from this one, whatever it is; none where one was not read.
fn neighbours(tracer: &Tracer<'_, '_>, at: LinkKey, link: &Link) -> Option<SmallVec<[LinkKey; 4]>> {
    let master = link.master.map(|ifindex| LinkKey { netns: at.netns, ifindex });
    let mut next: SmallVec<[LinkKey; 4]> = master.into_iter().collect();
    // One more than are told apart is as good as all.
    next.extend(tracer.index.members(at).iter().take(MANY).copied());
    next.extend(tracer.index.uppers(at).iter().take(MANY).copied());
    if link.is_paired() {
        match far_end(tracer.index, at, link) {
            // What is alone in its namespace is a container's own, and leads nowhere.
            Ok((far, end, _)) if is_alone(tracer, far, end) => {}
            Ok((far, ..)) => next.push(far),
            Err(_) if unread_member(tracer, at, link).is_some() => return None,
            Err(_) => {}
        }
    } else if link.has_parent() {
        let (below, _) = named_by(tracer.index, at, link.peer?)?;
        next.push(below);
    }
    Some(next)
}
