//! Fake bridges where a bridge is named to what follows, counts, traces and labels, and in what the daemon tells.

use lab::{Bridge, Container, Home, Plug, Plugged, run, wait_for_answer};
use serde_json::{Value, json};

use crate::annotate::annotated;
use crate::question::FakeBridge;
use crate::tool::live::Events;
use crate::tool::{Served, docker_ovs, says};

/// Two containers in the VLAN of a fake bridge, and one on its parent alone.
struct Scene {
    left: (Plugged, Container),
    right: (Plugged, Container),
    beside: (Plugged, Container),
    fake: FakeBridge,
    bridge: Bridge,
}

impl Scene {
    /// With the addresses `10.79.NET.1`, `.2` and `.3`.
    fn new(net: u8) -> Self {
        let bridge = Bridge::new();
        let fake = FakeBridge::on(&bridge, "100");
        let plugged = |n: u8, port: &[&str]| {
            let (container, ip) = (Container::run(), format!("10.79.{net}.{n}/24"));
            let plug = Plug { ip: Some(&ip), port, ..Plug::default() };
            (Plugged::new(&container, "eth0", &bridge, plug), container)
        };
        let left = plugged(1, &["tag=100"]);
        let right = plugged(2, &["tag=100"]);
        let beside = plugged(3, &[]);
        Self { left, right, beside, fake, bridge }
    }

    fn fake(&self) -> &str {
        &self.fake.0
    }
}

/// What `field` is of each of these rows, sorted.
fn all_of(rows: &[Value], field: &str) -> Vec<String> {
    let mut all: Vec<_> = rows.iter().map(|row| row[field].as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

fn sorted(names: [&str; 2]) -> Vec<String> {
    let mut names = names.map(str::to_owned);
    names.sort();
    names.into()
}

#[test]
fn events_of_a_fake_bridge_are_those_of_its_vlan() {
    lab::need!(Docker);
    let scene = Scene::new(51);
    let events = Events::start(&["--filter", &format!("bridge={}", scene.fake())]);
    for (plugged, container) in [&scene.left, &scene.right] {
        let on = format!("{} {}", scene.bridge.name(), plugged.ofport());
        events.wait_for(&format!("appeared {}:eth0 {on} []", container.name()));
    }
    let (left, beside) = (&scene.left.1, &scene.beside.1);
    beside.ip(&["address", "add", "10.79.51.13/24", "dev", "eth0"]);
    left.ip(&["address", "add", "10.79.51.11/24", "dev", "eth0"]);
    events.wait_for_changes(&format!("{}:eth0", left.name()), &["Addresses"]);
    let interface = format!("{}:eth0", beside.name());
    let told = events.said.lock().unwrap().clone();
    assert!(told.iter().all(|line| !line.contains(&interface)), "{told:?}");
    run("ovs-vsctl", &["set", "port", scene.beside.0.host_end(), "tag=100"]);
    events.wait_for_changes(&interface, &["VLAN"]);
    assert_eq!(events.end("-TERM"), Some(0));
}

#[test]
fn the_daemon_tells_a_fake_bridge_and_answers_for_it_by_its_name() {
    lab::need!(Docker);
    let scene = Scene::new(52);
    let (bridge, fake) = (scene.bridge.name(), scene.fake());
    let daemon = Served::start(&[]);
    let bridges = daemon.json("/v1/bridges");
    let row = bridges.as_array().unwrap().iter().find(|row| row["Bridge"] == bridge).unwrap();
    assert_eq!(row["FakeBridges"], json!([{"Bridge": fake, "VLAN": 100}]));
    let ports = daemon.json(&format!("/v1/bridges/{fake}/ports"));
    let ports = all_of(ports.as_array().unwrap(), "Port");
    let (left, right, beside) =
        (scene.left.0.host_end(), scene.right.0.host_end(), scene.beside.0.host_end());
    assert!([left, right].iter().all(|port| ports.iter().any(|one| one == port)), "{ports:?}");
    assert!(!ports.iter().any(|port| port == beside), "{ports:?}");
    let port = |of: &Plugged| format!("/v1/bridges/{fake}/ports/{}", of.ofport());
    assert_eq!(daemon.json(&port(&scene.left.0))["Port"], left);
    assert_eq!(daemon.get(&port(&scene.beside.0)).status, 404);
    let rows = daemon.json(&format!("/v1/attachments?bridge={fake}"));
    let containers = all_of(rows.as_array().unwrap(), "Container");
    assert_eq!(containers, sorted([scene.left.1.name(), scene.right.1.name()]));
    let metrics = daemon.get("/metrics").body;
    for (port, on) in [(left, fake), (right, fake), (beside, "")] {
        let mut vlans = metrics.lines().filter(|line| line.starts_with("docker_ovs_port_vlans{"));
        let line = vlans.find(|line| line.contains(&format!("port=\"{port}\""))).unwrap();
        let labels = [format!("{{bridge=\"{bridge}\""), format!("fake_bridge=\"{on}\"")];
        assert!(labels.iter().all(|label| line.contains(label)), "{line}");
    }
}

/// Numbers of ports are those of the parent, and flows are the parent's: what labels them knows all of them.
#[test]
fn what_traces_counts_and_labels_takes_a_fake_bridge() {
    lab::need!(Docker);
    let scene = Scene::new(53);
    let (bridge, fake) = (scene.bridge.name(), scene.fake());
    let at = |of: &(Plugged, Container)| format!("{fake}:{}", of.0.ofport());
    let (left, right) = (scene.left.1.name(), scene.right.1.name());
    wait_for_answer(&scene.left.1, "10.79.53.2");
    for (from, to) in [(at(&scene.left), right.to_owned()), (left.to_owned(), at(&scene.right))] {
        let ran = docker_ovs(&["trace", &from, &to]);
        let reaches = ran.stdout.contains(&format!("delivered to {right}:eth0"));
        assert!(ran.code == 0 && reaches, "{from} {to}: {ran:?}");
    }
    let strange = docker_ovs(&["trace", &at(&scene.beside), right]);
    assert!(strange.code == 2 && strange.stderr.contains("has no port"), "{strange:?}");
    let counted = says(&["top", fake, "--batch", "-n", "1", "-d", "200ms", "--format", "json"]);
    let rows: Vec<Value> =
        counted.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ports = all_of(&rows, "Port");
    let has = |of: &(Plugged, Container)| ports.iter().any(|port| port == of.0.host_end());
    assert!(has(&scene.left) && has(&scene.right) && !has(&scene.beside), "{ports:?}");
    let (number, other) = (scene.left.0.ofport(), scene.beside.0.ofport());
    let text = format!(" in_port={number} actions=output:{other}\n");
    let labelled = |bridge: &str| annotated(&[bridge], text.as_bytes());
    let told = labelled(fake);
    assert!(told.status.success(), "{told:?}");
    assert_eq!(told.stdout, labelled(bridge).stdout);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains(&format!("in_port={number}<{left}:eth0>")), "{told}");
    assert!(told.contains(&format!("output:{other}<{}:eth0>", scene.beside.1.name())), "{told}");
}
