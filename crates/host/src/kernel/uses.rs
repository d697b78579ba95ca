//! What rests on a link of the switch's namespace, so that it may not go: a link that sends by it, in
//! whichever namespace that is, and goes with it; what it is enslaved to; and an address.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::ids::NetnsId;
use model::switch::Port;
use netns::{Address, Error, Link, Netns, RouteSocket};

use super::between::others_than;
use super::rows::{self, id};

/// What rests on the link of a port of the switch, in words, but for addresses that were `given` to it; or
/// why that is not known. None where nothing does, and where there is no such link.
pub(super) fn rests_on(
    socket: &RouteSocket,
    switch: &Netns,
    port: &Port,
    given: &[IpAddr],
) -> Option<String> {
    found(socket, switch, port, given)
        .unwrap_or_else(|error| Some(format!("what rests on it cannot be told: {error}")))
}

fn found(
    socket: &RouteSocket,
    switch: &Netns,
    port: &Port,
    given: &[IpAddr],
) -> Result<Option<String>, Error> {
    let links = socket.links()?;
    let own = indexes(&links, port);
    if own.is_empty() {
        let is_held = port.ifindex.is_some_and(|ifindex| ifindex.0 != 0);
        return Ok(is_held.then(|| "its link is not where the switch is".to_owned()));
    }
    if let Some(here) = used_here(&links, &socket.addresses()?, &own, given) {
        return Ok(Some(here));
    }
    let upper = upper_elsewhere(switch, &own, &BTreeSet::from([id(switch)]))?;
    Ok(upper.map(|upper| format!("{} of another network namespace stands on it", in_words(&upper))))
}

/// Every link that may be the port's: that has its name, as one of its names, and the one that vswitchd holds.
fn indexes(links: &[Link], port: &Port) -> BTreeSet<u32> {
    let name = &*port.iface;
    let is_it = |link: &&Link| {
        link.name == name
            || link.altnames.iter().any(|other| other == name)
            || port.ifindex.is_some_and(|ifindex| ifindex.0 == link.ifindex)
    };
    links.iter().filter(is_it).map(|link| link.ifindex).collect()
}

fn used_here(
    links: &[Link],
    addresses: &[Address],
    own: &BTreeSet<u32>,
    given: &[IpAddr],
) -> Option<String> {
    let mut others = links.iter().filter(|link| !own.contains(&link.ifindex));
    let upper = others.find(|link| link.link_nsid.is_none() && sends_by(link, own));
    if let Some(upper) = upper {
        return Some(format!("{} stands on it", in_words(upper)));
    }
    let is_own = |link: &&Link| own.contains(&link.ifindex);
    if let Some(master) = links.iter().filter(is_own).find_map(|link| link.master) {
        let master = links.iter().find(|link| link.ifindex == master);
        return Some(format!(
            "it is enslaved to {}",
            master.map_or("another link", |it| it.name.as_str())
        ));
    }
    // Each link that is up has such a one by itself.
    let is_automatic = |ip: IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    let mut of_others =
        addresses.iter().filter(|at| own.contains(&at.ifindex) && !given.contains(&at.ip));
    let address = of_others.find(|at| !is_automatic(at.ip))?;
    Some(format!("it has the address {}", address.ip))
}

/// Whether it sends by one of these. The other link of a veth is its other end.
fn sends_by(link: &Link, own: &BTreeSet<u32>) -> bool {
    rows::row(link.clone()).lowers().any(|lower| own.contains(&lower.ifindex.0))
}

/// Whether what it sends by may be in the namespace that its own calls `word`, or has no word for. `beside`
/// are the links of its own.
fn leads_to(link: &Link, word: Option<i32>, beside: &[Link]) -> bool {
    let Some(to) = link.link_nsid else {
        let row = |link: &Link| rows::row(link.clone());
        return row(link).may_stand_elsewhere(&beside.iter().map(row).collect::<Vec<_>>());
    };
    to < 0 || Some(to) == word
}

/// A link that sends by one of these of the switch's namespace, in any that is not `known` and that a process is
/// in, or that has a name or a file. Where one has no word for the switch's, or does not say where what it
/// stands on is, the index decides.
pub(super) fn upper_elsewhere(
    switch: &Netns,
    lower: &BTreeSet<u32>,
    known: &BTreeSet<NetnsId>,
) -> Result<Option<Link>, Error> {
    let others = others_than(known)?;
    let others: Vec<&Netns> = others.iter().collect();
    let found = netns::visit(&others, |_, socket| {
        let word = socket.nsid_of(switch)?;
        let links = socket.links()?;
        let is_upper = |link: &&Link| sends_by(link, lower) && leads_to(link, word, &links);
        Ok(links.iter().find(is_upper).cloned())
    });
    for upper in found {
        if let Some(upper) = upper? {
            return Ok(Some(upper));
        }
    }
    Ok(None)
}

