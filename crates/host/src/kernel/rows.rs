//! rtnetlink's links and addresses as rows of the model.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use model::ids::{Ifindex, Mac, NetnsId, Nsid};
use model::snapshot::{Cidr, Link, Namespace, Peer};
use netns::{Address, Netns, RouteSocket};

pub(crate) fn id(namespace: &Netns) -> NetnsId {
    let netns::Identity { dev, ino } = namespace.identity();
    NetnsId { dev, ino }
}

/// The index that the loopback link has in each namespace (`LOOPBACK_IFINDEX` of
/// include/net/net_namespace.h of Linux); it cannot be deleted.
const LOOPBACK: Ifindex = Ifindex(1);

/// All links of the namespace the socket was opened in, with their addresses.
///
/// # Errors
/// As the kernel's answer fails, or if it lacks the loopback link: then others may be missing too.
pub(super) fn all(socket: &RouteSocket) -> Result<Vec<Arc<Link>>, netns::Error> {
    let mut addresses: HashMap<u32, Vec<Address>> = HashMap::new();
    for address in socket.addresses()? {
        addresses.entry(address.ifindex).or_default().push(address);
    }
    let links = socket.links()?.into_iter().map(|link| {
        let addresses = addresses.remove(&link.ifindex).unwrap_or_default();
        Arc::new(with_addresses(row(link), &addresses))
    });
    let mut links: Vec<_> = links.collect();
    links.sort_by_key(|link| link.ifindex);
    if links.iter().all(|link| link.ifindex != LOOPBACK) {
        return Err(netns::Error::Malformed("it has no loopback link, and each namespace has one"));
    }
    Ok(links)
}

/// One link of that namespace, with its addresses; none if there is no such link.
///
/// # Errors
/// As the kernel's answer fails.
pub(super) fn one(socket: &RouteSocket, link: Ifindex) -> Result<Option<Link>, netns::Error> {
    let Some(found) = socket.link(link.0)? else { return Ok(None) };
    let addresses = socket.addresses_of(link.0)?;
    Ok(Some(with_addresses(row(found), &addresses)))
}

/// Notes in these links of the socket's namespace which default routes go out by them.
pub(super) fn note_gateways(
    socket: &RouteSocket,
    links: &mut [Arc<Link>],
) -> Result<(), netns::Error> {
    let mut gateways: HashMap<u32, Vec<IpAddr>> = HashMap::new();
    for route in socket.routes()?.into_iter().filter(|route| route.destination.is_none()) {
        gateways.entry(route.ifindex).or_default().extend(route.gateway);
    }
    for link in links {
        let gateways = gateways.remove(&link.ifindex.0).unwrap_or_default();
        Arc::make_mut(link).gateways = Some(gateways);
    }
    Ok(())
}

fn with_addresses(link: Link, addresses: &[Address]) -> Link {
    let cidr = |address: &Address| Cidr { ip: address.ip, prefix: address.prefix };
    let tentative = addresses.iter().filter(|address| address.tentative);
    Link {
        tentative: tentative.map(|address| address.ip).collect(),
        addresses: addresses.iter().map(cidr).collect(),
        ..link
    }
}

/// A link, without its addresses.
pub(super) fn row(link: netns::Link) -> Link {
    let nsid = link.link_nsid.map(Nsid);
    let beneath = |ifindex| Peer { ifindex: Ifindex(ifindex), nsid };
    Link {
        ifindex: Ifindex(link.ifindex),
        name: link.name.into(),
        kind: link.kind,
        ethernet: link.ethernet,
        mac: link.mac.map(Mac),
        addresses: Vec::new(),
        tentative: Vec::new(),
        mtu: link.mtu,
        up: link.up,
        no_arp: link.no_arp,
        peer: link.link.map(beneath),
        underlays: link.underlays.into_iter().map(beneath).collect(),
        master: link.master.map(Ifindex),
        vlan: link.vlan,
        vlan_protocol: link.vlan_protocol,
        vlan_filtering: link.vlan_filtering,
        alias: link.alias,
        tx_checksum_offload: None,
        gateways: None,
        altnames: link.altnames.into_iter().map(Into::into).collect(),
    }
}

/// What the socket's namespace calls the others; asked after the links, because
/// reading a link is what makes the kernel hand out an id.
pub(super) fn name_others(
    socket: &RouteSocket,
    row: &mut Namespace,
    others: &[&Netns],
) -> Result<(), netns::Error> {
    for other in others.iter().filter(|other| id(other) != row.id) {
        if let Some(nsid) = socket.nsid_of(other)? {
            row.nsids.insert(Nsid(nsid), id(other));
        }
    }
    Ok(())
}
