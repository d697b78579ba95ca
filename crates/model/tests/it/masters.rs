//! What a link of the host is enslaved to, or carries, may lead on.

use docker_ovs_model::ids::{Ifindex, Nsid};
use docker_ovs_model::snapshot::{Link, Peer};
use docker_ovs_model::wiring::AttachmentState;
use docker_ovs_model::{Snapshot, resolve};

use crate::likeness::{link, names, plug, put, to};
use crate::plans::scene::{SWITCH, home, host};

/// A container whose `eth0` ends on `h0` of the host, of index 20, which is enslaved to that of index
/// `master`; and these links of the host. The port `p0` is on br0.
fn ending(master: u32, links: &[Link]) -> Snapshot {
    let mut host = host();
    put(&mut host, home(1), [to(link(10, "eth0", "veth", 0), 20, Some(0))]);
    put(&mut host, SWITCH, [to(link(20, "h0", "veth", master), 10, Some(1))]);
    put(&mut host, SWITCH, links.iter().cloned());
    names(&mut host, SWITCH, 1, home(1));
    plug(&mut host, "p0", "system");
    host
}

fn state(host: &Snapshot, interface: &str) -> AttachmentState {
    let wiring = resolve(host);
    let mut found = wiring.attachments.iter().filter(|found| *found.link.name == *interface);
    found.next().unwrap().port.clone()
}

fn on(host: &Snapshot) -> Option<String> {
    state(host, "eth0").port().map(|port| port.iface.to_string())
}

#[test]
fn a_master_of_any_kind_that_is_enslaved_itself_is_followed() {
    let uplink = |master| {
        [to(link(40, "up", "veth", master), 41, None), to(link(41, "p0", "veth", 0), 40, None)]
    };
    for kind in ["bond", "team", "hsr", "batadv", "of a kind to come"] {
        let [up, port] = uplink(31);
        let links = [link(30, "m0", kind, 31), link(31, "lb", "bridge", 0), up, port];
        assert_eq!(on(&ending(30, &links)).as_deref(), Some("p0"), "{kind}");
        let port = link(31, "p0", "bond", 0);
        assert_eq!(
            on(&ending(30, &[link(30, "m0", kind, 31), port])).as_deref(),
            Some("p0"),
            "{kind}"
        );
    }
}

#[test]
fn where_a_master_of_another_kind_leads_is_not_known() {
    for kind in ["hsr", "batadv", "of a kind to come"] {
        // The container's link itself, a link above it, and one in a Linux bridge that it is in.
        let straight = ending(30, &[link(30, "m0", kind, 0)]);
        let above = ending(31, &[link(31, "bond0", "bond", 30), link(30, "m0", kind, 0)]);
        let bridged = ending(
            32,
            &[
                link(32, "lb", "bridge", 0),
                to(link(40, "a", "veth", 32), 41, None),
                to(link(41, "b", "veth", 30), 40, None),
                link(30, "m0", kind, 0),
            ],
        );
        for host in [straight, above, bridged] {
            let AttachmentState::Unknown { why } = state(&host, "eth0") else {
                panic!("{kind}: {:?}", state(&host, "eth0"))
            };
            assert!(why.contains("m0"), "{why}");
        }
    }
}

#[test]
fn what_is_routed_or_goes_by_members_that_lead_nowhere_is_on_no_port() {
    for kind in ["vrf", "bond", "team", "bridge"] {
        let host = ending(30, &[link(30, "m0", kind, 0)]);
        assert!(matches!(state(&host, "eth0"), AttachmentState::NotOnSwitch), "{kind}");
    }
}

/// Makes a port of this link of the host, which stands on another one.
fn standing(mut host: Snapshot, port: &str) -> Snapshot {
    plug(&mut host, port, "system");
    put(&mut host, home(1), [to(link(11, "eth0.10", "vlan", 0), 10, None)]);
    host
}

fn vlan(ifindex: u32, name: &str, lower: u32, master: u32) -> Link {
    to(link(ifindex, name, "vlan", master), lower, None)
}

#[test]
fn what_stands_on_the_end_of_the_way_may_be_the_port() {
    let over_end = standing(ending(0, &[vlan(30, "h0.10", 20, 0)]), "h0.10");
    let macvlan = to(link(30, "mv", "macvlan", 0), 20, None);
    let over_end_otherwise = standing(ending(0, &[macvlan]), "mv");
    let twice = [vlan(30, "h0.10", 20, 0), vlan(31, "h0.10.20", 30, 0)];
    let over_bond = [link(30, "bond0", "bond", 0), vlan(31, "bond0.10", 30, 0)];
    let over_bridge = [link(30, "lb", "bridge", 0), vlan(31, "lb.10", 30, 0)];
    let over_joined = [
        link(30, "lb", "bridge", 0),
        to(link(40, "a", "veth", 30), 41, None),
        to(link(41, "b", "veth", 0), 40, None),
        vlan(42, "b.10", 41, 0),
    ];
    for (host, upper) in [
        (over_end, "h0.10"),
        (over_end_otherwise, "mv"),
        (standing(ending(0, &twice), "h0.10.20"), "h0.10"),
        (standing(ending(30, &over_bond), "bond0.10"), "bond0.10"),
        (standing(ending(30, &over_bridge), "lb.10"), "lb.10"),
        (standing(ending(30, &over_joined), "b.10"), "b.10"),
    ] {
        for interface in ["eth0", "eth0.10"] {
            let AttachmentState::Unknown { why } = state(&host, interface) else {
                panic!("{upper}: {interface} {:?}", state(&host, interface))
            };
            assert!(why.starts_with(&format!("{upper} stands on ")), "{why}");
        }
    }
}

