//! A host with a second database, asked locally and by TCP, a switch in network and PID namespaces
//! of its own, a second engine with the same names, stacks of links, links that were renamed, moved
//! and given aliases, and containers that set names and addresses of others: after every acting verb
//! nothing living and nothing foreign has changed.
//!
//! `PROOF_SEED=N` builds the same scene again, `PROOF_STEPS=N` makes it longer: the usual number has each verb once.

mod acts;
mod happenings;
mod links;
mod tables;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

use crate::tool::dice::Dice;
use crate::tool::{lists, number};
use lab::{Bridge, Container, Database, IdleVswitchd, InnerSwitch, Link, Netns, Podman, run};
use serde_json::Value;

use links::{LinkId, links};
use truth::{Truth, compare};

struct Scene {
    bridges: [Bridge; 2],
    containers: Vec<Container>,
    podman: Podman,
    second: Database,
    _vswitchd: IdleVswitchd,
    /// The second database by TCP.
    tcp: String,
    switch: InnerSwitch,
    /// A namespace that no engine knows.
    inner: Netns,
    /// The links of ports that have not the port's name: what they were when the port was made.
    made: BTreeMap<String, LinkId>,
    /// Links of the host that nothing else removes.
    host: Vec<Link>,
    /// What was there before.
    others: BTreeSet<LinkId>,
}

/// Whose database a verb is to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Host,
    Second,
    Switch,
}

impl Scene {
    fn new(folder: &std::path::Path) -> Self {
        let second = Database::start();
        let mut scene = Self {
            bridges: [Bridge::new(), Bridge::new()],
            containers: (0..4).map(|_| Container::run()).collect(),
            podman: Podman::serve(folder),
            _vswitchd: second.idle_vswitchd(),
            tcp: by_tcp(&second),
            second,
            switch: InnerSwitch::start(),
            inner: Netns::new(),
            made: BTreeMap::new(),
            host: Vec::new(),
            others: BTreeSet::new(),
        };
        scene.others = links(&scene).into_keys().collect();
        for bridge in &scene.bridges {
            let name = bridge.name();
            scene.second.vsctl(&["add-br", name]);
            let kind = "datapath_type=netdev";
            scene.switch.vsctl(&["add-br", name, "--", "set", "bridge", name, kind]);
        }
        // Both engines have a container of this name.
        run("docker", &["rename", scene.containers[0].id(), scene.podman.name()]);
        scene
    }
}

/// What it is called now.
fn name_of(container: &Container) -> String {
    let told = ["inspect", "--format", "{{.Name}}", container.id()];
    run("docker", &told).trim_start_matches('/').to_owned()
}

/// Has the server of a database listen at a port of this machine too.
pub(crate) fn by_tcp(database: &Database) -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let control = database.folder.path().join("ctl");
    let remote = format!("ptcp:{port}:127.0.0.1");
    run("ovs-appctl", &["-t", control.to_str().unwrap(), "ovsdb-server/add-remote", &remote]);
    format!("tcp:127.0.0.1:{port}")
}

#[test]
fn nothing_living_and_nothing_foreign_is_changed_by_any_verb() {
    lab::alone!(Docker, Podman);
    let (mut dice, folder) = (Dice::seeded("PROOF_SEED"), tempfile::tempdir().unwrap());
    let mut scene = Scene::new(folder.path());
    let verbs = acts::order(number("PROOF_STEPS", acts::EACH), &mut dice);
    for (step, verb) in verbs.into_iter().enumerate() {
        let happened = scene.happens(&mut dice);
        settled(&scene);
        let mut before = Truth::of(&scene);
        let asked = scene.acts(verb, &mut dice);
        let elsewhere = scene.elsewhere(&asked, &mut dice);
        for asked in elsewhere.into_iter().chain([asked]) {
            let ran = asked.done();
            let told = format!("step {step}: {happened}; {asked:?}: {ran:?}");
            println!("{told}");
            assert!((0..=2).contains(&ran.code), "{told}");
            let after = Truth::of(&scene);
            compare(&scene, &before, &after, &asked, &told);
            nothing_living_is_told_to_be_orphaned(&scene, &after, &told);
            before = after;
        }
    }
}

fn nothing_living_is_told_to_be_orphaned(scene: &Scene, truth: &Truth, told: &str) {
    let listed = lists(&["ports", "--format", "json"]);
    let rows = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let orphaned: BTreeSet<String> = rows
        .filter(|row| row["Occupant"] == "orphaned")
        .map(|row| row["Port"].as_str().unwrap_or_default().to_owned())
        .collect();
    for row in truth.rows.values().filter(|row| orphaned.contains(&row.name)) {
        let living = truth.living(scene, row);
        assert!(living.is_none(), "{row:?} lives as {living:?}: {told}");
    }
}

/// Waits until the kernel has taken down what ended: links that go by themselves are nothing that
/// a verb has done.
fn settled(scene: &Scene) {
    let settles = || dangling(scene).is_empty();
    assert!(lab::comes_true(settles), "links stay: {:?}", dangling(scene));
}

/// The scene's veths of the host and the switch whose other end is in no namespace that is known.
fn dangling(scene: &Scene) -> Vec<LinkId> {
    let all = links(scene);
    let is_end = |id: &LinkId, away: u64| {
        let mut ends = all.iter().filter(|((netns, index), _)| *netns != id.0 && *index == away);
        ends.any(|(_, end)| end.away == Some(id.1))
    };
    let own = all.iter().filter(|(id, _)| !scene.others.contains(*id));
    let ours = own.filter(|((netns, _), _)| netns == "host" || netns == "switch");
    let open = ours.filter(|(id, seen)| seen.away.is_some_and(|away| !is_end(id, away)));
    open.map(|(id, _)| id.clone()).collect()
}