fn in_words(link: &Link) -> String {
    format!("the {} {}", link.kind.as_deref().unwrap_or("link"), link.name)
}

#[cfg(test)]
mod tests {
    use model::ids::Ifindex;

    use super::*;

    fn link(ifindex: u32, name: &str) -> Link {
        Link { ifindex, name: name.to_owned(), ..Link::default() }
    }

    fn upper(kind: &str, nsid: Option<i32>) -> Link {
        let kind = Some(kind.to_owned());
        Link { kind, link: Some(7), link_nsid: nsid, ..link(9, "up0") }
    }

    fn address(ifindex: u32, ip: &str) -> Address {
        Address { ifindex, ip: ip.parse().unwrap(), prefix: 24, tentative: false }
    }

    /// What rests on br9, which has the index 7.
    fn used(more: &[Link], addresses: &[Address], given: &[&str]) -> Option<String> {
        let own = BTreeSet::from([7]);
        let links = [&[link(1, "lo"), link(7, "br9")], more].concat();
        let given: Vec<IpAddr> = given.iter().map(|ip| ip.parse().unwrap()).collect();
        used_here(&links, addresses, &own, &given)
    }

    #[test]
    fn what_stands_on_a_link_or_has_it_rests_on_it() {
        assert_eq!(used(&[], &[], &[]), None);
        for kind in ["macvlan", "vlan", "ipvtap", "gre"] {
            let found = used(&[upper(kind, None)], &[], &[]);
            assert_eq!(found.unwrap(), format!("the {kind} up0 stands on it"));
        }
        let tunnel = |lower| Link { underlays: vec![lower], link: None, ..upper("vxlan", None) };
        assert_eq!(used(&[tunnel(7)], &[], &[]).unwrap(), "the vxlan up0 stands on it");
        assert_eq!(used(&[tunnel(8)], &[], &[]), None);
        assert_eq!(used(&[upper("veth", None)], &[], &[]), None, "it is an index elsewhere");
        assert_eq!(used(&[upper("vlan", Some(3))], &[], &[]), None, "that is another link");
        let enslaved = Link { master: Some(12), ..link(7, "br9") };
        let found = used(&[enslaved, link(12, "br-lan")], &[], &[]);
        assert_eq!(found.unwrap(), "it is enslaved to br-lan");
    }

    #[test]
    fn where_an_upper_link_leads_is_told_by_the_word_or_not_at_all() {
        let parent = |mac| Link { mac: Some([2, 0, 0, 0, 0, mac]), ..link(7, "low0") };
        let ipvtap = Link { mac: parent(1).mac, ..upper("ipvtap", None) };
        assert!(leads_to(&ipvtap, Some(3), &[]));
        assert!(leads_to(&ipvtap, Some(3), &[parent(2)]), "it has its parent's address");
        assert!(!leads_to(&ipvtap, Some(3), &[parent(1)]), "its parent is beside it");
        for kind in ["macvlan", "vxlan", "ipvlan"] {
            assert!(!leads_to(&upper(kind, None), Some(3), &[]), "{kind}");
            assert!(!leads_to(&upper(kind, Some(4)), Some(3), &[]), "{kind}");
            assert!(leads_to(&upper(kind, Some(3)), Some(3), &[]), "{kind}");
            assert!(leads_to(&upper(kind, Some(-1)), Some(3), &[]), "{kind}");
        }
    }

    #[test]
    fn an_address_that_no_network_gave_rests_on_a_link() {
        let own = [address(7, "10.9.0.1"), address(7, "fe80::1"), address(1, "127.0.0.1")];
        assert_eq!(used(&[], &own, &["10.9.0.1"]), None);
        assert_eq!(used(&[], &own, &[]).unwrap(), "it has the address 10.9.0.1");
        let more = [address(7, "10.9.0.1"), address(7, "2001:db8::5")];
        assert_eq!(used(&[], &more, &["10.9.0.1"]).unwrap(), "it has the address 2001:db8::5");
    }

    #[test]
    fn the_link_of_a_port_is_sought_by_every_name_and_by_its_index() {
        let port = Port { iface: "br9".into(), ifindex: Some(Ifindex(7)), ..Port::default() };
        let aliased = Link { altnames: vec!["br9".to_owned()], ..link(5, "x") };
        let all = [link(1, "lo"), aliased, link(7, "renamed"), link(8, "br90")];
        assert_eq!(indexes(&all, &port), BTreeSet::from([5, 7]));
        assert_eq!(indexes(&all[..1], &port), BTreeSet::new());
    }
}
