//! The network driver is killed in the middle of calls: afterwards there is what the containers that exist
//! have, and nothing else.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use lab::{Bridge, KillAtCall, Link, Network, Plugin, run, try_run, unique, wait_until};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::driver::driver;
use crate::killed_anywhere::calls;
use crate::tool::command;

/// More of them than any call of Docker's comes to.
const MAX_CALLS: usize = 5000;

/// A driver that asks no engine, so that it does nothing by itself.
fn alone() -> Plugin {
    Plugin::start(engineless)
}

fn engineless(words: &[&str]) -> std::process::Command {
    command("docker-ovs", &[&["--engine", "none"], words].concat())
}

/// A network by the protocol, as Docker would have it.
struct Called {
    driver: Plugin,
    bridge: String,
    network: String,
    endpoint: String,
    uplink: Link,
}

impl Called {
    fn new() -> Self {
        let network = format!("{}{:050x}", unique("kn"), 1);
        let endpoint = format!("{}{:050x}", unique("ke"), 1);
        let uplink = Link::add(&["type", "veth", "peer", "name", &unique("ku")]);
        Self { driver: alone(), bridge: unique("kb"), network, endpoint, uplink }
    }

    fn body(&self, method: &str) -> String {
        let (network, endpoint) = (&self.network, &self.endpoint);
        let kind = if lab::has_userspace_datapath() { "netdev" } else { "system" };
        let body = match method {
            "CreateNetwork" => json!({
                "NetworkID": network,
                "Options": { "com.docker.network.generic":
                    { "bridge": self.bridge, "datapath_type": kind, "vlan": "10", "mtu": "1400",
                      "uplink": self.uplink.name() } },
                "IPv4Data": [{ "AddressSpace": "LocalDefault", "Pool": "192.0.2.0/24",
                               "Gateway": "192.0.2.1/24", "AuxAddresses": {} }],
                "IPv6Data": []
            }),
            "CreateEndpoint" => json!({
                "NetworkID": network, "EndpointID": endpoint, "Options": {},
                "Interface": { "Address": "192.0.2.7/24", "AddressIPv6": "", "MacAddress": "" }
            }),
            _ => json!({
                "NetworkID": network, "EndpointID": endpoint, "Options": {},
                "SandboxKey": "/var/run/docker/netns/x"
            }),
        };
        body.to_string()
    }

    fn call(&self, method: &str) {
        let told = self.driver.call(&format!("NetworkDriver.{method}"), &self.body(method));
        let answer: Value = serde_json::from_str(&told.body).unwrap();
        assert!(told.status == 200 && answer.get("Err").is_none(), "{method}: {told:?}");
    }

