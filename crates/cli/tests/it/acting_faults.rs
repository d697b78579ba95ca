//! A switch, a database, the kernel, a container or a run of our own that fails while something
//! is changed: an error, and a clean host.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::os::unix::net::UnixListener;

use crate::acting::unserved::unserved;
use crate::acting::{Footprint, hold_after, kill_after, output, step_that_sets_up};
use crate::tool::{Ran, docker_ovs, refuses, says};
use lab::{Bridge, Container, Home, run, try_run, unique, wait_for_answer, wait_until};

fn is_clean(container: &Container, host_end: &str) {
    assert!(try_run("ip", &["link", "show", "dev", host_end]).is_err(), "{host_end} stayed");
    assert!(!container.ip(&["link"]).contains("eth0"));
}

#[test]
fn a_switch_that_gives_no_number_is_waited_for_and_then_everything_is_undone() {
    lab::need!(Docker);
    let ((server, db), container, end) = (unserved(), Container::run(), unique("h"));
    let words = ["connect", "br0", container.name(), "--host-interface", &end, "--db", &db];
    let ran = docker_ovs(&[&words[..], &["--timeout", "5s"]].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("gave it no number within 5s"), "{ran:?}");
    assert!(ran.stderr.contains("docker ovs doctor"), "{ran:?}");
    is_clean(&container, &end);
    assert_eq!(server.vsctl(&["list-ports", "br0"]), "");
}

#[test]
fn another_number_than_was_asked_for_is_told() {
    lab::need!(Docker);
    let ((server, db), container, end) = (unserved(), Container::run(), unique("h"));
    let words = ["connect", "br0", container.name(), "--host-interface", &end, "--db", &db];
    let (mut child, go) = hold_after(3, &[&words[..], &["--ofport", "10"]].concat());
    server.vsctl(&["set", "Interface", &end, "ofport=11"]);
    go();
    let ran = output(&mut child);
    let told = "docker-ovs: OpenFlow port 10 was asked for, Open vSwitch gave 11\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (1, told));
    assert!(ran.stdout.contains(" 11 "), "{ran:?}");
    let removed = docker_ovs(&["disconnect", "br0", container.name(), "--db", &db]);
    assert_eq!(removed.code, 0, "{removed:?}");
    is_clean(&container, &end);
}

#[test]
fn a_port_that_the_switch_cannot_make_is_undone_with_its_reason() {
    lab::need!(Docker);
    let ((server, db), container, end) = (unserved(), Container::run(), unique("h"));
    let words = ["connect", "br0", container.name(), "--host-interface", &end, "--db", &db];
    let (mut child, go) = hold_after(3, &words);
    server.vsctl(&["set", "Interface", &end, "ofport=-1", "error=\"no such device\""]);
    go();
    let ran = output(&mut child);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("could not make it: no such device"), "{ran:?}");
    is_clean(&container, &end);
    assert_eq!(server.vsctl(&["list-ports", "br0"]), "");
}

#[test]
fn a_port_that_the_switch_met_before_its_link_is_not_given_up() {
    lab::need!(Docker);
    let ((server, db), container, end) = (unserved(), Container::run(), unique("h"));
    let words = ["connect", "br0", container.name(), "--host-interface", &end, "--db", &db];
    let (mut child, go) = hold_after(3, &words);
    server.vsctl(&["set", "Interface", &end, "ofport=-1"]);
    go();
    run("sleep", &["0.3"]);
    server.vsctl(&["set", "Interface", &end, "ofport=32768"]);
    let ran = output(&mut child);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stdout.contains(" 32768 "), "{ran:?}");
}

#[test]
fn a_database_that_ends_midway_leaves_no_link() {
    lab::need!(Docker);
    for step in 0..=3 {
        let ((mut server, db), container, end) = (unserved(), Container::run(), unique("h"));
        let words = ["connect", "br0", container.name(), "--host-interface", &end, "--db", &db];
        let (mut child, go) = hold_after(step, &[&words[..], &["--timeout", "20"]].concat());
        server.stop();
        go();
        let ran: Ran = output(&mut child);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "after step {step}: {ran:?}");
        assert!(ran.stderr.contains("OVSDB at unix:"), "after step {step}: {ran:?}");
        let told = ran.stderr.contains("could not be undone");
        assert_eq!(told, step >= 2, "the port is out of reach: {ran:?}");
        is_clean(&container, &end);
    }
}

