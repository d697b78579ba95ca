//! What the kernel says of a namespace that is not read: whether what arrives there by a link of the switch's goes
//! on, so that more than was read may hang together.

use std::collections::{BTreeMap, BTreeSet};

use model::ids::{Ifindex, Nsid};
use model::snapshot::{Link, Namespace, Peer};
use netns::RouteSocket;

use super::narrow::has_members;
use super::rows;

/// The other ends of links of `row`, which was read by this socket, by which what arrives there goes on: each is
/// enslaved there, or another link stands on it. Only those of members of a Linux bridge, bond or team, by which what
/// others send gets there, and in namespaces that `row` has no word for, of which each is asked about once, with all
/// its links. What may not be asked is taken for a container's own link, which leads nowhere.
pub(super) fn unread_ways(socket: &RouteSocket, row: &Namespace) -> BTreeSet<Peer> {
    let mut ends: BTreeMap<Nsid, BTreeSet<Peer>> = BTreeMap::new();
    for (link, nsid) in joined_exits(row) {
        ends.entry(nsid).or_default().extend(link.peer);
    }
    let mut ways = BTreeSet::new();
    for (Nsid(nsid), ends) in ends {
        let Ok(there) = socket.links_elsewhere(nsid) else { continue };
        ways.extend(ends.into_iter().filter(|end| goes_on(end.ifindex.0, &there)));
    }
    ways
}

/// The exits that are veths and members of a Linux bridge, bond or team of `row`. A port of Open vSwitch is none, nor
/// is what is enslaved to nothing.
fn joined_exits(row: &Namespace) -> impl Iterator<Item = (&Link, Nsid)> {
    let masters = row.links.iter().filter(|link| has_members(link));
    let masters: BTreeSet<Ifindex> = masters.map(|master| master.ifindex).collect();
    row.exits().filter(move |(link, _)| {
        link.is_paired() && link.master.is_some_and(|master| masters.contains(&master))
    })
}

/// Whether what arrives at a link goes on, by these of its namespace.
pub(super) fn goes_on(end: u32, there: &[netns::Link]) -> bool {
    // The other end of a veth is another link of that index.
    let stands = |link: &netns::Link| {
        let lowers = rows::row(link.clone());
        link.link_nsid.is_none() && lowers.lowers().any(|lower| lower.ifindex.0 == end)
    };
    there.iter().any(|link| (link.ifindex == end && link.master.is_some()) || stands(link))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::ids::NetnsId;
    use model::snapshot;
    use netns::Link;

    use super::*;

    #[test]
    fn what_is_a_port_or_enslaved_to_nothing_is_not_asked_about() {
        let link = |ifindex, kind: &str, master: Option<u32>, nsid: Option<i32>| {
            Arc::new(snapshot::Link {
                ifindex: Ifindex(ifindex),
                kind: Some(kind.to_owned()),
                master: master.map(Ifindex),
                peer: nsid.map(|nsid| Peer { ifindex: Ifindex(2), nsid: Some(Nsid(nsid)) }),
                ..snapshot::Link::default()
            })
        };
        let links = vec![
            link(2, "bridge", None, None),
            link(3, "openvswitch", None, None),
            link(4, "veth", Some(2), Some(0)),
            link(5, "veth", Some(3), Some(1)),
            link(6, "veth", None, Some(2)),
            link(7, "macvlan", Some(2), Some(3)),
        ];
        let row = Namespace { links, ..Namespace::empty(NetnsId { dev: 4, ino: 1 }, Vec::new()) };
        let asked: Vec<_> = joined_exits(&row).map(|(_, nsid)| nsid.0).collect();
        assert_eq!(asked, [0]);
    }

    fn link(ifindex: u32, kind: &str) -> Link {
        Link { ifindex, kind: Some(kind.to_owned()), ..Link::default() }
    }

    #[test]
    fn what_arrives_at_a_link_goes_on_by_its_master_and_by_what_stands_on_it() {
        let end = Link { link: Some(9), link_nsid: Some(0), ..link(2, "veth") };
        let lo = Link { ifindex: 1, ..Link::default() };
        assert!(!goes_on(2, &[]));
        assert!(!goes_on(2, &[lo.clone(), end.clone()]), "a container's own link");
        assert!(goes_on(2, &[lo.clone(), Link { master: Some(5), ..end.clone() }]));
        for kind in ["vlan", "macvlan", "ipvlan"] {
            let upper = |lower| Link { link: Some(lower), ..link(7, kind) };
            assert!(goes_on(2, &[end.clone(), upper(2)]), "{kind}");
            assert!(!goes_on(2, &[end.clone(), upper(3)]), "{kind}");
            assert!(!goes_on(2, &[end.clone(), Link { link_nsid: Some(0), ..upper(2) }]), "{kind}");
        }
        let pair = Link { link: Some(2), ..link(3, "veth") };
        assert!(!goes_on(2, &[end.clone(), pair]), "the other end of another veth");
        let other = Link { master: Some(5), ..link(3, "dummy") };
        assert!(!goes_on(2, &[end, other]), "another link is enslaved");
    }
}
