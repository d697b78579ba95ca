//! Which changes a watch reports.
#![allow(clippy::disallowed_methods, reason = "namespaces are made with ip(8)")]

use std::os::fd::AsFd;

use docker_ovs_netns::{Drained, Error, LinkWatch, RouteSocket};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{getsockname, netlink::SocketAddrNetlink};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use crate::space::{Space, inside, socket_in};

/// Whether something changed, and whether something was lost.
const QUIET: (bool, bool) = (false, false);
const CHANGED: (bool, bool) = (true, false);

fn drained(watch: &LinkWatch) -> (bool, bool) {
    let Drained { changes, lost, .. } = watch.drain().unwrap();
    (changes > 0, lost)
}

fn watch_in(space: &Space, all_namespaces: bool) -> LinkWatch {
    inside(&space.open(), |_| LinkWatch::here(all_namespaces))
}

/// Waits until there is something to drain.
fn told(watch: &LinkWatch) -> bool {
    let patience = Timespec { tv_sec: 5, tv_nsec: 0 };
    poll(&mut [PollFd::new(&watch.as_fd(), PollFlags::IN)], Some(&patience)).unwrap() == 1
}

/// Two namespaces joined by a veth, `near0` to `far0`; the first has an id for the second.
fn joined(letter: &str) -> (Space, Space) {
    let (host, container) = (Space::new(letter), Space::new(letter));
    host.ip(&[
        "link",
        "add",
        "near0",
        "type",
        "veth",
        "peer",
        "name",
        "far0",
        "netns",
        &container.0,
    ]);
    assert!(socket_in(&host.open()).nsid_of(&container.open()).unwrap().is_some());
    (host, container)
}

#[test]
fn nothing_waits_where_nothing_happens() {
    lab::need!(Root);
    let space = Space::new("i");
    let watch = watch_in(&space, true);
    assert_eq!(drained(&watch), QUIET);
    space.ip(&["link", "add", "a0", "type", "veth", "peer", "name", "a1"]);
    assert!(told(&watch));
    assert_eq!(drained(&watch), CHANGED);
    assert_eq!(drained(&watch), QUIET);
}

#[test]
fn a_link_in_a_container_is_told_of() {
    lab::need!(Root);
    let (host, container) = joined("l");
    let (all, own) = (watch_in(&host, true), watch_in(&host, false));
    container.ip(&["link", "add", "a0", "type", "veth", "peer", "name", "a1"]);
    assert!(told(&all));
    assert_eq!(drained(&all), CHANGED);
    assert_eq!(drained(&own), QUIET);
}

#[test]
fn a_namespace_is_heard_once_it_has_an_id() {
    lab::need!(Root);
    let (host, lonely) = (Space::new("i"), Space::new("i"));
    let all = watch_in(&host, true);
    lonely.ip(&["link", "add", "a0", "type", "veth", "peer", "name", "a1"]);
    assert_eq!(drained(&all), QUIET);
    let socket = socket_in(&host.open());
    for _ in 0..2 {
        socket.assign_nsid(&lonely.open()).unwrap();
        assert!(socket.nsid_of(&lonely.open()).unwrap().is_some());
    }
    assert_eq!(drained(&all), CHANGED, "the id itself");
    lonely.ip(&["link", "add", "b0", "type", "veth", "peer", "name", "b1"]);
    assert!(told(&all));
    assert_eq!(drained(&all), CHANGED);
}

#[test]
fn what_changed_is_told_by_the_link_it_is_of() {
    lab::need!(Root);
    let space = Space::new("w");
    let socket = socket_in(&space.open());
    let watch = watch_in(&space, false);
    let links = || watch.drain().unwrap().links.into_iter().collect::<Vec<_>>();
    space.ip(&["link", "add", "a0", "type", "veth", "peer", "name", "a1"]);
    let index = |name: &str| socket.link_named(name).unwrap().unwrap().ifindex;
    let (a0, a1) = (index("a0"), index("a1"));
    let mut both = vec![a0, a1];
    both.sort_unstable();
    assert_eq!(links(), both);
    socket.add_address(a1, "192.0.2.1".parse().unwrap(), 24).unwrap();
    assert_eq!(links(), [a1]);
    space.ip(&["address", "delete", "192.0.2.1/24", "dev", "a1"]);
    assert_eq!(links(), [a1]);
    space.ip(&["link", "set", "a0", "promisc", "on"]);
    let drained = watch.drain().unwrap();
    assert_eq!((drained.changes, drained.promiscuity), (0, 1), "nothing else of it changed");
    space.ip(&["link", "set", "a0", "promisc", "off", "up"]);
    let drained = watch.drain().unwrap();
    assert_eq!((drained.changes > 0, drained.links), (true, [a0].into()), "it is up, too");
    space.ip(&["link", "delete", "a0"]);
    assert_eq!(links(), both);
    let third = Space::new("w");
    space.ip(&["netns", "set", &third.0, "77"]);
    let drained = watch.drain().unwrap();
    assert_eq!((drained.links.len(), drained.others), (0, 1), "an id is no link's");
}

