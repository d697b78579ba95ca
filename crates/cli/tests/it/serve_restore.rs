//! `serve --restore`: what `restore` would make again is made again by itself, whatever was away or
//! killed meanwhile.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::acting::kill_after;
use crate::tool::{Served, docker_ovs, says};
use lab::{Container, Home, Switch, unique, wait_until};
use rustix::process::Signal;
use serde_json::Value;

/// How many steps connect and restore have taken when the interface is set up: the veth, the port, its
/// checksum offload, its addresses.
const SET_UP: usize = 4;

/// The daemon's `--timeout`.
const WITHIN: Duration = Duration::from_secs(2);

/// A switch of the test's own with one bridge.
struct Scene {
    switch: Switch,
    bridge: String,
}

impl Scene {
    fn new() -> Self {
        let (switch, bridge) = (Switch::start(&[]), unique("b"));
        switch.add_bridge(&bridge, &[]);
        Self { switch, bridge }
    }

    /// Connects a container, and says what is to come back.
    fn connect(&self, container: &Container) -> String {
        let words = ["connect", &self.bridge, container.name(), "--ip", "192.0.2.7/24"];
        let more = ["--ip", "2001:db8::7/64", "--gateway", "192.0.2.1", "--mtu", "1400"];
        let db = ["--vlan", "7", "--db", &self.switch.remote()];
        says(&[&words[..], &more, &db].concat());
        self.row(container)
    }

    /// All of its interface; nothing where it has none on a port.
    fn row(&self, container: &Container) -> String {
        let words = "{{.Interface}} {{.OFPort}} {{.MAC}} {{.MTU}} {{.VLAN}} {{.Addresses}}";
        let row = ["port", container.name(), &self.bridge, "--format", words];
        let ran = docker_ovs(&[&row[..], &["--db", &self.switch.remote()]].concat());
        let route = lab::try_run("docker", &["exec", container.name(), "ip", "route"]);
        if ran.code == 0 { ran.stdout + &route.unwrap_or_default() } else { String::new() }
    }

    /// A daemon that restores on this switch.
    fn serve(&self) -> Served {
        self.serve_by(lab::program("env"))
    }

    fn serve_by(&self, program: Command) -> Served {
        let words =
            ["--restore", "--db", &self.switch.remote(), "--timeout", &format!("{WITHIN:?}")];
        Served::start_by(program, &[&words[..], &["--log-level", "info"]].concat())
    }

    /// The database hangs while the container restarts and for as long as `meanwhile` takes; then all is as it was.
    fn restarts_while_database_hangs(
        &self,
        container: &Container,
        meanwhile: impl FnOnce(&Served),
    ) {
        let before = self.connect(container);
        let daemon = self.serve();
        self.switch.hang_database(true);
        container.restart();
        wait_until("it is shown", || daemon.json("/healthz")["Status"] == "degraded");
        meanwhile(&daemon);
        self.switch.hang_database(false);
        self.is_back(container, &before);
    }

    /// A row says that its container is called so.
    fn notes(&self, name: &str) {
        let columns = ["--bare", "--columns=external_ids", "list", "Interface"];
        let is_noted = || self.switch.vsctl(&columns).contains(&format!("docker-ovs.name={name}"));
        wait_until("the new name is noted", is_noted);
    }

    fn is_back(&self, container: &Container, before: &str) {
        assert!(before.contains("default via"), "{before}");
        wait_until("all is as it was", || self.row(container) == before);
    }
}

/// Another container of the same name.
fn again(name: &str) -> Container {
    let mut container = Container::run_with(&["--network", "none"]);
    container.rename(name);
    container
}

fn owed(daemon: &Served) -> Vec<Value> {
    daemon.json("/healthz")["Owed"].as_array().unwrap().clone()
}

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
    wait_until("nothing is owed", || owed(&daemon).is_empty());
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
    assert_eq!(scene.row(&stranger), "");
    assert_eq!(owed(&daemon), Vec::<Value>::new());
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

