//! A host with a second database, a switch in a network namespace of its own, a second engine with
//! the same names, and links that were renamed and given aliases: after every acting verb nothing
//! living and nothing foreign has changed.
//!
//! `PROOF_SEED=N` builds the same scene again, `PROOF_STEPS=N` makes it longer.

use std::collections::{BTreeMap, BTreeSet};

use crate::tool::dice::Dice;
use crate::tool::{docker_ovs, number};
use lab::{Bridge, Container, Database, Home, IdleVswitchd, Podman, Switch, run, try_run, unique};
use serde_json::Value;

struct Scene {
    bridges: [Bridge; 2],
    containers: Vec<Container>,
    podman: Podman,
    second: Database,
    _vswitchd: IdleVswitchd,
    /// The second database by TCP.
    tcp: String,
    switch: Switch,
}

/// Whose database a verb is to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Host,
    Second,
    Switch,
}

/// A link: its namespace and its index there.
type LinkId = (String, u64);

/// What there is, by identity.
#[derive(Debug)]
struct Truth {
    /// The links of every namespace that the scene knows, with their names.
    links: BTreeMap<LinkId, String>,
    /// The Interfaces of the host's database: what they are called, and whose they are.
    rows: BTreeMap<String, (String, String)>,
    /// The Interfaces of the host's database, the second one and the switch's.
    databases: [String; 3],
    /// The containers of both engines, with what runs in them.
    containers: BTreeSet<String>,
}

impl Truth {
    fn of(scene: &Scene) -> Self {
        let mut links = links_of("host", &run("ip", &["--json", "link"]));
        let there = run("ip", &["--json", "--netns", scene.switch.netns().name(), "link"]);
        links.extend(links_of("switch", &there));
        for container in &scene.containers {
            let pid = try_run("docker", &["inspect", "--format", "{{.State.Pid}}", container.id()]);
            let Some(pid) = pid.ok().filter(|pid| pid != "0") else { continue };
            let ip = ["--target", &pid, "--net", "ip", "--json", "link"];
            let Ok(told) = try_run("nsenter", &ip) else { continue };
            links.extend(links_of(&format!("{}/{pid}", container.id()), &told));
        }
        let own = run("ovs-vsctl", &LIST);
        let rows = rows_of(&own);
        let databases = [own, scene.second.vsctl(&LIST), scene.switch.vsctl(&LIST)];
        let docker =
            run("docker", &["ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.State}}"]);
        let own = |line: &&str| scene.containers.iter().any(|row| line.starts_with(row.id()));
        let mut containers: BTreeSet<_> = docker.lines().filter(own).map(str::to_owned).collect();
        containers.insert(scene.podman.pid());
        Self { links, rows, databases, containers }
    }
}

const LIST: [&str; 4] = ["--format=json", "--columns=_uuid,name,external_ids", "list", "Interface"];

fn links_of(netns: &str, told: &str) -> BTreeMap<LinkId, String> {
    let links: Vec<Value> = serde_json::from_str(told).unwrap();
    let id = |link: &Value| (netns.to_owned(), link["ifindex"].as_u64().unwrap());
    links.iter().map(|link| (id(link), link["ifname"].to_string().replace('"', ""))).collect()
}

fn rows_of(told: &str) -> BTreeMap<String, (String, String)> {
    let table: Value = serde_json::from_str(told).unwrap();
    let rows = table["data"].as_array().unwrap().iter();
    let row = |row: &Value| {
        let name = row[1].as_str().unwrap_or_default().to_owned();
        (row[0][1].as_str().unwrap().to_owned(), (name, row[2].to_string()))
    };
    rows.map(row).collect()
}

