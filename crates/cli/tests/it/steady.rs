//! It stays true: `events` while containers come and go by the hundred, and while it is held up.
//!
//! `DOCKER_OVS_TEST_BURST` says how many restarts; what is measured is printed
//! (`cargo test -- --nocapture`).
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::tool::live::Events;
use crate::tool::number;
use crate::tool::picture::{Picture, parsed, text};
use lab::{Bridge, Container, Plug, Plugged, run, unique, wait_until};
use serde_json::Value;

/// Containers that are restarted, and others that stay as they are.
struct Crowd {
    _plugs: Vec<Plugged>,
    bystanders: Vec<Container>,
    restless: Vec<Container>,
    calm: Bridge,
    busy: Bridge,
}

impl Crowd {
    /// Three bystanders; twelve others, of which each third is without a network of Docker's.
    fn new() -> Self {
        let (calm, busy) = (Bridge::new(), Bridge::new());
        let bystanders: Vec<_> = (0..3).map(|_| Container::run()).collect();
        let plug = |who| Plugged::new(who, "eth0", &calm, Plug::default());
        let plugs = bystanders.iter().map(plug).collect();
        let network = |i| if i % 3 == 0 { "none" } else { "bridge" };
        let restless = (0..12).map(|i| Container::run_with(&["--network", network(i)])).collect();
        Self { _plugs: plugs, bystanders, restless, calm, busy }
    }

    fn names(&self) -> Vec<&str> {
        self.restless.iter().chain(&self.bystanders).map(Container::name).collect()
    }

    /// Restarts the restless by four hands until that was done `count` times; one of them is
    /// stopped in the end, and leaves its port behind. Gives the plugs of the others.
    fn burst(&self, count: usize) -> Vec<Plugged> {
        let (start, left) = (Instant::now(), &AtomicUsize::new(count));
        let plugs = thread::scope(|scope| {
            let hand = |three| scope.spawn(move || hand(three, &self.busy, left));
            let hands: Vec<_> = self.restless.chunks(3).map(hand).collect();
            hands.into_iter().filter_map(|hand| hand.join().unwrap()).collect()
        });
        self.restless[0].stop();
        println!("{count} restarts of 12 containers in {:.1?}", start.elapsed());
        plugs
    }

    /// Waits until `events` told what a look sees, and nothing of containers that stayed as they were.
    fn is_told_by(&self, events: &Events) {
        let (names, start) = (self.names(), Instant::now());
        let said = || events.said.lock().unwrap().clone();
        let told = || Picture::told(&said(), &names, self.busy.name());
        let same = lab::comes_true(|| told() == Picture::seen(&names, self.busy.name()));
        println!("{} events; right after {:.1?}", said().len(), start.elapsed());
        assert!(same, "{:#?}\n{:#?}", told(), Picture::seen(&names, self.busy.name()));
        self.bystanders_were_left_alone(&parsed(&said().join("\n")));
    }

    fn bystanders_were_left_alone(&self, said: &[Value]) {
        for who in &self.bystanders {
            let told = said.iter().filter(|event| text(event, "Container") == who.name());
            let actions: Vec<_> = told.map(|event| text(event, "Action")).collect();
            assert_eq!(actions, ["appeared"], "{}", who.name());
        }
        let here = said.iter().filter(|event| event["Bridge"] == self.calm.name());
        let left = |event: &Value| event["Action"] == "orphaned";
        assert_eq!(here.into_iter().find(|event| left(event)), None);
    }
}

/// Restarts three containers in turn, and plugs the first of them in again.
fn hand(three: &[Container], bridge: &Bridge, left: &AtomicUsize) -> Option<Plugged> {
    let mut plug = None;
    for (turn, who) in three.iter().cycle().enumerate() {
        if left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_err() {
            break;
        }
        if turn % 2 == 0 {
            run("docker", &["restart", "--time", "0", who.id()]);
        } else {
            for verb in ["kill", "wait", "start"] {
                who.docker(verb);
            }
        }
        if turn % 3 == 0 {
            drop(plug.take());
            plug = Some(Plugged::new(who, "eth0", bridge, Plug::default()));
        }
    }
    plug
}

#[test]
fn events_after_a_burst_of_restarts_agree_with_a_look() {
    lab::need!(Docker);
    let crowd = Crowd::new();
    let events = Events::start_in("json", &[]);
    let _plugs = crowd.burst(number("DOCKER_OVS_TEST_BURST", 24));
    crowd.is_told_by(&events);
    assert_eq!(events.end("-TERM"), Some(0));
}

