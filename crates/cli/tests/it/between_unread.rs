//! A Linux bridge of the host that is joined to a namespace between it and the switch, in the ways that a look at one
//! container does not see by itself: answered as a look at everything answers.
#![allow(clippy::disallowed_methods, reason = "a test starts a program in a namespace of its own")]

use lab::{Bridge, Container, Home, Link, Netns, Plug, Plugged, run, try_run, unique};

use crate::between::{Nameless, both, told};
use crate::tool::live::Events;

/// A Linux bridge of the host with the other end of the container's `eth0`.
struct Joined {
    linux: Link,
    _end: Link,
}

impl Joined {
    fn of(container: &Container) -> Self {
        let linux = Link::add(&["type", "bridge"]);
        let netns = container.netns();
        let end = Link::add(&["type", "veth", "peer", "name", "eth0", "netns", &netns]);
        run("ip", &["link", "set", end.name(), "master", linux.name()]);
        container.ip(&["link", "set", "eth0", "up"]);
        Self { linux, _end: end }
    }

    /// A member of it whose other end, `vb`, is there.
    fn member(&self, netns: &str) -> Link {
        let member = Link::add(&["type", "veth", "peer", "name", "vb", "netns", netns]);
        run("ip", &["link", "set", member.name(), "master", self.linux.name()]);
        member
    }
}

/// A process alone is in it: the daemon and what follows the host look there too.
#[test]
fn what_follows_the_host_goes_on_in_a_namespace_that_a_process_alone_is_in() {
    lab::need!(Docker);
    let (bridge, container, far) = (Bridge::new(), Container::run(), Nameless::new());
    let joined = Joined::of(&container);
    let _member = joined.member(&far.pid());
    let filter = format!("container={}", container.name());
    let events = Events::start(&["--filter", &filter]);
    far.ip(&["link", "add", "brf", "type", "bridge"]);
    far.ip(&["link", "set", "vb", "master", "brf"]);
    let end = unique("v");
    let _uplink = Link::named(&end, &["type", "veth", "peer", "name", "up0", "netns", &far.pid()]);
    let number = bridge.add(&end, &[]);
    far.ip(&["link", "set", "up0", "master", "brf"]);
    assert_eq!(told(&container, "eth0"), both(&format!("on {number}")));
    let interface = format!("{}:eth0", container.name());
    events.wait_for_place(&interface, &format!("{} {number}", bridge.name()));
    run("ovs-vsctl", &["del-port", &end]);
}

#[test]
fn what_a_vlan_takes_up_in_another_namespace_is_not_none() {
    lab::need!(Docker);
    let (bridge, container, between) = (Bridge::new(), Container::run(), Netns::new());
    let joined = Joined::of(&container);
    let _member = joined.member(between.name());
    let _uplink = Plugged::new(&between, "up0", &bridge, Plug::default());
    between.ip(&["link", "add", "brf", "type", "bridge"]);
    between.ip(&["link", "set", "up0", "master", "brf"]);
    assert_eq!(told(&container, "eth0"), both("none"), "vb ends there");
    let words = ["-netns", between.name(), "link", "add", "link", "vb", "name", "vb.10"];
    if let Err(why) = try_run("ip", &[&words[..], &["type", "vlan", "id", "10"]].concat()) {
        println!("this kernel has no VLAN links: {why}");
        return;
    }
    between.ip(&["link", "set", "vb.10", "master", "brf"]);
    assert_eq!(told(&container, "eth0"), both("unknown"));
}

#[test]
fn a_macvlan_over_a_veth_of_the_host_is_followed_into_another_namespace() {
    lab::need!(Docker);
    let (bridge, container, between) = (Bridge::new(), Container::run(), Netns::new());
    let uplink = Plugged::new(&between, "up0", &bridge, Plug::default());
    between.ip(&["link", "add", "brf", "type", "bridge"]);
    between.ip(&["link", "set", "up0", "master", "brf"]);
    let lower = Link::add(&["type", "veth", "peer", "name", "vb", "netns", between.name()]);
    between.ip(&["link", "set", "vb", "master", "brf"]);
    let macvlan = unique("m");
    let add = ["link", "add", "link", lower.name(), "name", &macvlan, "type", "macvlan"];
    if let Err(why) = try_run("ip", &add) {
        println!("this kernel has no macvlan: {why}");
        return;
    }
    run("ip", &["link", "set", &macvlan, "netns", &container.netns()]);
    assert_eq!(told(&container, &macvlan), both(&format!("on {}", uplink.ofport())));
}

#[test]
fn two_namespaces_between_are_followed() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    // Named ones, and such that a process alone is in.
    let (named, nameless) = ([Netns::new(), Netns::new()], [Nameless::new(), Nameless::new()]);
    let words = |one: &Netns| ["--net".to_owned() + "=/run/netns/" + one.name()];
    let by_pid = |one: &Nameless| ["--net=/proc/".to_owned() + &one.pid() + "/ns/net"];
    for [near, far] in [named.each_ref().map(words), nameless.each_ref().map(by_pid)] {
        let joined = Joined::of(&container);
        let ip = |home: &[String; 1], words: &[&str]| {
            run("nsenter", &[&[home[0].as_str(), "ip"], words].concat());
        };
        let path = |home: &[String; 1]| home[0].trim_start_matches("--net=").to_owned();
        let member = unique("l");
        run("ip", &["link", "add", &member, "type", "veth", "peer", "name", "vb"]);
        run("ip", &["link", "set", &member, "master", joined.linux.name(), "up"]);
        let there = |link: &str, home: &[String; 1]| {
            run("ip", &["link", "set", link, "netns", &path(home)]);
        };
        there("vb", &near);
        let end = unique("v");
        run("ip", &["link", "add", &end, "type", "veth", "peer", "name", "up0"]);
        there("up0", &far);
        ip(&near, &["link", "add", "vc", "type", "veth", "peer", "name", "vd"]);
        ip(&near, &["link", "set", "vd", "netns", &path(&far)]);
        for (home, members) in [(&near, ["vb", "vc"]), (&far, ["vd", "up0"])] {
            ip(home, &["link", "add", "brf", "type", "bridge"]);
            for member in members {
                ip(home, &["link", "set", member, "master", "brf"]);
            }
        }
        let number = bridge.add(&end, &[]);
        assert_eq!(told(&container, "eth0"), both(&format!("on {number}")), "{near:?}");
        run("ovs-vsctl", &["del-port", &end]);
        run("ip", &["link", "del", &end]);
        run("ip", &["link", "del", &member]);
    }
}

#[test]
fn an_internal_port_that_was_renamed_in_a_namespace_between_is_found() {
    lab::need!(Docker);
    let (bridge, container, between) = (Bridge::new(), Container::run(), Netns::new());
    let (internal, mac) = (unique("i"), "mac=\"02:0a:0a:0a:0b:05\"");
    let number =
        bridge.add(&internal, &["--", "set", "interface", &internal, "type=internal", mac]);
    run("ip", &["link", "set", &internal, "netns", between.name()]);
    between.ip(&["link", "set", &internal, "name", "up0"]);
    between.ip(&["link", "add", "brf", "type", "bridge"]);
    let netns = container.netns();
    between.ip(&["link", "add", "vb", "type", "veth", "peer", "name", "eth0", "netns", &netns]);
    for member in ["up0", "vb"] {
        between.ip(&["link", "set", member, "master", "brf"]);
    }
    assert_eq!(told(&container, "eth0"), both(&format!("on {number}")));
}