#[test]
fn what_stands_on_the_end_of_the_way_may_lead_to_the_port() {
    let bridged = [
        vlan(30, "h0.10", 20, 31),
        link(31, "lb", "bridge", 0),
        to(link(40, "up", "veth", 31), 41, None),
        to(link(41, "p0", "veth", 0), 40, None),
    ];
    let AttachmentState::Unknown { why } = state(&ending(0, &bridged), "eth0") else {
        panic!("{:?}", state(&ending(0, &bridged), "eth0"))
    };
    assert!(why.starts_with("h0.10 stands on h0"), "{why}");
    let unread = [vlan(30, "h0.10", 20, 31)];
    assert!(matches!(state(&ending(0, &unread), "eth0"), AttachmentState::Unknown { .. }));
}

#[test]
fn what_stands_on_the_end_of_the_way_and_leads_to_no_port_is_no_doubt() {
    let alone = [vlan(30, "h0.10", 20, 0)];
    let bridged =
        [vlan(30, "h0.10", 20, 31), link(31, "lb", "bridge", 0), link(32, "tap0", "tun", 31)];
    for host in [ending(0, &alone), ending(0, &bridged)] {
        assert!(matches!(state(&host, "eth0"), AttachmentState::NotOnSwitch));
    }
    // As with a VLAN of a hypervisor's bridge, which has a bridge of its own.
    let of_bridge = [
        link(30, "lb", "bridge", 0),
        vlan(31, "lb.10", 30, 32),
        link(32, "lb10", "bridge", 0),
        link(33, "tap0", "tun", 32),
    ];
    assert!(matches!(state(&ending(30, &of_bridge), "eth0"), AttachmentState::NotOnSwitch));
    // By a port it goes, whatever stands on that one.
    let port = [link(30, "p0", "bond", 0), vlan(31, "p0.10", 30, 0)];
    assert_eq!(on(&ending(30, &port)).as_deref(), Some("p0"));
}

/// What a link of the host sends goes out by what it stands on, and not to what else stands there.
#[test]
fn what_is_sent_by_a_bridge_does_not_arrive_at_what_stands_on_it() {
    let mut host = host();
    put(&mut host, SWITCH, [link(30, "lb", "bridge", 0), vlan(31, "lb.10", 30, 0)]);
    plug(&mut host, "lb.10", "system");
    put(&mut host, home(1), [to(link(10, "eth0", "macvlan", 0), 30, Some(0))]);
    assert!(matches!(state(&host, "eth0"), AttachmentState::NotOnSwitch));
}

/// Links of one driver on one parent reach each other past that, but for modes that are not read.
#[test]
fn what_stands_beside_a_link_may_be_the_port() {
    let beside = |own: &str, other: &str, is_port: bool| {
        let mut host = host();
        let other = to(link(31, "side0", other, 0), 30, None);
        put(&mut host, SWITCH, [link(30, "nic0", "of a kind", 0), other]);
        if is_port {
            plug(&mut host, "side0", "system");
        }
        put(&mut host, home(1), [to(link(10, "eth0", own, 0), 30, Some(0))]);
        state(&host, "eth0")
    };
    for (own, other) in [("macvlan", "macvlan"), ("macvlan", "macvtap"), ("ipvlan", "ipvlan")] {
        let AttachmentState::Unknown { why } = beside(own, other, true) else {
            panic!("{own} beside {other}: {:?}", beside(own, other, true))
        };
        assert!(why.starts_with("side0 stands on nic0 beside eth0"), "{why}");
        assert!(matches!(beside(own, other, false), AttachmentState::NotOnSwitch), "{own}");
    }
    for (own, other) in [("macvlan", "ipvlan"), ("macvlan", "vlan"), ("vlan", "macvlan")] {
        assert!(matches!(beside(own, other, true), AttachmentState::NotOnSwitch), "{own} {other}");
    }
}

/// What other containers of a Linux bridge have in their namespaces ends there, as far as nothing says otherwise.
#[test]
fn a_linux_bridge_is_joined_to_an_unread_namespace_where_the_kernel_says_so() {
    let (nowhere, member) = (Nsid(7), Peer { ifindex: Ifindex(5), nsid: Some(Nsid(7)) });
    let away = Link { peer: Some(member), ..link(40, "va", "veth", 30) };
    let mut host = ending(30, &[link(30, "lb", "bridge", 0), away]);
    assert!(matches!(state(&host, "eth0"), AttachmentState::NotOnSwitch));
    let here = |host: &mut Snapshot, ways: &[Peer]| {
        let here = host.kernel.rows_mut().iter_mut().find(|row| row.id == SWITCH).unwrap();
        here.unread_ways = ways.iter().copied().collect();
    };
    for other in [Peer { ifindex: Ifindex(6), ..member }, Peer { nsid: Some(Nsid(8)), ..member }] {
        here(&mut host, &[other]);
        assert!(matches!(state(&host, "eth0"), AttachmentState::NotOnSwitch), "{other:?}");
    }
    here(&mut host, &[member]);
    let AttachmentState::Unknown { why } = state(&host, "eth0") else {
        panic!("{:?}", state(&host, "eth0"))
    };
    assert_eq!(why, "the other end of va is in a namespace that was not read");
    // The rows of it, once they are there, say more than that.
    names(&mut host, SWITCH, nowhere.0, home(2));
    put(&mut host, home(2), [to(link(5, "vb", "veth", 0), 40, Some(0))]);
    assert!(matches!(state(&host, "eth0"), AttachmentState::NotOnSwitch));
}
