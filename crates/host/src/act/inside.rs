//! The kernel's part of a plan: links, addresses, routes.

use std::net::IpAddr;

use model::ids::{Ifindex, Name};
use model::plan::{HOST_END, Veth};
use model::snapshot::Cidr;
use netns::{Error, Netns, RouteSocket, VethEnd};

/// Makes a veth under a name that tells whose it is, marks it, and gives it its own name: at
/// every moment it can be known for ours.
pub(super) fn make_veth(
    veth: &Veth,
    draft: &str,
    switch: &Netns,
    home: &Netns,
) -> Result<(), Error> {
    inside(switch, |socket| {
        let draft = if veth.host_end.starts_with(HOST_END) { &veth.host_end } else { draft };
        let near = VethEnd { name: draft.to_owned(), mac: None, mtu: veth.mtu };
        let far = VethEnd {
            name: veth.interface.to_string(),
            mac: veth.mac.map(|mac| mac.0),
            mtu: veth.mtu,
        };
        socket.create_veth(&near, &far, home)?;
        let finish = || {
            let Some(link) = socket.link_named(draft)? else { return Ok(()) };
            socket.set_alias(link.ifindex, &veth.alias)?;
            if *veth.host_end != *draft {
                socket.rename(link.ifindex, &veth.host_end)?;
            }
            socket.set_up(link.ifindex)
        };
        finish().inspect_err(|_| {
            if let Ok(Some(link)) = socket.link_named(draft) {
                let _ = socket.delete_link(link.ifindex);
            }
        })
    })
}

/// Deletes the host's end, and the other one with it; well if it is gone already.
pub(super) fn unmake_veth(veth: &Veth, switch: &Netns) -> Result<(), Error> {
    inside(switch, |socket| {
        let link = socket.link_named(&veth.host_end)?;
        let own = link.filter(|link| link.alias.as_deref() == Some(&veth.alias));
        own.map_or(Ok(()), |link| socket.delete_link(link.ifindex).map(|_| ()))
    })
}

/// Deletes a link if it still is the one that was seen.
pub(super) fn delete_link(name: &Name, ifindex: Ifindex, switch: &Netns) -> Result<(), Error> {
    inside(switch, |socket| {
        let link = socket.link(ifindex.0)?.filter(|link| *link.name == **name);
        link.map_or(Ok(()), |link| socket.delete_link(link.ifindex).map(|_| ()))
    })
}

/// Sets the end inside up, with its addresses and default routes.
pub(super) fn configure(
    interface: &str,
    addresses: &[Cidr],
    gateways: &[IpAddr],
    home: &Netns,
) -> Result<(), Error> {
    inside(home, |socket| {
        let Some(link) = socket.link_named(interface)? else {
            return Err(Error::Malformed("the new link is gone"));
        };
        if addresses.iter().any(|cidr| cidr.ip.is_ipv6()) {
            enable_ipv6(interface);
        }
        socket.set_up(link.ifindex)?;
        for cidr in addresses {
            socket.add_address(link.ifindex, cidr.ip, cidr.prefix)?;
        }
        gateways.iter().try_for_each(|via| socket.add_default_route(*via, link.ifindex))
    })
}

/// Docker disables IPv6 in containers whose own networks have none. /proc/sys/net is that of
/// the thread's namespace. Where it cannot be written, the address will be refused.
fn enable_ipv6(interface: &str) {
    let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{interface}/disable_ipv6"), "0");
}

fn inside<T: Send>(
    space: &Netns,
    mut act: impl FnMut(&RouteSocket) -> Result<T, Error> + Send,
) -> Result<T, Error> {
    let mut results = netns::visit(&[space], |_, socket| act(socket));
    results.pop().unwrap_or(Err(Error::Malformed("no namespace was visited")))
}
