//! Kinds of links across namespaces, as far as this kernel has them.
#![allow(clippy::disallowed_methods, reason = "namespaces are made with ip(8)")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use docker_ovs_netns::{Netns, RouteSocket};

use crate::space::{Space, inside, named};

/// Whether the kernel can make such a link; says so where it cannot.
fn knows(space: &Space, kind: &str, words: &[&str]) -> bool {
    let add = ["-netns", &space.0, "link", "add", "link", "low0", "name", "up0", "type", kind];
    let output = lab::program("ip").args(add).args(words).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        assert!(said.contains("Unknown device type") || said.contains("not supported"), "{said}");
        let line = format!("skipped: this kernel has no {kind}\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
    }
    output.status.success()
}

/// A link of that kind over `low0`, moved to another namespace, leads back to it.
fn leads_to_its_parent(kind: &'static str, words: &[&str], vlan: Option<u16>) {
    lab::need!(Root);
    let (outer, inner) = (Space::new("k"), Space::new("n"));
    // An index of its own: links inside have small ones.
    outer.ip(&["link", "add", "low0", "index", "91", "type", "veth", "peer", "name", "low1"]);
    if !knows(&outer, kind, words) {
        return;
    }
    outer.ip(&["link", "set", "up0", "netns", &inner.0]);
    let (o, i) = (outer.open(), inner.open());
    let link = named(&i, "up0");
    assert_eq!((link.kind.as_deref(), link.link, link.vlan), (Some(kind), Some(91), vlan));
    let nsid = inside(&i, |socket| socket.nsid_of(&o));
    assert!(nsid.is_some(), "{link:?}");
    assert_eq!(link.link_nsid, nsid);
}

#[test]
fn a_macvlan_leads_to_its_parent() {
    leads_to_its_parent("macvlan", &["mode", "bridge"], None);
}

#[test]
fn an_ipvlan_leads_to_its_parent() {
    leads_to_its_parent("ipvlan", &["mode", "l2"], None);
}

#[test]
fn a_vlan_leads_to_its_parent_and_has_a_number() {
    leads_to_its_parent("vlan", &["id", "42"], Some(42));
}

/// The usual case: the other end is in the namespace of the caller.
#[test]
fn a_veth_to_this_namespace_is_known_from_both_ends() {
    lab::need!(Root);
    let there = Space::new("h");
    let end = format!("{}e", there.0);
    // udev would give a link of the host's that has no address of its own another one, between the
    // two looks (MACAddressPolicy of systemd.link(5)).
    let veth = ["link", "add", &end, "address", "02:00:00:00:06:8e", "type", "veth"];
    let peer = ["peer", "name", "eth0", "netns", &there.0];
    crate::space::ip(&[&veth[..], &peer].concat());
    let (home, away) = (Netns::current().unwrap(), there.open());
    let here = RouteSocket::here().unwrap();
    let (near, far) = (here.link_named(&end).unwrap().unwrap(), named(&away, "eth0"));
    assert_eq!((near.link, far.link), (Some(far.ifindex), Some(near.ifindex)));
    assert_eq!(near.link_nsid, here.nsid_of(&away).unwrap());
    assert_eq!(far.link_nsid, inside(&away, |socket| socket.nsid_of(&home)));
    assert!(near.link_nsid.is_some() && far.link_nsid.is_some());
    assert_eq!(here.link(near.ifindex).unwrap().as_ref(), Some(&near));
}

#[test]
fn a_name_of_any_bytes_is_shown() {
    lab::need!(Root);
    let space = Space::new("u");
    let odd = OsStr::from_bytes(b"a\xff\xfeb");
    let add = ["-netns", &space.0, "link", "add", "name"].map(OsStr::new);
    let rest = ["type", "bridge"].map(OsStr::new);
    let output = lab::program("ip").args(add).arg(odd).args(rest).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let links = inside(&space.open(), RouteSocket::links);
    assert!(links.iter().any(|link| link.name == "a\\xff\\xfeb"), "{links:?}");
}

/// Longer than the kernel's 15 bytes, or no name at all: there is no such link.
#[test]
fn what_can_be_no_link_is_none() {
    let here = RouteSocket::here().unwrap();
    for name in ["abcdefghijklmnop", "lo\0x", ""] {
        assert_eq!(here.link_named(name).unwrap(), None, "{name:?}");
    }
    for index in [0, u32::MAX] {
        assert_eq!(here.link(index).unwrap(), None, "{index}");
    }
    assert!(here.link_named("lo").unwrap().is_some());
}
