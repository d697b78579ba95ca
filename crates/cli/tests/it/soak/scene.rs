//! The scene, and what must be right at a quiet point.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use lab::{InnerDocker, Switch, unique};
use rustix::process::Signal;
use serde_json::Value;

use crate::tool::Served;
use crate::tool::picture::{parsed, text};
use crate::tool::replica::Follower;

use super::engines::Engines;
use super::mesh::{Fleet, HOST};
use super::past::Noted;
use super::truth::{Interface, Running, Truth};
use super::wanted::{ByHand, Fate, Person, Wanted};

/// What does not run at the moment (SIGSTOP).
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each stops and goes on apart from the others")]
pub(super) struct Stopped {
    pub(super) vswitchd: bool,
    pub(super) database: bool,
    pub(super) dockerd: bool,
    pub(super) daemon: bool,
}

pub(super) struct Scene {
    pub(super) engines: Engines,
    pub(super) docker: Rc<InnerDocker>,
    pub(super) switch: Switch,
    pub(super) bridges: [String; 2],
    pub(super) fleet: Fleet,
    pub(super) daemon: Option<Served>,
    /// Where it keeps its journal.
    pub(super) history: tempfile::TempDir,
    /// What was there at quiet points.
    pub(super) noted: Vec<Noted>,
    followers: Vec<Follower>,
    pub(super) people: Vec<Person>,
    pub(super) by_hand: Vec<ByHand>,
    pub(super) stopped: Stopped,
    /// How many interfaces were asked for.
    pub(super) asked: usize,
    /// How often each operation was done.
    pub(super) done: BTreeMap<&'static str, usize>,
}

/// By container, interface.
pub(super) type Rows = BTreeMap<(String, String), (String, Interface)>;

impl Scene {
    /// One with a container of each engine.
    pub(super) fn new() -> Self {
        let mut scene = Self::empty();
        for kind in scene.engines.kinds() {
            scene.run(kind, &unique("c"));
        }
        scene
    }

    fn empty() -> Self {
        let (docker, switch) = (Rc::new(InnerDocker::start()), Switch::start(&[]));
        let bridges = [unique("b"), unique("b")];
        for bridge in &bridges {
            switch.add_bridge(bridge, &[]);
        }
        let fleet = Fleet::start(&switch, &bridges);
        Self {
            engines: Engines::start(&docker),
            fleet,
            docker,
            switch,
            bridges,
            daemon: None,
            history: tempfile::tempdir().unwrap(),
            noted: Vec::new(),
            followers: Vec::new(),
            people: Vec::new(),
            by_hand: Vec::new(),
            stopped: Stopped::default(),
            asked: 0,
            done: BTreeMap::new(),
        }
    }

    /// Whether nothing that a verb needs is stopped: a daemon that is may have the database's lock.
    pub(super) fn is_calm(&self) -> bool {
        let Stopped { vswitchd, database, dockerd, daemon } = self.stopped;
        !(vswitchd || database || dockerd || daemon)
    }

    /// What was done how often.
    pub(super) fn told(&self) -> String {
        format!("{:?}", self.done)
    }

    /// A container with this name; what was a removed one's of that name is its own now.
    pub(super) fn run(&mut self, engine: &'static str, name: &str) {
        let id = self.engines.of_mut(engine).make(name);
        let mut person = Person::new(engine, id, name.to_owned());
        if let Some(at) = self.people.iter().position(|old| !old.exists && old.name == name) {
            let old = self.people.remove(at);
            person.has = old.has;
            if !old.is_noted {
                person.is_open();
            }
        }
        self.people.push(person);
    }

    /// Lets everything run that is stopped or was killed.
    pub(super) fn go_on(&mut self) {
        self.fleet.go_on();
        let stopped = std::mem::take(&mut self.stopped);
        if stopped.vswitchd {
            self.switch.hang_vswitchd(false);
        }
        if stopped.database {
            self.switch.hang_database(false);
        }
        if stopped.dockerd {
            self.docker.hang(false);
        }
        if stopped.daemon
            && let Some(daemon) = &self.daemon
        {
            daemon.signal(Signal::CONT);
        }
    }

    pub(super) fn serve(&mut self) {
        if self.daemon.is_some() || !self.is_calm() {
            return;
        }
        let history = self.history.path().to_str().unwrap();
        let own = ["--restore", "--db", &self.switch.remote(), "--timeout", "5s"];
        let engines = self.engines.words();
        let engines: Vec<_> = engines.iter().map(String::as_str).collect();
        let etcd = self.fleet.etcd.endpoints();
        let fleet = ["--etcd", &etcd, "--fleet-host", HOST];
        let words = [&own[..], &["--history-dir", history], &fleet, &engines].concat();
        let daemon = Served::start_by(lab::program("env"), &words);
        self.followers.push(Follower::new(&daemon));
        self.daemon = Some(daemon);
    }