    /// Calls, and does not mind whether there is an answer.
    fn try_call(&self, method: &str) {
        let body = self.body(method);
        let head =
            format!("POST /NetworkDriver.{method} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let Ok(mut stream) = UnixStream::connect(self.driver.socket()) else { return };
        stream.set_read_timeout(Some(lab::patience())).unwrap();
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read_to_end(&mut Vec::new());
    }

    /// Whether the driver was killed by its `n`-th sending call within this call of Docker's.
    fn is_killed_at(&mut self, method: &str, n: usize) -> bool {
        let tracer = KillAtCall::attach(self.driver.pid(), calls(), n);
        self.try_call(method);
        let killed = tracer.has_killed();
        if killed {
            self.driver.end(Signal::KILL);
            self.driver.start_again(engineless);
        }
        killed
    }

    fn all_ports(&self) -> Vec<String> {
        let there = try_run("ovs-vsctl", &["list-ports", &self.bridge]).unwrap_or_default();
        there.lines().map(str::to_owned).collect()
    }

    /// The ports of the network's endpoints.
    fn ports(&self) -> Vec<String> {
        self.all_ports().into_iter().filter(|port| port != self.uplink.name()).collect()
    }

    fn has_uplink(&self) -> bool {
        self.all_ports().iter().any(|port| port == self.uplink.name())
    }

    /// Links that are of this endpoint, by what their alias says.
    fn links(&self) -> usize {
        run("ip", &["-details", "link"]).matches(&*self.endpoint).count()
    }

    /// All that may tell why.
    fn state() -> String {
        let (rows, links) = ("ovs-vsctl", "ip");
        format!("{}\n{}", run(rows, &["show"]), run(links, &["-details", "link"]))
    }

    fn has_bridge(&self) -> bool {
        run("ovs-vsctl", &["list-br"]).lines().any(|name| name == self.bridge)
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        for port in self.ports() {
            let _ = try_run("ip", &["link", "del", &port]);
        }
        let _ = try_run("ovs-vsctl", &["--if-exists", "del-br", &self.bridge]);
    }
}

/// What there is before each call, the call, and what is called after it by Docker, which tries a call that
/// broke off once more.
const CALLS: [(&[&str], &str); 6] = [
    (&[], "CreateNetwork"),
    (&["CreateNetwork"], "CreateEndpoint"),
    (&["CreateNetwork", "CreateEndpoint"], "Join"),
    (&["CreateNetwork", "CreateEndpoint", "Join"], "Leave"),
    (&["CreateNetwork", "CreateEndpoint", "Join", "Leave"], "DeleteEndpoint"),
    (&["CreateNetwork"], "DeleteNetwork"),
];

#[test]
fn a_driver_that_is_killed_within_any_call_is_brought_to_its_end_by_the_next() {
    lab::need!(Lab);
    for (before, method) in CALLS {
        let mut kills = 0;
        for n in 1..MAX_CALLS {
            let mut called = Called::new();
            for method in before {
                called.call(method);
            }
            let killed = called.is_killed_at(method, n);
            kills += usize::from(killed);
            let is_of_network = method.ends_with("Network");
            // Docker tries again; or it was killed, too, and only takes away.
            if n % 2 == 0 || is_of_network {
                called.call(method);
            }
            if matches!(method, "CreateEndpoint" | "Join") && n % 2 == 0 {
                let there = (called.ports().len(), called.links());
                assert_eq!(there, (1, 1), "{method}, call {n}: {}", Called::state());
                called.call("Join");
            }
            if !is_of_network {
                called.call("DeleteEndpoint");
            }
            assert_eq!((called.ports(), called.links()), (Vec::new(), 0), "{method}, call {n}");
            assert_eq!(called.has_bridge(), method != "DeleteNetwork", "{method}, call {n}");
            assert_eq!(called.has_uplink(), method != "DeleteNetwork", "{method}, call {n}");
            called.call("DeleteNetwork");
            assert!(!called.has_bridge(), "{method}, call {n}");
            if !killed {
                break;
            }
        }
        println!("{method}: killed {kills} times");
        assert!(kills > 0, "{method} was never killed");
    }
}

/// What is recorded of networks on a bridge.
pub(crate) fn recorded(bridge: &Bridge) -> String {
    run("ovs-vsctl", &["get", "bridge", bridge.name(), "external_ids"])
}

#[test]
fn a_network_that_docker_removes_while_there_is_no_driver_is_taken_away() {
    lab::need!(Docker);
    let (mut driver, bridge) = (driver(), Bridge::new());
    let [gone, stays] = [0; 2].map(|_| Network::create(driver.name(), bridge.name(), &[]));
    let (gone_id, stays_id) = (gone.id(), stays.id());
    wait_until("the driver knows whose they are", || {
        recorded(&bridge).matches("engine_id").count() == 2
    });
    // Of this one Docker knows nothing, and never has.
    let foreign = "f".repeat(64);
    let record =
        format!("{{\"engine\":\"docker\",\"options\":{{\"bridge\":\"{}\"}}}}", bridge.name());
    let pair = format!("external_ids:docker-ovs.network.{foreign}={}", Value::from(record));
    run("ovs-vsctl", &["set", "bridge", bridge.name(), &pair]);
    driver.end(Signal::KILL);
    gone.remove();
    assert!(recorded(&bridge).contains(&gone_id), "there was no driver to be told");
    driver.start_again(|words| command("docker-ovs", words));
    driver.wait_until_swept("it is gone", || !recorded(&bridge).contains(&gone_id));
    let left = recorded(&bridge);
    assert!(left.contains(&stays_id) && left.contains(&foreign), "{left}");
}

/// What runs on a network, and nothing else, has a port.
pub(crate) fn ports_are_those_of(bridge: &Bridge, ids: &[String]) -> bool {
    let rows = ["--bare", "--columns=external_ids", "find", "interface"];
    let on = run("ovs-vsctl", &["list-ports", bridge.name()]);
    let known = ids.iter().all(|id| {
        let of = format!("external_ids:container_id={id}");
        !run("ovs-vsctl", &[&rows[..], &[&of]].concat()).is_empty()
    });
    known && on.lines().count() == ids.len()
}

/// Whatever it was about, Docker's networks work afterwards, and no port is left of what ended.
#[test]
fn a_driver_that_is_killed_while_containers_come_and_go_leaves_what_exists() {
    lab::alone!(Docker);
    let (mut driver, bridge) = (driver(), Bridge::new());
    let network = Network::create(driver.name(), bridge.name(), &["--subnet", "10.97.60.0/24"]);
    let names: Vec<String> = (0..6).map(|_| unique("kd")).collect();
    let guards: Vec<_> = names.iter().map(|name| Removed(name)).collect();
    for (round, name) in names.iter().enumerate() {
        let (run_name, of) = (name.clone(), network.name().to_owned());
        let start = std::thread::spawn(move || {
            let words = ["run", "--detach", "--name", &run_name, "--network", &of];
            try_run("docker", &[&words[..], &[lab::IMAGE, "sleep", "86400"]].concat())
        });
        std::thread::sleep(Duration::from_millis(40 * round as u64));
        driver.end(Signal::KILL);
        driver.start_again(|words| command("docker-ovs", words));
        let _ = start.join().unwrap();
        // It may have been refused; it is there then, and starts now.
        run("docker", &["start", name]);
        if round % 2 == 1 {
            let gone = names[round - 1].clone();
            let end = std::thread::spawn(move || try_run("docker", &["rm", "--force", &gone]));
            std::thread::sleep(Duration::from_millis(15 * round as u64));
            driver.end(Signal::KILL);
            driver.start_again(|words| command("docker-ovs", words));
            let _ = end.join().unwrap();
        }
    }
    let stay: Vec<_> = names.iter().skip(1).step_by(2).collect();
    let ids = stay.iter().map(|name| run("docker", &["inspect", "--format", "{{.Id}}", name]));
    let ids: Vec<_> = ids.collect();
    driver.wait_until_swept("there is what exists", || ports_are_those_of(&bridge, &ids));
    drop(guards);
    driver.wait_until_swept("there is nothing", || ports_are_those_of(&bridge, &[]));
}

/// A container that is removed with its guard, if it is there.
struct Removed<'n>(&'n str);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        let _ = try_run("docker", &["rm", "--force", self.0]);
    }
}
