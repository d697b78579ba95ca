//! One namespace, and the links of the switch's that it leads to: what a look at one container needs of the kernel,
//! and whether that is enough.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::ids::{Ifindex, NetnsId, Nsid};
use model::snapshot::{Link, Namespace};
use netns::{Netns, RouteSocket};

use super::offload;
use super::read::{read_whole, unread};
use super::rows::{self as links, id};
use super::unread_ways::unread_ways;
use super::uses::upper_elsewhere;
use crate::question::Details;

/// One namespace whole, and of the switch's namespace the links that those inside lead to:
/// the cost does not depend on how many there are. Both are visited by one thread. Without a
/// switch's namespace the one alone.
pub(crate) fn read_narrow(
    home: &Netns,
    switch: Option<&Netns>,
    details: Details,
) -> Vec<Namespace> {
    let Some(switch) = switch else { return read_whole(&[(home, Vec::new())], None, details) };
    if id(home) == id(switch) {
        return vec![Namespace::empty(id(home), Vec::new())];
    }
    let mut leaving = Vec::new();
    let mut is_joined = false;
    let both = [home, switch];
    let read = netns::visit(&both, |i, socket| {
        let mut row = Namespace::empty(id(if i == 0 { home } else { switch }), Vec::new());
        if i == 0 {
            row.links = links::all(socket)?;
            if details.routes {
                links::note_gateways(socket, &mut row.links)?;
            }
            if details.traffic {
                offload::note(&mut row.links, offload::Of::EveryVeth);
            }
            links::name_others(socket, &mut row, &[switch])?;
            leaving = leads_to(&row, id(switch));
        } else {
            row.links = follow(socket, std::mem::take(&mut leaving))?;
            is_joined = leads_on_elsewhere(socket, &row.links, home)?
                || row.links.iter().any(|link| link.driver_of_siblings().is_some());
            if details.traffic {
                offload::note(&mut row.links, offload::Of::VethsWithin);
            }
            links::name_others(socket, &mut row, &[home])?;
        }
        Ok(row)
    });
    // What stands beside a link on its parent, the kernel tells in no other way.
    if is_joined {
        return read_whole(&[(home, Vec::new())], Some(switch), details);
    }
    let rows = read.into_iter().zip(both);
    rows.map(|(row, space)| row.unwrap_or_else(|error| unread(space, &[], &error))).collect()
}

/// Whether a Linux bridge among these links of the socket's namespace is joined to one in a third namespace: the
/// other end of a member is enslaved there. What may not be asked is taken for another container's.
fn leads_on_elsewhere(
    socket: &RouteSocket,
    links: &[Arc<Link>],
    home: &Netns,
) -> Result<bool, netns::Error> {
    let bridges = links.iter().filter(|link| link.kind.as_deref() == Some("bridge"));
    let bridges: BTreeSet<Ifindex> = bridges.map(|bridge| bridge.ifindex).collect();
    if bridges.is_empty() {
        return Ok(false);
    }
    let own = socket.nsid_of(home)?.map(Nsid);
    let members = links.iter().filter(|link| link.master.is_some_and(|up| bridges.contains(&up)));
    let ends = members.filter(|link| link.is_paired()).filter_map(|link| link.peer);
    let mut away =
        ends.filter_map(|end| Some((end.ifindex, end.nsid.filter(|_| end.nsid != own)?)));
    Ok(away.any(|(end, Nsid(nsid))| {
        let end = socket.link_elsewhere(end.0, nsid).ok().flatten();
        end.is_some_and(|end| end.master.is_some())
    }))
}

/// Whether a link inside can only be found by what is missing elsewhere, or by what another program
/// wrote down: hardware, and internal ports of the switch that were moved; or leads to a namespace
/// between this one and the switch's; or may reach others that stand beside it on a link elsewhere.
pub(crate) fn needs_everything(inside: &Namespace) -> bool {
    let untraceable =
        |link: &Link| matches!(link.kind.as_deref(), None | Some("tun" | "openvswitch"));
    let has_siblings = |link: &Link| {
        link.driver_of_siblings().is_some() && link.peer.is_some_and(|lower| lower.nsid.is_some())
    };
    inside.links.iter().any(|link| (link.ethernet && untraceable(link)) || has_siblings(link))
        || inside.exits().next().is_some()
}

