//! What is done right after another, `docker rm` and `docker ovs prune`, `docker restart` and `docker ovs restore`, is
//! right each time, also while the host is busy: the default timeout is enough for all that has to settle.
//!
//! `DOCKER_OVS_TEST_ROUNDS=1000` has each pair so many times.
#![allow(clippy::disallowed_methods, reason = "a test makes its own load")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crate::tool::{docker_ovs, number, says};
use lab::{Bridge, Container, Home, Netns, try_run, unique};

/// How often each pair is done where the environment does not say.
const ROUNDS: usize = 5;

fn rounds() -> usize {
    number("DOCKER_OVS_TEST_ROUNDS", ROUNDS)
}

/// Others on the host, until the value ends: a container that restarts and is restored on a bridge of its own, and
/// namespaces with a veth that come and go, which the kernel takes down one after the other.
struct Load {
    over: Arc<AtomicBool>,
    turns: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    fn start() -> Self {
        let mut load = Self { over: Arc::default(), turns: Arc::default(), threads: Vec::new() };
        let (bridge, other) = (Bridge::new(), Container::run());
        says(&["connect", bridge.name(), other.name()]);
        load.repeat(move || {
            other.restart();
            let restored = docker_ovs(&["restore", other.name()]);
            assert!(restored.code <= 2, "on {}: {restored:?}", bridge.name());
        });
        load.repeat(|| {
            let (netns, end) = (Netns::new(), unique("v"));
            let veth = ["type", "veth", "peer", "name", "eth0", "netns", netns.name()];
            let _ = try_run("ip", &[&["link", "add", &*end][..], &veth].concat());
            drop(netns);
            // One at a time: else those that wait to be taken down become more and more.
            lab::comes_true(|| try_run("ip", &["link", "show", "dev", &end]).is_err());
        });
        load
    }

    /// Does it in a thread of its own until the load is over.
    fn repeat(&mut self, mut turn: impl FnMut() + Send + 'static) {
        let (over, turns) = (self.over.clone(), self.turns.clone());
        self.threads.push(std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                turn();
                turns.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }

    /// That there was a load, until now.
    fn lasted(&self) {
        assert!(self.turns.load(Ordering::Relaxed) > 0);
        assert!(self.threads.iter().all(|thread| !thread.is_finished()), "a part of it failed");
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[test]
fn what_a_removed_container_had_is_pruned_each_time() {
    // Its load would hold up what others wait for.
    lab::alone!(Docker);
    let (bridge, load) = (Bridge::new(), Load::start());
    for round in 1..=rounds() {
        let container = Container::run();
        let connect = ["connect", bridge.name(), container.name(), "--format", "{{.Port}}"];
        let port = says(&connect);
        container.remove();
        let prune = ["prune", "--force", "--bridge", bridge.name(), "--format", "{{.Port}}"];
        let pruned = docker_ovs(&prune);
        assert_eq!((pruned.code, &pruned.stdout), (0, &port), "round {round}: {pruned:?}");
        let left = lab::run("ovs-vsctl", &["list-ports", bridge.name()]);
        assert_eq!(left, "", "round {round}: {pruned:?}");
    }
    load.lasted();
}

#[test]
fn what_a_restarted_container_had_is_restored_each_time() {
    lab::alone!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let load = Load::start();
    let address = "198.51.100.51/24";
    let connect = ["connect", bridge.name(), container.name()];
    says(&[&connect[..], &["--ofport", "40051", "--ip", address]].concat());
    for round in 1..=rounds() {
        container.restart();
        let restored = docker_ovs(&["restore", container.name(), "--format", "{{.Result}}"]);
        let told = (restored.code, &*restored.stdout);
        assert_eq!(told, (0, "restored\n"), "round {round}: {restored:?}");
        let number = says(&["port", container.name(), bridge.name(), "--quiet"]);
        assert_eq!(number, "40051\n", "round {round}");
        let inside = container.ip(&["address", "show", "dev", "eth0"]);
        assert!(inside.contains(address), "round {round}: {inside}");
    }
    load.lasted();
}
