//! Routes are added and read back, and ip(8) shows the same.
#![allow(clippy::disallowed_methods, reason = "namespaces are made with ip(8)")]

use std::net::IpAddr;

use docker_ovs_netns::{Error, Route, RouteSocket, RouteType, RuleKeys, Transport};
use rustix::io::Errno;

use crate::space::{Space, socket_in};

const KERNEL: u8 = 2;
const STATIC: u8 = 4;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A namespace with `eth0`, which has addresses, and `eth1`, which has none; both are up.
fn connected(letter: &str) -> (Space, RouteSocket, [u32; 2]) {
    let space = Space::new(letter);
    space.ip(&["link", "add", "eth0", "type", "veth", "peer", "name", "eth1"]);
    for name in ["eth0", "eth1"] {
        // No link-local addresses: their routes come at a time of their own.
        space.ip(&["link", "set", name, "addrgenmode", "none"]);
    }
    let socket = socket_in(&space.open());
    let links = ["eth0", "eth1"].map(|name| socket.link_named(name).unwrap().unwrap().ifindex);
    for link in links {
        socket.set_up(link).unwrap();
    }
    socket.add_address(links[0], ip("192.0.2.1"), 24).unwrap();
    socket.add_address(links[0], ip("2001:db8::1"), 64).unwrap();
    (space, socket, links)
}

/// Those that were not the kernel's idea.
fn added(socket: &RouteSocket) -> Vec<Route> {
    let mut routes = socket.routes().unwrap();
    routes.retain(|route| route.protocol != KERNEL);
    routes
}

#[test]
fn a_second_default_route_is_refused() {
    lab::need!(Root);
    let (space, socket, [eth0, _]) = connected("v");
    for [first, second] in [["192.0.2.2", "192.0.2.3"], ["2001:db8::2", "2001:db8::3"]] {
        socket.add_default_route(ip(first), eth0).unwrap();
        // The same one is there already, as it was asked for.
        socket.add_default_route(ip(first), eth0).unwrap();
        let refused = socket.add_default_route(ip(second), eth0).unwrap_err();
        assert_eq!(refused.errno(), Some(17), "{refused}");
        let what = format!("cannot add a default route via {second} by link {eth0}");
        assert_eq!(refused.to_string(), what + ": there is one already (EEXIST)");
        let route = |route: &Route| route.gateway == Some(ip(first)) && route.destination.is_none();
        assert_eq!(added(&socket).iter().filter(|found| route(found)).count(), 1);
    }
    for family in ["-4", "-6"] {
        let shown = space.shown(&[family, "route", "show", "default"]);
        assert_eq!(shown.as_array().unwrap().len(), 1, "{shown}");
        assert_eq!((&shown[0]["dev"], &shown[0]["protocol"]), (&"eth0".into(), &"static".into()));
    }
}

#[test]
fn routes_are_read_back() {
    lab::need!(Root);
    let (space, socket, [eth0, eth1]) = connected("g");
    socket.add_route((ip("198.51.100.0"), 24), Some(ip("192.0.2.2")), eth0).unwrap();
    socket.add_route((ip("203.0.113.7"), 32), None, eth1).unwrap();
    socket.add_route((ip("2001:db8:7::"), 48), Some(ip("2001:db8::2")), eth0).unwrap();
    socket.add_route((ip("2001:db8:8::"), 48), None, eth1).unwrap();
    let route = |to, prefix, gateway: Option<&str>, ifindex| Route {
        is_ipv4: ip(to).is_ipv4(),
        destination: Some((ip(to), prefix)),
        gateway: gateway.map(ip),
        ifindex,
        protocol: STATIC,
    };
    let expected = [
        route("198.51.100.0", 24, Some("192.0.2.2"), eth0),
        route("203.0.113.7", 32, None, eth1),
        route("2001:db8:7::", 48, Some("2001:db8::2"), eth0),
        route("2001:db8:8::", 48, None, eth1),
    ];
    assert_eq!(added(&socket), expected);
    // The kernel's own, and nothing of other tables or types.
    let connected = Route {
        is_ipv4: true,
        destination: Some((ip("192.0.2.0"), 24)),
        gateway: None,
        ifindex: eth0,
        protocol: KERNEL,
    };
    let all = socket.routes().unwrap();
    assert!(all.contains(&connected), "{all:?}");
    let shown = ["-4", "-6"]
        .map(|family| space.shown(&[family, "route", "show", "table", "main", "type", "unicast"]));
    assert_eq!(
        all.len(),
        shown.iter().map(|rows| rows.as_array().unwrap().len()).sum::<usize>(),
        "{all:?}"
    );
    let scope = &space.shown(&["-4", "route", "show", "203.0.113.7"])[0]["scope"];
    assert_eq!(scope, "link");
}

