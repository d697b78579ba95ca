//! What survives a restart of the daemons, and what is left on a host where nothing else
//! runs. Runs only by leave, and alone (`DOCKER_OVS_TEST_RESTARTS=1`): every
//! containers end.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Instant;

use crate::acting::Scene;
use crate::tool::live::Events;
use crate::tool::{command, says};
use lab::{Bridge, Container, Plug, Plugged, daemons, flow, run, wait_until};

/// One after the other, as no two of them may overlap.
#[test]
fn alone_on_the_host() {
    lab::alone!(Restarts);
    fifty_that_came_and_went_leave_nothing();
    after_restarts_everything_is_on_its_old_number_and_traffic_flows();
    events_are_right_again_soon_after_a_restart();
}

/// Rows of the database, links, network namespaces, and descriptors of Open vSwitch's daemons.
fn counts() -> [usize; 5] {
    let rows = run("ovs-vsctl", &["--columns=_uuid", "--bare", "list", "Interface"]);
    let links = run("ip", &["-oneline", "link"]);
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let spaces = processes.filter_map(|entry| std::fs::read_link(entry.path().join("ns/net")).ok());
    let spaces: BTreeSet<_> = spaces.collect();
    let open = |daemon: &str| {
        let pid = std::fs::read_to_string(lab::rundir().join(format!("{daemon}.pid"))).unwrap();
        std::fs::read_dir(format!("/proc/{}/fd", pid.trim())).unwrap().count()
    };
    let count = |text: &str| text.lines().filter(|line| !line.is_empty()).count();
    [count(&rows), count(&links), spaces.len(), open("ovs-vswitchd"), open("ovsdb-server")]
}

fn fifty_that_came_and_went_leave_nothing() {
    let bridge = Bridge::new();
    let containers: Vec<_> = (0..50).map(|_| Container::run()).collect();
    let all = |verb: &str| {
        let start = |who: &Container| {
            let words = [verb, bridge.name(), who.name(), "--timeout", "100"];
            command("docker-ovs", &words).stdout(Stdio::null()).spawn().unwrap()
        };
        let running: Vec<_> = containers.iter().map(start).collect();
        assert!(running.into_iter().all(|mut child| child.wait().unwrap().success()));
    };
    let round = || {
        all("connect");
        all("disconnect");
    };
    // What a daemon opens once for all it may keep.
    round();
    let before = counts();
    round();
    let none_more = || counts().iter().zip(before).all(|(now, before)| *now <= before);
    wait_until(&format!("{before:?} again"), none_more);
}

/// dockerd, vswitchd, both.
fn after_restarts_everything_is_on_its_old_number_and_traffic_flows() {
    let scene = Scene::new("10.79.1");
    let before = scene.row();
    let start = |who: &Container| {
        // A container whose restart policy starts it may be running already.
        if who.pid() == "0" {
            who.start();
        }
    };
    let restore = || {
        start(&scene.client);
        start(&scene.server);
        let names = [scene.client.name(), scene.server.name()];
        says(&["restore", names[0], names[1], "--format", "{{.Result}}"])
    };
    assert!(daemons::restart_dockerd());
    assert_eq!(restore(), "restored\nrestored\n");
    scene.is_as_it_was(&before);

    let events = Events::start(&[]);
    let told = |action: &str| events.count(action, scene.client.name());
    wait_until("it is told", || told("appeared") > 0);
    assert!(daemons::restart_vswitchd());
    assert_eq!(restore(), "present\npresent\n", "ports outlive vswitchd");
    wait_until("all is as before", || scene.row() == before);
    for untrue in ["vanished", "orphaned"] {
        assert_eq!(told(untrue), 0, "{:?}", events.said.lock().unwrap());
    }
    assert_eq!(events.end("-TERM"), Some(0));
    // Flows do not.
    flows(&scene);
    scene.is_as_it_was(&before);

    assert!(daemons::restart_dockerd() && daemons::restart_vswitchd());
    assert_eq!(restore(), "restored\nrestored\n");
    flows(&scene);
    scene.is_as_it_was(&before);
}

/// How long that takes is printed; two seconds are promised.
fn events_are_right_again_soon_after_a_restart() {
    let (bridge, events) = (Bridge::new(), Events::start(&[]));
    let tells = |daemon: &str, part: &str| {
        let (start, said) = (Instant::now(), Arc::clone(&events.said));
        wait_until(part, || said.lock().unwrap().iter().any(|line| line.contains(part)));
        println!("{daemon} restarted: right again after {:.1?}", start.elapsed());
    };
    assert!(daemons::restart_dockerd());
    let container = Container::run();
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let place = format!("{}:eth0 {} {}", container.name(), bridge.name(), plugged.ofport());
    tells("dockerd", &format!("{place} ["));
    assert!(daemons::restart_vswitchd());
    run("ovs-vsctl", &["set", "port", plugged.host_end(), "tag=9"]);
    tells("ovs-vswitchd", &format!("{place} [VLAN]"));
    assert_eq!(events.count("vanished", container.name()), 0);
}

fn flows(scene: &Scene) {
    lab::run("ovs-ofctl", &["del-flows", scene.bridge.name()]);
    flow(&scene.bridge, "in_port=40000,actions=normal");
    flow(&scene.bridge, "in_port=32768,actions=normal");
}
