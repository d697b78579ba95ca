//! What dockerd itself has sent, on a real switch without Docker: `tests/recorded` has a call in each line,
//! in the order in which Docker made them of a session with three networks and three containers, which are
//! started, stopped, connected, disconnected and removed, with published ports and options of their own.
//!
//! A recording is made by strace(1) of a driver, of whose read(2)s those are kept that begin with `POST /`.

use std::collections::BTreeSet;

use docker_ovs_driver::core::Driver;
use docker_ovs_driver::docker::{CallReply, answer};
use host::Settings;
use lab::{Bridge, run, try_run, unique};
use serde_json::Value;

const RECORDINGS: [(&str, &str); 2] = [
    ("20.10", include_str!("../recorded/docker-20.10")),
    ("28.5", include_str!("../recorded/docker-28.5")),
];
/// The bridge of the recordings.
const BRIDGE: &str = "recbr";

/// Held by each test that replays one: their networks have the same gateway, which one bridge alone may have.
const GATEWAY: &str = "the gateway of the recordings";

/// A call of Docker's.
#[derive(Clone, Debug)]
struct Call {
    method: String,
    body: String,
}

/// A recording whose bridge and ids are the test's own.
struct Replay {
    driver: Driver,
    runtime: tokio::runtime::Runtime,
    bridge: Bridge,
    calls: Vec<Call>,
    _one: lab::Only,
}

impl Replay {
    fn of(recording: &str) -> Self {
        let one = lab::only(GATEWAY);
        let settings = Settings { engines: vec!["none".into()], ..Settings::from_env() };
        let settings = Settings { rundir: lab::rundir(), ..settings };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let bridge = Bridge::new();
        let mut text = recording.replace(BRIDGE, bridge.name());
        for id in ids(recording) {
            text = text.replace(&id, &format!("{:0<64}", unique("")));
        }
        let calls = text.lines().map(|line| {
            let (method, body) = line.split_once(' ').unwrap_or((line, ""));
            Call { method: method.to_owned(), body: body.to_owned() }
        });
        let calls = calls.collect();
        Self { driver: Driver::new(settings).unwrap(), runtime, bridge, calls, _one: one }
    }

    fn said(&self, method: &str, body: &[u8]) -> CallReply {
        self.runtime.block_on(answer(&self.driver, method, body))
    }

    /// What is answered to a whole call.
    fn answered(&self, call: &Call) -> Value {
        let told = self.said(&call.method, call.body.as_bytes());
        assert_eq!(told.status, 200, "{call:?}: {told:?}");
        serde_json::from_str(&told.body).unwrap()
    }

    fn ports(&self) -> Vec<String> {
        run("ovs-vsctl", &["list-ports", self.bridge.name()]).lines().map(str::to_owned).collect()
    }

    /// What is left of it: ports, what is recorded of networks, links.
    fn left(&self) -> (Vec<String>, String, usize) {
        let record = run("ovs-vsctl", &["get", "bridge", self.bridge.name(), "external_ids"]);
        let links = run("ip", &["-details", "link"]);
        // A link says in its alias which bridge it is on.
        let words: Vec<_> = links.split_whitespace().collect();
        let on = words.windows(2).filter(|pair| *pair == ["on", self.bridge.name()]).count();
        (self.ports(), record, on)
    }

    /// Docker removes all that it has made, or believes that it has.
    fn remove_all(&self) {
        for method in ["Leave", "DeleteEndpoint", "DeleteNetwork"] {
            for call in self.calls.iter().filter(|call| call.method.ends_with(method)) {
                let told = self.answered(call);
                assert!(told.get("Err").is_none(), "{call:?}: {told}");
            }
        }
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        for port in self.ports() {
            let _ = try_run("ip", &["link", "del", &port]);
        }
    }
}

fn nothing() -> (Vec<String>, String, usize) {
    (Vec::new(), "{}".to_owned(), 0)
}

/// The ids of networks and endpoints: 64 digits.
fn ids(recording: &str) -> BTreeSet<String> {
    let words = recording.split(|c: char| !c.is_ascii_hexdigit());
    words.filter(|word| word.len() == 64).map(str::to_owned).collect()
}

#[test]
fn what_docker_said_is_carried_out_once_and_twice() {
    lab::need!(Lab);
    for (version, recording) in RECORDINGS {
        for times in 1..=2 {
            let replay = Replay::of(recording);
            let mut joined = 0;
            for call in &replay.calls {
                let first = replay.answered(call);
                assert!(first.get("Err").is_none(), "Docker {version}, {call:?}: {first}");
                for _ in 1..times {
                    assert_eq!(replay.answered(call), first, "Docker {version}, {call:?}");
                }
                if call.method.ends_with("Join") {
                    joined += 1;
                    let port = replay.ports().into_iter().find(|port| {
                        let row = run("ovs-vsctl", &["get", "interface", port, "external_ids"]);
                        let body: Value = serde_json::from_str(&call.body).unwrap();
                        row.contains(body["EndpointID"].as_str().unwrap())
                    });
                    let number = run("ovs-vsctl", &["get", "interface", &port.unwrap(), "ofport"]);
                    assert!(number.parse::<u16>().is_ok(), "{number}");
                }
            }
            assert_eq!(joined, 6, "Docker {version}");
            assert_eq!(replay.left(), nothing(), "Docker {version}");
        }
    }
}

/// Whatever comes when, Docker is answered, and what it removes is gone.
#[test]
fn what_docker_said_in_any_order_leaves_nothing_once_all_is_removed() {
    lab::need!(Lab);
    for (version, recording) in RECORDINGS {
        let replay = Replay::of(recording);
        let forth = replay.calls.clone();
        let back: Vec<_> = forth.iter().rev().cloned().collect();
        let (even, odd): (Vec<_>, Vec<_>) =
            forth.iter().cloned().enumerate().partition(|(n, _)| n % 2 == 0);
        let halves: Vec<_> = odd.into_iter().chain(even).map(|(_, call)| call).collect();
        for from in [0, 9, 17, 31] {
            for order in [&forth, &back, &halves] {
                for call in order.iter().skip(from).chain(&order[..from]) {
                    replay.answered(call);
                }
                replay.remove_all();
                assert_eq!(replay.left(), nothing(), "Docker {version}, from {from}");
            }
        }
    }
}

/// Docker sends a part of a body, or none, where it tries a call again.
#[test]
fn what_docker_said_in_part_does_nothing() {
    lab::need!(Lab);
    for (version, recording) in RECORDINGS {
        let replay = Replay::of(recording);
        for call in replay.calls.iter().filter(|call| !call.body.is_empty()) {
            for length in (0..call.body.len()).step_by(23) {
                let told = replay.said(&call.method, &call.body.as_bytes()[..length]);
                assert_eq!(told.status, 400, "Docker {version}, {length} of {call:?}: {told:?}");
            }
            let long = format!("{}{}", call.body, "x".repeat(2 << 20));
            assert_eq!(replay.said(&call.method, long.as_bytes()).status, 400, "{call:?}");
            assert_eq!(replay.left(), nothing(), "Docker {version}, {call:?}");
        }
    }
}
