//! Links and addresses are changed, and ip(8) says how.
#![allow(clippy::disallowed_methods, reason = "namespaces are made with ip(8)")]

use std::net::{IpAddr, UdpSocket};

use docker_ovs_netns::{Error, RouteSocket, VethEnd};

use crate::space::{Space, inside, named, socket_in, soon};

const EEXIST: Option<i32> = Some(17);
const MAC: [u8; 6] = [2, 0, 0, 0, 0x0a, 0x0b];

fn end(name: &str) -> VethEnd {
    VethEnd { name: name.into(), mac: None, mtu: None, up: false }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Two namespaces, a socket in the first, a veth from `near0` in it to `far0` in the other.
fn pair(letter: &str) -> (Space, Space, RouteSocket) {
    let (near, far) = (Space::new(letter), Space::new(letter));
    let socket = socket_in(&near.open());
    socket.create_veth(&end("near0"), &end("far0"), &far.open()).unwrap();
    (near, far, socket)
}

fn index(socket: &RouteSocket, name: &str) -> u32 {
    socket.link_named(name).unwrap().unwrap().ifindex
}

#[test]
fn the_far_end_of_a_veth_is_born_in_its_namespace() {
    lab::need!(Root);
    let (near, far) = (Space::new("b"), Space::new("b"));
    let far_end = VethEnd { name: "eth0".into(), mac: Some(MAC), mtu: Some(1400), up: false };
    let near_end =
        VethEnd { name: "near0".into(), mac: Some([2, 0, 0, 0, 0, 1]), mtu: Some(1450), up: true };
    socket_in(&near.open()).create_veth(&near_end, &far_end, &far.open()).unwrap();
    let seen = |space: &Space, name| {
        let shown = space.shown(&["link", "show", "dev", name])[0].take();
        let kind = shown["linkinfo"]["info_kind"].as_str().unwrap().to_owned();
        (kind, shown["address"].as_str().unwrap().to_owned(), shown["mtu"].as_u64().unwrap())
    };
    assert_eq!(seen(&far, "eth0"), ("veth".into(), "02:00:00:00:0a:0b".into(), 1400));
    assert_eq!(seen(&near, "near0"), ("veth".into(), "02:00:00:00:00:01".into(), 1450));
    let (this, that) = (named(&near.open(), "near0"), named(&far.open(), "eth0"));
    assert_eq!((this.link, that.link), (Some(that.ifindex), Some(this.ifindex)));
    // Nothing passed through this namespace on its way.
    assert_eq!(near.shown(&["link"]).as_array().unwrap().len(), 2);
}

#[test]
fn a_link_is_deleted_by_its_name_and_once() {
    lab::need!(Root);
    let (_near, _far, socket) = pair("e");
    assert!(socket.delete_link_named("near0").unwrap());
    assert!(socket.link_named("near0").unwrap().is_none());
    assert!(!socket.delete_link_named("near0").unwrap());
    assert!(matches!(socket.delete_link_named(""), Err(Error::Name { .. })));
}

#[test]
fn nothing_is_half_made_where_a_name_is_taken() {
    lab::need!(Root);
    let (near, far, socket) = pair("t");
    let counts =
        || [&near, &far].map(|space| space.shown(&["link"]).as_array().map_or(0, Vec::len));
    let before = counts();
    let taken = socket.create_veth(&end("new0"), &end("far0"), &far.open()).unwrap_err();
    assert_eq!(taken.errno(), EEXIST, "{taken}");
    let said = "cannot create veth new0 with far end far0: there is one already (EEXIST)";
    assert_eq!(taken.to_string(), said);
    let taken = socket.create_veth(&end("near0"), &end("new0"), &far.open()).unwrap_err();
    assert_eq!(taken.errno(), EEXIST, "{taken}");
    assert_eq!(counts(), before);
}

#[test]
fn names_that_no_link_can_have_are_refused_before_anything_is_made() {
    lab::need!(Root);
    let (near, far, socket) = pair("x");
    let near0 = index(&socket, "near0");
    let names = [
        "",
        ".",
        "..",
        "a/b",
        "a:b",
        "v%d",
        "a\0b",
        "a b",
        "a\tb",
        "a\nb",
        "a\u{b}b",
        "à",
        "\u{a0}",
        "sixteen_bytes_xx",
    ];
    for name in names {
        let refused = [
            socket.create_veth(&end(name), &end("ok0"), &far.open()),
            socket.create_veth(&end("ok0"), &end(name), &far.open()),
            socket.rename(near0, name),
        ];
        let all = refused.iter().all(|answer| matches!(answer, Err(Error::Name { .. })));
        assert!(all, "{name:?}: {refused:?}");
    }
    assert_eq!(near.shown(&["link"]).as_array().unwrap().len(), 2);
    // And nothing else is.
    for name in ["...", "fifteen_bytes_x", "ö-_+@", "0"] {
        socket.rename(near0, name).unwrap();
        assert_eq!(index(&socket, name), near0);
    }
}

#[test]
fn a_link_is_deleted_once() {
    lab::need!(Root);
    let (_near, far, socket) = pair("d");
    let near0 = index(&socket, "near0");
    assert!(socket.delete_link(near0).unwrap());
    assert!(!socket.delete_link(near0).unwrap());
    assert_eq!(far.shown(&["link"]).as_array().unwrap().len(), 1);
    for none in [0, u32::MAX] {
        assert!(!socket.delete_link(none).unwrap());
    }
    // Not for want of a link.
    let refused = socket.delete_link(1).unwrap_err();
    assert!(matches!(&refused, Error::Change { what, .. } if what == "delete link 1"), "{refused}");
}

#[test]
fn a_link_is_named_noted_addressed_and_sized() {
    lab::need!(Root);
    let (near, _far, socket) = pair("r");
    let near0 = index(&socket, "near0");
    socket.rename(near0, "eth7").unwrap();
    socket.set_alias(near0, "docker-ovs é").unwrap();
    socket.set_mac(near0, MAC).unwrap();
    socket.set_mtu(near0, 1234).unwrap();
    assert!(!socket.link(near0).unwrap().unwrap().up);
    socket.set_up(near0).unwrap();
    let shown = near.shown(&["link", "show", "dev", "eth7"])[0].take();
    assert_eq!((&shown["ifalias"], &shown["mtu"]), (&"docker-ovs é".into(), &1234.into()));
    assert_eq!(shown["address"], "02:00:00:00:0a:0b");
    assert!(shown["flags"].as_array().unwrap().contains(&"UP".into()), "{shown}");
    let link = socket.link(near0).unwrap().unwrap();
    assert_eq!(
        (link.alias.as_deref(), link.mac, link.mtu),
        (Some("docker-ovs é"), Some(MAC), 1234)
    );
    assert!(link.up);
    let of_ipv4 = |setting: &str| {
        let path = format!("/proc/sys/net/ipv4/conf/eth7/{setting}");
        inside(&near.open(), |_| Ok(std::fs::read_to_string(&path).unwrap()))
    };
    socket.disable_ipv4(near0).unwrap();
    let settings = ["forwarding", "rp_filter", "arp_ignore"].map(of_ipv4);
    assert_eq!(settings, ["0\n", "1\n", "1\n"]);
    socket.announce(near0).unwrap();
    let path = "/proc/sys/net/ipv4/conf/eth7/arp_notify";
    let announces = inside(&near.open(), |_| Ok(std::fs::read_to_string(path).unwrap()));
    assert_eq!(announces, "1\n");
    assert_eq!(socket.link(near0).unwrap().unwrap().mac, Some(MAC));
    socket.set_alias(near0, "").unwrap();
    assert_eq!(socket.link(near0).unwrap().unwrap().alias, None);
}

#[test]
fn what_cannot_be_changed_says_why() {
    lab::need!(Root);
    let (_near, _far, socket) = pair("w");
    let near0 = index(&socket, "near0");
    let longest = "a".repeat(255);
    socket.set_alias(near0, &longest).unwrap();
    for alias in [longest.clone() + "a", "a".repeat(70_000), "a\0b".into()] {
        assert!(matches!(socket.set_alias(near0, &alias), Err(Error::Change { .. })));
    }
    assert_eq!(socket.link(near0).unwrap().unwrap().alias, Some(longest));
    let gone = socket.set_up(4_000).unwrap_err();
    assert_eq!(gone.to_string(), "cannot set link 4000 up: No such device (os error 19)");
    // Index 0 would have the kernel look for the name instead.
    assert_eq!(socket.rename(0, "near0").unwrap_err().errno(), Some(19));
    assert!(socket.set_mtu(near0, 1).is_err());
    assert!(socket.set_mac(near0, [1, 0, 0, 0, 0, 1]).is_err());
}

#[test]
fn addresses_can_be_used_at_once() {
    lab::need!(Root);
    let (near, far, socket) = pair("a");
    let away = socket_in(&far.open());
    let (near0, far0) = (index(&socket, "near0"), index(&away, "far0"));
    socket.set_up(near0).unwrap();
    away.set_up(far0).unwrap();
    // Up is not yet in operation: the kernel sees to that later, and drops packets till then.
    for (space, name) in [(&near, "near0"), (&far, "far0")] {
        let state = || space.shown(&["link", "show", "dev", name])[0]["operstate"].take();
        assert!(soon(|| state() == "UP"), "{name}");
    }
    for (this, that, prefix) in [("192.0.2.1", "192.0.2.2", 24), ("2001:db8::1", "2001:db8::2", 64)]
    {
        socket.add_address(near0, ip(this), prefix).unwrap();
        away.add_address(far0, ip(that), prefix).unwrap();
        let bound =
            |space: &Space, at: &str| inside(&space.open(), |_| Ok(UdpSocket::bind((at, 0))));
        let (sender, receiver) = (bound(&near, this).unwrap(), bound(&far, that).unwrap());
        receiver.set_read_timeout(Some(lab::patience())).unwrap();
        sender.send_to(b"hello", receiver.local_addr().unwrap()).unwrap();
        let mut buffer = [0; 9];
        assert_eq!(receiver.recv_from(&mut buffer).unwrap(), (5, sender.local_addr().unwrap()));
        // There already: well. IPv6 has one prefix for an address, and says so.
        socket.add_address(near0, ip(this), prefix).unwrap();
    }
    let other = socket.add_address(near0, ip("2001:db8::1"), 128).unwrap_err();
    assert_eq!(other.errno(), EEXIST, "{other}");
    let shown = near.shown(&["address", "show", "dev", "near0"])[0]["addr_info"].take();
    let global = shown.as_array().unwrap().iter().filter(|row| row["scope"] == "global");
    let global: Vec<_> =
        global.map(|row| format!("{}/{}", row["local"], row["prefixlen"])).collect();
    assert_eq!(global, ["\"192.0.2.1\"/24", "\"2001:db8::1\"/64"]);
    for (link, bad, prefix) in
        [(near0, "192.0.2.9", 33), (near0, "2001:db8::9", 129), (4_000, "192.0.2.9", 24)]
    {
        assert!(socket.add_address(link, ip(bad), prefix).is_err(), "{bad}");
    }
}