    /// Ends the daemon (SIGKILL), if it runs, and the streams with it.
    pub(super) fn kill_daemon(&mut self) {
        self.stopped.daemon = false;
        self.followers.clear();
        self.daemon = None;
    }

    /// Another client of the stream.
    pub(super) fn follow(&mut self) {
        if let (Some(daemon), false) = (&self.daemon, self.stopped.daemon) {
            self.followers.push(Follower::new(daemon));
        }
    }

    /// Waits until all is right.
    ///
    /// # Panics
    /// When it never is.
    pub(super) fn quiet(&mut self) {
        self.go_on();
        self.serve();
        self.fleet.give_addresses(&self.switch);
        self.finish();
        let mut wrong = String::new();
        let right = lab::comes_true(|| match self.is_right() {
            Ok(()) => true,
            Err(why) => {
                wrong = why;
                false
            }
        });
        let log = "what is wrong at a quiet point";
        assert!(right, "{log}: {wrong}\n{:#?}\n{:#?}", self.people, self.truth());
        self.note(rows_of(&self.truth()));
        self.conclude();
        self.concludes_meshes();
        *self.done.entry("quiet").or_default() += 1;
    }

    fn truth(&self) -> Truth {
        Truth::of(&self.engines, &self.switch)
    }

    /// What was killed or taken by hand is brought to its end by the verbs for that.
    fn finish(&mut self) {
        let loose = |person: &&Person| person.has.iter().any(|(_, fate)| *fate != Fate::Made);
        for person in self.people.iter().filter(|person| person.exists).filter(loose) {
            self.engines.wake(person.engine, &person.id, &person.name);
            let mut said = None;
            let restored = lab::comes_true(|| {
                let ran = self.says(&["restore", &person.id]);
                let ended = ran.code < 2;
                said = Some(ran);
                ended
            });
            assert!(restored, "{person:?}: {said:?}");
        }
        if !self.people.iter().any(|person| person.has.iter().any(|(_, fate)| *fate == Fate::Open))
        {
            return;
        }
        let pruned = self.says(&["prune", "--force"]);
        assert!(pruned.code < 2, "{pruned:?}");
        // What a removed container had is gone now.
        self.people.retain(|person| person.exists);
    }

    /// Whether everything that tells of it says what there is, and what there is is as it was wanted.
    fn is_right(&mut self) -> Result<(), String> {
        let truth = self.truth();
        self.is_as_wanted(&truth)?;
        self.has_its_tunnels()?;
        let (rows, orphans) = (rows_of(&truth), truth.orphans());
        let listed = self.says(&["ls", "--format", "json"]);
        same("ls", &told(&parsed(&listed.stdout)), &rows)?;
        let ports = parsed(&self.says(&["ports", "--format", "json"]).stdout);
        same("ports", &orphaned(&ports), &orphans)?;
        let daemon = self.daemon.as_ref().unwrap();
        let health = daemon.json("/healthz");
        if health["Status"] != "ok" || health["Owed"].as_array().is_none_or(|owed| !owed.is_empty())
        {
            return Err(format!("the daemon: {health}"));
        }
        let served = daemon.json("/v1/attachments");
        same("/v1/attachments", &told(served.as_array().unwrap()), &rows)?;
        for follower in &mut self.followers {
            follower.catch_up(daemon);
            let replica: Vec<_> = follower.replica.rows.values().cloned().collect();
            same("a stream", &told(&replica), &rows)?;
            let told = follower.replica.orphans.keys().cloned().collect();
            same("a stream", &told, &orphans)?;
        }
        Ok(())
    }

    fn is_as_wanted(&self, truth: &Truth) -> Result<(), String> {
        let nothing = Running::default();
        for person in self.people.iter().filter(|person| person.exists) {
            let is = truth.running.get(&person.id);
            for (wanted, fate) in &person.has {
                let missing = missing(wanted, is.unwrap_or(&nothing));
                let bare = !is.is_some_and(|is| is.interfaces.contains_key(&wanted.interface));
                let right = is.is_none() || missing.is_empty() || (bare && *fate == Fate::Open);
                let why = || format!("{}: {missing:?} of {wanted:?} ({fate:?})", person.name);
                right.then_some(()).ok_or_else(why)?;
            }
            let Some(is) = is else { continue };
            let own = is.interfaces.keys().filter(|name| name.starts_with('e'));
            if let Some(more) = own.into_iter().find(|name| !person.has(name)) {
                return Err(format!("{} has {more}, which nothing asked for", person.name));
            }
        }
        for one in &self.by_hand {
            let there = truth.ports.get(&one.port).is_some_and(|port| port.bridge == one.bridge);
            there.then_some(()).ok_or_else(|| format!("{one:?} is gone"))?;
        }
        Self::is_recorded_as_it_is(truth)
    }

