//! The meshes of the scene: an etcd, a second host, and which bridge is in which mesh by what was asked for.

use std::collections::{BTreeMap, BTreeSet};

use lab::{Etcd, Switch, unique};
use rustix::process::Signal;

use crate::fleet::hosts::{Host, Underlay, at, give_address};
use crate::tool::dice::Dice;
use crate::tool::docker_ovs;

use super::scene::Scene;
use super::verbs::Ended;
use super::wanted::ByHand;

/// What the fleet calls the scene's own host.
pub(super) const HOST: &str = "soak";
/// The meshes that there are.
pub(super) const MESHES: [&str; 2] = ["blue", "red"];
/// The bridge of the other host.
const OTHER_BRIDGE: &str = "br0";

/// Which mesh each bridge of a host is in, or may be in where a verb was killed.
#[derive(Debug)]
pub(super) struct Memberships(BTreeMap<String, BTreeSet<Option<&'static str>>>);

impl Memberships {
    fn none(bridges: &[String]) -> Self {
        Self(bridges.iter().map(|bridge| (bridge.clone(), BTreeSet::from([None]))).collect())
    }

    /// Whether a bridge may join: a host has one bridge in a mesh, and a bridge is in one. None where
    /// that is not known.
    fn may_join(&self, bridge: &str, mesh: &'static str) -> Option<bool> {
        let mut may = true;
        for (other, of) in &self.0 {
            let [of] = of.iter().collect::<Vec<_>>()[..] else { return None };
            may &= of.is_none() || (other == bridge) == (*of == Some(mesh));
        }
        Some(may)
    }

    fn joins(&mut self, bridge: &str, mesh: &'static str, ended: &Ended) {
        let may = self.may_join(bridge, mesh);
        if let (Ended::Calmly(ran), Some(may)) = (ended, may) {
            assert_eq!(ran.code == 0, may, "{bridge} joins {mesh}: {ran:?}, {self:?}");
        }
        let of = self.0.get_mut(bridge).unwrap();
        match ended {
            ended if ended.is_done() => *of = BTreeSet::from([Some(mesh)]),
            Ended::Calmly(_) => {}
            _ if may == Some(false) => {}
            _ => _ = of.insert(Some(mesh)),
        }
    }

    fn leaves(&mut self, mesh: &'static str, ended: &Ended) {
        let is_in = self.0.values().any(|of| *of == BTreeSet::from([Some(mesh)]));
        if let Ended::Calmly(ran) = ended {
            // Of one that is in no mesh a tunnel may be left, which goes.
            assert!(ran.code == 0 || !is_in, "it leaves {mesh}: {ran:?}, {self:?}");
        }
        for of in self.0.values_mut().filter(|of| of.contains(&Some(mesh))) {
            if ended.is_done() {
                of.remove(&Some(mesh));
            }
            of.insert(None);
        }
    }

    /// Whether this may be so.
    pub(super) fn may_be(&self, bridge: &str, mesh: Option<&str>) -> bool {
        self.0.get(bridge).is_some_and(|of| of.contains(&mesh))
    }

    /// What was open is decided: it is so.
    pub(super) fn conclude(&mut self, is: &BTreeMap<String, Option<String>>) {
        for (bridge, of) in &mut self.0 {
            of.retain(|mesh| is.get(bridge).map(Option::as_deref) == Some(*mesh));
        }
    }
}

/// How etcd is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Runs,
    Stopped,
    Killed,
}

pub(super) struct Fleet {
    pub(super) etcd: Etcd,
    state: State,
    /// The scene's own host.
    pub(super) own: Memberships,
    own_ip: String,
    pub(super) other: Host,
    pub(super) others: Memberships,
    pub(super) other_runs: bool,
    other_is_stopped: bool,
    _underlay: Underlay,
}

