//! `events` where something is in its way: a database that hangs, more news than the kernel
//! keeps, privileges that are missing, namespaces that no message tells of, and many of them.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use crate::tool::command;
use crate::tool::live::{Events, lines_of};
use lab::{Database, Home, Netns, here, run, unique, wait_until};

fn signal(pid: u32, signal: &str) {
    run("kill", &[signal, &pid.to_string()]);
}

/// Runs a script of ip(8) in one process.
fn batch(script: &str) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(script.as_bytes()).unwrap();
    run("ip", &["-batch", file.path().to_str().unwrap()]);
}

/// Waits until `action` was told of an interface that is on no bridge.
fn wait_for(events: &Events, action: &str, interface: &str) {
    let end = format!(":{interface}   []");
    let told = |line: &String| line.starts_with(action) && line.ends_with(&end);
    wait_until(&end, || events.said.lock().unwrap().iter().any(told));
}

#[test]
fn a_database_that_hangs_makes_nothing_vanish() {
    lab::need!(Lab);
    let (server, netns, host_end) = (Database::start(), Netns::new(), unique("v"));
    let _vswitchd = server.idle_vswitchd();
    netns.ip(&["link", "add", "eth0", "type", "veth", "peer", "name", &host_end, "netns", &here()]);
    server.vsctl(&["add-br", "br0", "--", "add-port", "br0", &host_end]);
    server.vsctl(&["set", "interface", &host_end, "ofport=7"]);
    let events = Events::start(&["--db", &server.remote(), "--timeout", "1s"]);
    let told = |end: &str| events.said.lock().unwrap().iter().any(|line| line.ends_with(end));
    wait_until("it is told", || told(":eth0 br0 7 []"));

    signal(server.process.id(), "-STOP");
    wait_until("it is shown", || events.late("OVSDB at") > 0);
    signal(server.process.id(), "-CONT");
    server.vsctl(&["set", "port", &host_end, "tag=9"]);
    wait_until("it is right again", || told(":eth0 br0 7 [VLAN]"));
    let said = events.said.lock().unwrap();
    let vanished = |line: &String| line.starts_with("vanished") && line.contains(":eth0 br0 ");
    assert!(!said.iter().any(vanished), "{said:?}");
}

#[test]
fn events_recover_from_an_overflow_of_netlink() {
    lab::need!(Lab);
    let (netns, link) = (Netns::new(), lab::Link::add(&["type", "veth"]));
    let events = Events::start(&[]);
    signal(events.child.id(), "-STOP");
    batch(&(0..3000).fold(String::new(), |mut script, i| {
        let _ = writeln!(script, "link set dev {} alias number{i}", link.name());
        script
    }));
    // The kernel has no room left to tell of this.
    let inside = unique("d");
    netns.ip(&["link", "add", &inside, "type", "veth"]);
    signal(events.child.id(), "-CONT");
    wait_for(&events, "appeared", &inside);
    assert_eq!(events.end("-TERM"), Some(0));
}

#[test]
fn events_report_a_namespace_without_a_link_to_the_host() {
    lab::need!(Lab);
    let (netns, inside) = (Netns::new(), unique("d"));
    let events = Events::start(&[]);
    // Once this is told, everything that was there before has been read.
    let marker = unique("d");
    netns.ip(&["link", "add", &marker, "type", "veth"]);
    wait_for(&events, "appeared", &marker);
    netns.ip(&["link", "add", &inside, "type", "veth"]);
    wait_for(&events, "appeared", &inside);
    netns.ip(&["link", "del", &inside]);
    wait_for(&events, "vanished", &inside);
}

#[test]
fn events_without_privileges_complain() {
    lab::need!(Lab);
    let events = command("docker-ovs", &["events"]);
    let mut bare = lab::program("setpriv");
    bare.args(["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]);
    bare.arg(events.get_program()).args(events.get_args());
    let mut child = bare.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let complained = lines_of(child.stderr.take().unwrap());
    wait_until("it complains", || {
        complained
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains("ovs-vswitchd") && line.contains("permission denied"))
    });
    signal(child.id(), "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Namespaces with a veth each come and go; `DOCKER_OVS_TEST_CHURN` says how many.
#[test]
fn events_memory_does_not_grow_with_namespaces_that_are_gone() {
    lab::alone!(Lab);
    let count = std::env::var("DOCKER_OVS_TEST_CHURN").ok().and_then(|text| text.parse().ok());
    let count: usize = count.unwrap_or(300);
    let events = Events::start(&[]);
    // As much as it needs once, it may keep.
    churn(count / 3, &events);
    let before = anonymous(events.child.id());
    churn(count, &events);
    let after = anonymous(events.child.id());
    let said = events.said.lock().unwrap().len();
    let told = format!("{count} namespaces came and went, {said} events: {before} -> {after} KiB");
    let _ = writeln!(std::io::stderr(), "{told}");
    assert!(after < before + 1024, "{told}");
}

fn churn(count: usize, events: &Events) {
    let name = unique("n");
    batch(&(0..count).fold(String::new(), |mut script, _| {
        let _ = writeln!(script, "netns add {name}");
        let _ = writeln!(script, "link add {name} type veth peer name eth0 netns {name}");
        let _ = writeln!(script, "link del {name}");
        let _ = writeln!(script, "netns del {name}");
        script
    }));
    // It leads to the host: no message tells of a namespace made later that has no such link.
    let (netns, last, host_end) = (Netns::new(), unique("d"), unique("v"));
    netns.ip(&["link", "add", &last, "type", "veth", "peer", "name", &host_end, "netns", &here()]);
    wait_for(events, "appeared", &last);
}

/// Anonymous memory in KiB (proc(5)).
fn anonymous(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let value = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    value.split_whitespace().next().unwrap().parse().unwrap()
}
