//! Who gets a question for the MAC of an address, and has that address itself.

use std::net::IpAddr;

use model::ids::NetnsId;
use model::snapshot::{Link, Namespace};
use model::wiring::{Occupant, SwitchPort};
use model::{Look, PortLinks};

use crate::end::End;
use crate::verdict::PortOutput;

/// Those on the ports of `outputs`, beside the namespace of `next`, that have the address `target` too, for all that is
/// known: who asks may learn the MAC of any of them. Linux answers by ARP on all links for any address of the
/// namespace (`arp_ignore`, ip-sysctl), by neighbour discovery for those of the link alone.
pub fn other_holders(
    look: &Look,
    next: &End,
    outputs: &[PortOutput],
    target: IpAddr,
) -> Vec<String> {
    let others = outputs.iter().filter(|output| !output.is_to(next));
    let is_holder = |output: &&PortOutput| {
        let Some(row) = output.row(look) else { return false };
        let holds = |(netns, link): (NetnsId, Option<&str>)| {
            let space = look.snapshot.namespace(netns).filter(|_| next.netns != Some(netns));
            space.is_some_and(|space| has(space, link, target))
        };
        behind(look, row).into_iter().any(holds)
    };
    let mut holders: Vec<_> = others.filter(is_holder).map(|output| output.who.clone()).collect();
    holders.dedup();
    holders
}

/// Whether a namespace takes what is for this address where it comes in by `link`.
fn has(space: &Namespace, link: Option<&str>, target: IpAddr) -> bool {
    match link.filter(|_| target.is_ipv6()) {
        None => space.local_addresses().any(|ip| ip == target),
        Some(name) => {
            let mut links = space.links.iter().filter(|link| *link.name == *name);
            links.any(|link| link.local_addresses().any(|ip| ip == target))
        }
    }
}

/// The namespaces that get what is sent to a port, as far as that is known, and by which of their links.
fn behind<'a>(look: &'a Look, row: &'a SwitchPort) -> Vec<(NetnsId, Option<&'a str>)> {
    match &row.occupant {
        Occupant::Plugged { plugs } => {
            plugs.iter().map(|plug| (plug.netns, Some(&*plug.interface))).collect()
        }
        Occupant::Local | Occupant::Host { .. } => {
            kernel_behind(look, row).into_iter().map(|netns| (netns, None)).collect()
        }
        Occupant::Orphaned { .. }
        | Occupant::Patch { .. }
        | Occupant::Tunnel { .. }
        | Occupant::Unknown { .. } => Vec::new(),
    }
}

/// The namespace whose kernel gets what is sent to a port of the host: that of the link itself, or of the other
/// end of a pair. None where it goes on from there, or it is not known where it goes.
pub fn kernel_behind(look: &Look, row: &SwitchPort) -> Option<NetnsId> {
    let home = look.snapshot.switch_namespace()?;
    let ends_here = |link: &Link| link.master.is_none().then_some(home.id);
    let links = PortLinks::new(&look.snapshot);
    let own = links.of(row)?;
    let is_internal = matches!(row.occupant, Occupant::Local) || row.port.kind == "internal";
    if is_internal {
        return ends_here(own);
    }
    let peer = own.peer.filter(|peer| own.is_paired() && peer.nsid.is_none())?;
    ends_here(home.links.iter().find(|link| link.ifindex == peer.ifindex)?)
}
