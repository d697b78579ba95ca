//! A veth from its first moment on: known for ours, and closed to the host's own kernel.

use model::ids::{Ifindex, Name};
use model::plan::Veth;
use netns::{Error, Link, Netns, RouteSocket, VethEnd};

use super::change::{inside, setting_of_ipv6};
use super::namespaces::own_namespace;
use crate::generate::generate;
use crate::kernel;

/// The host's end of a veth that was made: a link keeps its index whatever it is called, and an alias is copied
/// as easily as a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MadeVeth {
    ifindex: u32,
    alias: String,
    /// Index of the other end.
    peer: Option<u32>,
}

/// Makes a veth under a name that tells whose it is, records it, and gives it its own name: at
/// every moment it can be known for ours. Under its own name it is up from the first moment on:
/// listeners to links are told of it but once. None where it was gone again at once.
pub(super) fn make_veth(
    veth: &Veth,
    switch: &RouteSocket,
    switch_netns: &Netns,
    home: &Netns,
) -> Result<Option<MadeVeth>, Error> {
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
    let made = switch.link_named(draft).inspect_err(|_| {
        let _ = switch.delete_link_named(draft);
    })?;
    let Some(link) = made else { return Ok(None) };
    finish(veth, &link, switch, switch_netns).inspect_err(|_| {
        let _ = switch.delete_link(link.ifindex);
    })?;
    Ok(Some(MadeVeth { ifindex: link.ifindex, alias: veth.alias.clone(), peer: link.link }))
}

fn finish(
    veth: &Veth,
    link: &Link,
    switch: &RouteSocket,
    switch_netns: &Netns,
) -> Result<(), Error> {
    close_and_mark(link, &veth.alias, switch, switch_netns)?;
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
/// already. Another link may have its name, or its alias, and lives.
pub(super) fn unmake_veth(made: &MadeVeth, switch: &RouteSocket) -> Result<(), Error> {
    let own = switch.link(made.ifindex)?.filter(|link| made.is(link));
    own.map_or(Ok(()), |link| switch.delete_link(link.ifindex).map(|_| ()))
}

impl MadeVeth {
    fn is(&self, link: &Link) -> bool {
        is_veth(link)
            && link.ifindex == self.ifindex
            && link.alias.as_ref() == Some(&self.alias)
            && link.link == self.peer
    }
}

pub(super) fn is_veth(link: &Link) -> bool {
    link.kind.as_deref() == Some("veth")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_known_by_its_index_and_by_nothing_that_is_copied() {
        let own = Link {
            ifindex: 7,
            name: "dov-00000001".to_owned(),
            kind: Some("veth".to_owned()),
            link: Some(2),
            alias: Some("docker-ovs c1/eth0 on br0".to_owned()),
            ..Link::default()
        };
        let alias = own.alias.clone().unwrap();
        let made = MadeVeth { ifindex: 7, alias, peer: Some(2) };
        assert!(made.is(&own));
        assert!(made.is(&Link { name: "renamed".to_owned(), ..own.clone() }));
        let others = [
            Link { ifindex: 8, ..own.clone() },
            Link { alias: None, ..own.clone() },
            Link { link: Some(3), ..own.clone() },
            Link { kind: Some("vlan".to_owned()), ..own.clone() },
        ];
        assert!(!others.iter().any(|other| made.is(other)), "{others:?}");
    }
}
