//! Containers of LXC, below a folder that is named by `--engine`.

use lab::{Bridge, Container, Home, Lxc, run, wait_until};

use crate::tool::{Served, by, docker_ovs, says_by};

fn ports(bridge: &Bridge) -> String {
    run("ovs-vsctl", &["list-ports", bridge.name()])
}

#[test]
fn a_container_is_connected_found_restored_and_pruned() {
    lab::need!(Docker, Lxc);
    let folder = tempfile::tempdir().unwrap();
    let (bridge, container) = (Bridge::new(), Lxc::start(folder.path()));
    let name = container.name();
    says_by(
        &container.engine(),
        &["connect", bridge.name(), name, "--ofport", "40201", "--ip", "10.79.7.1/24"],
    );
    let number =
        |words: &str| says_by(&container.engine(), &["port", words, bridge.name(), "--quiet"]);
    assert_eq!(number(name), "40201\n");
    assert_eq!(number(&format!("lxc:{name}")), "40201\n");
    assert!(container.ip(&["address", "show", "eth0"]).contains("10.79.7.1/24"));
    let explained = says_by(&container.engine(), &["explain", name, bridge.name()]);
    assert!(explained.contains(&format!("runs as process {}", container.pid())), "{explained}");
    let who =
        says_by(&container.engine(), &["who", &format!("{}:40201", bridge.name()), "--quiet"]);
    assert_eq!(who, format!("{name}\n"));
    container.stop();
    let ran = by(&container.engine(), &["port", name, bridge.name(), "--quiet"]);
    assert!(ran.code == 2 && ran.stderr.contains("stopped"), "{ran:?}");
    let pruned = by(&container.engine(), &["prune", "--force", "--bridge", bridge.name()]);
    assert_eq!((pruned.code, pruned.stdout.as_str()), (0, ""), "it may start again: {pruned:?}");
    container.run();
    let ran = by(&container.engine(), &["restore", name, "--format", "{{.Result}}"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "restored\n"), "{ran:?}");
    assert_eq!(number(name), "40201\n");
    assert!(container.ip(&["address", "show", "eth0"]).contains("10.79.7.1/24"));
    container.stop();
    container.remove();
    let pruned = by(&container.engine(), &["prune", "--force", "--bridge", bridge.name()]);
    assert_eq!((pruned.code, ports(&bridge)), (0, String::new()), "{pruned:?}");
}

/// It is not named by its engine where only one has that name, and other engines are asked with it.
#[test]
fn it_is_asked_beside_docker() {
    lab::need!(Docker, Lxc);
    let folder = tempfile::tempdir().unwrap();
    let (bridge, lxc, docker) = (Bridge::new(), Lxc::start(folder.path()), Container::run());
    let engines = ["--engine", "docker", "--engine", &lxc.engine()];
    for name in [lxc.name(), docker.name()] {
        let ran = docker_ovs(&[&engines[..], &["connect", bridge.name(), name]].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    }
    let filter = format!("bridge={}", bridge.name());
    let words = ["ls", "--partial", "--filter", &filter, "--format", "{{.Container}}"];
    let ran = docker_ovs(&[&engines[..], &words].concat());
    let mut names: Vec<_> = ran.stdout.lines().collect();
    names.sort_unstable();
    let mut both = [lxc.name(), docker.name()];
    both.sort_unstable();
    assert_eq!((ran.code, names), (0, both.to_vec()), "{ran:?}");
}

#[test]
fn one_without_a_network_of_its_own_has_no_interface() {
    lab::need!(Docker, Lxc);
    let folder = tempfile::tempdir().unwrap();
    let bridge = Bridge::new();
    let container = Lxc::start_with(folder.path(), "lxc.net.0.type = none");
    let ran = by(&container.engine(), &["connect", bridge.name(), container.name()]);
    assert!(ran.code == 2 && ran.stderr.contains("host"), "{ran:?}");
    assert_eq!(ports(&bridge), "");
}

/// Nothing tells when one starts: the list does, soon.
#[test]
fn the_daemon_restores_one_that_starts_again() {
    lab::alone!(Docker, Lxc);
    let folder = tempfile::tempdir().unwrap();
    let (bridge, container) = (Bridge::new(), Lxc::start(folder.path()));
    says_by(
        &container.engine(),
        &["connect", bridge.name(), container.name(), "--ofport", "40203"],
    );
    let served = Served::start_restoring_with(&["--engine", &container.engine()]);
    container.stop();
    container.run();
    let asked = ["port", container.name(), bridge.name(), "--quiet"];
    wait_until("it has its interface again", || {
        by(&container.engine(), &asked).stdout == "40203\n"
    });
    drop(served);
}
