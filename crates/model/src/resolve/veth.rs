//! From one link to the next by the kernel's word: the other end of a veth, the link beneath.

use crate::evidence::Confirmed;
use crate::ids::{LinkKey, NetnsId, Nsid};
use crate::snapshot::{Link, Peer};
use crate::wiring::Wire;

use super::index::Index;

/// The link that `peer` names, as a namespace that was read names others.
pub(super) fn named_by<'a>(
    index: &Index<'a>,
    at: LinkKey,
    peer: Peer,
) -> Option<(LinkKey, &'a Link)> {
    let named = LinkKey { netns: netns_of(index, at, peer)?, ifindex: peer.ifindex };
    Some((named, index.link(named)?))
}

/// The namespace that `peer` is in, where that is told.
fn netns_of(index: &Index<'_>, at: LinkKey, peer: Peer) -> Option<NetnsId> {
    match peer.nsid {
        None => Some(at.netns),
        Some(nsid) => index.namespace(at.netns)?.nsids.get(&nsid).copied(),
    }
}

/// The other end of a veth, checked from both sides: an ifindex alone proves nothing.
pub(super) fn far_end<'a>(
    index: &Index<'a>,
    at: LinkKey,
    link: &Link,
) -> Result<(LinkKey, &'a Link, Confirmed), Wire> {
    let unresolved = |why: &str| Wire::Unresolved { why: why.to_owned() };
    let nameless = "the kernel does not name the other end of this veth";
    let peer = link.peer.ok_or_else(|| unresolved(nameless))?;
    if let Some((far, end)) = named_by(index, at, peer) {
        let changed = || format!("{} does not point back; it changed during the look", end.name);
        let confirmed = points_back(index, at, far, end).ok_or_else(|| unresolved(&changed()))?;
        return Ok((far, end, confirmed));
    }
    let netns = netns_of(index, at, peer);
    let may_be = |far: &LinkKey| *far != at && netns.is_none_or(|netns| far.netns == netns);
    let ends = index.far_ends(at, peer.ifindex).iter().copied().filter(may_be);
    let ends: Vec<_> = ends.filter_map(|far| Some((far, index.link(far)?))).collect();
    match ends.as_slice() {
        [(far, end)] => Ok((*far, end, Confirmed::FromFarEnd)),
        _ => Err(match peer.nsid {
            Some(nsid) if is_not_the_switch(index, at, nsid) => Wire::Elsewhere { nsid },
            _ => unresolved("the other end was not found in any namespace that was read"),
        }),
    }
}

/// A namespace that was read tells what it calls the switch's: any other word is another one.
fn is_not_the_switch(index: &Index<'_>, at: LinkKey, nsid: Nsid) -> bool {
    let home = index.namespace(at.netns);
    index.switch_netns.is_some() && home.is_some_and(|home| !home.nsids.contains_key(&nsid))
}

fn points_back(index: &Index<'_>, at: LinkKey, far: LinkKey, end: &Link) -> Option<Confirmed> {
    let back = end.peer.filter(|back| back.ifindex == at.ifindex)?;
    match netns_of(index, far, back) {
        Some(home) => (home == at.netns).then_some(Confirmed::BothWays),
        None => Some(Confirmed::ByIndex),
    }
}
