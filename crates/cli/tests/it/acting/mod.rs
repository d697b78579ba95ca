//! What the tests of the acting verbs share.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

pub(crate) mod unserved;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use lab::{Bridge, Container, Home, assert_carries, flow, run, wait_for_answer};

use crate::tool::{Ran, command, says};

/// What a change may leave behind: ports, and links that docker-ovs made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    ports: Vec<String>,
    links: Vec<String>,
}

impl Footprint {
    /// The ports of the bridge, and the links that we made for these containers.
    pub(crate) fn take(bridge: &Bridge, containers: &[&Container]) -> Self {
        let ports = run("ovs-vsctl", &["list-ports", bridge.name()]);
        let all: serde_json::Value = serde_json::from_str(&run("ip", &["--json", "link"])).unwrap();
        let links = all.as_array().into_iter().flatten().filter(|link| {
            let alias = link["ifalias"].as_str().and_then(|text| text.strip_prefix("docker-ovs "));
            alias.is_some_and(|alias| containers.iter().any(|who| alias.starts_with(who.id())))
        });
        let mut links: Vec<_> = links.map(|link| link["ifname"].to_string()).collect();
        links.sort();
        Self { ports: ports.lines().map(str::to_owned).collect(), links }
    }

    /// The links that we made.
    pub(crate) fn links(&self) -> &[String] {
        &self.links
    }
}

/// One of the `external_ids` of an interface.
pub(crate) fn ids(iface: &str, key: &str) -> String {
    let column = format!("external_ids:\"{key}\"");
    run("ovs-vsctl", &["get", "Interface", iface, &column]).trim_matches('"').to_owned()
}

/// The numbers on a bridge.
pub(crate) fn numbers_of(bridge: &Bridge) -> Vec<String> {
    let ports = run("ovs-vsctl", &["list-ports", bridge.name()]);
    ports.lines().map(|port| run("ovs-vsctl", &["get", "Interface", port, "ofport"])).collect()
}

/// How many steps connect and restore have taken when the interface is set up: the veth, the port,
/// on the userspace datapath its checksum offload, its addresses.
pub(crate) fn step_that_sets_up() -> usize {
    if lab::has_userspace_datapath() { 4 } else { 3 }
}

/// Runs the tool until it has taken `step` steps, then kills it.
pub(crate) fn kill_after(step: usize, words: &[&str]) {
    let (mut child, _go) = hold_after(step, words);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Runs the tool until it has taken `step` steps; then it waits to be told to go on.
pub(crate) fn hold_after(step: usize, words: &[&str]) -> (Child, impl FnOnce() + use<>) {
    let mut command = command("docker-ovs", words);
    command.env("DOCKER_OVS_STOP_AFTER", step.to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    assert_eq!(said, format!("stopped after {step} steps\n"), "{words:?}");
    child.stderr = Some(stderr.into_inner());
    let stdin = child.stdin.take();
    (child, move || drop(stdin))
}

/// Starts the tool.
pub(crate) fn start(words: &[&str]) -> Child {
    let mut command = command("docker-ovs", words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Starts the tool, which waits for something: after a while it has not ended.
pub(crate) fn start_waiting(words: &[&str]) -> Child {
    let mut child = start(words);
    // Longer than it waits for anything that is in doubt.
    run("sleep", &["1"]);
    assert!(child.try_wait().unwrap().is_none(), "it is waited for");
    child
}

/// What a run says in the end.
pub(crate) fn output(child: &mut Child) -> Ran {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    Ran { code: child.wait().unwrap().code().unwrap_or(-1), stdout, stderr }
}

/// A client and a server on a bridge; the server's port has a flow that its traffic needs.
pub(crate) struct Scene {
    pub(crate) bridge: Bridge,
    pub(crate) client: Container,
    pub(crate) server: Container,
    network: String,
}

impl Scene {
    /// In the network `NETWORK.0/24`: the client is 1, the server 2.
    pub(crate) fn new(network: &str) -> Self {
        let (bridge, client, server) = (Bridge::new(), Container::run(), Container::run());
        let network = network.to_owned();
        let scene = Self { bridge, client, server, network };
        let name = scene.bridge.name();
        let (ip, ipv6) = (|n: u8| scene.ip(n) + "/24", |n: u8| scene.ipv6(n) + "/64");
        let (both, more) = ([ip(1), ipv6(1)], ["--mtu", "1450", "--vlan", "78"]);
        let addresses = ["--ip", &both[0], "--ip", &both[1]];
        says(&[&["connect", name, scene.client.name()], &addresses[..], &more].concat());
        let gateway = format!("{}.1", scene.network);
        let mac = "02:00:00:78:00:02";
        says(
            &[
                &["connect", name, scene.server.name(), "--interface", "lan0", "--ofport", "40000"],
                &["--ip", &ip(2), "--ip", &ipv6(2), "--gateway", &gateway, "--mac", mac][..],
                &more,
            ]
            .concat(),
        );
        // Whatever comes by another port than the server's or the client's is dropped.
        run("ovs-ofctl", &["del-flows", name]);
        flow(&scene.bridge, "in_port=40000,actions=normal");
        flow(&scene.bridge, "in_port=32768,actions=normal");
        scene.is_as_it_was(&scene.row());
        scene
    }

    fn ip(&self, n: u8) -> String {
        format!("{}.{n}", self.network)
    }

    fn ipv6(&self, n: u8) -> String {
        format!("fd00:{}::{n}", self.network.replace('.', ":"))
    }

    /// What must not change.
    pub(crate) fn row(&self) -> String {
        let words = "{{.Interface}} {{.OFPort}} {{.MAC}} {{.MTU}} {{.VLAN}} {{.Bridge}}";
        let row = says(&["port", self.server.id(), "--format", words]);
        row + &self.server.ip(&["route"])
    }

    /// The same row, the addresses, an answer, and all traffic.
    pub(crate) fn is_as_it_was(&self, before: &str) {
        assert_eq!(self.row(), before);
        assert!(before.contains("default via"), "{before}");
        let (ip, ipv6) = (self.ip(2), self.ipv6(2));
        for address in [&ip, &ipv6] {
            wait_for_answer(&self.client, address);
        }
        assert_carries(&self.client, &self.server, &[&ip, &ipv6]);
    }
}
