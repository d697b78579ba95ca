//! Reading again what has changed, and no more.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::ids::Ifindex;
use model::snapshot::{Link, Namespace};
use netns::{Netns, RouteSocket};

use super::narrow::onward;
use super::offload;
use super::read::read_switch;
use super::rows as links;
use super::sockets::{SocketOwner, Sockets};

/// So many links are asked for one by one at most.
const MAX_ONE_BY_ONE: usize = 16;

/// The switch's namespace, if of what is `known` no other links than these have changed. A few are
/// asked for one by one: a dump of all costs as much as there are.
pub(crate) fn read_switch_again(
    switch: &Netns,
    owner: &SocketOwner,
    known: Namespace,
    changed: &BTreeSet<Ifindex>,
) -> Namespace {
    let affected = affected(&known.links, changed);
    if affected.len() > MAX_ONE_BY_ONE {
        return read_switch(switch, owner);
    }
    let read = netns::visit(&[switch], |_, socket| {
        let mut links = again(socket, affected.clone())?;
        offload::note(&mut links, offload::Of::VethsWithin);
        Ok((links, Sockets::read(owner)))
    });
    let Some(Ok((mut links, sockets))) = read.into_iter().next() else {
        return read_switch(switch, owner);
    };
    let read: BTreeSet<_> = links.iter().map(|link| link.ifindex).chain(affected).collect();
    links.extend(known.links.into_iter().filter(|link| !read.contains(&link.ifindex)));
    links.sort_by_key(|link| link.ifindex);
    let mut row = Namespace { links, ..known };
    sockets.note(&mut row);
    row
}

/// The links that changed, and others that may have with them: those that have one of them as their
/// other end or parent, for what becomes of that one is told of itself alone, as when it moves to
/// another namespace; and those that are down, of which the kernel tells no new alias and no new
/// name (`netdev_state_change` of net/core/dev.c).
fn affected(known: &[Arc<Link>], changed: &BTreeSet<Ifindex>) -> BTreeSet<Ifindex> {
    let leads = |link: &Link| link.peer.is_some_and(|peer| changed.contains(&peer.ifindex));
    let more = known.iter().filter(|link| !link.up || leads(link));
    more.map(|link| link.ifindex).chain(changed.iter().copied()).collect()
}

/// Those of these links that are there, and whatever they stand on or are enslaved to now.
fn again(socket: &RouteSocket, links: BTreeSet<Ifindex>) -> Result<Vec<Arc<Link>>, netns::Error> {
    let mut asked = BTreeSet::new();
    let mut open: Vec<_> = links.into_iter().collect();
    let mut found = Vec::new();
    while let Some(next) = open.pop() {
        if asked.insert(next)
            && let Some(link) = links::one(socket, next)?
        {
            open.extend(onward(&link));
            found.push(Arc::new(link));
        }
    }
    Ok(found)
}
