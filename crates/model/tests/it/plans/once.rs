//! What a request asks for that no interface can have, or that the container has already.

use std::sync::Arc;

use docker_ovs_model::plan::{Connect, Restore, RestoreAction, VlanMode, remembered, restore};
use docker_ovs_model::snapshot::Link;
use docker_ovs_model::switch::FakeBridge;
use docker_ovs_model::{Snapshot, rehearse, resolve};

use crate::plans::scene::{connected, generated, home, host, plan, request, restarted};

fn with(addresses: &[&str], gateways: &[&str]) -> Connect {
    Connect {
        addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        gateways: gateways.iter().map(|text| text.parse().unwrap()).collect(),
        ..request("br0", "c1")
    }
}

#[test]
fn what_no_interface_can_have_is_refused_before_anything_is_done() {
    let refused = [
        with(&["255.255.255.255/32"], &[]),
        with(&["127.0.0.1/8"], &[]),
        with(&["::1/128"], &[]),
        with(&["0.0.0.5/8"], &[]),
        with(&["10.1.1.0/24"], &[]),
        with(&["10.1.1.255/24"], &[]),
        with(&["fd00::2/64", "fd00::2/65"], &[]),
        with(&["10.1.1.2/24", "10.1.1.2/25"], &[]),
        with(&["10.1.1.2/24"], &["10.1.1.255"]),
        with(&["10.1.1.2/24"], &["10.1.1.0"]),
        with(&["10.1.1.2/24"], &["10.1.1.2"]),
        with(&["fd00::2/64"], &["fd00::2"]),
        with(&["10.1.1.2/24"], &["10.1.1.1", "10.1.1.3"]),
        Connect { mtu: Some(1279), ..with(&["fd00::2/64"], &[]) },
    ];
    for request in refused {
        assert!(plan(&host(), &request, 1).is_err(), "{request:?}");
    }
    let taken = [
        with(&["10.1.1.2/31"], &["10.1.1.3"]),
        with(&["10.1.1.2/32"], &[]),
        with(&["10.1.1.2/24", "fd00::2/64"], &["10.1.1.1", "fd00::1"]),
        with(&["10.1.1.2/24"], &["10.1.1.1"]),
        // An anycast address of its subnet is a router's as well (RFC 4291, section 2.6.1).
        with(&["fd00::2/64"], &["fd00::"]),
        Connect { mtu: Some(576), ..with(&["10.1.1.2/24"], &[]) },
        Connect { mtu: Some(1280), ..with(&["fd00::2/64"], &[]) },
    ];
    for request in taken {
        assert!(plan(&host(), &request, 1).is_ok(), "{request:?}");
    }
}

#[test]
fn an_address_that_the_container_has_is_not_given_to_it_again() {
    let once = connected(&host(), &with(&["10.1.1.2/24", "fd00::2/64"], &[]), 1);
    for again in ["10.1.1.2/24", "10.1.1.2/16", "fd00::2/128"] {
        let refused = plan(&once, &with(&[again], &[]), 2).unwrap_err();
        assert!(refused.to_string().contains("already, on eth0"), "{refused}");
    }
    assert!(plan(&once, &with(&["10.1.1.3/24"], &[]), 2).is_ok());
    let other = Connect { container: "c2".to_owned(), ..with(&["10.1.1.2/24"], &[]) };
    assert!(plan(&once, &other, 2).is_ok(), "another container may have it");
    // What a killed program left inside goes first.
    let steps = plan(&host(), &with(&["10.1.1.2/24"], &[]), 1).unwrap().steps;
    let mut killed = rehearse(&host(), &steps[..1]);
    inside(&mut killed, |link| link.addresses = vec!["10.1.1.2/24".parse().unwrap()]);
    links(&mut killed, |link| {
        link.up = false;
        let leaves = format!(" leaving {}", link.ifindex);
        link.alias.iter_mut().for_each(|alias| alias.push_str(&leaves));
    });
    assert!(plan(&killed, &with(&["10.1.1.2/24"], &[]), 2).is_ok());
}

fn links(host: &mut Snapshot, change: impl Fn(&mut Link)) {
    let all = host.kernel.rows_mut().iter_mut().flat_map(|space| &mut space.links);
    all.map(Arc::make_mut).for_each(change);
}

fn inside(host: &mut Snapshot, change: impl Fn(&mut Link)) {
    let spaces = host.kernel.rows_mut().iter_mut().filter(|space| space.id == home(1));
    let all = spaces.flat_map(|space| &mut space.links).filter(|link| &*link.name != "lo");
    all.map(Arc::make_mut).for_each(change);
}

