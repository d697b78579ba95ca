//! Killed at any of the calls that change something: the next verb brings number, MAC, every
//! address, route, VLAN and MTU, or nothing.
//!
//! The tool is killed at a call, whichever of its threads makes it, before the kernel has carried it out.
//! Only calls by which rtnetlink, ethtool and the database are told something are tried; with
//! `DOCKER_OVS_TEST_EVERY_CALL=1` every system call is.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use lab::{Bridge, Calls, Container, kill_at_call, run, try_run, wait_until};

use crate::acting::Footprint;
use crate::tool::{Ran, command, docker_ovs, number};

/// More calls than any verb makes.
const MAX_CALLS: usize = 5000;

/// An interface with all that can be asked for.
const NUMBER: &str = "40007";
const MAC: &str = "02:00:00:53:00:07";
const ADDRESSES: [&str; 3] = ["198.51.100.7/24", "203.0.113.7/25", "2001:db8:53::7/64"];
const GATEWAYS: [&str; 2] = ["198.51.100.1", "2001:db8:53::1"];
const MTU: &str = "1442";
const VLAN: &str = "53";

struct Scene {
    bridge: Bridge,
    container: Container,
}

impl Scene {
    fn new() -> Self {
        let sysctl = "net.ipv6.conf.all.disable_ipv6=0";
        let container = Container::run_with(&["--network", "none", "--sysctl", sysctl]);
        Self { bridge: Bridge::new(), container }
    }

    fn connect(&self) -> Vec<&str> {
        let mut words = vec!["connect", self.bridge.name(), self.container.name()];
        words.extend(["--interface", "lan0", "--ofport", NUMBER, "--mac", MAC]);
        words.extend(["--mtu", MTU, "--vlan", VLAN]);
        words.extend(ADDRESSES.iter().flat_map(|ip| ["--ip", ip]));
        words.extend(GATEWAYS.iter().flat_map(|ip| ["--gateway", ip]));
        words
    }

    /// Has the whole of it.
    fn make(&self) {
        let made = docker_ovs(&self.connect());
        assert_eq!(made.code, 0, "{made:?}");
    }

    /// What ip(8) says inside; nothing where it fails, as of a link that is not there.
    fn ip(&self, words: &[&str]) -> String {
        let pid = self.container.pid();
        try_run("nsenter", &[&["--target", &pid, "--net", "ip"], words].concat())
            .unwrap_or_default()
    }

    /// What there is of the interface, as ip(8) and ovs-vsctl(8) say it.
    fn parts(&self) -> Vec<(String, bool)> {
        let link = self.ip(&["-d", "link", "show", "dev", "lan0"]);
        let addresses = self.ip(&["-o", "address", "show", "dev", "lan0"]);
        let routes = self.ip(&["route"]) + &self.ip(&["-6", "route"]);
        let on_bridge = run("ovs-vsctl", &["list-ports", self.bridge.name()]);
        let column = |table, column| {
            let of = |port: &str| try_run("ovs-vsctl", &["get", table, port, column]);
            on_bridge.lines().filter_map(|port| of(port).ok()).collect::<Vec<_>>()
        };
        let mut parts = vec![
            ("number".to_owned(), column("Interface", "ofport") == [NUMBER]),
            ("VLAN".to_owned(), column("Port", "tag") == [VLAN]),
            ("MAC".to_owned(), link.contains(MAC)),
            ("MTU".to_owned(), link.contains(&format!("mtu {MTU}"))),
            ("up".to_owned(), link.contains(",UP")),
        ];
        parts.extend(ADDRESSES.iter().map(|ip| ((*ip).to_owned(), addresses.contains(ip))));
        let route = |ip: &&str| (format!("via {ip}"), routes.contains(&format!("via {ip}")));
        parts.extend(GATEWAYS.iter().map(route));
        parts
    }

    fn is_whole(&self) -> bool {
        self.parts().iter().all(|(_, there)| *there)
    }

    /// Neither port, nor link, nor interface.
    fn is_bare(&self) -> bool {
        let footprint = Footprint::take(&self.bridge, &[&self.container]);
        let ports = run("ovs-vsctl", &["list-ports", self.bridge.name()]);
        footprint.links().is_empty() && ports.is_empty() && !self.has_interface()
    }

    fn has_interface(&self) -> bool {
        self.ip(&["-o", "link"]).contains("lan0")
    }

    fn clear(&self) {
        docker_ovs(&["disconnect", self.bridge.name(), self.container.name()]);
        docker_ovs(&["prune", "--force", "--bridge", self.bridge.name()]);
        wait_until("it is clear", || {
            let clear = self.is_bare();
            if !clear {
                docker_ovs(&["prune", "--force", "--bridge", self.bridge.name()]);
            }
            clear
        });
    }
}