#[test]
fn events_stopped_during_a_burst_agree_with_a_look_afterwards() {
    lab::need!(Docker);
    let crowd = Crowd::new();
    let events = Events::start_in("json", &[]);
    let told = |who: &Container| events.said.lock().unwrap().join("").contains(who.name());
    wait_until("it is under way", || crowd.bystanders.iter().all(told));
    events.signal("-STOP");
    let _plugs = crowd.burst(number("DOCKER_OVS_TEST_BURST", 12));
    events.signal("-CONT");
    crowd.is_told_by(&events);
    assert_eq!(events.end("-TERM"), Some(0));
}

/// Stopped for longer than it waits for a source, and again and again.
#[test]
fn events_stopped_for_long_print_nothing_false() {
    // Complaints are about the whole host, and other tests hold engines up.
    lab::alone!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let events = Events::start(&["--timeout", "5s"]);
    wait_until("it is told", || events.count("appeared", container.name()) > 0);
    for round in 1..=number("DOCKER_OVS_TEST_ROUNDS", 2) {
        events.signal("-STOP");
        let (stop, late) = (Instant::now(), Container::run());
        let other = Plugged::new(&late, "eth0", &bridge, Plug::default());
        run("ovs-vsctl", &["set", "port", plugged.host_end(), &format!("tag={round}")]);
        // Silence, patience and a second more.
        wait_until("it was held up", || stop.elapsed() > Duration::from_secs(9));
        events.signal("-CONT");
        let back = Instant::now();
        let on = format!("{} {}", bridge.name(), other.ofport());
        events.wait_for_place(&format!("{}:eth0", late.name()), &on);
        wait_until("the VLAN is told", || events.count("changed", container.name()) == round);
        println!("right {:.1?} after being held up for {:.1?}", back.elapsed(), stop.elapsed());
        assert_eq!(events.count("vanished", late.name()), 0);
    }
    for untrue in ["vanished", "orphaned"] {
        assert_eq!(events.count(untrue, container.name()), 0);
    }
    assert_eq!(events.complained(), [""; 0], "no source was late");
}

/// Docker drops what a listener is too slow for, and does not say so.
#[test]
fn events_recover_what_the_engine_dropped() {
    lab::alone!(Docker);
    let (bridge, renamed) = (Bridge::new(), Container::run());
    let plugged = Plugged::new(&renamed, "lan0", &bridge, Plug::default());
    let events = Events::start(&[]);
    wait_until("it is told", || events.count("appeared", renamed.name()) > 0);
    events.signal("-STOP");
    let count = rename_until_it_waits(&renamed);
    let late = Container::run();
    let other = Plugged::new(&late, "eth0", &bridge, Plug::default());
    events.signal("-CONT");
    let back = Instant::now();
    let line = |who: &Container, what: &str, plug: &Plugged| {
        format!("appeared {}:{what} {} {} []", who.name(), bridge.name(), plug.ofport())
    };
    let on = format!("{} {}", bridge.name(), other.ofport());
    events.wait_for_place(&format!("{}:eth0", late.name()), &on);
    println!("right {:.1?} after {count} events that were not read", back.elapsed());
    assert!(events.has_said(&line(&renamed, "lan0", &plugged)));
    assert_eq!(events.count("vanished", renamed.name()), 0);
}

/// Renames the container to and fro until the engine waits for a listener, as it does before it
/// drops something; how often that was.
fn rename_until_it_waits(who: &Container) -> usize {
    let mut docker = UnixStream::connect(lab::engine()).unwrap();
    let other = unique("c");
    let mut slow = 0;
    let enough = |count: &usize| {
        let name = if count.is_multiple_of(2) { &other } else { who.name() };
        let start = Instant::now();
        let path = format!("/containers/{}/rename?name={name}", who.id());
        let request = format!("POST {path} HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n");
        docker.write_all(request.as_bytes()).unwrap();
        let mut answer = [0; 4096];
        let length = docker.read(&mut answer).unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 204"), "{:?}", &answer[..length]);
        slow = if start.elapsed() > Duration::from_millis(90) { slow + 1 } else { 0 };
        // Back under its own name.
        slow >= 5 && count % 2 == 1
    };
    (0..3000).find(enough).unwrap_or(3000)
}
