//! What was, as the journal of a daemon tells it; and captures, which answer as the host did.

use std::path::Path;

use lab::{Bridge, Container};
use serde_json::Value;

use crate::tool::dice::Dice;
use crate::tool::{Served, docker_ovs, number, says};

/// Who had a port at a moment, by what the test did.
struct Noted {
    at: u64,
    who: Option<String>,
    /// Whether the journal on the disk must know it: a later look is in there too.
    is_kept: bool,
}

/// Containers on one port by chance, while the daemon is killed and started again.
struct Day {
    bridge: Bridge,
    containers: [Container; 3],
    folder: tempfile::TempDir,
    daemon: Served,
    now: Option<usize>,
    noted: Vec<Noted>,
    /// How many of these an earlier daemon saw.
    earlier: usize,
}

const PORT: u16 = 7;

impl Day {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let daemon = serve(folder.path());
        let containers = [(); 3].map(|()| Container::run());
        let (bridge, noted) = (Bridge::new(), Vec::new());
        Self { bridge, containers, folder, daemon, now: None, noted, earlier: 0 }
    }

    /// Gives the port to another one, or to none.
    fn change(&mut self, to: Option<usize>) {
        let bridge = self.bridge.name();
        if let Some(now) = self.now {
            says(&["disconnect", bridge, self.containers[now].name()]);
        }
        if let Some(to) = to {
            let port = PORT.to_string();
            docker_ovs(&["connect", bridge, self.containers[to].name(), "--ofport", &port]);
        }
        self.now = to;
        lab::wait_until("the daemon knows it", || self.told() == self.name());
        let who = self.name();
        self.noted.push(Noted { at: host::now(), who, is_kept: false });
        lab::wait_until("a later moment", || host::now() > self.noted.last().unwrap().at + 2);
    }

    fn name(&self) -> Option<String> {
        self.now.map(|now| self.containers[now].name().to_owned())
    }

    /// Who is on the port by the daemon's word.
    fn told(&self) -> Option<String> {
        let path = format!("/v1/attachments?bridge={}", self.bridge.name());
        let rows = self.daemon.json(&path);
        let mut rows = rows.as_array().unwrap().iter();
        let on = rows.find(|row| row["OFPort"] == PORT)?;
        Some(on["Container"].as_str().unwrap().to_owned())
    }

    /// Waits until all that the daemon saw is on the disk, and notes what is known by that: all but the
    /// last, which no later look confirms.
    fn settle(&mut self) {
        let is_written = "docker_ovs_history_pending_looks 0\n";
        lab::wait_until("it is on the disk", || {
            self.daemon.get("/metrics").body.contains(is_written)
        });
        let own = self.noted.iter_mut().skip(self.earlier);
        own.rev().skip(1).for_each(|noted| noted.is_kept = true);
    }

    /// Ends the daemon as a lack of memory would, and changes what it cannot see.
    fn kill(&mut self, unseen: Option<usize>) {
        self.daemon.signal(rustix::process::Signal::KILL);
        self.daemon.stop();
        if let Some(now) = self.now {
            says(&["disconnect", self.bridge.name(), self.containers[now].name()]);
        }
        self.now = None;
        self.earlier = self.noted.len();
        self.daemon = serve(self.folder.path());
        self.change(unseen);
    }

    fn who(&self, at: u64) -> Result<Option<String>, String> {
        let (folder, at) = (self.folder.path().to_str().unwrap(), seconds(at));
        let port = format!("{}:{PORT}", self.bridge.name());
        let words = ["who", &port, "--at", &at, "--history-dir", folder, "--format", "json"];
        // Another test's container may have been starting just then. Where a daemon was gone, the log of the
        // database is read, which is that of all tests.
        let ran = docker_ovs(&[&words[..], &["--partial", "--timeout", "2m"]].concat());
        match ran.code {
            2 => Err(ran.stderr),
            // The database's log knows the port, and whom its row names.
            _ if ran.stderr.contains("conf.db") => Err(ran.stderr),
            _ => Ok(ran.stdout.lines().next().map(|line| {
                let row: Value = serde_json::from_str(line).unwrap();
                row["Container"].as_str().unwrap().to_owned()
            })),
        }
    }
}

fn seconds(at: u64) -> String {
    format!("{}.{:03}", at / 1000, at % 1000)
}

fn serve(folder: &Path) -> Served {
    Served::start(&["--history-dir", folder.to_str().unwrap()])
}

