//! What other programs and hands take away meanwhile.

use crate::tool::says;
use lab::{Container, Home, unique, wait_until};
use serde_json::Value;

use super::scene::{Scene, nothing_is_owed, owed};

#[test]
fn what_another_program_took_from_the_database_meanwhile_is_put_back() {
    lab::need!(Docker);
    let (scene, container) = (Scene::new(), Container::run());
    let before = scene.connect(&container);
    let _daemon = scene.serve();
    container.stop();
    for port in scene.switch.vsctl(&["list-ports", &scene.bridge]).lines() {
        scene.switch.vsctl(&["del-port", &scene.bridge, port]);
    }
    container.start();
    scene.is_back(&container, &before);
}

#[test]
fn what_is_taken_by_hand_from_a_container_that_runs_stays_away() {
    lab::need!(Docker);
    let (mut scene, container, other) = (Scene::new(), Container::run(), Container::run());
    scene.connect(&container);
    let words = ["connect", &scene.bridge, other.name(), "--db", &scene.switch.remote()];
    says(&words);
    let daemon = scene.serve();
    container.ip(&["link", "delete", "eth0"]);
    wait_until("the daemon knows", || {
        daemon.json(&format!("/v1/attachments/{}", container.name())) == Value::Array(Vec::new())
    });
    // Nor does it come back with the database, or with another container's.
    scene.switch.kill_database();
    wait_until("it is shown", || daemon.json("/healthz")["Status"] == "degraded");
    scene.switch.start_database();
    wait_until("it is shown", || daemon.json("/healthz")["Status"] == "ok");
    other.restart();
    daemon.hears(&format!("restored {}:eth0", other.name()));
    nothing_is_owed(&daemon);
    assert!(!container.ip(&["link"]).contains("eth0"));
}

/// Also where another interface of the same container, on the same bridge or another, comes back later.
#[test]
fn what_is_taken_by_hand_stays_away_while_a_sibling_is_owed() {
    lab::need!(Docker);
    let (scene, container) = (Scene::new(), Container::run());
    let other = unique("b");
    scene.switch.add_bridge(&other, &[]);
    let remote = scene.switch.remote();
    let on = |bridge: &str, interface: &str| {
        says(&["connect", bridge, container.name(), "--interface", interface, "--db", &remote]);
        let words = ["--data=bare", "--no-headings", "--columns=name", "find", "Interface"];
        let of = format!("external_ids:container_iface={interface}");
        scene.switch.vsctl(&[&words[..], &[&of]].concat())
    };
    on(&scene.bridge, "eth0");
    let first = on(&scene.bridge, "eth1");
    on(&scene.bridge, "eth2");
    let second = on(&other, "eth3");
    // Two have no port, and are in use beside the switch when the daemon would put them back.
    let address = |verb: &str, end: &str| {
        scene.switch.netns().ip(&["address", verb, "198.51.100.1/32", "dev", end]);
    };
    for end in [&first, &second] {
        scene.switch.vsctl(&["del-port", end]);
        address("add", end);
    }
    let daemon = scene.serve();
    wait_until("two are owed", || owed(&daemon).len() == 2);
    for interface in ["eth0", "eth2"] {
        container.ip(&["link", "delete", interface]);
    }
    wait_until("the daemon knows", || {
        let all = daemon.json(&format!("/v1/attachments/{}", container.name())).to_string();
        !all.contains("\"eth0\"") && !all.contains("\"eth2\"")
    });
    for (end, interface) in [(&first, "eth1"), (&second, "eth3")] {
        address("delete", end);
        daemon.hears(&format!("restored {}:{interface}", container.name()));
    }
    nothing_is_owed(&daemon);
    let links = container.ip(&["link"]);
    assert!(!links.contains("eth0") && !links.contains("eth2"), "{links}");
}
