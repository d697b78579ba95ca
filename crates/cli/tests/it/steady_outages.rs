//! It stays true: sources that hang or end are shown as stale, nothing vanishes meanwhile, and
//! all is right again soon after they return.
//!
//! `DOCKER_OVS_TEST_ROUNDS` says how many outages; what is measured is printed
//! (`cargo test -- --nocapture`).
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::tool::live::Events;
use crate::tool::switch::{Switch, nothing_false_was_told, told};
use crate::tool::{Event, Served, docker_ovs, number};
use lab::{Bridge, Container, Database, Plug, Plugged, Relay, run, unique, wait_until};
use serde_json::Value;

fn rounds() -> std::ops::Range<u32> {
    0..u32::try_from(number("DOCKER_OVS_TEST_ROUNDS", 1)).unwrap()
}

/// Prints how long it took until all was right again. Two seconds are promised; how long it takes
/// on a machine that runs other tests beside this one proves nothing.
fn print_times(what: &str, mut took: Vec<Duration>) {
    took.sort();
    let median = took[took.len() / 2];
    println!("{what}: right again after {median:.1?} (median) of {took:.1?}");
}

/// Outages end at any moment of what a follower does meanwhile.
fn linger(round: u32) {
    let (start, longer) = (Instant::now(), Duration::from_millis(1300) * round);
    wait_until("it has lasted", || start.elapsed() >= longer);
}

#[test]
fn a_database_that_was_killed_is_followed_again_at_once() {
    lab::need!(Lab);
    let mut switch = Switch::new();
    let events = switch.follow();
    let outage = |round| {
        let before = events.complaints("OVSDB at unix:");
        switch.server.stop();
        wait_until("it is shown", || events.complaints("OVSDB at unix:") > before);
        linger(round);
        switch.server.process = Database::serve(switch.server.folder.path());
        let back = Instant::now();
        switch.tag(round + 1);
        wait_until("it is told", || told(&events, "[VLAN]") > round as usize);
        back.elapsed()
    };
    print_times("OVSDB killed and started", rounds().map(outage).collect());
    nothing_false_was_told(&switch, &events);
}

#[test]
fn a_database_that_hung_is_followed_again_at_once() {
    lab::need!(Lab);
    let switch = Switch::new();
    let events = switch.follow();
    let outage = |round| {
        let (start, before) = (Instant::now(), events.late("OVSDB at"));
        switch.signal("-STOP");
        wait_until("it is shown", || events.late("OVSDB at") > before);
        println!("OVSDB hung: shown after {:.1?}", start.elapsed());
        linger(round);
        thread::scope(|scope| {
            // It waits for the server, too.
            scope.spawn(|| switch.tag(round + 1));
            switch.signal("-CONT");
            let back = Instant::now();
            wait_until("it is told", || told(&events, "[VLAN]") > round as usize);
            back.elapsed()
        })
    };
    print_times("OVSDB hung", rounds().map(outage).collect());
    nothing_false_was_told(&switch, &events);
}

/// Outages of Docker during which a container comes; how long after each of them it is told.
fn outages_of_docker(what: &str, complaint: &str, begin: fn(&Relay), end: fn(&Relay)) {
    let (bridge, container, relay) = (Bridge::new(), Container::run(), Relay::new());
    let _plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let events = Events::start(&["-H", &relay.url(), "--timeout", "5s"]);
    wait_until("it is told", || events.count("appeared", container.name()) == 1);
    let mut guests = Vec::new();
    let outage = |round| {
        let (start, before) = (Instant::now(), events.complaints(complaint));
        begin(&relay);
        wait_until("it is shown", || events.complaints(complaint) > before);
        println!("{what}: shown after {:.1?}", start.elapsed());
        let guest = Container::run();
        let plugged = Plugged::new(&guest, "eth0", &bridge, Plug::default());
        let line = format!("{}:eth0 {} {} []", guest.name(), bridge.name(), plugged.ofport());
        guests.push((plugged, guest));
        linger(round);
        end(&relay);
        let back = Instant::now();
        events.wait_for(&format!("appeared {line}"));
        back.elapsed()
    };
    print_times(what, rounds().map(outage).collect());
    let all = guests.iter().map(|(_, guest)| guest).chain([&container]);
    for who in all {
        let told = ["appeared", "vanished"].map(|action| events.count(action, who.name()));
        assert_eq!(told, [1, 0]);
    }
}

#[test]
fn an_engine_that_was_cut_off_is_followed_again_at_once() {
    lab::need!(Docker);
    outages_of_docker("Docker cut off", "Docker at unix:", Relay::cut, Relay::mend);
}

#[test]
fn an_engine_that_hung_is_followed_again_at_once() {
    lab::need!(Docker);
    outages_of_docker("Docker hung", "no answer within", Relay::hang, Relay::go_on);
}

/// A container whose start takes until this is dropped, and fails then: its log would go to
/// a server that never answers. Docker tells nothing about it meanwhile.
struct Starting {
    listener: Option<TcpListener>,
    name: String,
    start: Child,
}

impl Starting {
    fn new() -> Self {
        let (listener, name) = (TcpListener::bind("127.0.0.1:0").unwrap(), unique("c"));
        let log = format!("syslog-address=tcp+tls://{}", listener.local_addr().unwrap());
        let log = ["--log-driver", "syslog", "--log-opt", &log];
        let what = [lab::IMAGE, "sleep", "86400"];
        run("docker", &[&["create", "--name", &name][..], &log, &what].concat());
        let mut start = lab::program("docker");
        let start = start.args(["start", &name]).stdout(Stdio::null()).stderr(Stdio::null());
        let starting = Self { listener: Some(listener), name, start: start.spawn().unwrap() };
        let inspect = ["1", "docker", "inspect", &starting.name];
        wait_until("Docker owes an answer", || lab::try_run("timeout", &inspect).is_err());
        starting
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        self.listener = None;
        let _ = self.start.wait();
        let _ = lab::try_run("docker", &["rm", "--force", &self.name]);
    }
}