impl Scene {
    fn new(folder: &std::path::Path) -> Self {
        let second = Database::start();
        let scene = Self {
            bridges: [Bridge::new(), Bridge::new()],
            containers: (0..4).map(|_| Container::run()).collect(),
            podman: Podman::serve(folder),
            _vswitchd: second.idle_vswitchd(),
            tcp: by_tcp(&second),
            second,
            switch: Switch::start(&[]),
        };
        for bridge in &scene.bridges {
            scene.second.vsctl(&["add-br", bridge.name()]);
            scene.switch.add_bridge(bridge.name(), &[]);
        }
        // Both engines have a container of this name.
        run("docker", &["rename", scene.containers[0].id(), scene.podman.name()]);
        scene
    }

    /// Something that is none of docker-ovs' doing.
    fn happens(&self, dice: &mut Dice) -> String {
        let container = &self.containers[dice.throw(self.containers.len())];
        let runs = container.pid() != "0";
        let what = dice.throw(7);
        match what {
            0 => container.restart(),
            1 => container.stop(),
            2 if !runs => container.start(),
            3 => {
                run("docker", &["rename", container.id(), &unique("r")]);
            }
            4 if runs => {
                let address = "02:00:00:00:00:01";
                let _ = try_run(
                    "nsenter",
                    &[
                        "--target",
                        &container.pid(),
                        "--net",
                        "ip",
                        "link",
                        "set",
                        "eth0",
                        "address",
                        address,
                    ],
                );
            }
            5 => {
                let ports = run("ovs-vsctl", &["list-ports", self.bridges[0].name()]);
                if let Some(port) = ports.lines().next() {
                    run("ovs-vsctl", &["del-port", port]);
                }
            }
            6 if runs => self.imitates(container),
            _ => {}
        }
        format!("{what} of {}", container.id())
    }

    /// A veth that looks like one of an earlier version, and is in use.
    fn imitates(&self, container: &Container) {
        let (name, pid) = (unique("v"), container.pid());
        let peer = ["type", "veth", "peer", "name", "fake0", "netns", &pid];
        if try_run("ip", &[&["link", "add", &name][..], &peer].concat()).is_err() {
            return;
        }
        let bridge = self.bridges[0].name();
        let alias = format!("docker-ovs {}/fake0 on {bridge}", container.id());
        run("ip", &["link", "set", &name, "alias", &alias, "up"]);
        container.ip(&["link", "set", "fake0", "up"]);
        container.ip(&["address", "add", "192.0.2.66/24", "dev", "fake0"]);
    }

    /// An acting verb, and whose interface it may take, if anyone's.
    fn acts(&self, dice: &mut Dice) -> (Vec<String>, At, Option<String>) {
        let container = &self.containers[dice.throw(self.containers.len())];
        let (name, bridge) = (name_of(container), self.bridges[dice.throw(2)].name());
        let own = ["connect", "restore", "prune", "disconnect", "restore --all", "prune --all"];
        let verb = own[dice.throw(own.len())];
        let mut words: Vec<String> = verb.split(' ').map(str::to_owned).collect();
        match words[0].as_str() {
            "connect" => words.extend([bridge.to_owned(), name.clone()]),
            "disconnect" => words.extend([bridge, &name, "--force"].map(str::to_owned)),
            "restore" if words.len() == 1 => words.push(name.clone()),
            "prune" => words.extend(["--force", "--bridge", bridge].map(str::to_owned)),
            _ => {}
        }
        let changes = words[0] == "connect" || words[0] == "disconnect";
        let (foreign, at) = match dice.throw(7) {
            0 => (vec!["--db".to_owned(), self.second.remote()], At::Second),
            1 => (vec!["--db".to_owned(), self.tcp.clone()], At::Second),
            2 => (vec!["--db".to_owned(), self.switch.remote()], At::Switch),
            // There it would be the other engine's container of that name.
            3 | 4 if !changes || name != self.podman.name() => {
                (vec!["--host".to_owned(), self.podman.socket()], At::Host)
            }
            _ => (Vec::new(), At::Host),
        };
        let taken = (words[0] == "disconnect").then(|| container.id().to_owned());
        (foreign.into_iter().chain(words).collect(), at, taken)
    }
}