#[test]
fn who_had_a_port_is_told_of_every_moment_or_that_it_is_not_known() {
    lab::need!(Docker);
    let mut dice = Dice::seeded("history");
    let mut day = Day::new();
    for round in 0..number("DOCKER_OVS_TEST_ROUNDS", 1) * 15 {
        // Another one each time: of the four that it can be, none among them.
        let others: Vec<_> = (0..4).map(|to| Some(to).filter(|to| *to < 3)).collect();
        let others: Vec<_> = others.into_iter().filter(|to| *to != day.now).collect();
        let to = others[dice.throw(others.len())];
        if round % 5 == 4 {
            // Half of them with what was seen just before on its way to the disk.
            if round % 10 == 4 {
                day.settle();
            }
            day.kill(to);
        } else {
            day.change(to);
        }
    }
    day.settle();
    for noted in &day.noted {
        match day.who(noted.at) {
            Ok(who) => assert_eq!(who, noted.who, "at {}", noted.at),
            Err(why) => {
                let is_gap = why.contains("is not known: ");
                assert!(is_gap || why.contains("conf.db"), "{why}");
                assert!(!noted.is_kept, "{}: {why}", noted.at);
            }
        }
    }
    let folder = day.folder.path().to_str().unwrap();
    let name = day.containers[0].name();
    // The daemon first: what it keeps meanwhile the verb has as well.
    let by_http = day.daemon.json(&format!("/v1/history?what={name}"));
    let words = ["history", name, "--history-dir", folder, "--format", "json"];
    let told = docker_ovs(&[&words[..], &["--timeout", "2m"]].concat());
    let lines: Vec<Value> =
        told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // The verb fills gaps by the database's own log, which the daemon does not read.
    let mut all = lines.iter();
    for event in by_http["Events"].as_array().unwrap() {
        let is_next = all.any(|line| line == event);
        assert!(is_next, "by HTTP another order, at {event}: {by_http}\n{}", told.stdout);
    }
    assert!(by_http["Known"].as_array().unwrap().len() > 1, "{by_http}");
    let at = day.noted.iter().rfind(|noted| noted.is_kept).unwrap().at;
    let then = day.daemon.json(&format!("/v1/snapshot?at={at}"));
    assert_eq!(then["docker-ovs-snapshot"], 1);
}

#[test]
fn a_folder_that_cannot_be_written_costs_the_history_and_nothing_else() {
    lab::need!(Lab);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let daemon = serve(&file.join("below"));
    daemon.hears("no history is kept in");
    let health = daemon.json("/healthz");
    assert!(health["HistoryError"].is_string(), "{health}");
    assert_eq!(daemon.get("/v1/attachments").status, 200);
    let past = daemon.get("/v1/snapshot?at=1000");
    assert_eq!(past.status, 503, "{past:?}");
}

#[test]
fn what_was_just_seen_is_known_and_what_is_no_time_is_refused() {
    lab::need!(Lab);
    let folder = tempfile::tempdir().unwrap();
    let daemon = serve(folder.path());
    let at = ["--history-dir", folder.path().to_str().unwrap()];
    for _ in 0..3 {
        let bridge = Bridge::new();
        let path = format!("/v1/bridges/{}/ports", bridge.name());
        lab::wait_until("the daemon knows it", || daemon.get(&path).status == 200);
        let moment = seconds(host::now());
        let words = [&["ports", bridge.name(), "--at", &moment], &at[..]].concat();
        let ran = docker_ovs(&words);
        assert!(ran.stdout.contains("the bridge itself"), "{ran:?}");
        assert!(!ran.stderr.contains("conf.db"), "the journal knows it: {ran:?}");
        let then = daemon.get(&format!("/v1/snapshot?at={}", host::now()));
        assert!(then.status == 200 && then.body.contains(bridge.name()), "{then:?}");
    }
    let later = seconds(host::now() + 60_000);
    let ran = docker_ovs(&[&["ls", "--at", &later], &at[..]].concat());
    assert!(ran.code == 2 && ran.stderr.contains("is yet to come"), "{ran:?}");
    let ran = docker_ovs(&[&["history", "--since", "1h", "--until", "2h"], &at[..]].concat());
    assert!(ran.code == 2 && ran.stderr.contains("there is no time between them"), "{ran:?}");
    // Where conf.db alone tells something, it is told that there is no journal.
    let words = ["history", "--since", "1s", "--history-dir", "/nonexistent", "--timeout", "2m"];
    let ran = docker_ovs(&words);
    assert!(ran.stderr.contains("cannot read the history in /nonexistent"), "{ran:?}");
}

#[test]
fn a_capture_answers_as_the_host_did_and_is_the_same_each_time() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let web = Container::run();
    says(&["connect", bridge.name(), web.name(), "--ip", "10.82.0.7/24", "--vlan", "7"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.tar");
    let file = file.to_str().unwrap();
    let asked = [
        &["port", web.name()][..],
        &["port", web.name(), bridge.name(), "--format", "json"],
        &["who", "10.82.0.7", "--format", "json"],
        &["ports", bridge.name(), "--format", "json"],
        &["ls", "--bridge", bridge.name(), "--format", "json"],
        &["graph", "--bridge", bridge.name()],
    ];
    // What is elsewhere on this host comes and goes meanwhile, and one of the two may tell of it.
    let mut different = Vec::new();
    let same = lab::comes_true(|| {
        let live = asked.map(docker_ovs);
        let captured = docker_ovs(&["capture", file]);
        assert_eq!(captured.code, 0, "{captured:?}");
        let recorded = asked.map(|words| docker_ovs(&[&["--from", file][..], words].concat()));
        let both = asked.into_iter().zip(live.into_iter().zip(recorded));
        let differ = both.filter(|(_, (live, recorded))| {
            (&live.stdout, live.code) != (&recorded.stdout, recorded.code)
        });
        different = differ.collect();
        different.is_empty()
    });
    assert!(same, "{different:#?}");
    let entries = std::fs::read(file).unwrap();
    let text = String::from_utf8_lossy(&entries);
    assert!(text.contains("docker-ovs-capture/ovsdb/Interface.json"));
    assert!(!text.contains("PATH=/"), "the environment of containers is not in it");
    let hidden = folder.path().join("hidden.tar");
    assert_eq!(docker_ovs(&["capture", "--anonymise", hidden.to_str().unwrap()]).code, 0);
    let hidden = String::from_utf8_lossy(&std::fs::read(hidden).unwrap()).into_owned();
    assert!(!hidden.contains(web.name()) && !hidden.contains(bridge.name()));
}