#[test]
fn a_container_that_is_long_in_starting_hides_no_other() {
    lab::alone!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let _plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let before = Events::start(&["--timeout", "5s"]);
    wait_until("it is told", || before.count("appeared", container.name()) == 1);
    let starting = Starting::new();
    let (start, after) = (Instant::now(), Events::start(&["--timeout", "5s"]));
    wait_until("it is told", || after.count("appeared", container.name()) == 1);
    println!(
        "one container is long in starting: all others are known after {:.1?}",
        start.elapsed()
    );
    let listed = docker_ovs(&["ls", "--timeout", "5s", "--format", "{{.Container}}"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(listed.stdout.lines().any(|name| name == container.name()), "{listed:?}");
    let guest = Container::run();
    let (plugged, back) = (Plugged::new(&guest, "eth0", &bridge, Plug::default()), Instant::now());
    for events in [&before, &after] {
        let place = format!(":eth0 {} {} ", bridge.name(), plugged.ofport());
        let told = |line: &String| line.contains(guest.name()) && line.contains(&place);
        wait_until("it is told", || events.said.lock().unwrap().iter().any(told));
        println!("one container is long in starting: another is told after {:.1?}", back.elapsed());
        assert_eq!(events.complaints("no answer within 5s"), 0, "Docker is well");
        assert_eq!(events.count("vanished", container.name()), 0);
    }
    drop(starting);
}

/// The state that the daemon shows a source in: of `/healthz`, whose status fits, and of
/// `/metrics`.
fn shown(daemon: &Served, source: &str) -> String {
    let health = daemon.json("/healthz");
    let row = health["Sources"].as_array().unwrap().iter().find(|row| row["Source"] == source);
    row.unwrap()["State"].as_str().unwrap().to_owned()
}

/// What the daemon shows while a source is stale, and the row it has for `container` then.
fn is_shown_as_stale(daemon: &Served, source: &str, row: impl Fn(&Value) -> bool) {
    let start = Instant::now();
    wait_until("it is stale", || shown(daemon, source) == "stale");
    println!("{source} hung: the daemon shows it after {:.1?}", start.elapsed());
    let health = daemon.json("/healthz");
    assert_eq!(health["Status"], "degraded", "{health}");
    let wiring = daemon.json("/v1/wiring");
    assert_eq!(wiring["Sources"], health["Sources"]);
    let rows = daemon.json("/v1/attachments");
    let row = rows.as_array().unwrap().iter().find(|found| row(found)).unwrap();
    let note = row["Notes"].to_string();
    assert!(note.contains("stale: ") && note.contains("no answer within"), "{row}");
    let metrics = daemon.get("/metrics").body;
    let line = format!("docker_ovs_source_state{{source=\"{source}\",state=\"stale\"}} 1\n");
    assert!(metrics.contains(&line), "{metrics}");
}

#[test]
fn a_daemon_shows_that_the_database_hangs() {
    lab::need!(Docker);
    let (switch, container) = (Switch::new(), Container::run());
    let pid = container.pid();
    let end = unique("v");
    run("ip", &["link", "add", &end, "type", "veth", "peer", "name", "eth1", "netns", &pid]);
    switch.server.vsctl(&["add-port", "br0", &end]);
    switch.server.vsctl(&["set", "interface", &end, "ofport=8"]);
    let daemon = Served::start(&["--db", &switch.server.remote(), "--timeout", "5s"]);
    let mut events = daemon.events(None);
    let ours = |row: &Value| row["Container"] == container.name() && row["OFPort"] == 8;
    wait_until("it is there", || {
        daemon.json("/v1/attachments").as_array().unwrap().iter().any(ours)
    });
    switch.signal("-STOP");
    is_shown_as_stale(&daemon, "ovsdb", ours);
    switch.signal("-CONT");
    wait_until("it is up", || shown(&daemon, "ovsdb") == "fresh");
    wait_until("all is well", || daemon.json("/healthz")["Status"] == "ok");
    let stale = |event: &Event| event.data.to_string().contains("\"stale\"");
    events.find(|event| event.name == "sources" && stale(event));
    events.find(|event| {
        let gone = event.data["Action"] == "vanished" && ours(&event.data["Attachment"]);
        assert!(!gone, "{event:?}");
        event.name == "sources" && !stale(event)
    });
}

#[test]
fn a_daemon_shows_that_the_engine_hangs() {
    lab::need!(Docker);
    let (bridge, container, relay) = (Bridge::new(), Container::run(), Relay::new());
    let _plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let daemon = Served::start(&["-H", &relay.url(), "--timeout", "5s"]);
    let ours = |row: &Value| row["Container"] == container.name();
    relay.hang();
    is_shown_as_stale(&daemon, "docker", ours);
    relay.go_on();
    wait_until("it is up", || shown(&daemon, "docker") == "fresh");
    wait_until("all is well", || daemon.json("/healthz")["Status"] == "ok");
    let rows = daemon.json("/v1/attachments");
    let row = rows.as_array().unwrap().iter().find(|row| ours(row)).unwrap();
    assert!(!row["Notes"].to_string().contains("stale"), "{row}");
}
