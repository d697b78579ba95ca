//! `docker ovs prune`: what is orphaned is removed, and nothing else.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use crate::acting::{Footprint, kill_after};
use crate::tool::{docker_ovs, refuses, says};
use lab::wait_until;
use lab::{Bridge, Container, Home, Link, Netns, Plug, Plugged, run, try_run, unique};

fn ports(bridge: &Bridge) -> Vec<String> {
    run("ovs-vsctl", &["list-ports", bridge.name()]).lines().map(str::to_owned).collect()
}

/// Connects a container, and gives the name of its port.
fn connected(bridge: &Bridge, container: &Container) -> String {
    let port = says(&["connect", bridge.name(), container.name(), "--format", "{{.Port}}"]);
    port.trim_end().to_owned()
}

/// Prunes a bridge, and gives the ports that went.
fn pruned(bridge: &Bridge, more: &[&str]) -> Vec<String> {
    let words = ["prune", "--force", "--bridge", bridge.name(), "--format", "{{.Port}}"];
    says(&[&words[..], more].concat()).lines().map(str::to_owned).collect()
}

fn is_gone(port: &str) -> bool {
    try_run("ip", &["link", "show", "dev", port]).is_err()
}

#[test]
fn prune_removes_only_ports_of_removed_containers() {
    lab::need!(Docker);
    let (bridge, removed, stopped) = (Bridge::new(), Container::run(), Container::run());
    let (restarted, running) = (Container::run(), Container::run());
    let left = connected(&bridge, &removed);
    let kept = [&stopped, &restarted, &running].map(|who| connected(&bridge, who));
    removed.remove();
    stopped.stop();
    restarted.restart();
    wait_until("the kernel deletes the links", || {
        is_gone(&left) && is_gone(&kept[0]) && is_gone(&kept[1])
    });
    let told = says(&["prune", "--dry-run", "--bridge", bridge.name()]);
    assert!(told.contains(&format!("{}:eth0", removed.name())), "{told}");
    assert_eq!(ports(&bridge).len(), 4, "a dry run removes nothing");
    assert_eq!(pruned(&bridge, &["--filter", "until=1h"]), [""; 0]);
    assert_eq!(pruned(&bridge, &[]), [left]);
    assert_eq!(pruned(&bridge, &[]), [""; 0]);
    assert_eq!(pruned(&bridge, &["--stopped"]), [kept[0].clone()]);
    assert_eq!(ports(&bridge).len(), 2);
    assert_eq!(says(&["restore", restarted.name(), "--format", "{{.Result}}"]), "restored\n");
}

#[test]
fn the_port_of_a_living_interface_whose_host_end_was_moved_away_is_not_pruned() {
    lab::need!(Docker);
    let (bridge, container, elsewhere) = (Bridge::new(), Container::run(), Netns::new());
    let port = connected(&bridge, &container);
    run("ip", &["link", "set", &port, "netns", elsewhere.name()]);
    wait_until("it is gone from here", || is_gone(&port));
    for more in [&[][..], &["--stopped"], &["--all"]] {
        let words = [&["prune", "--force", "--bridge", bridge.name()], more].concat();
        let ran = docker_ovs(&words);
        assert!(ran.code < 2, "{ran:?}");
        assert_eq!(ports(&bridge), std::slice::from_ref(&port), "{ran:?}");
    }
    // Back and up again it is what it was.
    let own = std::process::id().to_string();
    run("ip", &["-n", elsewhere.name(), "link", "set", &port, "netns", &own]);
    assert_eq!(pruned(&bridge, &[]), [""; 0]);
    assert_eq!(ports(&bridge), std::slice::from_ref(&port));
    // Who names it takes it, wherever its link is.
    run("ip", &["link", "set", &port, "netns", elsewhere.name()]);
    wait_until("it is gone from here", || is_gone(&port));
    let ran = docker_ovs(&["disconnect", bridge.name(), container.name()]);
    assert_eq!((ran.code, ports(&bridge).len()), (0, 0), "{ran:?}");
}

