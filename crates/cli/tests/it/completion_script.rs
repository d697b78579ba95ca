//! What the script for bash offers, as bash asks it.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::process::Command;

use lab::{Bridge, Container};

use crate::tool::{command, says};

/// What TAB offers at the end of a line.
fn offered(script: &str, line: &str) -> Vec<String> {
    let words: Vec<_> = line.split(' ').collect();
    let (last, previous) = (words[words.len() - 1], words[words.len() - 2]);
    let ask = format!(
        "source {script}; COMP_WORDS=({}); COMP_CWORD={}; _docker__ovs docker-ovs '{last}' '{previous}'; \
         echo \"${{COMPREPLY[@]}}\"",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1,
    );
    let ran = Command::new("bash").args(["--norc", "-c", &ask]).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    said.split_whitespace().map(str::to_owned).collect()
}

/// `connect` acts on this host whatever daemon is named for good; `ls` asks that.
#[test]
fn names_are_of_the_host_that_the_verb_is_about() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let offers = |words: &[&str], name: &str| {
        let mut program = command("docker-ovs", &[&["__complete", "ovs"], words].concat());
        let ran = program.env("DOCKER_OVS_SERVER", "unix:///nonexistent/daemon.sock").output();
        let said = String::from_utf8_lossy(&ran.unwrap().stdout).into_owned();
        said.lines().any(|line| line.split('\t').next() == Some(name))
    };
    assert!(offers(&["connect", ""], bridge.name()));
    assert!(offers(&["connect", bridge.name(), ""], container.name()));
    assert!(offers(&["restore", ""], container.name()));
    assert!(offers(&["mesh", "join", "blue", ""], bridge.name()));
    for words in [&["ls", "--bridge", ""][..], &["ports", ""], &["port", container.name(), ""]] {
        assert!(!offers(words, bridge.name()), "{words:?}");
    }
}

/// A prompt is no place for errors, and none waits for long: there may be no daemon, no folder, no etcd.
#[test]
fn contexts_are_those_that_can_be_used_and_a_fleet_that_is_not_there_has_no_names() {
    let folder = tempfile::tempdir().unwrap();
    for (place, name, host) in [("1", "lab", "unix:///lab.sock"), ("2", "far", "ssh://far")] {
        let meta = folder.path().join("contexts/meta").join(place);
        std::fs::create_dir_all(&meta).unwrap();
        let text = format!(r#"{{"Name":"{name}","Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
        std::fs::write(meta.join("meta.json"), text).unwrap();
    }
    let config = folder.path().to_str().unwrap();
    let complete = |words: &[&str]| {
        let ran = command("docker-ovs", &[&["__complete", "ovs"], words].concat()).output();
        let ran = ran.unwrap();
        assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    for words in [&["--config", config, "ls", "--context", ""][..], &["--config", config, "-c", ""]]
    {
        assert_eq!(complete(words), "default\nlab\n:4\n", "{words:?}");
    }
    for words in [
        &["hosts", "--remove", ""][..],
        &["mesh", "leave", ""],
        &["mesh", "rm", ""],
        &["mesh", "create", ""],
        &["mesh", "release", "blue", ""],
    ] {
        let server = ["--server", "unix:///nonexistent/daemon.sock"];
        assert_eq!(complete(&[&server[..], words].concat()), ":4\n", "{words:?}");
    }
    assert_eq!(complete(&["--config", "/nonexistent", "-c", ""]), "default\n:4\n");
}

#[test]
fn bash_completes_verbs_and_what_stands_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("docker-ovs.bash");
    std::fs::write(&script, says(&["completion", "bash"])).unwrap();
    let script = script.to_str().unwrap();
    for (line, expected) in [
        ("docker-ovs expl", "explain"),
        ("docker-ovs ls --par", "--partial"),
        ("docker-ovs flows --st", "--stale"),
        ("docker-ovs mesh cr", "create"),
        ("docker-ovs mesh join --loc", "--local-ip"),
        ("docker-ovs graph --format s", "svg"),
        ("docker-ovs ovs ls --par", "--partial"),
        ("docker-ovs completion b", "bash"),
    ] {
        let offered = offered(script, line);
        assert!(offered.iter().any(|word| word == expected), "{line}: {offered:?}");
    }
}