impl Fleet {
    /// With both meshes, no member, and the other host's daemon.
    pub(super) fn start(switch: &Switch, bridges: &[String]) -> Self {
        let (etcd, underlay) = (Etcd::start(1), Underlay::new());
        let words = at(&etcd);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        for mesh in MESHES {
            let ran = docker_ovs(&[&["mesh", "create", mesh], &words[..]].concat());
            assert_eq!(ran.code, 0, "{ran:?}");
        }
        let own_ip = underlay.plug(switch, 1);
        let mut fleet = Self {
            state: State::Runs,
            own: Memberships::none(bridges),
            own_ip,
            other: Host::new(&underlay, 2, &words),
            others: Memberships::none(&[OTHER_BRIDGE.to_owned()]),
            other_runs: false,
            other_is_stopped: false,
            _underlay: underlay,
            etcd,
        };
        fleet.serve_other();
        fleet
    }

    fn serve_other(&mut self) {
        if !self.other_runs {
            self.other.serve_with(&["--engine", "none"]);
            self.other_runs = true;
        }
    }

    fn kill_other(&mut self) {
        self.other.crash();
        (self.other_runs, self.other_is_stopped) = (false, false);
    }

    pub(super) fn something_with_etcd(&mut self, dice: &mut Dice) {
        match (dice.throw(3), self.state) {
            (0, State::Runs | State::Stopped) => {
                self.etcd.kill(0);
                self.state = State::Killed;
            }
            (1 | 2, State::Runs) => {
                self.etcd.hang(0, true);
                self.state = State::Stopped;
            }
            _ => self.etcd_goes_on(),
        }
        println!("  {:?}", self.state);
    }

    fn etcd_goes_on(&mut self) {
        match self.state {
            State::Runs => {}
            State::Stopped => self.etcd.hang(0, false),
            State::Killed => self.etcd.revive(),
        }
        self.state = State::Runs;
    }

    /// Lets everything run that is stopped, and etcd. The other host's daemon stays killed.
    pub(super) fn go_on(&mut self) {
        self.etcd_goes_on();
        if std::mem::take(&mut self.other_is_stopped) {
            self.other.daemon().signal(Signal::CONT);
        }
    }

    /// Underlays have their addresses again where vswitchd was killed.
    pub(super) fn give_addresses(&self, switch: &Switch) {
        give_address(switch, &self.own_ip);
        give_address(&self.other.switch, &self.other.ip);
    }
}

impl Scene {
    /// A bridge joins a mesh, or leaves it, or is given a tunnel of another program's.
    pub(super) fn something_with_mesh(&mut self, dice: &mut Dice) {
        // Mostly the same one, so that both hosts are in it.
        let (what, mesh) = (dice.throw(9), MESHES[dice.throw(4) / 3]);
        match what {
            0..=2 => {
                let bridge = self.bridges[dice.throw(2)].clone();
                self.joins(&bridge, mesh, dice);
            }
            3 => {
                let ended = self.verb(&["mesh", "leave", mesh].map(str::to_owned), dice);
                println!("  {mesh}: {ended:?}");
                self.counts(&ended, "own left");
                self.fleet.own.leaves(mesh, &ended);
            }
            4..=6 => self.other_joins(mesh, dice),
            7 => {
                let ended = self.other_verb(&["mesh", "leave", mesh], dice);
                self.counts(&ended, "other left");
                self.fleet.others.leaves(mesh, &ended);
            }
            _ => self.tunnel_by_hand(dice),
        }
    }

    /// The scene begins with both hosts in one mesh.
    pub(super) fn begins_meshed(&mut self) {
        let (mesh, bridge, ip) = (MESHES[0], self.bridges[0].clone(), self.fleet.own_ip.clone());
        let ended = Ended::Calmly(self.says(&["mesh", "join", mesh, &bridge, "--local-ip", &ip]));
        self.fleet.own.joins(&bridge, mesh, &ended);
        let ip = self.fleet.other.ip.clone();
        let ran = self.fleet.other.act(&["mesh", "join", mesh, OTHER_BRIDGE, "--local-ip", &ip]);
        self.fleet.others.joins(OTHER_BRIDGE, mesh, &Ended::Calmly(ran));
    }

    fn other_joins(&mut self, mesh: &'static str, dice: &mut Dice) {
        let ip = self.fleet.other.ip.clone();
        let words = ["mesh", "join", mesh, OTHER_BRIDGE, "--local-ip", &ip];
        let ended = self.other_verb(&words, dice);
        self.counts(&ended, "other joined");
        self.fleet.others.joins(OTHER_BRIDGE, mesh, &ended);
    }