/// Runs the tool until it makes call number `n` of these, and kills it there; false if it makes
/// fewer and ends by itself.
fn is_killed_at(calls: Calls, n: usize, words: &[&str]) -> bool {
    match kill_at_call(&command("docker-ovs", words), calls, n) {
        None => true,
        Some((status, said)) => {
            let ended = status.code().is_some_and(|code| (0..=2).contains(&code));
            assert!(ended, "{words:?}: {status}: {said}");
            false
        }
    }
}

/// The calls that are tried.
pub(crate) fn calls() -> Calls {
    let every = number("DOCKER_OVS_TEST_EVERY_CALL", 0) > 0;
    if every { Calls::All } else { Calls::Sending }
}

/// Kills `words` at each call in turn, each time after `before`; then `after` is to bring all, or
/// nothing.
fn at_every_call(scene: &Scene, words: &[&str], before: impl Fn(), after: impl Fn(usize)) {
    let (calls, mut kills) = (calls(), 0);
    for n in 1..MAX_CALLS {
        before();
        let killed = is_killed_at(calls, n, words);
        after(n);
        scene.clear();
        if !killed {
            break;
        }
        kills = n;
    }
    println!("{}: killed {kills} times", words[0]);
    assert!(kills > 5, "{words:?} was killed {kills} times only");
}

fn whole_or_bare(scene: &Scene, n: usize, next: &Ran) {
    let state = || format!("call {n}: {:?}, after {next:?}", scene.parts());
    lab::comes_true(|| scene.is_whole() || scene.is_bare());
    assert!(scene.is_whole() || scene.is_bare(), "{}", state());
}

#[test]
fn a_killed_connect_is_brought_to_its_end_by_another_one() {
    lab::need!(Docker);
    let scene = Scene::new();
    at_every_call(
        &scene,
        &scene.connect(),
        || {},
        |n| {
            let again = docker_ovs(&scene.connect());
            whole_or_bare(&scene, n, &again);
            assert!(scene.is_whole(), "call {n}: {again:?}, {:?}", scene.parts());
        },
    );
}

#[test]
fn a_killed_connect_is_brought_to_its_end_by_restore() {
    lab::need!(Docker);
    let scene = Scene::new();
    at_every_call(
        &scene,
        &scene.connect(),
        || {},
        |n| {
            let restored = docker_ovs(&["restore", scene.container.name()]);
            if !scene.is_whole() {
                // Nothing is remembered of it: what is left goes.
                let pruned = docker_ovs(&["prune", "--force", "--bridge", scene.bridge.name()]);
                assert!(pruned.code <= 1, "{pruned:?}");
            }
            whole_or_bare(&scene, n, &restored);
        },
    );
}

#[test]
fn a_killed_restore_is_brought_to_its_end_by_another_one() {
    lab::need!(Docker);
    let scene = Scene::new();
    let lose = || {
        scene.make();
        scene.ip(&["link", "delete", "lan0"]);
    };
    let words = ["restore", scene.container.name()];
    at_every_call(&scene, &words, lose, |n| {
        let again = docker_ovs(&words);
        whole_or_bare(&scene, n, &again);
        assert!(scene.is_whole(), "call {n}: {again:?}, {:?}", scene.parts());
    });
}

#[test]
fn a_killed_disconnect_leaves_all_or_what_prune_takes() {
    lab::need!(Docker);
    let scene = Scene::new();
    let words = ["disconnect", scene.bridge.name(), scene.container.name()];
    at_every_call(
        &scene,
        &words,
        || scene.make(),
        |n| {
            let next = if n % 2 == 0 {
                docker_ovs(&["prune", "--force", "--bridge", scene.bridge.name()])
            } else {
                docker_ovs(&["restore", scene.container.name()]);
                docker_ovs(&["prune", "--force", "--bridge", scene.bridge.name()])
            };
            whole_or_bare(&scene, n, &next);
        },
    );
}

#[test]
fn a_killed_prune_is_brought_to_its_end_by_another_one() {
    lab::need!(Docker);
    let scene = Scene::new();
    let lose = || {
        scene.make();
        scene.ip(&["link", "delete", "lan0"]);
    };
    let words = ["prune", "--force", "--stopped", "--bridge", scene.bridge.name()];
    at_every_call(&scene, &words, lose, |n| {
        // The container runs: what it lost is its own still.
        let restored = docker_ovs(&["restore", scene.container.name()]);
        whole_or_bare(&scene, n, &restored);
    });
}