#[test]
fn a_route_over_two_links_is_read_as_two() {
    lab::need!(Root);
    let (space, socket, [eth0, eth1]) = connected("q");
    space.ip(&[
        "route",
        "add",
        "198.51.100.0/24",
        "nexthop",
        "via",
        "192.0.2.2",
        "nexthop",
        "dev",
        "eth1",
    ]);
    space.ip(&[
        "-6",
        "route",
        "add",
        "2001:db8:7::/48",
        "nexthop",
        "via",
        "2001:db8::2",
        "nexthop",
        "via",
        "2001:db8::3",
    ]);
    let ways: Vec<_> =
        added(&socket).into_iter().map(|route| (route.gateway, route.ifindex)).collect();
    let via = |gateway| (Some(ip(gateway)), eth0);
    assert_eq!(ways, [via("192.0.2.2"), (None, eth1), via("2001:db8::2"), via("2001:db8::3")]);
}

#[test]
fn a_route_that_leads_nowhere_is_refused() {
    lab::need!(Root);
    let (_space, socket, [eth0, eth1]) = connected("e");
    let errno = |answer: Result<(), docker_ovs_netns::Error>| answer.unwrap_err().errno().unwrap();
    let unreachable = errno(socket.add_default_route(ip("198.51.100.9"), eth0));
    assert_eq!(unreachable, 101, "ENETUNREACH");
    // The kernel is not asked: it would see four bytes of that gateway.
    let mixed = socket.add_route((ip("198.51.100.0"), 24), Some(ip("2001:db8::2")), eth0);
    assert_eq!(errno(mixed), 97, "EAFNOSUPPORT");
    for none in [0, u32::MAX] {
        assert_eq!(errno(socket.add_default_route(ip("192.0.2.2"), none)), 19, "ENODEV");
    }
    assert!(socket.add_default_route(ip("192.0.2.2"), 4_000).is_err());
    assert_eq!(errno(socket.add_route((ip("198.51.100.1"), 24), None, eth1)), 22, "EINVAL");
    assert_eq!(added(&socket), []);
}

