//! `serve --restore`: what `restore` would make again is made again by itself, whatever was away or
//! killed meanwhile.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

mod by_hand;
mod killed;
mod outages;
mod scene;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;

use crate::acting::kill_after;
use lab::{Container, unique, wait_until};
use rustix::process::Signal;
use scene::{Scene, WITHIN, again, nothing_is_owed};

/// How many steps connect and restore have taken when the interface is set up: the veth, the port, its
/// checksum offload, its addresses.
const SET_UP: usize = 4;

fn labels(project: &str) -> Vec<String> {
    let project = format!("com.docker.compose.project={project}");
    let all =
        [&*project, "com.docker.compose.service=web", "com.docker.compose.container-number=1"];
    all.iter().flat_map(|label| ["--label".to_owned(), (*label).to_owned()]).collect()
}

fn strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

#[test]
fn a_container_made_again_under_its_name_gets_its_interface() {
    lab::need!(Docker);
    let (scene, container) = (Scene::new(), Container::run());
    let name = container.name().to_owned();
    let before = scene.connect(&container);
    let daemon = scene.serve();
    container.remove();
    let container = again(&name);
    daemon.hears(&format!("restored {name}:eth0 on {}", scene.bridge));
    scene.is_back(&container, &before);
    // The look at which it was restored may have seen the link go.
    nothing_is_owed(&daemon);
}

#[test]
fn a_container_made_again_while_no_daemon_ran_gets_its_interface_from_the_next() {
    lab::need!(Docker);
    let (scene, container) = (Scene::new(), Container::run());
    let name = container.name().to_owned();
    let before = scene.connect(&container);
    container.remove();
    let container = again(&name);
    let _daemon = scene.serve();
    scene.is_back(&container, &before);
}

#[test]
fn a_container_made_again_by_compose_gets_its_interface() {
    lab::need!(Docker);
    let (scene, labels) = (Scene::new(), labels(&unique("proj")));
    let words = [&["--network", "none"][..], &strs(&labels)].concat();
    let old = Container::run_with(&words);
    let before = scene.connect(&old);
    let _daemon = scene.serve();
    old.remove();
    let new = Container::run_with(&words);
    scene.is_back(&new, &before);
}

/// As a tool does that starts the new one before it removes the old one.
#[test]
fn a_container_that_takes_the_place_of_one_later_gets_its_interface_then() {
    lab::need!(Docker);
    let (scene, labels) = (Scene::new(), labels(&unique("proj")));
    let words = [&["--network", "none"][..], &strs(&labels)].concat();
    let old = Container::run_with(&words);
    let before = scene.connect(&old);
    let daemon = scene.serve();
    old.stop();
    let new = Container::run_with(&words);
    let known = || daemon.get(&format!("/v1/attachments/{}", new.name())).status == 200;
    wait_until("the daemon knows the new one", known);
    assert_eq!(scene.row(&new), "");
    old.remove();
    scene.is_back(&new, &before);
}

#[test]
fn a_stranger_that_takes_the_old_name_of_a_renamed_container_gets_nothing() {
    lab::need!(Docker);
    let (scene, mut container) = (Scene::new(), Container::run());
    let (name, other) = (container.name().to_owned(), unique("c"));
    let before = scene.connect(&container);
    let daemon = scene.serve();
    container.rename(&other);
    scene.notes(&other);
    let stranger = again(&name);
    container.restart();
    scene.is_back(&container, &before);
    nothing_is_owed(&daemon);
    assert_eq!(scene.row(&stranger), "");
}

#[test]
fn a_name_that_could_not_be_noted_is_noted_later_though_nothing_else_happens() {
    lab::need!(Docker);
    let (scene, mut container) = (Scene::new(), Container::run());
    let other = unique("c");
    scene.connect(&container);
    let _daemon = scene.serve();
    // Another one is changing the switch for longer than the daemon waits for it.
    let words = ["lock", &scene.switch.remote(), "docker_ovs"];
    let mut holder =
        Command::new("ovsdb-client").args(words).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
    container.rename(&other);
    // It has tried and given up by then.
    thread::sleep(2 * WITHIN);
    holder.kill().unwrap();
    holder.wait().unwrap();
    scene.notes(&other);
}

#[test]
fn a_daemon_finishes_what_one_before_it_was_killed_at() {
    lab::need!(Docker);
    let (scene, container) = (Scene::new(), Container::run());
    let before = scene.connect(&container);
    for step in 0..=SET_UP + 1 {
        let mut program = lab::program("env");
        program.arg(format!("DOCKER_OVS_STOP_AFTER={step}")).stdin(Stdio::piped());
        let daemon = scene.serve_by(program);
        container.restart();
        daemon.hears(&format!("stopped after {step} steps"));
        daemon.signal(Signal::KILL);
        drop(daemon);
        let next = scene.serve();
        scene.is_back(&container, &before);
        let ports = scene.switch.vsctl(&["list-ports", &scene.bridge]);
        assert_eq!(ports.lines().count(), 1, "after step {step}: {ports}");
        drop(next);
    }
}

#[test]
fn a_daemon_finishes_what_a_connect_was_killed_at() {
    lab::need!(Docker);
    // From the port's row on there is something that remembers it.
    for step in 2..=SET_UP {
        let (scene, container) = (Scene::new(), Container::run());
        let daemon = scene.serve();
        let words = ["connect", &scene.bridge, container.name(), "--ip", "192.0.2.7/24"];
        let more = ["--gateway", "192.0.2.1", "--db", &scene.switch.remote()];
        kill_after(step, &[&words[..], &more].concat());
        wait_until("it is set up", || {
            let row = scene.row(&container);
            row.contains("192.0.2.7/24") && row.contains("default via 192.0.2.1")
        });
        nothing_is_owed(&daemon);
    }
}
