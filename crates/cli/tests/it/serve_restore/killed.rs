//! A daemon that is killed while it restores, at a call by which it sends something, whichever of its threads
//! makes it: afterwards number, MAC, every address, route, VLAN and MTU are back, once.
//!
//! A few of these calls are tried; with `DOCKER_OVS_TEST_EVERY_CALL=1` each of them is. Between two of them
//! nothing changes but the daemon itself.

use lab::{Calls, Container, Home, KillAtCall};
use rustix::process::Signal;

use super::scene::{Scene, nothing_is_owed};
use crate::tool::{docker_ovs, number};

/// More of them than a daemon makes until it has restored a container.
const MAX_CALLS: usize = 5000;

/// How many are tried, unless each is.
const POINTS: usize = 6;

struct Killed {
    scene: Scene,
    container: Container,
    /// What is to come back.
    before: String,
}

impl Killed {
    fn new() -> Self {
        let (scene, container) = (Scene::new(), Container::run());
        let before = scene.connect(&container);
        assert!(before.contains("default via"), "{before}");
        Self { scene, container, before }
    }

    fn is_whole(&self) -> bool {
        self.scene.row(&self.container) == self.before
    }

    /// Restarts the container under a daemon that is killed at its `n`th call from then on: how many it made
    /// until it was killed, or until it had restored the container, and whether it was killed.
    fn restart(&self, n: usize) -> (usize, bool) {
        let daemon = self.scene.serve();
        let tracer = KillAtCall::attach(daemon.pid(), Calls::Sending, n);
        self.container.restart();
        lab::wait_until("it is killed, or has restored", || tracer.is_done() || self.is_whole());
        let made = tracer.made();
        let killed = tracer.has_killed();
        daemon.signal(Signal::KILL);
        (made, killed)
    }

    /// Another daemon or the verb, in turn, brings the interface back.
    fn follow(&self, kills: usize, when: &str) {
        let next = if kills.is_multiple_of(2) {
            let words = ["restore", self.container.name(), "--db"];
            let ran = docker_ovs(&[&words[..], &[&self.scene.switch.remote()]].concat());
            format!("{ran:?}")
        } else {
            let daemon = self.scene.serve();
            lab::comes_true(|| self.is_whole());
            nothing_is_owed(&daemon);
            "a daemon".to_owned()
        };
        let is_back = lab::comes_true(|| self.is_whole() && self.has_one());
        assert!(is_back, "{when}, then {next}: {}", self.state());
    }

    /// One port, and one link that is marked as the container's.
    fn has_one(&self) -> bool {
        let ports = self.scene.switch.vsctl(&["list-ports", &self.scene.bridge]);
        let links = self.scene.switch.netns().ip(&["-details", "link"]);
        (ports.lines().count(), links.matches(self.container.id()).count()) == (1, 1)
    }

    /// What there is, where it is not as it should be.
    fn state(&self) -> String {
        let rows = self.scene.switch.vsctl(&["show"]);
        let links = self.scene.switch.netns().ip(&["-details", "link"]);
        format!("{:?} of {:?}\n{rows}\n{links}", self.scene.row(&self.container), self.before)
    }
}

#[test]
fn a_daemon_that_is_killed_at_any_call_is_followed_by_one_that_restores_or_by_the_verb() {
    lab::need!(Docker);
    let killed = Killed::new();
    let (mut all, _) = killed.restart(usize::MAX);
    assert!(killed.is_whole(), "{}", killed.state());
    let every = number("DOCKER_OVS_TEST_EVERY_CALL", 0) > 0;
    let mut kills = 0;
    // How many calls it takes depends on how long things last: on a busy machine one run may make half of another's.
    for _ in 0..3 {
        let step = if every { 1 } else { all.div_ceil(POINTS) };
        for n in (1..MAX_CALLS).step_by(step) {
            let (made, is_killed) = killed.restart(n);
            if !is_killed {
                all = made;
                break;
            }
            kills += 1;
            killed.follow(kills, &format!("call {n} of {all}"));
        }
        if every || kills >= POINTS / 2 {
            break;
        }
    }
    println!("killed {kills} times of {all} calls");
    assert!(kills >= POINTS / 2, "it was killed {kills} times only");
}
