//! What passes on what leaves by a port: links of the host that lead to another port, and containers there that
//! bridge or route.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use flowtext::Header;
use model::ids::Ifindex;
use model::snapshot::{Link, Namespace};
use model::wiring::{Attachment, PortRef, SwitchPort};
use model::{Look, PortLinks};

use crate::beneath::Beneath;
use crate::end::number;
use crate::flow_subject::is_bridged;
use crate::host_links::links_of_host;

/// Why what leaves by `port` with this header may get to `target` all the same: by the switch again, or by another way.
pub(crate) fn passed_on(
    look: &Look,
    port: &SwitchPort,
    header: &Header,
    target: Option<IpAddr>,
) -> Option<String> {
    let is_for_it = header.ip_dst.is_some() && header.ip_dst == target;
    let routed = |found: &Attachment| is_for_it && routes(look, found, header);
    if passes_on(look, port) || attached(look, port).any(routed) {
        return Some(format!("{} gets it, and may pass it on", port.occupant));
    }
    if let Some(link) = routed_by_host(look, port, header).filter(|_| is_for_it) {
        return Some(format!("{} of this host gets it, and may pass it on", link.name));
    }
    let other = behind(look, port)?;
    let (name, at) = (&port.port.iface, number(other));
    Some(format!(
        "what leaves by {name} goes on by {}, port {at} of {}",
        other.port.iface, other.bridge
    ))
}

/// Whether something on a port is a member of a bridge of its own: then that passes on what others send.
pub(crate) fn passes_on(look: &Look, port: &SwitchPort) -> bool {
    let is_member =
        |found: &Attachment| is_bridged(look.snapshot.namespace(found.netns), &found.link);
    attached(look, port).any(is_member)
}

fn attached<'a>(look: &'a Look, port: &SwitchPort) -> impl Iterator<Item = &'a Attachment> {
    let (bridge, iface) = (port.bridge.clone(), port.port.iface.clone());
    let is_it = move |at: &PortRef| at.bridge == bridge && at.iface == iface;
    let all = look.wiring.attachments.iter();
    all.filter(move |found| found.port.port().is_some_and(&is_it))
}

/// Whether it is sent to an interface for an address that the namespace has not: Linux routes that, where it forwards
/// and the interface is up.
fn routes(look: &Look, found: &Attachment, header: &Header) -> bool {
    let is_sent_to_it = found.link.mac.is_some_and(|mac| mac.0 == header.eth_dst);
    let space = look.snapshot.namespace(found.netns);
    let links = space.into_iter().flat_map(|space| &space.links).chain([&found.link]);
    let mut own = links.flat_map(|link| &link.addresses).map(|address| address.ip);
    found.link.up && is_sent_to_it && !own.any(|ip| Some(ip) == header.ip_dst)
}

/// The link of the host that gets what is for its MAC and for an address that the host has not: the same. It may be a
/// VLAN link, or what else stands on the link of the port.
fn routed_by_host<'a>(look: &'a Look, port: &SwitchPort, header: &Header) -> Option<&'a Link> {
    let (home, links) = links_of_host(look, port)?;
    if header.ip_dst.is_some_and(|ip| home.local_addresses().any(|own| own == ip)) {
        return None;
    }
    let borne: Vec<_> = header.vlans.iter().map(|tag| tag.vid).filter(|vid| *vid != 0).collect();
    let is_for = |link: &&Arc<Link>| {
        let is_sent_to_it = link.up && link.mac.is_some_and(|mac| mac.0 == header.eth_dst);
        is_sent_to_it && Beneath::new(look, home, link, port).tags == borne
    };
    links.into_iter().find(is_for).map(|link| &**link)
}

/// Another port that a link of the host leads to: a pair with both ends on bridges, or a Linux bridge in between.
fn behind<'a>(look: &'a Look, port: &SwitchPort) -> Option<&'a SwitchPort> {
    let links = PortLinks::new(&look.snapshot);
    let home = look.snapshot.switch_namespace()?;
    let own = links.of(port)?;
    let mut reached = Reached { home, seen: BTreeSet::new() };
    if own.is_paired() {
        reached.send(own);
    } else if port.port.kind == "internal" {
        reached.arrive(own);
    }
    let Reached { mut seen, .. } = reached;
    seen.remove(&own.ifindex);
    if seen.is_empty() {
        return None;
    }
    let is_other =
        |row: &&SwitchPort| links.of(row).is_some_and(|link| seen.contains(&link.ifindex));
    look.wiring.ports.iter().find(is_other)
}

/// The links of the host's namespace that a packet may get to.
struct Reached<'a> {
    home: &'a Namespace,
    seen: BTreeSet<Ifindex>,
}

impl Reached<'_> {
    /// It is sent by a link: out by the other end of a pair, or by the link beneath.
    fn send(&mut self, link: &Link) {
        let beneath = link.peer.filter(|peer| peer.nsid.is_none());
        let home = self.home;
        let mut links = home.links.iter();
        let Some(next) = beneath.and_then(|peer| links.find(|one| one.ifindex == peer.ifindex))
        else {
            return;
        };
        if link.is_paired() {
            self.arrive(next);
        } else if link.has_parent() && self.seen.insert(next.ifindex) {
            self.send(next);
        }
    }

    /// It comes in by a link: a Linux bridge sends it on by all other members, and VLAN links on it get it too.
    fn arrive(&mut self, link: &Link) {
        if !self.seen.insert(link.ifindex) {
            return;
        }
        let home = self.home;
        let links = || home.links.iter();
        let is_bridge = |one: &&Arc<Link>| one.kind.as_deref() == Some("bridge");
        let bridge = links().filter(is_bridge).find(|one| link.master == Some(one.ifindex));
        let bridge = bridge.map(|bridge| bridge.ifindex);
        let members: Vec<_> =
            links().filter(|one| bridge.is_some() && one.master == bridge).cloned().collect();
        let stands_on = |one: &Link, on: Option<Ifindex>| {
            let beneath = one.peer.filter(|peer| one.has_parent() && peer.nsid.is_none());
            on.is_some() && beneath.map(|peer| peer.ifindex) == on
        };
        let is_upper = |one: &Link| stands_on(one, Some(link.ifindex)) || stands_on(one, bridge);
        let uppers: Vec<_> = links().filter(|one| is_upper(one)).cloned().collect();
        for member in members {
            if self.seen.insert(member.ifindex) {
                self.send(&member);
            }
        }
        for upper in uppers {
            self.arrive(&upper);
        }
    }
}