#[test]
fn what_a_database_that_hung_does_late_is_undone() {
    lab::need!(Docker);
    // In the transaction that makes the port; while its number is waited for, which may take twice as long.
    for (step, seconds) in [(1, "4"), (2, "7")] {
        let ((server, db), container, end) = (unserved(), Container::run(), unique("h"));
        let words = ["connect", "br0", container.name(), "--host-interface", &end, "--db", &db];
        let (mut child, go) = hold_after(step, &[&words[..], &["--timeout", "3"]].concat());
        server.pause();
        go();
        run("sleep", &[seconds]);
        server.resume();
        let ran = output(&mut child);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "after step {step}: {ran:?}");
        assert!(!ran.stderr.contains("could not be undone"), "after step {step}: {ran:?}");
        is_clean(&container, &end);
        assert_eq!(server.vsctl(&["list-ports", "br0"]), "", "after step {step}");
        assert_eq!(server.vsctl(&["get", "Bridge", "br0", "external_ids"]), "{}");
    }
}

#[test]
fn a_port_that_a_silent_database_keeps_is_left_with_what_takes_it_away() {
    lab::need!(Docker);
    let ((server, db), container, end) = (unserved(), Container::run(), unique("h"));
    let words = ["connect", "br0", container.name(), "--host-interface", &end, "--db", &db];
    let (mut child, go) = hold_after(2, &[&words[..], &["--timeout", "3"]].concat());
    server.pause();
    go();
    let ran = output(&mut child);
    server.resume();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    let way = format!("docker ovs disconnect br0 {} -i eth0", container.name());
    assert!(ran.stderr.contains("could not be undone") && ran.stderr.contains(&way), "{ran:?}");
    let parted = docker_ovs(&["disconnect", "br0", container.name(), "-i", "eth0", "--db", &db]);
    assert_eq!(parted.code, 0, "{parted:?}");
    is_clean(&container, &end);
    assert_eq!(server.vsctl(&["get", "Bridge", "br0", "external_ids"]), "{}");
}

#[test]
fn connect_leaves_a_number_that_another_port_took_meanwhile() {
    lab::need!(Docker);
    let ((server, db), container) = (unserved(), Container::run());
    let words = ["connect", "br0", container.name(), "--ofport", "10", "--db", &db];
    let (mut child, go) = hold_after(1, &words);
    let thief = ["add-port", "br0", "thief", "--", "set", "Interface", "thief"];
    server.vsctl(&[&thief[..], &["ofport_request=10"]].concat());
    go();
    // It stops once more when it has made another plan, or a plan_error of one.
    let ran = output(&mut child);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("OpenFlow port 10 of br0 is in use: thief"), "{ran:?}");
    assert_eq!(server.vsctl(&["list-ports", "br0"]), "thief");
    assert!(!container.ip(&["link"]).contains("eth0"));
    assert!(!run("ip", &["link"]).contains(&format!("docker-ovs {}", container.id())));
}

#[test]
fn what_the_kernel_refuses_half_way_is_undone() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    // A default route without a gateway, as of a tunnel: only the kernel knows that there can be no other.
    container.ip(&["link", "add", "d0", "type", "veth", "peer", "name", "d1"]);
    container.ip(&["address", "add", "192.0.2.2/24", "dev", "d0"]);
    container.ip(&["link", "set", "d0", "up"]);
    container.ip(&["route", "add", "default", "dev", "d0"]);
    let before = Footprint::take(&bridge, &[&container]);
    let words = ["--ip", "10.77.6.1/24", "--gateway", "10.77.6.254"];
    let said = refuses(&[&["connect", bridge.name(), container.name()][..], &words].concat());
    assert!(said.contains("default route") && said.contains("one already"), "{said}");
    assert_eq!(Footprint::take(&bridge, &[&container]), before, "{said}");
    assert!(!container.ip(&["link"]).contains("eth0"));
}

#[test]
fn a_restoration_that_fails_half_way_leaves_what_can_be_restored() {
    // The database's lock is held while Docker works: whoever changes this switch waits for it.
    lab::alone!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    says(&["connect", bridge.name(), container.name(), "--ip", "10.77.8.1/24"]);
    let ports = || run("ovs-vsctl", &["list-ports", bridge.name()]);
    let before = ports();
    container.restart();
    let (mut child, go) = hold_after(2, &["restore", container.name()]);
    assert_ne!(ports(), before);
    container.ip(&["link", "del", "eth0"]);
    go();
    let ran = output(&mut child);
    assert!(!ran.stdout.contains("could not be undone"), "{ran:?}");
    assert_eq!(ports(), before);
    let told = says(&["restore", container.name(), "--format", "{{.OFPort}} {{.Result}}"]);
    assert_eq!(told, "32768 restored\n");
}

