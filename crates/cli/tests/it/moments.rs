//! Moments that no calendar has, whichever source tells them: they are refused or told, and end no program.

use lab::Bridge;

use crate::tool::{Served, command, docker_ovs, refuses, says};

/// Later than the year 9999, in milliseconds and in seconds.
const TOO_LATE: [&str; 4] =
    ["253402300800000", "9999999999999999", "9223372036854775807", "18446744073709551615"];

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
    const ARTICLE: &str = "tests/scenes/article.json";
    let none = tempfile::tempdir().unwrap();
    let away = none.path().to_str().unwrap();
    let said = docker_ovs(&["--history-dir", away, "diff", ARTICLE, "--at", "10m"]).stderr;
    assert!(!said.contains("tells nothing of"), "{said}");
    let said = refuses(&["diff", ARTICLE, ARTICLE, "--at", "10m"]);
    assert!(said.contains("cannot be used with"), "{said}");
    let mut asked = command("docker-ovs", &["diff", ARTICLE, ARTICLE]);
    let ran = asked.env("DOCKER_OVS_SERVER", "unix:///nonexistent/d.sock").output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
}
