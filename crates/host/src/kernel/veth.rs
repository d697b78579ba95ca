//! A veth from its first moment on: known for ours, and closed to the host's own kernel.

use model::ids::{Ifindex, Name};
use model::plan::Veth;
use netns::{Error, Link, Netns, RouteSocket, VethEnd};

use super::change::{inside, setting_of_ipv6};
use super::namespaces::own_namespace;
use crate::act::generate;
use crate::kernel;

/// Makes a veth under a name that tells whose it is, records it, and gives it its own name: at
/// every moment it can be known for ours. Under its own name it is up from the first moment on:
/// listeners to links are told of it but once.
pub(super) fn make_veth(
    veth: &Veth,
    switch: &RouteSocket,
    switch_netns: &Netns,
    home: &Netns,
) -> Result<(), Error> {
    let generated = generate().host_end;
    let draft = if veth.is_known() { &*veth.host_end } else { &generated };
    let near = VethEnd { name: draft.to_owned(), mac: None, mtu: veth.mtu, up: veth.is_known() };
    let far = VethEnd {
        name: veth.interface.to_string(),
        mac: veth.mac.map(|mac| mac.0),
        mtu: veth.mtu,
        up: false,
    };
    switch.create_veth(&near, &far, home)?;
    finish(veth, draft, switch, switch_netns).inspect_err(|_| {
        if let Ok(Some(link)) = switch.link_named(draft) {
            let _ = switch.delete_link(link.ifindex);
        }
    })
}

fn finish(
    veth: &Veth,
    draft: &str,
    switch: &RouteSocket,
    switch_netns: &Netns,
) -> Result<(), Error> {
    let Some(link) = switch.link_named(draft)? else { return Ok(()) };
    close_and_mark(&link, &veth.alias, switch, switch_netns)?;
    if veth.is_known() {
        return Ok(());
    }
    switch.rename(link.ifindex, &veth.host_end)?;
    switch.set_up(link.ifindex)
}

/// Brings the end of a veth whose maker was killed to where it was to be, if it still is the one that was
/// seen, and bears no alias.
pub(super) fn finish_host_end(
    (name, ifindex): (&Name, Ifindex),
    alias: &str,
    switch: &RouteSocket,
    switch_netns: &Netns,
) -> Result<(), Error> {
    let link = switch.link(ifindex.0)?;
    let link = link.filter(|link| *link.name == **name && link.alias.is_none());
    link.map_or(Ok(()), |link| close_and_mark(&link, alias, switch, switch_netns))
}

fn close_and_mark(
    link: &Link,
    alias: &str,
    switch: &RouteSocket,
    switch_netns: &Netns,
) -> Result<(), Error> {
    // With the userspace datapath the kernel has each packet too. It would answer for an address that the
    // host has on the bridge, with the hardware address of this end, and get what is meant for the bridge;
    // take what is sent to this end for the host's own, or forward it, past all flows of the switch; and a
    // router advertisement of the container would give the host a default route.
    switch.disable_ipv4(link.ifindex)?;
    disable_ipv6(&link.name, switch_netns)?;
    // What has its alias is whole.
    switch.set_alias(link.ifindex, alias)
}

/// Deletes the host's end, and the other one with it, whatever it is called by now; well if it is gone
/// already.
pub(super) fn unmake_veth(veth: &Veth, switch: &RouteSocket) -> Result<(), Error> {
    let is_own = |link: &Link| link.alias.as_deref() == Some(&veth.alias);
    // Another link may have its name, as an alternative one, too.
    let own = match switch.link_named(&veth.host_end)?.filter(is_own) {
        Some(link) => Some(link),
        None => switch.links()?.into_iter().find(is_own),
    };
    own.map_or(Ok(()), |link| switch.delete_link(link.ifindex).map(|_| ()))
}

/// Has the kernel take no part in IPv6 on a link: netlink can set no more than how addresses are made.
/// Where there is no such file the kernel has no IPv6.
fn disable_ipv6(link: &str, netns: &Netns) -> Result<(), Error> {
    let write = || match std::fs::write(setting_of_ipv6(link, "disable_ipv6"), "1") {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(
                "{link} is open to router advertisements: IPv6 cannot be disabled: {error}"
            );
        }
        _ => {}
    };
    let is_own = own_namespace().is_ok_and(|own| kernel::id(&own) == kernel::id(netns));
    if is_own {
        write();
        return Ok(());
    }
    inside(netns, |_| {
        write();
        Ok(())
    })
}