    fn joins(&mut self, bridge: &str, mesh: &'static str, dice: &mut Dice) {
        if self.is_calm() {
            // Without it no tunnel leads there, and joining is refused.
            give_address(&self.switch, &self.fleet.own_ip);
        }
        let ip = self.fleet.own_ip.clone();
        let words = ["mesh", "join", mesh, bridge, "--local-ip", &ip].map(str::to_owned);
        let ended = self.verb(&words, dice);
        println!("  {bridge}, {mesh}: {ended:?}");
        self.counts(&ended, "own joined");
        self.fleet.own.joins(bridge, mesh, &ended);
    }

    fn counts(&mut self, ended: &Ended, what: &'static str) {
        *self.done.entry(what).or_default() += usize::from(ended.is_done());
    }

    /// A verb on the other host.
    fn other_verb(&mut self, words: &[&str], dice: &mut Dice) -> Ended {
        give_address(&self.fleet.other.switch, &self.fleet.other.ip);
        let db = self.fleet.other.switch.remote();
        let there = ["--engine", "none", "--db", &db, "--timeout", "60s"];
        let all = words.iter().chain(&there).map(|word| (*word).to_owned());
        let calm = !self.fleet.other_is_stopped;
        let ended = self.disturbed(&all.collect::<Vec<_>>(), calm, dice);
        println!("  the other host, {words:?}: {ended:?}");
        ended
    }

    /// One that is of no mesh, whatever it looks like.
    fn tunnel_by_hand(&mut self, dice: &mut Dice) {
        if !self.is_calm() {
            return;
        }
        let (bridge, port) = (self.bridges[dice.throw(2)].clone(), unique("v"));
        self.asked += 1;
        let key = format!("options:key={}", 500_000 + self.asked);
        let kind = ["type=geneve", "type=vxlan"][dice.throw(2)];
        let set = ["--", "set", "interface", &port, kind, &key];
        let remote = ["options:remote_ip=192.0.2.2"];
        self.switch.vsctl(&[&["add-port", &bridge, &port][..], &set, &remote].concat());
        self.by_hand.push(ByHand { bridge, port });
        *self.done.entry("tunnel by hand").or_default() += 1;
    }

    /// The other host's daemon is killed, stopped or started, or its vswitchd is killed.
    pub(super) fn something_with_other_host(&mut self, dice: &mut Dice) {
        let what = dice.throw(5);
        println!("  {what}");
        match what {
            0 => self.fleet.kill_other(),
            1 => {
                if self.fleet.other_runs {
                    self.fleet.other.daemon().signal(Signal::STOP);
                    self.fleet.other_is_stopped = true;
                }
            }
            2 => {
                self.fleet.other.switch.kill_vswitchd();
                self.fleet.other.switch.start_vswitchd();
            }
            _ => self.fleet.serve_other(),
        }
    }

    /// All bridges leave, and the meshes are forgotten: nothing is left of them.
    ///
    /// # Panics
    /// When something is.
    pub(super) fn leaves_all(&mut self) {
        self.fleet.serve_other();
        for mesh in MESHES {
            let _ = self.says(&["mesh", "leave", mesh]);
            let _ = self.fleet.other.act(&["mesh", "leave", mesh]);
        }
        for mesh in MESHES {
            self.fleet.own.leaves(mesh, &Ended::Killed);
            self.fleet.others.leaves(mesh, &Ended::Killed);
        }
        self.quiet();
        assert!(self.is_in_no_mesh(), "{:?}, {:?}", self.fleet.own, self.fleet.others);
        for mesh in MESHES {
            let words = at(&self.fleet.etcd);
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let ran = docker_ovs(&[&["mesh", "rm", mesh], &words[..]].concat());
            assert_eq!(ran.code, 0, "{ran:?}");
        }
        self.quiet();
        assert!(self.is_in_no_mesh(), "{:?}, {:?}", self.fleet.own, self.fleet.others);
    }
}