#[test]
fn connect_succeeds_after_one_that_was_killed_at_any_step() {
    lab::need!(Docker);
    let (bridge, other) = (Bridge::new(), Container::run());
    says(&["connect", bridge.name(), other.name(), "--ip", "10.77.7.2/24"]);
    let set_up = step_that_sets_up();
    for step in 0..=set_up + 1 {
        let container = Container::run();
        let before = Footprint::take(&bridge, &[&container]);
        let words = ["connect", bridge.name(), container.name(), "--ip", "10.77.7.1/24"];
        kill_after(step, &words);
        let again = docker_ovs(&[&words[..], &["--interface", "eth0"]].concat());
        // The same words finish what is unfinished, and refuse what is finished.
        let finished = step >= set_up;
        assert_eq!(again.code, if finished { 2 } else { 0 }, "after step {step}: {again:?}");
        let told = says(&["restore", container.name(), "--format", "{{.Result}}"]);
        assert_eq!(told, "present\n", "after step {step}");
        wait_for_answer(&container, "10.77.7.2");
        lab::assert_carries(&container, &other, &["10.77.7.2"]);
        // It notes on the veth what is to become of it, takes the port, and deletes the veth.
        kill_after(step.min(3), &["disconnect", bridge.name(), container.name()]);
        let rest = docker_ovs(&["disconnect", bridge.name(), container.name()]);
        assert_eq!(rest.code, if step <= 1 { 0 } else { 2 }, "after step {step}: {rest:?}");
        if step == 2 {
            // Its veth is still there: the next one to come sweeps it away.
            says(&["connect", bridge.name(), container.name(), "--interface", "eth0"]);
            says(&["disconnect", bridge.name(), container.name()]);
        }
        assert_eq!(Footprint::take(&bridge, &[&container]), before, "after step {step}");
    }
}

#[test]
fn a_port_whose_link_was_never_made_gets_one_under_the_same_number() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    for verb in ["connect", "restore"] {
        let container = Container::run();
        let words = ["connect", bridge.name(), container.name(), "--ofport", "77"];
        kill_after(2, &words);
        container.ip(&["link", "del", "eth0"]);
        match verb {
            "connect" => says(&["connect", bridge.name(), container.name(), "-i", "eth0"]),
            _ => says(&["restore", container.name()]),
        };
        assert_eq!(says(&["port", container.name(), bridge.name(), "-q"]), "77\n", "{verb}");
        says(&["disconnect", bridge.name(), container.name()]);
    }
}

#[test]
fn a_container_that_ends_midway_leaves_a_clean_host() {
    // The database's lock is held while Docker works: whoever changes this switch waits for it.
    lab::alone!(Docker);
    let bridge = Bridge::new();
    for step in 0..=3 {
        let container = Container::run();
        let before = Footprint::take(&bridge, &[&container]);
        let (mut child, go) = hold_after(step, &["connect", bridge.name(), container.name()]);
        container.remove();
        go();
        let ran: Ran = output(&mut child);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "after step {step}: {ran:?}");
        wait_until("the links are gone", || Footprint::take(&bridge, &[&container]) == before);
    }
}

#[test]
fn a_silent_database_costs_no_more_than_the_timeout() {
    lab::need!(Docker);
    let (folder, container) = (tempfile::tempdir().unwrap(), Container::run());
    let path = folder.path().join("silent.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    let silent = format!("unix:{}", path.display());
    let links = container.ip(&["link"]);
    let words = ["connect", "br0", container.name(), "--timeout", "300ms", "--db"];
    let said = refuses(&[&words[..], &[&silent]].concat());
    assert!(said.contains("within 300ms"), "{said}");
    let said = refuses(&[&words[..], &["unix:/nonexistent/db.sock"]].concat());
    assert!(said.contains("OVSDB at unix:/nonexistent/db.sock"), "{said}");
    assert_eq!(container.ip(&["link"]), links);
}

#[test]
fn a_template_that_suits_no_row_is_refused_before_anything_is_done() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let unsuited = [
        "{{.Nope}}",
        "table {{.Interface}}\t{{.Nope}}",
        "{{index .Interface 99}}",
        "{{slice .Bridge 50}}",
    ];
    let connect = ["connect", bridge.name(), container.name()];
    let before = Footprint::take(&bridge, &[&container]);
    for template in unsuited {
        let told = refuses(&[&connect[..], &["--format", template]].concat());
        assert!(told.contains("cannot use the template"), "{told}");
        assert_eq!(Footprint::take(&bridge, &[&container]), before, "{template}");
    }
    says(&connect);
    container.restart();
    let gone = Footprint::take(&bridge, &[&container]);
    for template in unsuited {
        refuses(&["restore", container.name(), "--format", template]);
        assert_eq!(Footprint::take(&bridge, &[&container]), gone, "{template}");
    }
    container.remove();
    let prune = ["prune", "--force", "--bridge", bridge.name(), "--format"];
    for template in ["{{.Nope}}", "table {{.Port}}\t{{.Nope}}", "{{index .Port 99}}"] {
        refuses(&[&prune[..], &[template]].concat());
        assert_eq!(Footprint::take(&bridge, &[]), gone, "{template}");
    }
    says(&[&prune[..], &["{{.Port}}"]].concat());
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
}
