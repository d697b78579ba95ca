//! A day of two thousand changes by chance, while what keeps the journal is killed and started again:
//! who was on a port is, at any moment, what an independent record says, or is told as not known.

use std::collections::BTreeMap;
use std::path::Path;

use docker_ovs_journal::{Past, Unknown};

use crate::dice::Dice;
use crate::keeper::{Keeper, Told, look};
use crate::scene::on_port;

const CHANGES: usize = 2000;
const QUESTIONS: usize = 500;
const PORTS: usize = 8;
const CONTAINERS: usize = 30;
const BYTES: u64 = 256 << 20;

/// Who is on each port.
type Ports = BTreeMap<u16, u16>;

/// What one process was given, by the test's own record.
#[derive(Default)]
struct Run {
    looks: Vec<(u64, Ports)>,
    /// When it wrote last at least: a look in which nothing changed is written only where a segment begins
    /// with it.
    kept: u64,
    /// What it was given last and said to have done.
    done: u64,
    /// What it was given last, which it may have written before it was killed.
    unsaid: Option<u64>,
}

impl Run {
    fn from(&self) -> u64 {
        self.looks[0].0
    }

    /// Whether what it wrote may end with that stamp.
    fn may_end(&self, stamp: u64) -> bool {
        let is_unchanged = (self.kept..=self.done).contains(&stamp)
            && self.looks.iter().any(|look| look.0 == stamp);
        stamp == self.kept || is_unchanged || self.unsaid == Some(stamp)
    }

    fn at(&self, at: u64) -> &Ports {
        &self.looks.iter().rev().find(|(stamp, _)| *stamp <= at).unwrap().1
    }
}

struct Scene {
    folder: tempfile::TempDir,
    dice: Dice,
    clock: u64,
    ports: Ports,
    runs: Vec<Run>,
}

impl Scene {
    fn now(&mut self) -> u64 {
        self.clock += 1 + u64::try_from(self.dice.throw(86_000)).unwrap();
        self.clock
    }

    /// Gives a port to another container, or to none.
    fn change(&mut self) {
        let port = u16::try_from(1 + self.dice.throw(PORTS)).unwrap();
        let name = u16::try_from(1 + self.dice.throw(CONTAINERS)).unwrap();
        let had = self.ports.remove(&port);
        if had != Some(name) && self.dice.throw(4) > 0 {
            self.ports.retain(|_, other| *other != name);
            self.ports.insert(port, name);
        }
    }

    /// One process, from its start to its end, and what it is not there for.
    fn run(&mut self, changes: usize) {
        let mut keeper = Keeper::start(self.folder.path(), BYTES, &[]);
        self.runs.push(Run::default());
        for step in 0..changes {
            if step > 0 && self.dice.throw(10) == 0 {
                let at = self.now();
                assert_eq!(self.give(&mut keeper, at, &format!("alive {at}")), Told::Kept(at));
                self.runs.last_mut().unwrap().kept = at;
            }
            let before = self.ports.clone();
            self.change();
            let at = self.now();
            let line = look(at, self.ports.iter().map(|(port, name)| (*name, *port)));
            self.runs.last_mut().unwrap().looks.push((at, self.ports.clone()));
            let is_last = step + 1 == changes;
            if is_last && self.dice.throw(2) == 0 && step > 0 {
                // It is killed with a look in its hands.
                self.runs.last_mut().unwrap().unsaid = Some(at);
                keeper.give(&line);
                keeper.kill();
                return;
            }
            assert_eq!(self.give(&mut keeper, at, &line), Told::Kept(at));
            if step == 0 || self.ports != before {
                self.runs.last_mut().unwrap().kept = at;
            }
        }
        if self.dice.throw(4) == 0 {
            let at = self.now();
            assert_eq!(self.give(&mut keeper, at, &format!("stop {at}")), Told::Kept(at));
            self.runs.last_mut().unwrap().kept = at;
        }
        keeper.kill();
    }

    fn give(&mut self, keeper: &mut Keeper, at: u64, line: &str) -> Told {
        keeper.give(line);
        let told = keeper.told().expect("it lives");
        self.runs.last_mut().unwrap().done = at;
        told
    }

