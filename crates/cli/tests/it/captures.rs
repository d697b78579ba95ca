//! What a capture answers, verb by verb: as the host did, or that it cannot.

use std::time::{Duration, Instant};

use lab::{Bridge, Container, Switch, flow};

use crate::tool::{Ran, docker_ovs, refuses, says};

/// Two containers on a bridge that has flows, and has learnt an address.
struct Scene {
    bridge: Bridge,
    web: Container,
    db: Container,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { bridge: Bridge::new(), web: Container::run(), db: Container::run() };
        let bridge = &scene.bridge;
        let ends = [(&scene.web, "10.81.0.1/24", "1"), (&scene.db, "10.81.0.2/24", "2")];
        for (container, ip, number) in ends {
            let port = ["connect", bridge.name(), container.name(), "--ofport", number];
            says(&[&port[..], &["--ip", ip]].concat());
        }
        flow(bridge, "priority=5,in_port=1,tcp,tp_dst=80,actions=output:2");
        flow(bridge, "priority=6,in_port=777,actions=drop");
        lab::wait_for_answer(&scene.web, "10.81.0.2");
        scene
    }

    /// Every verb that reads, with what a capture answers to it.
    fn asked(&self) -> Vec<Vec<&str>> {
        let (bridge, web) = (self.bridge.name(), self.web.name());
        let json = ["--format", "json"];
        let verbs = [
            vec!["port", web],
            vec!["ls", "--all", "--bridge", bridge],
            vec!["ports", bridge],
            vec!["who", "10.81.0.2"],
            vec!["explain", web],
            vec!["graph", "--bridge", bridge],
            vec!["flows", bridge],
            vec!["flows", bridge, web],
            vec!["flows", bridge, "--stale"],
            vec!["fdb", bridge],
        ];
        let in_json = verbs.iter().filter(|verb| verb[0] != "graph");
        let in_json = in_json.map(|verb| [verb, &json[..]].concat());
        verbs.iter().cloned().chain(in_json).collect()
    }
}

fn capture(folder: &std::path::Path) -> String {
    let file = folder.join("host.tar").to_str().unwrap().to_owned();
    let captured = docker_ovs(&["capture", &file]);
    assert_eq!(captured.code, 0, "{captured:?}");
    file
}

/// Without what is another number each second: how old a flow is, and an address of a MAC table.
fn timeless(text: &str) -> String {
    let mut told = String::new();
    let mut rest = text;
    let ages = ["duration=", "\"Duration\":", "\"Age\":"];
    while let Some((at, age)) =
        ages.iter().filter_map(|age| Some((rest.find(age)?, age))).min_by_key(|(at, _)| *at)
    {
        let (before, after) = rest.split_at(at + age.len());
        told += before;
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    }
    told + rest
}

