//! What happens by chance.

use lab::{Home, try_run, unique};
use rustix::process::Signal;

use crate::tool::dice::Dice;

use super::engines::{DOCKER, Deed};
use super::scene::Scene;
use super::verbs::Ended;
use super::wanted::{ByHand, Fate, Person, Wanted};

/// More containers than that are not made.
const MANY: usize = 8;

type Operation = (&'static str, usize, fn(&mut Scene, &mut Dice));

/// Each with how often it is chosen beside the others.
const OPERATIONS: [Operation; 19] = [
    ("connect", 6, Scene::connect),
    ("disconnect", 2, Scene::disconnect),
    ("restore", 3, Scene::restore),
    ("prune", 2, Scene::prune),
    ("look", 2, Scene::look),
    ("engine", 9, Scene::something_with_engine),
    ("port by hand", 2, Scene::plug_by_hand),
    ("del-port", 2, Scene::del_port),
    ("delete link", 1, Scene::delete_link),
    ("stop something", 3, Scene::stop_something),
    ("all goes on", 2, |scene, _| scene.go_on()),
    ("kill vswitchd", 1, |scene, _| {
        if !scene.stopped.database {
            scene.stopped.vswitchd = false;
            scene.switch.kill_vswitchd();
            scene.switch.start_vswitchd();
        }
    }),
    ("kill database", 1, |scene, _| {
        scene.stopped.database = false;
        scene.switch.kill_database();
        scene.switch.start_database();
    }),
    ("kill dockerd", 1, |scene, _| {
        scene.stopped.dockerd = false;
        scene.docker.kill();
    }),
    ("kill daemon", 2, |scene, dice| {
        scene.kill_daemon();
        if dice.throw(2) == 0 {
            scene.serve();
        }
    }),
    ("follow", 1, |scene, _| scene.follow()),
    ("mesh", 8, Scene::something_with_mesh),
    ("other host", 3, Scene::something_with_other_host),
    ("etcd", 3, |scene, dice| scene.fleet.something_with_etcd(dice)),
];

impl Scene {
    /// One of these.
    pub(super) fn happens(&mut self, dice: &mut Dice) {
        let all = OPERATIONS.iter().map(|(_, often, _)| often).sum();
        let mut thrown = dice.throw(all);
        let chosen = OPERATIONS.iter().find(|(_, often, _)| {
            let here = thrown < *often;
            thrown = thrown.saturating_sub(*often);
            here
        });
        let (name, _, happens) = chosen.unwrap();
        println!("{name}");
        *self.done.entry(name).or_default() += 1;
        happens(self, dice);
    }

    /// One of those that exist.
    fn someone(&self, dice: &mut Dice) -> Option<usize> {
        let there: Vec<_> = (0..self.people.len()).filter(|at| self.people[*at].exists).collect();
        (!there.is_empty()).then(|| there[dice.throw(there.len())])
    }

    fn runs(&self, at: usize) -> bool {
        let Person { engine, id, .. } = &self.people[at];
        self.answers(engine) && self.engines.of(engine).runs(id)
    }

    fn answers(&self, engine: &str) -> bool {
        engine != DOCKER || !self.stopped.dockerd
    }

    fn connect(&mut self, dice: &mut Dice) {
        let Some(at) = self.someone(dice) else { return };
        let interface = format!("e{}", dice.throw(3));
        if self.people[at].has(&interface) {
            return;
        }
        self.asked += 1;
        let bridge = self.bridges[dice.throw(2)].clone();
        let mut wanted = Wanted::by_chance(self.asked, &bridge, &interface, dice);
        if self.people[at].has.iter().any(|(other, _)| other.gateway.is_some()) {
            // The kernel has one default route of a metric.
            wanted.gateway = None;
        }
        let (known, runs) = (self.answers(self.people[at].engine), self.runs(at));
        let id = self.people[at].id.clone();
        let ended = self.verb(&wanted.words(&self.people[at].name.clone()), dice);
        println!("  {wanted:?}: {ended:?}");
        if let Ended::Calmly(ran) = &ended {
            assert_eq!(ran.code == 0, runs, "{ran:?}");
            if !runs {
                return;
            }
        }
        // It may have stopped or been removed meanwhile.
        let fate = if ended.is_done() && known { Fate::Made } else { Fate::Open };
        let person = self.people.iter_mut().find(|person| person.id == id);
        person.unwrap().has.push((wanted, fate));
    }

    /// One of the interfaces that a container has.
    fn something(&self, dice: &mut Dice) -> Option<(usize, usize)> {
        let at = self.someone(dice)?;
        let count = self.people[at].has.len();
        (count > 0).then(|| (at, dice.throw(count)))
    }

    fn disconnect(&mut self, dice: &mut Dice) {
        let Some((at, which)) = self.something(dice) else { return };
        let person = &self.people[at];
        let (wanted, fate) = person.has[which].clone();
        let (id, runs) = (person.id.clone(), self.runs(at));
        let words = ["disconnect", &wanted.bridge, &person.name, "--interface", &wanted.interface];
        let ended = self.verb(&words.map(str::to_owned), dice);
        println!("  {wanted:?}: {ended:?}");
        if let Ended::Calmly(ran) = &ended {
            assert!(ran.code == 0 || fate != Fate::Made || !runs, "{wanted:?}: {ran:?}");
        }
        let person = self.people.iter_mut().find(|person| person.id == id).unwrap();
        match ended {
            ended if ended.is_done() => person.has.retain(|(had, _)| *had != wanted),
            Ended::Calmly(_) => {}
            _ => person.is_open(),
        }
    }

    fn restore(&mut self, dice: &mut Dice) {
        let Some(at) = self.someone(dice) else { return };
        let (id, runs) = (self.people[at].id.clone(), self.runs(at));
        let words = ["restore", &self.people[at].name].map(str::to_owned);
        let ended = self.verb(&words, dice);
        println!("  {}: {ended:?}", words[1]);
        let person = self.people.iter_mut().find(|person| person.id == id).unwrap();
        let sure = person.has.iter().all(|(_, fate)| *fate != Fate::Open);
        if let Ended::Calmly(ran) = &ended
            && runs
            && sure
            && !person.has.is_empty()
        {
            assert_eq!(ran.code, 0, "{ran:?}");
            person.has.iter_mut().for_each(|(_, fate)| *fate = Fate::Made);
        }
    }

    fn prune(&mut self, dice: &mut Dice) {
        let gone = self.people.iter().filter(|person| !person.exists);
        let gone: Vec<_> = gone.map(|person| person.name.clone()).collect();
        let ended = self.verb(&["prune", "--force"].map(str::to_owned), dice);
        println!("  {ended:?}");
        if let Ended::Calmly(ran) = &ended {
            assert!(ran.code < 2, "{ran:?}");
        }
        let done = matches!(&ended, Ended::Calmly(ran) if ran.code == 0);
        for person in &mut self.people {
            if !person.exists && done {
                person.has.clear();
            } else if !person.exists || gone.contains(&person.name) {
                // One that was made anew meanwhile may have come too late for what its name had.
                person.is_open();
            }
        }
    }

    /// A look, whatever is stopped: what it says is true.
    fn look(&mut self, dice: &mut Dice) {
        let Some(at) = self.someone(dice) else { return };
        let bridge = self.bridges[dice.throw(2)].clone();
        let words = ["port", &self.people[at].name, &bridge, "--quiet"].map(str::to_owned);
        let own: Vec<_> = self.people[at].has.iter().map(|(had, _)| had.number.clone()).collect();
        if let Ended::Calmly(ran) | Ended::Disturbed(ran) = self.verb(&words, dice) {
            let mut asked = ran.stdout.lines().filter(|number| number.len() == 5);
            assert!(asked.all(|number| own.iter().any(|one| one == number)), "{ran:?}: {own:?}");
        }
    }

    /// Something that an engine does to a container, or a new one.
    pub(super) fn something_with_engine(&mut self, dice: &mut Dice) {
        let (what, chosen) = (dice.throw(12), self.someone(dice));
        let there = self.people.iter().filter(|person| person.exists).count();
        let Some(at) = chosen.filter(|_| what > 2 || there >= MANY) else {
            self.run_one(dice);
            return;
        };
        let Person { engine, id, name, .. } = &self.people[at];
        if !self.answers(engine) {
            return;
        }
        let deeds = self.engines.of(engine).deeds();
        let deed = deeds[dice.throw(deeds.len())];
        let called = if deed == Deed::Rename { unique("c") } else { name.clone() };
        println!("  {deed:?} of {name} ({engine})");
        let said = self.engines.of_mut(engine).does(deed, id, &called);
        println!("  {said:?}");
        *self.done.entry(*engine).or_default() += 1;
        let person = &mut self.people[at];
        match deed {
            Deed::Rename if said.is_ok() => (person.name, person.is_noted) = (called, false),
            Deed::Remove if said.is_ok() => person.exists = false,
            _ => {}
        }
    }

    /// A new container, with a new name or that of a removed one of its engine.
    fn run_one(&mut self, dice: &mut Dice) {
        let engine = self.engines.by_chance(dice);
        if !self.answers(engine) {
            return;
        }
        let gone = self.people.iter().filter(|person| !person.exists && person.engine == engine);
        let gone: Vec<_> = gone.collect();
        let name = match dice.throw(3) {
            0 | 1 if !gone.is_empty() => gone[dice.throw(gone.len())].name.clone(),
            _ => unique("c"),
        };
        println!("  run {name} ({engine})");
        self.run(engine, &name);
    }

    fn plug_by_hand(&mut self, dice: &mut Dice) {
        let (someone, tag) = (self.someone(dice), format!("tag={}", 1 + dice.throw(4000)));
        let bridge = self.bridges[dice.throw(2)].clone();
        if !self.is_calm() {
            return;
        }
        let Some(pid) = someone.and_then(|at| self.pid(&self.people[at].id)) else { return };
        let (port, inside) = (unique("v"), unique("h"));
        let ip = ["--target", &pid, "--net", "ip", "link", "add", &inside];
        let peer = ["type", "veth", "peer", "name", &port, "netns", self.switch.netns().name()];
        if try_run("nsenter", &[&ip[..], &peer].concat()).is_ok() {
            self.switch.netns().ip(&["link", "set", &port, "up"]);
            self.switch.vsctl(&["add-port", &bridge, &port, &tag]);
            self.by_hand.push(ByHand { bridge, port });
        }
    }

    /// One that `connect` made, or one that was made by hand.
    fn del_port(&mut self, dice: &mut Dice) {
        if self.stopped.database {
            return;
        }
        let db = format!("--db={}", self.switch.remote());
        let del =
            |port: &str| try_run("ovs-vsctl", &[&db, "--no-wait", "--if-exists", "del-port", port]);
        if dice.throw(2) == 0 && !self.by_hand.is_empty() {
            let one = self.by_hand.remove(dice.throw(self.by_hand.len()));
            del(&one.port).unwrap();
            return;
        }
        let Some((at, which)) = self.something(dice) else { return };
        let (id, wanted) = (self.people[at].id.clone(), self.people[at].has[which].0.clone());
        let (owner, name) = (format!("external_ids:container_id={id}"), &wanted.interface);
        let name = format!("external_ids:container_iface={name}");
        let find = ["--bare", "--columns=name", "find", "Interface", &owner, &name];
        let found = self.switch.vsctl(&[&["--no-wait"], &find[..]].concat());
        if let Some(port) = found.lines().next() {
            del(port).unwrap();
            self.people[at].has[which].1 = Fate::Taken;
        }
    }

    fn delete_link(&mut self, dice: &mut Dice) {
        let Some((at, which)) = self.something(dice) else { return };
        if !self.is_calm() {
            return;
        }
        let Some(pid) = self.pid(&self.people[at].id) else { return };
        let name = self.people[at].has[which].0.interface.clone();
        let ip = ["--target", &pid, "--net", "ip", "link", "delete", &name];
        if try_run("nsenter", &ip).is_ok() {
            let fate = &mut self.people[at].has[which].1;
            *fate = if *fate == Fate::Open { Fate::Open } else { Fate::Taken };
        }
    }

    fn stop_something(&mut self, dice: &mut Dice) {
        match dice.throw(4) {
            0 => {
                self.switch.hang_vswitchd(true);
                self.stopped.vswitchd = true;
            }
            1 => {
                self.switch.hang_database(true);
                self.stopped.database = true;
            }
            2 => {
                self.docker.hang(true);
                self.stopped.dockerd = true;
            }
            _ => {
                if let Some(daemon) = &self.daemon {
                    daemon.signal(Signal::STOP);
                    self.stopped.daemon = true;
                }
            }
        }
    }
}
