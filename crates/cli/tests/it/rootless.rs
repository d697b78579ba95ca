//! Engines whose host is not this one: what a user runs without root, and what runs in a container.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::os::unix::fs::symlink;

use lab::{Bridge, Home, InnerDocker, Plug, Plugged, RootlessPodman, run};

use crate::tool::{Ran, docker_ovs, lists};

/// Whether the containers of an engine can be connected is decided by who runs it, wherever it listens and
/// by whatever name it is asked.
#[test]
fn what_a_user_runs_without_root_is_shown_and_cannot_be_connected() {
    lab::alone!(Docker, Rootless);
    let (bridge, podman) = (Bridge::new(), RootlessPodman::start());
    let name = podman.run(&["--network", "none"]);
    let home = podman.home(&name);
    home.ip(&["link", "add", "eth0", "type", "veth", "peer", "name", "eth1"]);
    let links = home.ip(&["-o", "link"]);
    let engine = format!("podman@{}", podman.user());
    let found = lists(&["ls", "--format", "{{.Container}} {{.Interface}} {{.Engine}}"]);
    assert!(found.contains(&format!("{name} eth0 {engine}\n")), "{found}");
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("p.sock");
    symlink(podman.socket(), &elsewhere).unwrap();
    let path = |kind: &str, path: &std::path::Path| format!("{kind}={}", path.display());
    let asked = [
        vec![],
        vec!["--engine".to_owned(), engine.clone()],
        vec!["--engine".to_owned(), path("podman", &podman.socket())],
        vec!["--engine".to_owned(), path("podman", &elsewhere)],
        // Podman speaks Docker's API as well.
        vec!["--engine".to_owned(), path("docker", &elsewhere)],
        vec!["-H".to_owned(), format!("unix://{}", elsewhere.display())],
    ];
    for options in asked {
        let by = |words: &[&str]| -> Ran {
            let options: Vec<_> = options.iter().map(String::as_str).collect();
            docker_ovs(&[&options[..], words].concat())
        };
        let ran = by(&["port", &name, "--format", "{{.Interface}} {{.State}}"]);
        let mut told: Vec<_> = ran.stdout.lines().collect();
        told.sort_unstable();
        assert_eq!(
            (ran.code, &*told),
            (0, &["eth0 none", "eth1 none"][..]),
            "{options:?}: {ran:?}"
        );
        let ran = by(&["connect", bridge.name(), &name, "--interface", "eth7"]);
        assert!(
            ran.code == 2 && ran.stderr.contains("runs it without root"),
            "{options:?}: {ran:?}"
        );
        let ran = by(&["doctor"]);
        assert!(ran.stdout.contains("cannot be connected: user"), "{options:?}: {ran:?}");
    }
    assert_eq!(home.ip(&["-o", "link"]), links);
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
    // Its own host network is this host's.
    let shares = podman.run(&["--network", "host"]);
    let ran = docker_ovs(&["port", &shares]);
    assert!(ran.stderr.contains("shares the host's network"), "{ran:?}");
}

/// Docker in a container: what is on the network of its host is on the network of that container.
#[test]
fn the_host_of_an_engine_may_have_a_port_itself() {
    lab::need!(Docker);
    let (bridge, inner) = (Bridge::new(), InnerDocker::start());
    let plugged = Plugged::new(&inner, "eth0", &bridge, Plug::default());
    let (shares, own) = (inner.container_on("host"), inner.container());
    let host = inner.host();
    let number = |container: &str| {
        let ran = docker_ovs(&["-H", &host, "port", container, bridge.name(), "--quiet"]);
        (ran.code, ran.stdout, ran.stderr)
    };
    let found = (0, format!("{}\n", plugged.ofport()), String::new());
    assert_eq!(number(&shares), found);
    let who = lists(&["-H", &host, "who", plugged.host_end(), "--partial", "--quiet"]);
    assert_eq!(who, format!("{shares}\n"));
    assert_ne!(number(&own), found);
    // What joins it is where it is.
    let joins = inner.container_on(&format!("container:{shares}"));
    assert_eq!(number(&joins), found);
}