/// Rules may look at what is in a packet, and a route is asked for with that.
#[test]
fn rules_by_protocol_and_port_are_obeyed() {
    lab::need!(Root);
    let (space, socket, [eth0, _]) = connected("r");
    let transport = |protocol, ports| Transport { protocol, ports };
    let of = |to: &str, transport| match socket.route_taken_by(ip(to), None, None, transport) {
        // IPv6 may tell of it instead of refusing.
        Ok(Some(found)) if found.kind == RouteType::Prohibit => Err(Errno::ACCESS.raw_os_error()),
        Ok(found) => Ok(found.unwrap().ifindex),
        Err(Error::Socket(error)) => Err(error.raw_os_error().unwrap()),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(socket.rule_keys(true).unwrap(), RuleKeys::default());
    for (family, to) in [("-4", "192.0.2.9"), ("-6", "2001:db8::9")] {
        let icmp = if family == "-4" { 1 } else { 58 };
        let rule = |words: &str, act: &str| {
            let words: Vec<_> = words.split(' ').collect();
            space.ip(&[&[family, "rule", act][..], &words[..]].concat());
        };
        let refused = Err(Errno::ACCESS.raw_os_error());
        let passes = Ok(Some(eth0));
        rule("ipproto tcp dport 5432 prohibit", "add");
        for (protocol, ports, expected) in [
            (6, Some((40_000, 5432)), refused),
            (6, Some((40_000, 80)), passes),
            (17, Some((40_000, 5432)), passes),
            (icmp, None, passes),
            // The kernel is not asked about such a protocol.
            (132, Some((40_000, 5432)), passes),
        ] {
            assert_eq!(of(to, transport(protocol, ports)), expected, "{to} {protocol} {ports:?}");
        }
        rule("ipproto tcp dport 5432 prohibit", "del");
        let told = || socket.rule_keys(family == "-4").unwrap();
        rule("sport 33000-34000 prohibit", "add");
        assert_eq!(told(), RuleKeys { port_src: true, ..RuleKeys::default() });
        rule("ipproto udp dport 53 prohibit", "add");
        rule("uidrange 7-9 prohibit", "add");
        assert_eq!(told(), RuleKeys { port_src: true, port_dst: true, user: true });
        assert_eq!(of(to, transport(6, Some((33_500, 80)))), refused);
    }
}

/// What a sender is told, and what it would do, is what `ip route get` tells of it.
#[test]
fn the_route_taken_is_the_kernels_choice() {
    lab::need!(Root);
    let (space, socket, [eth0, eth1]) = connected("t");
    let taken = |to: &str| socket.route_taken(ip(to), None, None);
    let out = |to: &str| {
        let found = taken(to).unwrap().unwrap();
        (found.kind, found.ifindex, found.gateway, found.source)
    };
    let own = Some(ip("192.0.2.1"));
    assert_eq!(out("192.0.2.9"), (RouteType::Unicast, Some(eth0), None, own));
    assert_eq!(out("192.0.2.255").0, RouteType::Broadcast);
    assert_eq!(out("192.0.2.1").0, RouteType::Local);
    socket.add_route((ip("198.51.100.0"), 24), Some(ip("192.0.2.2")), eth0).unwrap();
    let by = Some(ip("192.0.2.2"));
    assert_eq!(out("198.51.100.7"), (RouteType::Unicast, Some(eth0), by, own));
    socket.add_route((ip("224.0.0.0"), 4), None, eth0).unwrap();
    assert_eq!(out("224.0.0.5").0, RouteType::Multicast);
    space.ip(&["rule", "add", "to", "198.51.100.7", "lookup", "100"]);
    space.ip(&["route", "add", "prohibit", "default", "table", "100"]);
    let refusal = |to: &str| match taken(to) {
        Err(Error::Socket(error)) => error.raw_os_error(),
        other => panic!("{to}: {other:?}"),
    };
    assert_eq!(refusal("198.51.100.7"), Some(Errno::ACCESS.raw_os_error()));
    assert_eq!(refusal("203.0.113.7"), Some(Errno::NETUNREACH.raw_os_error()));
    // Who binds to a link sends by that, whatever the routes say.
    let bound = socket.route_taken(ip("192.0.2.9"), None, Some(eth1)).unwrap().unwrap();
    assert_eq!((bound.ifindex, bound.gateway), (Some(eth1), None));
    let found = socket.neighbor(ip("192.0.2.9"), eth0).unwrap();
    assert_eq!(found, None, "it was never asked for");
    space.ip(&["neigh", "add", "192.0.2.9", "lladdr", "02:00:00:00:00:09", "dev", "eth0"]);
    let found = socket.neighbor(ip("192.0.2.9"), eth0).unwrap();
    assert_eq!(found, Some([2, 0, 0, 0, 0, 9]));
}

/// What comes in is taken where a route of type `local` leads to, from addresses that are none of its own.
#[test]
fn the_kernel_tells_what_it_does_with_what_comes_in() {
    lab::need!(Root);
    let (space, socket, [eth0, _]) = connected("i");
    let told = |to: &str, from: &str| {
        socket.route_in(ip(to), ip(from), eth0).map(|taken| taken.map(|taken| taken.kind))
    };
    let own = "192.0.2.1";
    assert_eq!(told(own, "192.0.2.9").unwrap(), Some(RouteType::Local));
    assert_eq!(told("192.0.2.255", "192.0.2.9").unwrap(), Some(RouteType::Broadcast));
    space.ip(&["route", "add", "local", "192.0.2.9/32", "dev", "eth0"]);
    match told(own, "192.0.2.9") {
        Err(Error::Socket(error)) => {
            assert_eq!(error.raw_os_error(), Some(Errno::INVAL.raw_os_error()));
        }
        other => panic!("{other:?}"),
    }
    space.ip(&["route", "del", "local", own, "dev", "eth0", "table", "local"]);
    // The rest differs by whether it forwards.
    assert_ne!(told(own, "192.0.2.7").ok().flatten(), Some(RouteType::Local));
}
