//! Moments that no calendar has, whichever source tells them: they are refused or told, and end no program.

use lab::Bridge;

use crate::tool::{Served, command, docker_ovs, refuses, says};

/// Later than the year 9999, in milliseconds and in seconds.
const TOO_LATE: [&str; 4] =
    ["253402300800000", "9999999999999999", "9223372036854775807", "18446744073709551615"];

const ARTICLE: &str = "tests/scenes/article.json";

#[test]
fn a_daemon_that_is_asked_about_a_moment_after_the_last_one_lives_on() {
    lab::need!(Lab);
    let _bridge = Bridge::new();
    let daemon = Served::start(&[]);
    for path in [
        "/v1/snapshot?at=",
        "/figure?at=",
        "/moments?at=",
        "/v1/history?since=",
        "/v1/history?until=",
    ] {
        for at in TOO_LATE {
            let answer = daemon.get(&format!("{path}{at}"));
            assert_eq!(answer.status, 400, "{path}{at}: {answer:?}");
        }
        let answer = daemon.get(&format!("{path}253402300799999"));
        assert!([200, 404].contains(&answer.status), "{path}: {answer:?}");
    }
    assert_eq!(daemon.get("/healthz").status, 200);
}

#[test]
fn a_snapshot_of_a_moment_after_the_last_one_is_read_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let scene = include_str!("../scenes/article.json");
    let path = folder.path().join("late.json");
    let late = path.to_str().unwrap();
    let expected = says(&["--from", "tests/scenes/article.json", "ls"]);
    for taken in TOO_LATE {
        let text = scene.replace(r#""taken": 1412899200000"#, &format!(r#""taken": {taken}"#));
        assert_ne!(text, scene);
        std::fs::write(&path, text).unwrap();
        assert_eq!(says(&["--from", late, "ls"]), expected, "{taken}");
        let said = docker_ovs(&["--from", late, "ls", "--at", "2026-11-26T02:10:00Z"]);
        assert!(said.stderr.contains("is of 9999-12-31T23:59:59.999Z"), "{said:?}");
        for words in [["diff", late, late], ["diff", "tests/scenes/article.json", late]] {
            let ran = docker_ovs(&words);
            assert!([0, 1].contains(&ran.code), "{words:?}: {ran:?}");
        }
    }
}

#[test]
fn a_word_for_a_moment_after_the_last_one_is_refused() {
    for at in ["9999999999999999", "253402300800", "9999-12-31T23:59:60Z", "10000-01-01"] {
        let said = refuses(&["--from", "tests/scenes/article.json", "ls", "--at", at]);
        assert!(said.contains("--at"), "{at}: {said}");
    }
}

/// BEFORE is of its own moment, whatever it is compared with; of two files nothing else is asked.
#[test]
fn what_a_snapshot_is_compared_with_may_be_of_another_moment() {
    let none = tempfile::tempdir().unwrap();
    let away = none.path().to_str().unwrap();
    let said = docker_ovs(&["--history-dir", away, "diff", ARTICLE, "--at", "10m"]).stderr;
    assert!(!said.contains("tells nothing of"), "{said}");
    let said = refuses(&["--history-dir", away, "diff", ARTICLE]);
    assert!(said.contains("--history-dir tells what was") && said.contains("--at TIME"), "{said}");
    let said = refuses(&["diff", ARTICLE, ARTICLE, "--at", "10m"]);
    assert!(said.contains("cannot be used with"), "{said}");
    let mut asked = command("docker-ovs", &["diff", ARTICLE, ARTICLE]);
    let ran = asked.env("DOCKER_OVS_SERVER", "unix:///nonexistent/d.sock").output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
}

/// It was passed over where a daemon was named, and the daemon told of its own.
#[test]
fn the_history_that_is_named_is_the_one_that_is_asked() {
    let none = tempfile::tempdir().unwrap();
    let away = none.path().join("away");
    let words = ["--history-dir", away.to_str().unwrap()];
    for verb in [&["ls", "--at", "10m"][..], &["history"]] {
        let mut asked = command("docker-ovs", &[verb, &words[..]].concat());
        asked.env("OVS_RUNDIR", none.path());
        for url in ["unix:///nonexistent/d.sock", "http://127.0.0.1:9"] {
            let ran = asked.env("DOCKER_OVS_SERVER", url).output().unwrap();
            let said = String::from_utf8_lossy(&ran.stderr);
            assert_eq!(ran.status.code(), Some(2), "{said}");
            assert!(said.contains("cannot read the history in") && !said.contains(url), "{said}");
        }
        for other in [["--server", "unix:///nonexistent/d.sock"], ["--from", ARTICLE]] {
            let said = refuses(&[verb, &words[..], &other].concat());
            assert!(said.contains("--history-dir") && said.contains(other[0]), "{said}");
        }
    }
    // Of what is now no history is asked: it decides nothing, and is refused beside nothing.
    let now = ["ls", "--from", ARTICLE];
    let ran = docker_ovs(&[&now[..], &words].concat());
    assert_eq!((ran.code, ran.stdout), (0, docker_ovs(&now).stdout), "{}", ran.stderr);
    let url = "unix:///nonexistent/d.sock";
    let said = refuses(&[&["ls", "--server", url][..], &words].concat());
    assert!(said.contains(url) && !said.contains("--history-dir"), "{said}");
    let mut asked = command("docker-ovs", &[&["ls"], &words[..]].concat());
    let ran = asked.env("DOCKER_OVS_SERVER", url).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains(url) && ran.status.code() == Some(2), "{said}");
    // What the variable says is said for good, and not of this question.
    let mut asked = command("docker-ovs", &["ls", "--from", ARTICLE]);
    let ran = asked.env("DOCKER_OVS_HISTORY_DIR", &away).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let mut asked = command("docker-ovs", &["history", "--since", "10m"]);
    let ran = asked.env("DOCKER_OVS_HISTORY_DIR", &away).env("OVS_RUNDIR", none.path());
    let said = String::from_utf8_lossy(&ran.output().unwrap().stderr).into_owned();
    assert!(said.contains(away.to_str().unwrap()), "{said}");
}