#[test]
fn addresses_of_one_link_are_those_of_all_that_are_its() {
    lab::need!(Root);
    let space = Space::new("w");
    let socket = socket_in(&space.open());
    space.ip(&["link", "add", "a0", "type", "veth", "peer", "name", "a1"]);
    let index = |name: &str| socket.link_named(name).unwrap().unwrap().ifindex;
    let (a0, a1) = (index("a0"), index("a1"));
    for (link, address) in [(a0, "192.0.2.1"), (a1, "192.0.2.2"), (a1, "2001:db8::2")] {
        socket.add_address(link, address.parse().unwrap(), 32).unwrap();
    }
    let all = socket.addresses().unwrap();
    for (link, count) in [(a0, 1), (a1, 2), (1, 0)] {
        let of_it: Vec<_> = all.iter().filter(|address| address.ifindex == link).cloned().collect();
        assert_eq!(socket.addresses_of(link).unwrap(), of_it);
        assert_eq!(of_it.len(), count);
    }
    assert_eq!(socket.addresses_of(a0 + a1).unwrap(), []);
}

#[test]
fn addresses_and_ids_of_namespaces_are_told_of() {
    lab::need!(Root);
    let (host, container) = joined("j");
    let away = socket_in(&container.open());
    let far0 = away.link_named("far0").unwrap().unwrap().ifindex;
    let watch = watch_in(&host, true);
    for (address, prefix) in [("192.0.2.1", 24), ("2001:db8::1", 64)] {
        away.add_address(far0, address.parse().unwrap(), prefix).unwrap();
        assert!(told(&watch), "{address}");
        assert_eq!(drained(&watch), CHANGED);
    }
    let third = Space::new("j");
    host.ip(&["netns", "set", &third.0, "77"]);
    assert!(told(&watch), "an id");
    assert_eq!(drained(&watch), CHANGED);
}

#[test]
fn what_the_kernel_could_not_keep_is_lost() {
    lab::need!(Root);
    let space = Space::new("f");
    let (watch, socket) = (watch_in(&space, false), socket_in(&space.open()));
    // The kernel is silent about the alias of a link that is down.
    socket.set_up(1).unwrap();
    for count in 0..3_000 {
        socket.set_alias(1, &count.to_string()).unwrap();
    }
    assert_eq!(drained(&watch), (true, true));
    assert_eq!(drained(&watch), QUIET);
    socket.set_alias(1, "again").unwrap();
    assert!(told(&watch));
    assert_eq!(drained(&watch), CHANGED);
}

#[test]
fn only_the_kernel_is_believed() {
    lab::need!(Root);
    let space = Space::new("k");
    let (watch, stranger) = inside(&space.open(), |_| {
        Ok((LinkWatch::here(false)?, Socket::new(NETLINK_ROUTE).unwrap()))
    });
    let address = SocketAddrNetlink::try_from(getsockname(&watch).unwrap()).unwrap();
    stranger.send_to(&[0; 32], &SocketAddr::new(address.pid(), 0), 0).unwrap();
    assert!(told(&watch));
    assert_eq!(drained(&watch), QUIET);
}

#[test]
fn without_the_capability_only_the_own_namespace_is_watched() {
    lab::need!(Root);
    let answers = std::thread::spawn(|| {
        let mut sets = capabilities(None).unwrap();
        sets.effective -= CapabilitySet::NET_BROADCAST;
        set_capabilities(None, sets).unwrap();
        (LinkWatch::here(true), LinkWatch::here(false))
    });
    let (all, own) = answers.join().unwrap();
    let denied = all.unwrap_err();
    assert!(matches!(denied, Error::WatchAll(_)), "{denied}");
    assert!(denied.to_string().ends_with("CAP_NET_BROADCAST is missing"), "{denied}");
    assert!(own.is_ok());
}

#[test]
fn without_the_capability_nothing_is_changed() {
    lab::need!(Root);
    let space = Space::new("c");
    let denied = inside(&space.open(), |_| {
        let mut sets = capabilities(None).unwrap();
        sets.effective -= CapabilitySet::NET_ADMIN;
        set_capabilities(None, sets).unwrap();
        Ok(RouteSocket::here()?.set_up(1).unwrap_err())
    });
    assert!(denied.to_string().ends_with("CAP_NET_ADMIN is missing"), "{denied}");
}