    /// What is recorded on ports has the container's name of now, and a link if that runs.
    fn is_recorded_as_it_is(truth: &Truth) -> Result<(), String> {
        for (name, port) in &truth.ports {
            let Some(id) = port.ids.get("container_id") else { continue };
            let running = truth.running.contains_key(id);
            if running && truth.orphans().contains(&(port.bridge.clone(), name.clone())) {
                return Err(format!("{name} was left behind: {port:?}"));
            }
            let called = truth.names.get(id).filter(|_| running);
            if called.is_some_and(|called| port.ids.get("docker-ovs.name") != Some(called)) {
                return Err(format!("{name} is not called {called:?}: {port:?}"));
            }
        }
        Ok(())
    }

    /// What was open is decided.
    fn conclude(&mut self) {
        let truth = self.truth();
        for person in &mut self.people {
            // The daemon has noted it while it saw the container.
            person.is_noted |= person.exists && truth.running.contains_key(&person.id);
            if let Some(is) = truth.running.get(&person.id) {
                person.has.retain(|(wanted, _)| is.interfaces.contains_key(&wanted.interface));
                person.has.iter_mut().for_each(|(_, fate)| *fate = Fate::Made);
            }
        }
    }

    /// The process of a container as this machine numbers it.
    pub(super) fn pid(&self, id: &str) -> Option<String> {
        self.truth().running.remove(id).map(|running| running.pid)
    }
}

/// What an interface lacks of what it was asked for.
fn missing(wanted: &Wanted, is: &Running) -> Vec<String> {
    let Some(found) = is.interfaces.get(&wanted.interface) else { return vec!["all".to_owned()] };
    let place = (wanted.bridge.clone(), wanted.number.clone(), wanted.vlan.clone());
    let mut missing = Vec::new();
    let mut want = |what: String, there: bool| missing.extend((!there).then_some(what));
    want(format!("{place:?}"), found.place.as_ref() == Some(&place));
    want(wanted.mac.clone(), found.mac == wanted.mac);
    want(wanted.mtu.clone(), found.mtu.to_string() == wanted.mtu);
    want("up".to_owned(), is.up.contains(&wanted.interface));
    for ip in &wanted.addresses {
        want(ip.clone(), found.addresses.contains(ip));
    }
    if let Some(ip) = &wanted.gateway {
        want(
            format!("via {ip}"),
            is.routes.contains(&format!("via {ip} dev {}", wanted.interface)),
        );
    }
    missing
}

fn rows_of(truth: &Truth) -> Rows {
    let rows = truth.running.iter().flat_map(|(id, running)| {
        let row = |(name, interface): (&String, &Interface)| {
            ((id.clone(), name.clone()), (running.netns.clone(), interface.clone()))
        };
        running.interfaces.iter().map(row)
    });
    rows.collect()
}

pub(super) fn told(rows: &[Value]) -> Rows {
    let plain = |value: &Value| if value.is_null() { "[]".to_owned() } else { value.to_string() };
    let row = |row: &Value| {
        let on = row["State"] == "on";
        let place = (text(row, "Bridge").to_owned(), plain(&row["OFPort"]), plain(&row["VLAN"]));
        let addresses = row["Addresses"].as_array().into_iter().flatten();
        let interface = Interface {
            index: row["Ifindex"].as_u64().unwrap_or_default(),
            mac: text(row, "MAC").to_owned(),
            mtu: row["MTU"].as_u64().unwrap_or_default(),
            addresses: addresses.filter_map(Value::as_str).map(str::to_owned).collect(),
            place: on.then_some(place),
        };
        let known = (text(row, "ID").to_owned(), text(row, "Interface").to_owned());
        (known, (text(row, "Netns").to_owned(), interface))
    };
    rows.iter().map(row).collect()
}

fn orphaned(ports: &[Value]) -> BTreeSet<(String, String)> {
    let orphans = ports.iter().filter(|port| port["Occupant"] == "orphaned");
    orphans.map(|port| (text(port, "Bridge").to_owned(), text(port, "Port").to_owned())).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(who: &str, told: &T, is: &T) -> Result<(), String> {
    if told == is { Ok(()) } else { Err(format!("{who} says {told:#?}, there is {is:#?}")) }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // What is stopped does not end politely.
        self.go_on();
    }
}
