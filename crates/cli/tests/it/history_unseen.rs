//! What no daemon saw is told by the log of the switch's own database: by which source, and of which time
//! that knows.

use std::path::Path;

use lab::{Bridge, run, wait_until};
use rustix::process::Signal;

use crate::tool::{Ran, Served, docker_ovs};

/// A bridge that a daemon keeps a journal of, and a port that came and went while none ran.
struct Unseen {
    bridge: Bridge,
    folder: tempfile::TempDir,
    _daemon: Served,
    /// Moments of the first daemon, of the port while none ran, of after the port, of the second daemon.
    moments: [u64; 4],
}

const NUMBER: &str = "1234";

fn seconds(at: u64) -> String {
    format!("{}.{:03}", at / 1000, at % 1000)
}

fn serve(folder: &Path) -> Served {
    Served::start(&["--history-dir", folder.to_str().unwrap()])
}

/// A moment in which nothing happens: the clock has gone on before and after.
fn moment() -> u64 {
    let before = host::now();
    wait_until("the clock goes on", || host::now() > before + 2);
    let now = host::now();
    wait_until("the clock goes on", || host::now() > now + 2);
    now
}

impl Unseen {
    fn new() -> Self {
        let (bridge, folder) = (Bridge::new(), tempfile::tempdir().unwrap());
        let mut daemon = serve(folder.path());
        let first = Self::known(&daemon, &bridge, "a");
        daemon.signal(Signal::KILL);
        daemon.ends();
        let port = format!("{}u", bridge.name());
        let interface = ["--", "set", "interface", &port, "type=internal"];
        let number = format!("ofport_request={NUMBER}");
        bridge.add(&port, &[&interface[..], &[&number, "external_ids:container_id=web"]].concat());
        let there = moment();
        run("ovs-vsctl", &["del-port", bridge.name(), &port]);
        let gone = moment();
        let daemon = serve(folder.path());
        let last = Self::known(&daemon, &bridge, "b");
        Self { bridge, folder, _daemon: daemon, moments: [first, there, gone, last] }
    }

    /// A moment of which the journal on the disk knows the bridge, as a later look is in there too: that of
    /// a port which is made then.
    fn known(daemon: &Served, bridge: &Bridge, later: &str) -> u64 {
        let path = format!("/v1/bridges/{}/ports", bridge.name());
        wait_until("the daemon knows the bridge", || daemon.get(&path).status == 200);
        let now = moment();
        let port = format!("{}{later}", bridge.name());
        bridge.add(&port, &["--", "set", "interface", &port, "type=internal"]);
        let is_kept = || {
            daemon.get(&path).body.contains(&port)
                && daemon.get("/metrics").body.contains("docker_ovs_history_pending_looks 0\n")
        };
        wait_until("it is on the disk", is_kept);
        now
    }

    fn asks(&self, words: &[&str]) -> Ran {
        let folder = self.folder.path().to_str().unwrap();
        // The log is that of all tests, which may be megabytes by now, and this build is not made for speed.
        docker_ovs(&[words, &["--history-dir", folder, "--timeout", "2m"]].concat())
    }

    fn at(&self, words: &[&str], moment: usize) -> Ran {
        self.asks(&[words, &["--at", &seconds(self.moments[moment])]].concat())
    }

    /// Whether ovsdb-server has compacted its log since, as it does now and then: then nothing is known.
    fn is_compacted(&self) -> bool {
        let asked = self.at(&["ports", self.bridge.name()], 1);
        asked.code == 2 && asked.stderr.contains("is not known")
    }
}

#[test]
fn what_no_daemon_saw_is_told_by_the_log_of_the_database() {
    lab::need!(Lab);
    let mut scenes = (0..3).map(|_| Unseen::new()).filter(|scene| !scene.is_compacted());
    let unseen = scenes.next().expect("a log that was not compacted meanwhile");
    let bridge = unseen.bridge.name();
    let port = format!("{bridge}:{NUMBER}");

    // The port was there while no daemon ran, and each answer says by whose word that is known.
    let there = unseen.at(&["who", &port, "--partial"], 1);
    assert_eq!(there.code, 0, "{there:?}");
    assert!(there.stdout.contains(&format!("{bridge}u")), "{there:?}");
    assert!(there.stderr.contains("no journal knows it; by the log of "), "{there:?}");
    assert!(there.stderr.contains("conf.db knows 2"), "from when on it knows: {there:?}");
    let ports = unseen.at(&["ports", bridge, "--format", "json"], 1);
    assert!(ports.stdout.contains(&format!("\"OFPort\":{NUMBER}")), "{ports:?}");
    assert!(ports.stdout.contains("web"), "whom its row names is told: {ports:?}");
    assert!(ports.stderr.contains("by the log of "), "{ports:?}");
    let gone = unseen.at(&["ports", bridge], 2);
    assert!(gone.code == 0 && !gone.stdout.contains(NUMBER), "{gone:?}");
    assert!(gone.stderr.contains("by the log of "), "{gone:?}");
    // Containers are in no database: nothing is made up of what was so before or after.
    let listed = unseen.at(&["ls"], 1);
    assert!(listed.code == 2 && listed.stdout.is_empty(), "{listed:?}");

    // What the daemons saw is told by the journal.
    for moment in [0, 3] {
        let seen = unseen.at(&["ports", bridge], moment);
        assert!(seen.code == 0 && !seen.stdout.contains(NUMBER), "{seen:?}");
        let is_by_journal = seen.stderr.contains("the journal in ");
        assert!(is_by_journal && !seen.stderr.contains("conf.db"), "{seen:?}");
        assert!(seen.stderr.contains("without a gap"), "{seen:?}");
    }

    // All of it together, in order: both sources are named, each with the time that it knows.
    let told = unseen.asks(&["history", &port, "--format", "json"]);
    assert_eq!(told.code, 0, "{told:?}");
    let rows: Vec<serde_json::Value> =
        told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of: Vec<_> = rows.iter().map(|row| row["Action"].as_str().unwrap()).collect();
    // It came without a number, which vswitchd gave it then.
    assert!(of.first() == Some(&"changed") && of.last() == Some(&"vanished"), "{rows:#?}");
    let spans = told.stderr.matches("the journal in ").count();
    assert_eq!(spans, 2, "one of each daemon: {told:?}");
    assert!(told.stderr.contains("conf.db knows the ports of "), "{told:?}");
}
