//! `events` and `wait` while containers come, change and go.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::process::Stdio;

use crate::tool::live::Events;
use crate::tool::{Served, command, refuses, says};
use lab::{Bridge, Container, Home, Link, Plug, Plugged, run, unique, wait_until};

/// Gives the container an `eth0`, and its other end to the bridge once the first is told: on a busy
/// host a follower might see no moment between the two.
fn plug(events: &Events, container: &Container, bridge: &Bridge) -> (Link, u16) {
    let inner = ["type", "veth", "peer", "name", "eth0", "netns", &container.netns()];
    let link = Link::named(&unique("v"), &inner);
    container.ip(&["link", "set", "eth0", "up"]);
    events.wait_for(&format!("appeared {}:eth0   []", container.name()));
    let ofport = bridge.add(link.name(), &[]);
    (link, ofport)
}

#[test]
fn events_report_each_change_of_an_interface() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let first = Plugged::new(&container, "lan0", &bridge, Plug::default());
    let events = Events::start(&[]);
    let there = format!("{} {}", bridge.name(), first.ofport());
    events.wait_for(&format!("appeared {}:lan0 {there} []", container.name()));
    let (link, ofport) = plug(&events, &container, &bridge);
    let on = format!("{} {ofport}", bridge.name());
    let was = format!("{}:eth0", container.name());
    events.wait_for_changes(&was, &["State", "Bridge", "OFPort"]);
    run("ovs-vsctl", &["set", "port", link.name(), "tag=20"]);
    events.wait_for_changes(&was, &["VLAN"]);
    container.ip(&["address", "add", "10.7.7.7/24", "dev", "eth0"]);
    events.wait_for_changes(&was, &["Addresses"]);
    events.wait_for_place(&was, &on);
    let renamed = unique("c");
    run("docker", &["rename", container.id(), &renamed]);
    let now = format!("{renamed}:eth0");
    events.wait_for_changes(&now, &["Container"]);
    events.wait_for_place(&now, &on);
    container.stop();
    events.wait_for_vanished(&now);
    events.wait_for(&format!("orphaned : {on} []"));
    run("ovs-vsctl", &["del-port", link.name()]);
    events.wait_for(&format!("cleared : {on} []"));
    assert_eq!(events.count("vanished", container.name()), 0, "it had another name by then");
    assert_eq!(events.end("-TERM"), Some(0));
}

/// Whatever else of the port stays as it is, and the metric of its VLANs is the new one.
#[test]
fn each_column_of_a_ports_vlans_alone_is_told() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plug = Plug { port: &["tag=20"], ..Plug::default() };
    let plugged = Plugged::new(&container, "eth0", &bridge, plug);
    let (events, daemon) = (Events::start(&[]), Served::start(&[]));
    let place = format!("{}:eth0 {} {}", container.name(), bridge.name(), plugged.ofport());
    events.wait_for(&format!("appeared {place} []"));
    let changed = format!("changed {place} [VLAN]");
    let times = || events.said.lock().unwrap().iter().filter(|line| **line == changed).count();
    let port = format!("port=\"{}\",", plugged.host_end());
    let labels = |mode: &str, trunks: &str, cvlans: &str| {
        format!("mode=\"{mode}\",vlan=\"20\",trunks=\"{trunks}\",cvlans=\"{cvlans}\"}} 1")
    };
    for (column, told) in [
        ("vlan_mode=native-untagged", labels("native-untagged", "", "")),
        ("trunks=30,31", labels("native-untagged", "30,31", "")),
        ("vlan_mode=dot1q-tunnel", labels("dot1q-tunnel", "", "")),
        ("cvlans=5", labels("dot1q-tunnel", "", "5")),
    ] {
        let before = times();
        run("ovs-vsctl", &["set", "port", plugged.host_end(), column]);
        wait_until(column, || times() == before + 1);
        wait_until(&told, || {
            let metrics = daemon.get("/metrics").body;
            let mut vlans =
                metrics.lines().filter(|line| line.starts_with("docker_ovs_port_vlans{"));
            vlans.any(|line| line.contains(&port) && line.contains(&told))
        });
    }
    assert_eq!(events.end("-TERM"), Some(0));
}

#[test]
fn events_filters_select_what_is_printed() {
    lab::need!(Docker);
    let (bridge, one, other) = (Bridge::new(), Container::run(), Container::run());
    let first = Plugged::new(&one, "lan0", &bridge, Plug::default());
    let events = Events::start(&["--filter", &format!("container={}", one.name())]);
    let there = format!("{} {}", bridge.name(), first.ofport());
    events.wait_for(&format!("appeared {}:lan0 {there} []", one.name()));
    let _other = Plugged::new(&other, "eth0", &bridge, Plug::default());
    let (_link, ofport) = plug(&events, &one, &bridge);
    events.wait_for_place(&format!("{}:eth0", one.name()), &format!("{} {ofport}", bridge.name()));
    let told = events.said.lock().unwrap().clone();
    assert!(told.iter().all(|line| line.contains(one.name())), "{told:?}");
    assert_eq!(events.end("-INT"), Some(0));
}

#[test]
fn events_end_when_their_reader_is_gone() {
    lab::need!(Lab);
    let mut command = command("docker-ovs", &["events"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    wait_until("it ends", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn wait_returns_with_the_number_and_never_without() {
    lab::need!(Docker);
    let (bridge, name) = (Bridge::new(), unique("c"));
    let words = ["wait", &name, bridge.name(), "-q", "--timeout", "20s"];
    // It waits for the container too.
    let waiting = command("docker-ovs", &words).stdout(Stdio::piped()).spawn().unwrap();
    let container = Container::run();
    run("docker", &["rename", container.id(), &name]);
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let output = waiting.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{}\n", plugged.ofport()));
    assert!(output.status.success());
    let row = ["wait", &name, "--format", "{{.Interface}} {{.Bridge}} {{.OFPort}}"];
    assert_eq!(says(&row), format!("eth0 {} {}\n", bridge.name(), plugged.ofport()));

    let other = Bridge::new();
    let complaint = refuses(&["wait", &name, other.name(), "--timeout", "8s"]);
    assert!(complaint.contains("has no OpenFlow port on"), "{complaint}");
    assert!(complaint.contains(&format!("eth0 is on {}", bridge.name())), "{complaint}");
    let complaint = refuses(&["wait", "nosuchcontainer", "--timeout", "8s"]);
    assert!(complaint.contains("no such container: nosuchcontainer"), "{complaint}");
}