/// The host once c1 has a default route by another interface, as that of Docker's own network.
fn routed(host: &Snapshot, via: &str) -> Snapshot {
    let mut host = host.clone();
    for space in host.kernel.rows_mut().iter_mut().filter(|space| space.id == home(1)) {
        let gateways = Some(vec![via.parse().unwrap()]);
        let index = docker_ovs_model::ids::Ifindex(77);
        let link = Link { ifindex: index, name: "net0".into(), gateways, ..Link::default() };
        space.links.push(Arc::new(link));
    }
    host
}

#[test]
fn a_second_default_route_is_refused_by_connect() {
    let wish = with(&["10.1.1.2/24"], &["10.1.1.1"]);
    let refused = plan(&routed(&host(), "172.17.0.1"), &wish, 1).unwrap_err();
    assert!(refused.to_string().contains("by net0 via 172.17.0.1"), "{refused}");
    assert!(plan(&routed(&host(), "fd00::1"), &wish, 1).is_ok(), "of the other family");
    assert!(plan(&routed(&host(), "172.17.0.1"), &with(&["10.1.1.2/24"], &[]), 1).is_ok());
}

#[test]
fn restore_leaves_out_the_default_route_that_another_interface_has() {
    let wish = with(&["10.1.1.2/24", "fd00::2/64"], &["10.1.1.1", "fd00::1"]);
    let gone = restarted(&connected(&host(), &wish, 1), 1, true);
    for (via, left) in [("172.17.0.1", "fd00::1"), ("fe80::1", "10.1.1.1")] {
        let now = routed(&gone, via);
        let wiring = resolve(&now);
        let one = remembered(&now, &wiring, &Restore::default()).unwrap().remove(0);
        let RestoreAction::Again(plan) = restore(&now, &wiring, &one, &generated(2)) else {
            panic!("{one:#?}")
        };
        let told: String = plan.steps.iter().map(ToString::to_string).collect();
        assert!(told.contains(left), "{told}");
        let other = if left == "fd00::1" { "via 10.1.1.1" } else { "via fd00::1" };
        assert!(!told.contains(other), "{told}");
        // And it is whole then.
        let after = rehearse(&now, &plan.steps);
        let wiring = resolve(&after);
        let one = remembered(&after, &wiring, &Restore::default()).unwrap().remove(0);
        assert_eq!(restore(&after, &wiring, &one, &generated(3)), RestoreAction::There);
    }
}

#[test]
fn a_port_of_a_fake_bridge_has_its_vlan_and_no_other_in_any_mode() {
    let mut host = host();
    let bridges = host.switch.values_mut().flat_map(docker_ovs_model::Observed::rows_mut);
    for bridge in bridges.filter(|bridge| &*bridge.name == "br0") {
        bridge.fake_bridges = vec![FakeBridge { name: "v7".into(), vlan: 7 }];
    }
    let wish = |vlan, mode| Connect { vlan, vlan_mode: mode, ..request("v7", "c1") };
    let (own, other) = (Some(7), Some(8));
    let refused = [
        (None, Some(VlanMode::Trunk)),
        (own, Some(VlanMode::Trunk)),
        (own, Some(VlanMode::NativeTagged)),
        (None, Some(VlanMode::NativeUntagged)),
        (own, Some(VlanMode::Dot1qTunnel)),
        (other, None),
    ];
    for (vlan, mode) in refused {
        assert!(plan(&host, &wish(vlan, mode), 1).is_err(), "{vlan:?} {mode:?}");
    }
    for (vlan, mode) in [(None, None), (own, None), (None, Some(VlanMode::Access))] {
        let plan = plan(&host, &wish(vlan, mode), 1).unwrap();
        assert_eq!(plan.port().unwrap().tag, own, "{vlan:?} {mode:?}");
    }
}

#[test]
fn a_host_end_is_called_like_no_port() {
    let mut host = host();
    let named = |bond: Option<&str>, name: Option<&str>| docker_ovs_model::switch::Port {
        iface: "m0".into(),
        bond: bond.map(Into::into),
        port_name: name.map(Into::into),
        ..Default::default()
    };
    crate::plans::scene::port(&mut host, named(Some("bond0"), None));
    crate::plans::scene::port(&mut host, named(None, Some("port0")));
    for taken in ["bond0", "port0", "m0"] {
        let wish = Connect { host_interface: Some(taken.to_owned()), ..request("br1", "c1") };
        assert!(plan(&host, &wish, 1).is_err(), "{taken}");
    }
}
