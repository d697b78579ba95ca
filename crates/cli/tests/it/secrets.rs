//! What is secret in Open vSwitch's database is in nothing that is shown: no verb, page, metric or capture.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::time::Duration;

use lab::Switch;
use rustix::process::Signal;

use crate::tool::{Served, command, docker_ovs};

/// What every secret of the test has in it.
const MARK: &str = "t0psecretmark";

/// A switch that has it wherever Open vSwitch takes a secret, or where one may be put by mistake.
fn switch() -> Switch {
    let switch =
        Switch::start(&[&format!("private_key=/etc/{MARK}/key.pem"), &format!("ipsec_psk={MARK}")]);
    switch.add_bridge("br0", &[]);
    let put = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(|word| word.replace("MARK", MARK)).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        switch.vsctl(&words);
    };
    // A tunnel with all that ovs-monitor-ipsec(8) reads of it.
    put(&[
        "--no-wait",
        "add-port",
        "br0",
        "tun0",
        "--",
        "set",
        "interface",
        "tun0",
        "type=gre",
        "options:remote_ip=192.0.2.9",
        "options:psk=MARK",
        "options:remote_cert=MARK.pem",
        "options:remote_name=MARK",
        "options:private_key=MARK",
        "options:password=MARK",
        "other_config:psk=MARK",
        "other_config:password=MARK",
    ]);
    put(&["--no-wait", "set", "port", "tun0", "other_config:password=MARK"]);
    put(&["--no-wait", "set", "bridge", "br0", "other_config:password=MARK"]);
    put(&["--no-wait", "set-ssl", "/etc/MARK/key.pem", "/etc/cert.pem", "/etc/ca.pem"]);
    switch
}

fn assert_hidden(what: &str, told: &str) {
    assert!(!told.is_empty(), "{what} says nothing");
    assert!(!told.contains(MARK), "{what} tells a secret: {told}");
}

#[test]
fn secrets_of_the_switch_are_in_nothing_that_is_shown() {
    lab::need!(Lab);
    let switch = switch();
    let db = switch.remote();
    let row = switch.vsctl(&["--no-wait", "list", "interface", "tun0"]);
    assert!(row.matches(MARK).count() >= 6, "the marks are there: {row}");
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture.tar").display().to_string();
    let fixed = ["--db", &db, "--engine", "none"];
    let verbs: [&[&str]; 16] = [
        &["ls", "-a", "--format", "json"],
        &["ports"],
        &["ports", "--format", "json"],
        &["who", "br0:1", "--format", "json"],
        &["who", "192.0.2.9"],
        &["explain", "tun0"],
        &["graph"],
        &["graph", "--format", "dot"],
        &["doctor", "--format", "json"],
        &["flows", "br0"],
        &["fdb", "br0"],
        &["snapshot"],
        &["snapshot", "--anonymise"],
        &["restore", "--all", "--dry-run"],
        &["prune", "--dry-run"],
        &["capture", "-"],
    ];
    let ask = |words: &[&str]| {
        let ran = docker_ovs(&[&fixed[..], words].concat());
        assert_hidden(&words.join(" "), &format!("{}{} ", ran.stdout, ran.stderr));
        ran
    };
    for words in verbs {
        ask(words);
    }
    let ran = ask(&["capture", &capture]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_hidden("a capture", &String::from_utf8_lossy(&std::fs::read(&capture).unwrap()));
    // What others recorded may have all of it: what is told of that has not.
    let recorded = switch.rundir().join("conf.db").display().to_string();
    assert!(String::from_utf8_lossy(&std::fs::read(&recorded).unwrap()).contains(MARK));
    for words in [&["snapshot"][..], &["ports"], &["ls", "-a"], &["history"], &["graph"]] {
        let ran = docker_ovs(&[&["--from", &recorded], words].concat());
        assert_hidden(&words.join(" "), &format!("{}{} ", ran.stdout, ran.stderr));
    }
    let mut stream = command("docker-ovs", &[&fixed[..], &["events"]].concat());
    let stream = stream.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let served = Served::start(&fixed);
    switch.vsctl(&["--no-wait", "set", "interface", "tun0", &format!("options:psk=other{MARK}")]);
    switch.vsctl(&["add-port", "br0", "br0x", "--", "set", "interface", "br0x", "type=internal"]);
    lab::wait_until("the daemon has seen the change", || {
        served.get("/v1/bridges/br0/ports").body.contains("br0x")
    });
    let pages = [
        "/",
        "/metrics",
        "/v1/attachments",
        "/v1/bridges",
        "/v1/bridges/br0/ports",
        "/v1/snapshot",
        "/v1/rates",
        "/v1/wiring",
        "/healthz",
        "/graph.svg",
        "/v1/history",
    ];
    let mut told = 0;
    for page in pages {
        let answer = served.get(page);
        told += usize::from(answer.status == 200);
        assert_hidden(page, &format!("{}{} ", answer.head, answer.body));
    }
    assert!(told >= 6, "{told} of the paths are there");
    std::thread::sleep(Duration::from_millis(100));
    let pid = rustix::process::Pid::from_child(&stream);
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    let told = stream.wait_with_output().unwrap();
    assert_hidden("events", &format!("{} ", String::from_utf8_lossy(&told.stdout)));
}