/// The links of the switch's namespace that links inside name as their other end or parent.
fn leads_to(inside: &Namespace, switch: NetnsId) -> Vec<Ifindex> {
    let peers = inside.links.iter().filter_map(|link| link.peer);
    let there =
        peers.filter(|peer| peer.nsid.and_then(|nsid| inside.nsids.get(&nsid)) == Some(&switch));
    there.map(|peer| peer.ifindex).collect()
}

/// Reads those links, and whatever they stand on or are enslaved to in the same namespace.
fn follow(socket: &RouteSocket, starts: Vec<Ifindex>) -> Result<Vec<Arc<Link>>, netns::Error> {
    let mut seen: BTreeMap<Ifindex, Link> = BTreeMap::new();
    let mut open = starts;
    while let Some(next) = open.pop() {
        if seen.contains_key(&next) {
            continue;
        }
        let Some(link) = socket.link(next.0)? else { continue };
        let link = links::row(link);
        if has_members(&link) {
            let members = socket.links_of_master(next.0)?;
            let members = members.into_iter().map(links::row);
            for member in members {
                if has_members(&member) {
                    // It is followed as any other one.
                    open.push(member.ifindex);
                    continue;
                }
                open.extend(onward(&member));
                seen.insert(member.ifindex, member);
            }
        }
        open.extend(onward(&link));
        seen.insert(next, link);
    }
    Ok(seen.into_values().map(Arc::new).collect())
}

/// Whether a link stands on one of these of the switch's namespace and is none of them: on the end of a veth, or
/// on what that is enslaved to. True where that cannot be asked. The kernel tells it of no link, so that those of
/// each kind that stands on others are looked through, which are few where there are many links; then those of all
/// namespaces that are not `known`, for what stands on a link may be in another one, on the other end of a veth too;
/// where it is none, the switch's alone are looked through.
pub(crate) fn is_stood_on(
    switch: &Netns,
    here: &Namespace,
    known: Option<&BTreeSet<NetnsId>>,
) -> bool {
    let seen: BTreeSet<Ifindex> = here.links.iter().map(|link| link.ifindex).collect();
    let on_the_way = here.links.iter().filter(|link| link.is_paired() || has_members(link));
    let on_the_way: BTreeSet<Ifindex> = on_the_way.map(|link| link.ifindex).collect();
    let read = netns::visit(&[switch], |_, socket| {
        Link::KINDS_WITH_PARENT.iter().try_fold(false, |found, kind| {
            let links = if found { Vec::new() } else { socket.links_of_kind(kind)? };
            let mut links = links.into_iter().map(links::row);
            let stands = |link: &Link| {
                let lower = link.peer.filter(|lower| lower.nsid.is_none());
                lower.is_some_and(|lower| on_the_way.contains(&lower.ifindex))
            };
            Ok(found || links.any(|link| !seen.contains(&link.ifindex) && stands(&link)))
        })
    });
    if !matches!(read.into_iter().next(), Some(Ok(false))) {
        return true;
    }
    let Some(known) = known else { return false };
    let ways = netns::visit(&[switch], |_, socket| Ok(unread_ways(socket, here)));
    let is_joined = !matches!(ways.into_iter().next(), Some(Ok(ways)) if ways.is_empty());
    let indexes = on_the_way.iter().map(|ifindex| ifindex.0).collect();
    is_joined || !matches!(upper_elsewhere(switch, &indexes, known), Ok(None))
}

/// Whether what others send by this link goes on by those that are enslaved to it.
pub(super) fn has_members(link: &Link) -> bool {
    matches!(link.kind.as_deref(), Some("bridge" | "bond" | "team"))
}

pub(super) fn onward(link: &Link) -> impl Iterator<Item = Ifindex> {
    let beneath = link.peer.filter(|peer| peer.nsid.is_none()).map(|peer| peer.ifindex);
    beneath.into_iter().chain(link.master)
}