/// A word of `docker ovs --help` for each verb.
fn verbs() -> Vec<String> {
    let help = says(&["--help"]);
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let named = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    named.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

fn from<'a>(file: &'a str, words: &[&'a str]) -> Ran {
    docker_ovs(&[&["--from", file][..], words].concat())
}

#[test]
fn a_capture_answers_every_reading_verb_as_the_host_did() {
    lab::need!(Docker);
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    for words in scene.asked() {
        let mut both = None;
        let is_same = lab::comes_true(|| {
            let file = capture(folder.path());
            let (live, recorded) = (docker_ovs(&words), from(&file, &words));
            let is_same =
                (timeless(&live.stdout), live.code) == (timeless(&recorded.stdout), recorded.code);
            both = Some((live, recorded));
            is_same
        });
        assert!(is_same, "{words:?}: {both:#?}");
    }
    let file = capture(folder.path());
    let flows = from(&file, &["flows", scene.bridge.name()]);
    let named = format!("in_port=1<{}:eth0>", scene.web.name());
    assert!(flows.stdout.contains(&named), "{flows:?}");
    let table = from(&file, &["fdb", scene.bridge.name()]);
    let mac = says(&["port", scene.web.name(), "--format", "{{.MAC}}"]);
    assert!(table.stdout.contains(mac.trim()), "{table:?}");
    assert!(table.stdout.contains(scene.web.name()), "{table:?}");
    let stale = from(&file, &["flows", scene.bridge.name(), "--stale"]);
    assert!(stale.stdout.contains("no port is 777"), "{stale:?}");
    // A capture of it is the same, and one of what has no flows says so.
    let again = folder.path().join("again.tar").to_str().unwrap().to_owned();
    let copied = from(&file, &["capture", &again]);
    assert_eq!((copied.code, &*copied.stderr), (0, ""), "{copied:?}");
    assert_eq!(from(&again, &["flows", scene.bridge.name()]).stdout, flows.stdout);
    let snapshot = folder.path().join("host.json").to_str().unwrap().to_owned();
    std::fs::write(&snapshot, says(&["--from", &file, "snapshot"])).unwrap();
    let without = from(&snapshot, &["capture", &again]);
    assert!(without.stderr.contains("flows and MAC tables are not in it"), "{without:?}");
    // What the capture is of is gone since: it answers all the same.
    let db = scene.db.name().to_owned();
    drop(scene.db);
    assert!(from(&file, &["port", &db]).code == 0);
}

#[test]
fn what_a_capture_cannot_answer_is_refused_in_a_sentence() {
    lab::need!(Docker);
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let file = capture(folder.path());
    let (bridge, web, db) = (scene.bridge.name(), scene.web.name(), scene.db.name());
    let refused = [
        vec!["trace", web, db],
        vec!["top", "--batch", "-n", "1"],
        vec!["flows", bridge, "--watch"],
        vec!["events"],
        vec!["wait", web],
        vec!["history", web],
        vec!["history"],
        vec!["connect", bridge, web],
        vec!["disconnect", bridge, web],
        vec!["restore", "--all"],
        vec!["driver"],
        vec!["mesh", "ls"],
        vec!["hosts"],
    ];
    for words in &refused {
        let why = refuses(&[&["--from", &file][..], words].concat());
        let is_told = ["takes no --from", "cannot be changed", "is that of a conf.db", "--from"];
        assert!(is_told.iter().any(|told| why.contains(told)), "{words:?}: {why}");
    }
    let hidden = folder.path().join("hidden.tar");
    let hidden = hidden.to_str().unwrap();
    assert_eq!(docker_ovs(&["capture", "--anonymise", hidden]).code, 0);
    let why = refuses(&["--from", hidden, "fdb", bridge]);
    assert!(!why.is_empty());

    // Each verb there is, is one of those that answer, that are refused, or that ask no host.
    let asked = scene.asked();
    let known = asked.iter().chain(&refused).map(|words| words[0]);
    let other = ["annotate", "snapshot", "capture", "diff", "serve", "doctor", "prune"];
    let known: Vec<_> = known.chain(other).chain(["version", "completion", "help"]).collect();
    for verb in verbs() {
        assert!(known.contains(&verb.as_str()), "{verb} is in no test of captures");
    }
}

/// In a folder where others may write too.
#[test]
fn a_capture_writes_to_its_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let precious = path("precious");
    std::fs::write(&precious, "precious").unwrap();
    for planted in ["host.tar.part", "host.tar.tmp", ".host.tar.part", "host.tar~"] {
        std::os::unix::fs::symlink(&precious, path(planted)).unwrap();
    }
    std::os::unix::fs::symlink(&precious, path("host.tar")).unwrap();
    let file = path("host.tar");
    let words = ["--from", "tests/scenes/article.json", "capture", file.to_str().unwrap()];
    assert_eq!(docker_ovs(&words).code, 0);
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious");
    assert!(std::fs::symlink_metadata(&file).unwrap().is_file());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 6, "nothing is left beside it");
    refuses(&["--from", "tests/scenes/article.json", "capture", "/nonexistent/host.tar"]);
}

#[test]
fn what_hangs_is_waited_for_once_by_a_capture() {
    lab::need!(Docker);
    let switch = Switch::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.tar").to_str().unwrap().to_owned();
    switch.hang_database(true);
    let start = Instant::now();
    let ran = docker_ovs(&["--db", &switch.remote(), "--timeout", "15s", "capture", &file]);
    let took = start.elapsed();
    switch.hang_database(false);
    assert!(ran.stderr.contains("no answer within 15s"), "{ran:?}");
    assert!(took < Duration::from_secs(28), "{took:?}: {ran:?}");
}
