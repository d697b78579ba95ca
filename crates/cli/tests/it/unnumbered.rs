//! A port that has no number, or none that stays: what is on it is not told as present.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use crate::acting::unserved::unserved;
use crate::acting::{kill_after, output, start, start_waiting};
use crate::tool::{docker_ovs, says};
use lab::{Container, Home, unique, wait_until};

/// An interface that a killed `connect` has set up whole, on a port that vswitchd has not numbered.
fn unnumbered(db: &str, container: &Container, more: &[&str]) -> String {
    let end = unique("h");
    let words = ["connect", "br0", container.name(), "--host-interface", &end, "--db", db];
    // A bridge of the kernel's datapath, which finishes checksums by itself.
    kill_after(3, &[&words[..], more].concat());
    end
}

/// The words that restore it, and tell what came of it.
fn restoring<'w>(container: &'w Container, db: &'w str, timeout: &'w str) -> Vec<&'w str> {
    let format = "{{.Result}} {{.Reason}}";
    vec!["restore", container.name(), "--db", db, "--timeout", timeout, "--format", format]
}

#[test]
fn an_interface_is_present_only_when_its_port_has_a_number() {
    lab::need!(Docker);
    let ((server, db), container) = (unserved(), Container::run());
    let end = unnumbered(&db, &container, &["--ofport", "10"]);
    let ran = docker_ovs(&restoring(&container, &db, "5s"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.starts_with("failed "), "{ran:?}");
    assert!(ran.stdout.contains("gave it no number within 5s"), "{ran:?}");
    assert!(container.ip(&["link"]).contains("eth0"), "what is there stays");
    let mut restore = start_waiting(&restoring(&container, &db, "20s"));
    server.vsctl(&["set", "Interface", &end, "ofport=10"]);
    let ran = output(&mut restore);
    assert_eq!((ran.code, &*ran.stdout), (0, "present \n"), "{ran:?}");
}

#[test]
fn an_interface_whose_port_the_switch_cannot_make_is_not_present() {
    lab::need!(Docker);
    let ((server, db), container) = (unserved(), Container::run());
    let end = unnumbered(&db, &container, &[]);
    server.vsctl(&["set", "Interface", &end, "ofport=-1", "error=\"no such device\""]);
    let ran = docker_ovs(&restoring(&container, &db, "5s"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("could not make it: no such device"), "{ran:?}");
    let planned = docker_ovs(&[&restoring(&container, &db, "5s")[..], &["--dry-run"]].concat());
    assert_eq!(planned.code, 1, "{planned:?}");
    server.vsctl(&["set", "Interface", &end, "ofport=7", "error=[]"]);
    assert_eq!(says(&restoring(&container, &db, "5s")), "present \n");
}

#[test]
fn a_number_that_a_killed_connect_was_given_is_kept() {
    lab::need!(Docker);
    let ((server, db), container) = (unserved(), Container::run());
    let end = unnumbered(&db, &container, &["--ofport", "auto"]);
    server.vsctl(&["set", "Interface", &end, "ofport=32770"]);
    assert_eq!(says(&restoring(&container, &db, "5s")), "present \n");
    assert_eq!(server.vsctl(&["get", "Interface", &end, "ofport_request"]), "32770");
    // vswitchd takes all numbers back when it starts.
    server.vsctl(&["clear", "Interface", &end, "ofport"]);
    container.restart();
    let mut restore = start(&restoring(&container, &db, "20s"));
    let mut port = String::new();
    wait_until("it has a new port", || {
        port = server.vsctl(&["list-ports", "br0"]);
        port != end
    });
    assert_eq!(server.vsctl(&["get", "Interface", &port, "ofport_request"]), "32770");
    server.vsctl(&["set", "Interface", &port, "ofport=32770"]);
    let ran = output(&mut restore);
    assert_eq!((ran.code, &*ran.stdout), (0, "restored \n"), "{ran:?}");
}

#[test]
fn a_switch_that_numbers_nothing_is_waited_for_once() {
    lab::need!(Docker);
    let ((_server, db), all) = (unserved(), [(); 4].map(|()| Container::run()));
    for container in &all {
        unnumbered(&db, container, &[]);
    }
    let begun = std::time::Instant::now();
    let ran = docker_ovs(&["restore", "--all", "--db", &db, "--timeout", "10s"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.stdout.matches("no number within 10s").count(), 4, "{ran:?}");
    assert!(begun.elapsed().as_secs() < 35, "each was waited for: {:?}", begun.elapsed());
}
