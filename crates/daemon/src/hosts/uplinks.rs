//! What an uplink is: a port by which frames can go on to a network that another host may be on, too.
//!
//! That is a question of the link alone, whatever is seen behind it: a Linux bridge may have containers and
//! the cable beside them, and a container may be stacked on the very cable (macvlan). What leads into
//! another namespace ends in a container; an internal port ends in this host.

use std::collections::BTreeSet;

use model::ids::Ifindex;
use model::snapshot::{Link, Namespace};
use model::wiring::{Occupant, SwitchPort};
use model::{PortLinks, Snapshot, Wiring};

/// The links of the host by which frames can leave a bridge: on it, and on the bridges that patches lead
/// to. A port of which it was not seen what is behind it is one if it was `known` to be one.
pub(super) fn uplinks(
    snapshot: &Snapshot,
    wiring: &Wiring,
    bridge: &str,
    known: &[String],
) -> Vec<String> {
    let (mut reached, mut next) = (vec![bridge.to_owned()], 0);
    let mut found = Vec::new();
    let links = PortLinks::new(snapshot);
    while let Some(here) = reached.get(next).cloned() {
        next += 1;
        for row in wiring.ports.iter().filter(|row| *row.bridge == *here) {
            match &row.occupant {
                Occupant::Host { .. } | Occupant::Plugged { .. }
                    if leads_on(snapshot, &links, row) =>
                {
                    found.push(called(row, bridge));
                }
                Occupant::Unknown { .. } => {
                    found.extend(Some(called(row, bridge)).filter(|name| known.contains(name)));
                }
                Occupant::Patch { bridge: Some(there), .. }
                    if !reached.iter().any(|b| **b == **there) =>
                {
                    reached.push(there.to_string());
                }
                _ => {}
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Whether frames can go on to another network behind a port.
fn leads_on(snapshot: &Snapshot, links: &PortLinks<'_>, row: &SwitchPort) -> bool {
    let own = snapshot.switch_namespace().zip(links.of(row));
    let Some((here, own)) = own else {
        // What is not in the switch's namespace any more is a container's own.
        return !matches!(row.occupant, Occupant::Plugged { .. });
    };
    let mut seen = BTreeSet::from([own.ifindex]);
    if row.port.kind == "internal" {
        return passes_on(here, own, &mut seen);
    }
    is_way_out(here, own, &mut seen)
}

/// Whether frames that are sent by a link leave this host, or may do so.
fn is_way_out(here: &Namespace, link: &Link, seen: &mut BTreeSet<Ifindex>) -> bool {
    seen.insert(link.ifindex);
    match link.kind.as_deref() {
        // It throws away what it is given (drivers/net/dummy.c).
        Some("dummy") => return false,
        _ if !link.is_paired() => return true,
        _ => {}
    }
    let Some(peer) = link.peer.filter(|peer| peer.nsid.is_none()) else {
        // The other end is in another namespace; of one that has no other end nothing arrives.
        return false;
    };
    match here.links.iter().find(|other| other.ifindex == peer.ifindex) {
        // What reads at the other end is a program of this host, or a cable of a laboratory.
        Some(end) if end.master.is_none() => true,
        Some(end) => passes_on(here, end, seen),
        None => true,
    }
}

/// Whether what arrives at a link goes on by another one: those that are enslaved to the same link, and
/// those that this is enslaved to in its turn, also as a VLAN of it.
fn passes_on(here: &Namespace, link: &Link, seen: &mut BTreeSet<Ifindex>) -> bool {
    seen.insert(link.ifindex);
    let Some(master) = link.master else { return false };
    if !seen.insert(master) {
        return false;
    }
    let Some(above) = here.links.iter().find(|other| other.ifindex == master) else { return true };
    let members = here.links.iter().filter(|other| other.master == Some(master));
    let members: Vec<_> = members.filter(|other| !seen.contains(&other.ifindex)).collect();
    let on_it = |other: &&std::sync::Arc<Link>| {
        other.has_parent()
            && other.peer.is_some_and(|peer| peer.ifindex == master && peer.nsid.is_none())
    };
    members.iter().any(|other| is_way_out(here, other, seen))
        || passes_on(here, above, seen)
        || here.links.iter().filter(on_it).any(|other| passes_on(here, other, seen))
}

fn called(row: &SwitchPort, own: &str) -> String {
    if *row.bridge == *own {
        row.port.iface.to_string()
    } else {
        format!("{} on {}", row.port.iface, row.bridge)
    }
}

#[cfg(test)]
mod tests;