/// The processor time that a process has taken, in hundredths of a second: `utime` and `stime` of
/// proc_pid_stat(5).
fn processor_time(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let behind_name = stat.rsplit(')').next().unwrap().split_whitespace();
    behind_name.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

#[test]
fn what_cannot_be_tried_while_the_database_is_away_is_waited_for_in_peace() {
    lab::need!(Docker);
    let (scene, container) = (Scene::new(), Container::run());
    scene.restarts_while_database_hangs(&container, |daemon| {
        wait_until("it is owed", || !owed(daemon).is_empty());
        // The time of the next attempt passes.
        thread::sleep(3 * WITHIN);
        let spent = processor_time(daemon.pid());
        thread::sleep(WITHIN);
        let spent = processor_time(daemon.pid()) - spent;
        assert!(spent < 100, "{spent} hundredths in {WITHIN:?}");
    });
}

#[test]
fn a_database_that_hung_while_a_container_restarted_is_waited_for() {
    lab::need!(Docker);
    let (scene, container) = (Scene::new(), Container::run());
    scene.restarts_while_database_hangs(&container, |_| {});
}

#[test]
fn a_vswitchd_that_hung_while_a_container_restarted_is_waited_for() {
    lab::need!(Docker);
    let (scene, container) = (Scene::new(), Container::run());
    let before = scene.connect(&container);
    let daemon = scene.serve();
    let mut events = daemon.events(None);
    scene.switch.hang_vswitchd(true);
    container.restart();
    let it = format!("{}:eth0 on {}", container.name(), scene.bridge);
    daemon.hears(&format!("{it} is owed: "));
    daemon.hears(&format!("cannot restore {it}"));
    let mut seen = Vec::new();
    wait_until("what it waits for is told", || {
        let rows = owed(&daemon);
        if seen.last() != Some(&rows) {
            println!("owed: {rows:?}");
            seen.push(rows);
        }
        owed(&daemon).iter().any(|row| {
            let reason = row["Reason"].as_str().unwrap();
            row["Container"] == container.name() && reason.contains("no number within")
        })
    });
    let row = &owed(&daemon)[0];
    assert_eq!((&row["Bridge"], &row["OFPort"]), (&scene.bridge.as_str().into(), &32768.into()));
    let metrics = daemon.get("/metrics").body;
    assert!(metrics.contains("docker_ovs_owed_attachments 1\n"), "{metrics}");
    let told = events.find(|event| event.name == "owed");
    assert_eq!(told.data[0]["ID"], container.id());
    let late = daemon.events(None).find(|event| event.name == "owed");
    assert_eq!((&late.data[0]["ID"], &*late.id), (&container.id().into(), ""));
    scene.switch.hang_vswitchd(false);
    scene.is_back(&container, &before);
    daemon.hears(&format!("restored {it}"));
    events.find(|event| event.name == "owed" && event.data == Value::Array(Vec::new()));
    wait_until("nothing is owed", || owed(&daemon).is_empty());
    let metrics = daemon.get("/metrics").body;
    assert!(metrics.contains("docker_ovs_restores_total{result=\"restored\"} 1\n"), "{metrics}");
}

/// As an upgrade of Open vSwitch does it.
#[test]
fn an_open_vswitch_that_is_replaced_while_containers_restart_is_waited_for() {
    lab::need!(Docker);
    let (mut scene, containers) = (Scene::new(), [Container::run(), Container::run()]);
    let before = scene.connect(&containers[0]);
    let words = ["connect", &scene.bridge, containers[1].name(), "--db", &scene.switch.remote()];
    says(&words);
    let daemon = scene.serve();
    scene.switch.kill_vswitchd();
    scene.switch.kill_database();
    wait_until("it is shown", || daemon.json("/healthz")["Status"] == "degraded");
    containers.iter().for_each(Container::restart);
    scene.switch.start_database();
    wait_until("the daemon sees the database", || {
        let sources = daemon.json("/healthz")["Sources"].clone();
        let ovsdb = |row: &Value| row["Source"] == "ovsdb" && row["State"] == "fresh";
        sources.as_array().unwrap().iter().any(ovsdb)
    });
    scene.switch.start_vswitchd();
    scene.is_back(&containers[0], &before);
    let other = ["port", containers[1].name(), &scene.bridge, "-q", "--db"];
    let remote = scene.switch.remote();
    wait_until("the other one is back", || {
        docker_ovs(&[&other[..], &[&*remote]].concat()).stdout == "32769\n"
    });
}

#[test]
fn a_daemon_that_starts_while_the_switch_is_away_restores_when_it_returns() {
    lab::need!(Docker);
    for away in 0..3 {
        let (mut scene, container) = (Scene::new(), Container::run());
        let before = scene.connect(&container);
        container.restart();
        match away {
            0 => scene.switch.hang_database(true),
            1 => scene.switch.kill_database(),
            _ => scene.switch.kill_vswitchd(),
        }
        let daemon = scene.serve();
        assert_eq!(daemon.json("/healthz")["Owed"], Value::Array(Vec::new()));
        match away {
            0 => scene.switch.hang_database(false),
            1 => scene.switch.start_database(),
            _ => scene.switch.start_vswitchd(),
        }
        scene.is_back(&container, &before);
    }
}

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
    assert!(!container.ip(&["link"]).contains("eth0"));
    assert_eq!(owed(&daemon), Vec::<Value>::new());
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
    wait_until("nothing is owed", || owed(&daemon).is_empty());
    let links = container.ip(&["link"]);
    assert!(!links.contains("eth0") && !links.contains("eth2"), "{links}");
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
        wait_until("nothing is owed", || owed(&daemon).is_empty());
    }
}
