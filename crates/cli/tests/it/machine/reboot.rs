//! A machine that reboots: what was connected before is on its number afterwards, by the units alone: by
//! `docker ovs connect`, and by a network of the driver's, whose socket starts it.
//! Two tests with a reboot between them, which `scripts/machine.d/reboot` does.
#![allow(clippy::disallowed_methods, reason = "a test goes into a container with docker(1)")]

use std::path::Path;

use lab::{Home, run, try_run, wait_until};

use crate::machine::systemd::Installed;
use crate::tool::says;

/// Two containers, their addresses and the bridge that they are on.
struct Pair {
    bridge: &'static str,
    containers: [&'static str; 2],
    addresses: [[&'static str; 2]; 2],
}

/// Connected by the verb.
const CONNECTED: Pair = Pair {
    bridge: "reboot0",
    containers: ["client", "server"],
    addresses: [["10.84.1.1", "fd00:84:1::1"], ["10.84.1.2", "fd00:84:1::2"]],
};
/// On a network of the driver's.
const ON_NETWORK: Pair = Pair {
    bridge: "reboot1",
    containers: ["netclient", "netserver"],
    addresses: [["10.85.1.11", "fd00:85:1::11"], ["10.85.1.12", "fd00:85:1::12"]],
};
const DRIVER: [&str; 2] = ["docker-ovs-driver.socket", "docker-ovs-driver.service"];
/// What was, for the test after the reboot.
const BEFORE: &str = "/var/lib/docker-ovs-before-the-reboot";

fn rows() -> String {
    let words =
        "{{.Container}} {{.Interface}} {{.Bridge}} {{.OFPort}} {{.MAC}} {{.VLAN}} {{.Addresses}}";
    let on = |pair: &Pair| says(&["ls", "--bridge", pair.bridge, "--format", words]);
    on(&CONNECTED) + &on(&ON_NETWORK)
}

fn pid(container: &str) -> String {
    let said = try_run("docker", &["inspect", "--format", "{{.State.Pid}}", container]);
    said.unwrap_or_else(|_| "0".to_owned())
}

/// A container that another boot made: named, not owned.
struct Known(&'static str);

impl Home for Known {
    fn netns(&self) -> String {
        pid(self.0)
    }

    fn ip(&self, words: &[&str]) -> String {
        run("nsenter", &[&["--target", &pid(self.0), "--net", "ip"], words].concat())
    }

    fn busybox(&self, words: &[&str]) -> std::io::Result<std::process::Output> {
        lab::program("docker").args(["exec", self.0, "busybox"]).args(words).output()
    }
}

fn traffic(pair: &Pair) {
    let [client, server] = pair.containers.map(Known);
    let [_, there] = pair.addresses;
    for address in there {
        lab::wait_for_answer(&client, address);
    }
    lab::assert_carries(&client, &server, &there);
}

/// Starts a container that Docker starts again after a reboot.
fn start(name: &str, words: &[&str]) {
    let always = ["run", "--detach", "--restart", "always", "--name", name];
    run("docker", &[&always[..], words, &[lab::IMAGE, "sleep", "86400"]].concat());
}

fn connect() {
    let Pair { bridge, containers, addresses } = CONNECTED;
    run("ovs-vsctl", &["add-br", bridge]);
    for (name, [ip, ipv6]) in containers.into_iter().zip(addresses) {
        start(name, &["--network", "none"]);
        let (ip, ipv6) = (format!("{ip}/24"), format!("{ipv6}/64"));
        let more: &[&str] = if name == "server" { &["--ofport", "40000"] } else { &[] };
        let words = ["connect", bridge, name, "--vlan", "84", "--ip", &ip, "--ip", &ipv6];
        says(&[&words, more].concat());
    }
}

/// The units of the packages, of which only the socket is started: the first call starts the driver.
fn join_network() {
    for unit in DRIVER {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/systemd").join(unit);
        std::fs::copy(file, format!("/etc/systemd/system/{unit}")).unwrap();
    }
    let [socket, service] = DRIVER;
    run("systemctl", &["daemon-reload"]);
    run("systemctl", &["enable", socket, service]);
    run("systemctl", &["start", socket]);
    assert!(try_run("systemctl", &["is-active", service]).is_err(), "nothing has called it yet");
    let Pair { bridge, containers, addresses } = ON_NETWORK;
    let (option, network) = (format!("bridge={bridge}"), "lasting");
    let subnets = ["--subnet", "10.85.1.0/24", "--ipv6", "--subnet", "fd00:85:1::/64"];
    let create = ["network", "create", "-d", "ovs", "-o", &option, "-o", "vlan=85"];
    run("docker", &[&create[..], &subnets, &[network]].concat());
    assert_eq!(run("systemctl", &["is-active", service]), "active");
    for (name, [ip, ipv6]) in containers.into_iter().zip(addresses) {
        start(name, &["--network", network, "--ip", ip, "--ip6", ipv6]);
        let named = format!("external_ids:docker-ovs.name={name}");
        let find = ["--bare", "--columns=name", "find", "interface", &named];
        wait_until("the driver learns the name", || !run("ovs-vsctl", &find).is_empty());
    }
}

#[test]
#[ignore = "make test-machine reboots after it"]
fn before() {
    lab::alone!(Machine);
    std::mem::forget(Installed::new());
    run("systemctl", &["enable", "--now", "docker-ovs.service"]);
    connect();
    join_network();
    [CONNECTED, ON_NETWORK].iter().for_each(traffic);
    std::fs::write(BEFORE, rows()).unwrap();
}

/// When a unit was last active, in microseconds since the machine started.
fn active_since(unit: &str) -> u64 {
    let told = ["show", "--value", "--property", "ActiveEnterTimestampMonotonic", unit];
    run("systemctl", &told).parse().unwrap()
}

#[test]
#[ignore = "make test-machine reboots before it"]
fn after() {
    lab::alone!(Machine);
    let before = std::fs::read_to_string(BEFORE).expect("the machine has rebooted");
    assert!(before.contains("server eth0 reboot0 40000 "), "{before}");
    for name in CONNECTED.containers.into_iter().chain(ON_NETWORK.containers) {
        wait_until("Docker starts it", || pid(name) != "0");
    }
    wait_until("the units restore all", || rows() == before);
    [CONNECTED, ON_NETWORK].iter().for_each(traffic);
    let did = run("journalctl", &["--no-pager", "--unit", "docker-ovs.service"]);
    assert!(did.contains("restored client:eth0") && did.contains("restored server:eth0"), "{did}");
    for unit in DRIVER {
        assert!(
            active_since(unit) < active_since("docker.service"),
            "{unit} is there before dockerd"
        );
    }
}
