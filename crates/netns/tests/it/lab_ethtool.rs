//! Transmit checksum offload is read and changed, and ethtool(8) says how it is.
#![allow(clippy::disallowed_methods, reason = "namespaces are made with ip(8)")]

use docker_ovs_netns::{EthtoolSocket, VethEnd};

use crate::space::{Space, inside, socket_in};

const ENODEV: Option<i32> = Some(19);

/// What ethtool(8) says of the feature in that namespace.
fn shown(space: &Space, link: &str, feature: &str) -> String {
    let words = ["netns", "exec", &space.0, "ethtool", "--show-features", link];
    let output = lab::program("ip").args(words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines().filter_map(|line| line.trim().split_once(": "));
    lines.find(|(name, _)| *name == feature).map_or_else(String::new, |(_, state)| state.into())
}

#[test]
fn the_checksum_offload_of_a_veth_is_turned_off_and_on_again() {
    lab::need!(Root);
    let space = Space::new("f");
    let end = |name: &str| VethEnd { name: name.into(), mac: None, mtu: None, up: false };
    let home = space.open();
    let route = socket_in(&home);
    route.create_veth(&end("near0"), &end("far0"), &home).unwrap();
    let far = route.link_named("far0").unwrap().unwrap().ifindex;
    let features = inside(&home, |_| EthtoolSocket::here());
    assert!(features.tx_checksum_offload(far).unwrap(), "a veth has it from its beginning");

    features.set_tx_checksum_offload(far, false).unwrap();
    assert!(!features.tx_checksum_offload(far).unwrap());
    let off = ["tx-checksumming", "tx-checksum-ip-generic", "tx-checksum-sctp"];
    assert_eq!(off.map(|name| shown(&space, "far0", name)), ["off"; 3]);
    assert_eq!(shown(&space, "near0", "tx-checksumming"), "on", "the other end is as it was");
    features.set_tx_checksum_offload(far, false).unwrap();

    features.set_tx_checksum_offload(far, true).unwrap();
    assert_eq!(off.map(|name| shown(&space, "far0", name)), ["on"; 3]);
    assert_eq!(shown(&space, "far0", "tcp-segmentation-offload"), "on", "it comes back with it");
}

#[test]
fn a_link_that_is_not_there_or_keeps_its_offload_is_an_error() {
    lab::need!(Root);
    let space = Space::new("f");
    let features = inside(&space.open(), |_| EthtoolSocket::here());
    assert_eq!(features.tx_checksum_offload(4711).unwrap_err().errno(), ENODEV);
    assert_eq!(features.tx_checksum_offload(0).unwrap_err().errno(), ENODEV);
    assert_eq!(features.set_tx_checksum_offload(4711, false).unwrap_err().errno(), ENODEV);
    // The loopback device lets nothing of it be changed (drivers/net/loopback.c).
    let lo = 1;
    assert!(features.tx_checksum_offload(lo).unwrap());
    let kept = features.set_tx_checksum_offload(lo, false).unwrap_err();
    assert!(kept.to_string().contains("tx-checksum-sctp of link 1 off"), "{kept}");
}
