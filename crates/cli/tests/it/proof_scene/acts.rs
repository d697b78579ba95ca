//! The acting verbs, one after the other, with words that chance has chosen: on this host, and in worlds beside it.

use lab::{Network, run, unique, wait_until};

use crate::driver::{driver, on};
use crate::tool::dice::Dice;
use crate::tool::{Ran, Served, docker_ovs};

use super::truth::Asked;
use super::{At, Scene, name_of};

/// What acts on a host, in so many words; what is in capitals is chosen. Where a bridge stands after `driver` a network
/// of Docker's is made on it, given a container, and removed.
const VERBS: [&str; 17] = [
    "connect BRIDGE CONTAINER",
    "connect BRIDGE CONTAINER --ip IPV4 --ip IPV6 --gateway GATEWAY",
    "connect BRIDGE CONTAINER --vlan 10 --mac MAC",
    "connect BRIDGE CONTAINER --trunk 20-22,30",
    "connect BRIDGE CONTAINER --vlan 10 --trunk 20,30 --vlan-mode native-tagged",
    "connect BRIDGE CONTAINER --host-interface HOST_INTERFACE",
    "restore CONTAINER",
    "restore --all",
    "restore PROCESS",
    "restore NAMESPACE",
    "prune --force --bridge BRIDGE",
    "prune --force --bridge BRIDGE --all",
    "prune --force --bridge BRIDGE --stopped",
    "disconnect BRIDGE CONTAINER --force",
    "disconnect BRIDGE PORT --force",
    "serve --restore",
    "driver BRIDGE",
];
/// How many steps have each verb once.
pub(super) const EACH: usize = VERBS.len();

/// So many verbs: none comes again before each other has come, and those that connect come first.
pub(super) fn order(steps: usize, dice: &mut Dice) -> Vec<&'static str> {
    let mut order = Vec::new();
    while order.len() < steps {
        let mut round = VERBS;
        for last in (1..round.len()).rev() {
            round.swap(last, dice.throw(last + 1));
        }
        round.sort_by_key(|verb| !verb.starts_with("connect"));
        order.extend(round);
    }
    order.truncate(steps);
    order
}

impl Scene {
    /// A verb with its words, for this host.
    pub(super) fn acts(&self, verb: &str, dice: &mut Dice) -> Asked {
        let (first, count) = (dice.throw(self.containers.len()), self.containers.len());
        let mut all = (0..count).map(|n| &self.containers[(first + n) % count]);
        // What does not run is not connected.
        let running = || all.find(|one| one.pid() != "0");
        let running = verb.starts_with("connect").then(running).flatten();
        let container = running.unwrap_or(&self.containers[first]);
        let bridge = self.bridges[dice.throw(2)].name();
        let last = 2 + dice.throw(250);
        let word = |word: &str| match word {
            "BRIDGE" => bridge.to_owned(),
            "CONTAINER" => name_of(container),
            "PROCESS" => format!("pid:{}", container.pid()),
            "NAMESPACE" => format!("netns:{}", self.inner.name()),
            "PORT" => {
                let ports = run("ovs-vsctl", &["list-ports", bridge]);
                ports.lines().next().unwrap_or("none").to_owned()
            }
            "HOST_INTERFACE" => unique("hi"),
            "IPV4" => format!("198.51.100.{last}/24"),
            "IPV6" => format!("2001:db8::{last}/64"),
            "GATEWAY" => "198.51.100.1".to_owned(),
            "MAC" => format!("02:00:00:00:02:{last:02x}"),
            word => word.to_owned(),
        };
        let takes = verb == "disconnect BRIDGE CONTAINER --force";
        Asked {
            words: verb.split(' ').map(word).collect(),
            at: At::Host,
            taken: takes.then(|| container.id().to_owned()),
            all: verb.starts_with("prune") && verb.contains("--all"),
            dry: false,
        }
    }

    /// The same for another database or engine, or only planned; a daemon and a driver act on this host alone.
    pub(super) fn elsewhere(&self, asked: &Asked, dice: &mut Dice) -> Option<Asked> {
        let verb = asked.words[0].as_str();
        if verb == "serve" || verb == "driver" {
            return None;
        }
        let changes = verb == "connect" || verb == "disconnect";
        let is_common = asked.words.iter().any(|word| word == self.podman.name());
        let (more, at) = match dice.throw(12) {
            0 => (vec!["--db".to_owned(), self.second.remote()], At::Second),
            1 => (vec!["--db".to_owned(), self.tcp.clone()], At::Second),
            2 => (vec!["--db".to_owned(), self.switch.remote()], At::Switch),
            // There it would be the other engine's container of that name.
            3 | 4 if !(changes && is_common) => {
                (vec!["--host".to_owned(), self.podman.socket()], At::Host)
            }
            5 => (vec!["--dry-run".to_owned()], At::Host),
            _ => return None,
        };
        Some(Asked {
            dry: more.len() == 1,
            words: asked.words.iter().cloned().chain(more).collect(),
            at,
            taken: asked.taken.clone(),
            all: asked.all,
        })
    }
}

impl Asked {
    /// Does it.
    pub(super) fn done(&self) -> Ran {
        let words: Vec<_> = self.words.iter().map(String::as_str).collect();
        match words[..] {
            ["serve", ..] => serves(),
            ["driver", bridge] => drives(bridge),
            _ => docker_ovs(&words),
        }
    }
}

/// What is missing that `restore --all` would make again.
fn missing() -> usize {
    let plan = docker_ovs(&["restore", "--all", "--dry-run", "--format", "{{.Result}}"]);
    plan.stdout.lines().filter(|result| *result == "missing").count()
}

/// A daemon that restores, from its start until it has tried what was missing then.
fn serves() -> Ran {
    let is_owed = missing() > 0;
    let mut daemon = Served::start_restoring();
    let has_tried = || {
        let metrics = daemon.get("/metrics").body;
        let mut lines = metrics.lines();
        lines.any(|line| line.starts_with("docker_ovs_restores_total{") && !line.ends_with(" 0"))
    };
    if is_owed {
        wait_until("the daemon tries what is missing", || has_tried() || missing() == 0);
    }
    let code = daemon.stop().unwrap_or(-1);
    Ran { code, stdout: String::new(), stderr: String::new() }
}

/// The driver from its start to its end: a network on this bridge, and a container on that.
fn drives(bridge: &str) -> Ran {
    let driver = driver();
    let network = Network::create(driver.name(), bridge, &[]);
    let container = on(&network);
    let stdout = container.on_network("MacAddress");
    Ran { code: 0, stdout, stderr: String::new() }
}