#[test]
fn prune_removes_foreign_ports_only_on_request_and_never_live_ones() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let (gone, stopped) = (unique("v"), Container::run());
    let link = Link::named(&gone, &["type", "veth", "peer", "name", &unique("p")]);
    bridge.add(&gone, &[]);
    drop(link);
    let theirs = unique("v");
    let id = format!("external_ids:container_id={}", stopped.name());
    let claim = ["--", "set", "Interface", &theirs, &id, "external_ids:container_iface=eth1"];
    let plug = Plug { host_end: Some(&theirs), port: &claim, ..Plug::default() };
    let _plugged = Plugged::new(&stopped, "eth1", &bridge, plug);
    stopped.stop();
    let [internal, patch, tunnel] = ["i", "q", "t"].map(unique);
    bridge.add(&internal, &["--", "set", "Interface", &internal, "type=internal"]);
    run("ip", &["link", "set", &internal, "netns", &container.pid()]);
    container.ip(&["link", "set", &internal, "name", "moved0"]);
    let peer = format!("options:peer={}", unique("q"));
    bridge.add_without_waiting(&patch, &["--", "set", "Interface", &patch, "type=patch", &peer]);
    let remote = ["type=vxlan", "options:remote_ip=192.0.2.9", "options:key=78"];
    bridge.add_without_waiting(
        &tunnel,
        &[&["--", "set", "Interface", &tunnel][..], &remote].concat(),
    );
    let bond = [unique("m"), unique("m")];
    let bonded = unique("b");
    // Waiting for a port that cannot be is an error from Open vSwitch 4.0 on.
    let add = ["--no-wait", "add-bond", bridge.name(), &bonded, &bond[0], &bond[1]];
    run("ovs-vsctl", &add);
    let is_refused =
        |name: &String| run("ovs-vsctl", &["get", "Interface", name, "ofport"]) == "-1";
    wait_until("vswitchd finds no links for the bond", || bond.iter().all(is_refused));
    wait_until("the kernel deletes the links", || is_gone(&gone) && is_gone(&theirs));
    let everything = ports(&bridge);
    assert_eq!(pruned(&bridge, &[]), [""; 0], "nothing of it is ours");
    let mut left = pruned(&bridge, &["--all"]);
    left.sort();
    let mut expected = [gone.clone(), bond[0].clone(), bond[1].clone()];
    expected.sort();
    assert_eq!(left, expected, "the members of the bond have no links either");
    let rest: Vec<_> =
        everything.into_iter().filter(|port| *port != gone && *port != bonded).collect();
    assert_eq!(ports(&bridge), rest);
    assert_eq!(pruned(&bridge, &["--all", "--stopped"]), [theirs]);
    container.ip(&["link", "del", "moved0"]);
}

#[test]
fn prune_removes_the_link_of_a_killed_connect_and_keeps_that_of_a_running_one() {
    lab::alone!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let links = || Footprint::take(&bridge, &[&container]).links().to_vec();
    kill_after(1, &["connect", bridge.name(), container.name()]);
    assert_eq!(links().len(), 1);
    says(&["prune", "--force", "--bridge", bridge.name()]);
    assert!(links().is_empty());
    let words = ["connect", bridge.name(), container.name()];
    let (mut child, go) = crate::acting::hold_after(1, &words);
    let prune = ["prune", "--force", "--bridge", bridge.name(), "--timeout", "5s"];
    let ran = docker_ovs(&prune);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("changing this switch already"), "{ran:?}");
    assert_eq!(links().len(), 1);
    go();
    assert_eq!(crate::acting::output(&mut child).code, 0);
    assert_eq!(ports(&bridge).len(), 1);
}

#[test]
fn prune_without_a_terminal_refuses_and_removes_nothing() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    connected(&bridge, &container);
    container.remove();
    let said = refuses(&["prune", "--bridge", bridge.name()]);
    assert!(said.contains("stdin is not a terminal; pass --force"), "{said}");
    assert_eq!(ports(&bridge).len(), 1);
}

#[test]
fn prune_at_a_terminal_removes_only_after_a_yes() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let port = connected(&bridge, &container);
    container.remove();
    wait_until("the kernel deletes the link", || is_gone(&port));
    let program = env!("CARGO_BIN_EXE_docker-ovs");
    let asked = |answer: &str| {
        let prune = format!("{program} prune --bridge {}", bridge.name());
        let script =
            format!("echo {answer} | script --quiet --return --command '{prune}' /dev/null");
        run("sh", &["-c", &script])
    };
    let told = asked("n");
    assert!(told.contains("WARNING!") && told.contains("[y/N]"), "{told}");
    assert_eq!(ports(&bridge).len(), 1);
    asked("y");
    assert!(ports(&bridge).is_empty());
}
