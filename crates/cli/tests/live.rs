//! `events` and `wait` while containers come, change and go, and while sources fail and return.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

mod tool;

use std::process::Stdio;
use std::time::{Duration, Instant};

use lab::{
    Bridge, Container, Home, Link, Netns, Plug, Plugged, Tier, ready, run, unique, wait_until,
};
use tool::live::Events;
use tool::relay::Relay;
use tool::server::Server;
use tool::{command, docker_ovs, refuses, says};

/// Gives the container an `eth0`, and its other end to the bridge once the first is told: whoever
/// follows a busy host might see no moment between the two.
fn plug(events: &Events, container: &Container, bridge: &Bridge) -> (Link, u16) {
    let inner = ["type", "veth", "peer", "name", "eth0", "netns", &container.netns()];
    let link = Link::named(&unique("v"), &inner);
    container.ip(&["link", "set", "eth0", "up"]);
    events.wait_for(&format!("appeared {}:eth0   []", container.name()));
    let ofport = bridge.add(link.name(), &[]);
    (link, ofport)
}

#[test]
fn what_happens_to_an_interface_is_told() {
    if !ready(Tier::Docker) {
        return;
    }
    let (bridge, container) = (Bridge::new(), Container::run());
    let first = Plugged::new(&container, "lan0", &bridge, Plug::default());
    let events = Events::start(&[]);
    let there = format!("{} {}", bridge.name(), first.ofport());
    events.wait_for(&format!("appeared {}:lan0 {there} []", container.name()));
    let (link, ofport) = plug(&events, &container, &bridge);
    let (who, on) = (container.name(), format!("{} {ofport}", bridge.name()));
    events.wait_for(&format!("changed {who}:eth0 {on} [State Bridge OFPort]"));
    run("ovs-vsctl", &["set", "port", link.name(), "tag=20"]);
    events.wait_for(&format!("changed {who}:eth0 {on} [VLAN]"));
    container.ip(&["address", "add", "10.7.7.7/24", "dev", "eth0"]);
    events.wait_for(&format!("changed {who}:eth0 {on} [Addresses]"));
    let renamed = unique("c");
    run("docker", &["rename", container.id(), &renamed]);
    events.wait_for(&format!("changed {renamed}:eth0 {on} [Container]"));
    container.stop();
    events.wait_for(&format!("vanished {renamed}:eth0 {on} []"));
    events.wait_for(&format!("left-behind : {on} []"));
    run("ovs-vsctl", &["del-port", link.name()]);
    events.wait_for(&format!("cleared : {on} []"));
    assert_eq!(events.count("vanished", who), 0, "it had another name by then");
    assert_eq!(events.end("-TERM"), Some(0));
}

#[test]
fn filters_let_through_what_was_asked_for() {
    if !ready(Tier::Docker) {
        return;
    }
    let (bridge, one, other) = (Bridge::new(), Container::run(), Container::run());
    let first = Plugged::new(&one, "lan0", &bridge, Plug::default());
    let events = Events::start(&["--filter", &format!("container={}", one.name())]);
    let there = format!("{} {}", bridge.name(), first.ofport());
    events.wait_for(&format!("appeared {}:lan0 {there} []", one.name()));
    let _other = Plugged::new(&other, "eth0", &bridge, Plug::default());
    let (_link, ofport) = plug(&events, &one, &bridge);
    let line = format!("{}:eth0 {} {ofport} [State Bridge OFPort]", one.name(), bridge.name());
    events.wait_for(&format!("changed {line}"));
    let told = events.said.lock().unwrap().clone();
    assert!(told.iter().all(|line| line.contains(one.name())), "{told:?}");
    assert_eq!(events.end("-INT"), Some(0));
}

#[test]
fn it_ends_when_nobody_reads_any_more() {
    if !ready(Tier::Lab) {
        return;
    }
    let mut command = command("docker-ovs", &["events"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    wait_until("it ends", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn wait_returns_with_the_number_and_never_without() {
    if !ready(Tier::Docker) {
        return;
    }
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
    let complaint = refuses(&["wait", &name, other.name(), "--timeout", "2s"]);
    assert!(complaint.contains("has no OpenFlow port on"), "{complaint}");
    assert!(complaint.contains(&format!("eth0 is on on {}", bridge.name())), "{complaint}");
    let complaint = refuses(&["wait", "nosuchcontainer", "--timeout", "2s"]);
    assert!(complaint.contains("no such container: nosuchcontainer"), "{complaint}");
}

#[test]
fn a_database_that_stops_makes_nothing_vanish() {
    if !ready(Tier::Lab) {
        return;
    }
    let (mut server, netns) = (Server::start(), Netns::new());
    // A veth whose port is only in this database, under a number of our choice.
    let host_end = unique("v");
    netns.ip(&["link", "add", "eth0", "type", "veth", "peer", "name", &host_end, "netns", "1"]);
    server.vsctl(&["add-br", "br0", "--", "add-port", "br0", &host_end]);
    server.vsctl(&["set", "interface", &host_end, "ofport=7"]);
    let events = Events::start(&["--db", &server.remote()]);
    let is_ours = |line: &String| line.contains(":eth0 br0 7 ");
    wait_until("it is told", || events.said.lock().unwrap().iter().any(is_ours));
    let told = events.said.lock().unwrap().len();

    server.stop();
    events.wait_for_complaint("OVSDB at unix:");
    server.process = Server::serve(server.folder.path());
    // Not kept over a restart: vswitchd writes it again, as the test does here.
    server.vsctl(&[
        "set",
        "interface",
        &host_end,
        "ofport=7",
        "--",
        "set",
        "port",
        &host_end,
        "tag=9",
    ]);
    let back = Instant::now();
    let changed = |line: &String| line.starts_with("changed ") && line.ends_with("[VLAN]");
    wait_until("it is right again", || events.said.lock().unwrap().iter().any(changed));
    assert!(back.elapsed() < Duration::from_secs(10), "{:?}", back.elapsed());
    let since = events.said.lock().unwrap()[told..].to_vec();
    assert!(!since.iter().any(|line| line.starts_with("vanished")), "{since:?}");
    assert!(!since.iter().any(|line| line.starts_with("left-behind")), "{since:?}");
}

#[test]
fn an_engine_that_is_cut_off_makes_nothing_vanish() {
    if !ready(Tier::Docker) {
        return;
    }
    let (bridge, container, relay) = (Bridge::new(), Container::run(), Relay::new());
    let _plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let events = Events::start(&["-H", &relay.url()]);
    wait_until("it is told", || events.count("appeared", container.name()) == 1);

    relay.cut();
    events.wait_for_complaint("Docker at unix:");
    let late = Container::run();
    let plugged = Plugged::new(&late, "eth0", &bridge, Plug::default());
    // The switch is still followed while the engine is not.
    wait_until("the port is there", || {
        docker_ovs(&["who", &format!("{}:{}", bridge.name(), plugged.ofport()), "-q"]).code == 0
    });
    assert_eq!(events.count("vanished", container.name()), 0);
    relay.mend();
    events.wait_for(&format!(
        "appeared {}:eth0 {} {} []",
        late.name(),
        bridge.name(),
        plugged.ofport()
    ));
    assert_eq!(events.count("vanished", container.name()), 0);
    assert_eq!(events.count("appeared", container.name()), 1);
}