    /// Asks what is known of `at`; whether anything is.
    fn asks(&self, past: &Past, at: u64) -> bool {
        let found = past.at(at).unwrap();
        let run = self.runs.iter().rev().find(|run| run.from() <= at);
        match (found, run) {
            (Ok(moment), Some(run)) => {
                let until = run.unsaid.unwrap_or(run.done);
                assert!(at <= until, "{at} is after {until}, the last that this process saw");
                for port in 1..=u16::try_from(PORTS).unwrap() {
                    let expected: Vec<_> =
                        run.at(at).get(&port).map(|name| format!("c{name}")).into_iter().collect();
                    assert_eq!(on_port(&moment.snapshot, port), expected, "port {port} at {at}");
                }
                true
            }
            (Ok(_), None) => panic!("{at} is before all"),
            (Err(unknown), run) => {
                self.is_gap(at, unknown, run);
                false
            }
        }
    }

    /// Whether it is true that nothing is known of `at`, and what is known next to it.
    fn is_gap(&self, at: u64, unknown: Unknown, run: Option<&Run>) {
        let Unknown { before, after } = unknown;
        assert!(run.is_none_or(|run| at > run.kept), "{at} is known: {unknown:?}");
        let next = self.runs.iter().map(Run::from).find(|from| *from > at);
        assert_eq!(after, next, "{at}");
        let is_last = match (run, before) {
            (Some(run), Some(before)) => run.may_end(before),
            (run, before) => run.is_none() && before.is_none(),
        };
        assert!(is_last, "{at}: {unknown:?}");
    }
}

fn stamps(past: &Past) -> Vec<u64> {
    let mut told = Vec::new();
    past.events(0, u64::MAX, |event| {
        told.push(event.at);
        true
    })
    .unwrap();
    told.dedup();
    told
}

/// When something changed that a process saw, by the test's record; and what it may have seen besides.
fn expected(runs: &[Run]) -> (Vec<u64>, Vec<u64>) {
    let mut certain = Vec::new();
    let mut possible = Vec::new();
    for run in runs {
        let changes = run.looks.windows(2).filter(|pair| pair[0].1 != pair[1].1);
        for at in changes.map(|pair| pair[1].0) {
            possible.push(at);
            certain.extend((run.unsaid != Some(at)).then_some(at));
        }
    }
    (certain, possible)
}

fn open(folder: &Path) -> Past {
    Past::open(folder, 0).unwrap()
}

#[test]
fn a_day_by_chance_is_known_at_any_moment_as_it_was() {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let dice = Dice::seeded("DOCKER_OVS_TEST_JOURNAL_SEED");
    let (ports, runs) = (Ports::new(), Vec::new());
    let mut scene = Scene { folder, dice, clock: 1_000_000, ports, runs };
    let mut left = CHANGES;
    while left > 0 {
        let some = (1 + scene.dice.throw(100)).min(left);
        scene.run(some);
        left -= some;
        // What happens while none is there.
        for _ in 0..scene.dice.throw(4) {
            scene.change();
            scene.now();
        }
    }
    let past = open(scene.folder.path());
    let span = usize::try_from(scene.clock).unwrap();
    let mut known = 0;
    for _ in 0..QUESTIONS {
        let at = u64::try_from(scene.dice.throw(span + 100_000)).unwrap();
        known += usize::from(scene.asks(&past, at));
    }
    assert!(known * 2 > QUESTIONS, "{known} of {QUESTIONS}");
    // Just when something happened, and just before.
    let moments: Vec<u64> =
        scene.runs.iter().flat_map(|run| run.looks.iter().map(|l| l.0)).collect();
    for at in moments.iter().step_by(7) {
        scene.asks(&past, *at);
        scene.asks(&past, *at - 1);
    }
    let (certain, possible) = expected(&scene.runs);
    let told = stamps(&past);
    assert!(told.is_sorted_by(|a, b| a < b), "nothing is told twice");
    assert!(certain.iter().all(|at| told.contains(at)), "nothing is lost");
    assert!(told.iter().all(|at| possible.contains(at)), "nothing is made up");
    // From change to change, as the page goes.
    let mut at = u64::MAX;
    let mut back = Vec::new();
    while let Some(before) = past.beside(at).unwrap().before {
        back.push(before);
        at = before;
    }
    back.reverse();
    assert_eq!(back, told);
    let after = |at: u64| past.beside(at).unwrap().after;
    assert_eq!(after(0), told.first().copied());
    assert!(told.windows(2).all(|pair| after(pair[0]) == Some(pair[1])));
}