/// What it is called now.
fn name_of(container: &Container) -> String {
    let told = ["inspect", "--format", "{{.Name}}", container.id()];
    run("docker", &told).trim_start_matches('/').to_owned()
}

/// Has the server of a database listen at a port of this machine too.
fn by_tcp(database: &Database) -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let control = database.folder.path().join("ctl");
    let remote = format!("ptcp:{port}:127.0.0.1");
    run("ovs-appctl", &["-t", control.to_str().unwrap(), "ovsdb-server/add-remote", &remote]);
    format!("tcp:127.0.0.1:{port}")
}

/// What an acting verb may not have done.
fn compare(before: &Truth, after: &Truth, at: At, taken: Option<&str>, told: &str) {
    for (n, here) in [At::Host, At::Second, At::Switch].into_iter().enumerate() {
        let same = before.databases[n] == after.databases[n];
        assert!(same || here == at, "{here:?} has changed: {told}");
    }
    assert_eq!(before.containers, after.containers, "{told}");
    let living =
        |name: &str| before.links.iter().any(|((netns, _), link)| netns == "host" && link == name);
    let whose = |ids: &str| taken.is_some_and(|id| ids.contains(id));
    for (uuid, (name, ids)) in &before.rows {
        let gone = !after.rows.contains_key(uuid);
        assert!(!gone || !living(name) || whose(ids), "the living port {name} is gone: {told}");
    }
    let lost: Vec<_> = before.links.keys().filter(|id| !after.links.contains_key(id)).collect();
    let may = |(netns, _): &&&LinkId| taken.is_some_and(|id| netns.starts_with(id));
    let inside = lost.iter().filter(may).count();
    assert!(lost.len() <= 2 * inside, "links are gone: {lost:?}: {told}");
}

#[test]
fn nothing_living_and_nothing_foreign_is_changed_by_any_verb() {
    lab::alone!(Docker, Podman);
    let (mut dice, folder) = (Dice::seeded("PROOF_SEED"), tempfile::tempdir().unwrap());
    let scene = Scene::new(folder.path());
    for step in 0..number("PROOF_STEPS", 16) {
        let happened = scene.happens(&mut dice);
        settled(&scene);
        let (words, at, taken) = scene.acts(&mut dice);
        let before = Truth::of(&scene);
        let ran = docker_ovs(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let told = format!("step {step}: {happened}; {words:?}: {ran:?}");
        println!("{told}");
        compare(&before, &Truth::of(&scene), at, taken.as_deref(), &told);
    }
}

/// Waits until the kernel has taken down what ended: links that go by themselves are nothing that
/// a verb has done.
fn settled(scene: &Scene) {
    let settles = || {
        let (ends, peers) = ends_and_peers(scene);
        ends.len() == peers.len()
    };
    assert!(lab::comes_true(settles), "links stay: {:?}", ends_and_peers(scene));
}

/// The veths that were made for a container of the scene, in the namespaces of the host and the
/// switch; and those inside the containers.
fn ends_and_peers(scene: &Scene) -> (Vec<Value>, Vec<Value>) {
    let show = ["--json", "link", "show", "type", "veth"];
    let read = |told: String| serde_json::from_str::<Vec<Value>>(&told).unwrap();
    let mut ends = read(run("ip", &show));
    ends.extend(read(run("ip", &[&["--netns", scene.switch.netns().name()], &show[..]].concat())));
    ends.retain(|link| {
        let alias = link["ifalias"].as_str().unwrap_or_default();
        scene.containers.iter().any(|container| alias.contains(container.id()))
    });
    let pids = scene.containers.iter().map(Container::pid).filter(|pid| pid != "0");
    let inside = |pid: String| {
        read(run("nsenter", &[&["--target", &pid, "--net", "ip"], &show[..]].concat()))
    };
    (ends, pids.flat_map(inside).collect())
}
