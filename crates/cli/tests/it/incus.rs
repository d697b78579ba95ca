//! Containers of Incus, or of LXD where that is what there is, whose socket is named by `--engine`.

use lab::{Bridge, Container, Home, Lxd, run, wait_until};

use crate::tool::{Served, by, docker_ovs, says_by};

fn ports(bridge: &Bridge) -> String {
    run("ovs-vsctl", &["list-ports", bridge.name()])
}

#[test]
fn a_container_is_connected_found_restored_and_pruned() {
    lab::need!(Docker, Lxd);
    let (bridge, lxd) = (Bridge::new(), Lxd::start());
    let (container, other) = (lxd.launch(), lxd.launch_in("lab"));
    let name = container.name();
    for (name, number) in [(&name, "40211"), (&other.name(), "40212")] {
        says_by(
            &lxd.engine(),
            &["connect", bridge.name(), name, "--ofport", number, "--ip", "10.79.8.1/24"],
        );
    }
    let number = |words: &str| says_by(&lxd.engine(), &["port", words, bridge.name(), "--quiet"]);
    let id = container.id();
    let begun = id.get(..9).unwrap();
    for words in [&name, &format!("{}:{name}", lxd.kind()), &id, begun] {
        assert_eq!(number(words), "40211\n", "{words}");
    }
    assert_eq!(number(&other.name()), "40212\n");
    assert!(container.ip(&["address", "show", "eth0"]).contains("10.79.8.1/24"));
    let explained = says_by(&lxd.engine(), &["explain", &name, bridge.name()]);
    assert!(explained.contains(&format!("runs as process {}", container.pid())), "{explained}");
    container.stop();
    let ran = by(&lxd.engine(), &["port", &name, bridge.name(), "--quiet"]);
    assert!(ran.code == 2 && ran.stderr.contains("stopped"), "{ran:?}");
    let pruned = by(&lxd.engine(), &["prune", "--force", "--bridge", bridge.name()]);
    assert_eq!((pruned.code, pruned.stdout.as_str()), (0, ""), "it may start again: {pruned:?}");
    container.run();
    let ran = by(&lxd.engine(), &["restore", &name, "--format", "{{.Result}}"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "restored\n"), "{ran:?}");
    assert_eq!(number(&name), "40211\n");
    assert!(container.ip(&["address", "show", "eth0"]).contains("10.79.8.1/24"));
    drop((container, other));
    let pruned = by(&lxd.engine(), &["prune", "--force", "--bridge", bridge.name()]);
    assert_eq!((pruned.code, ports(&bridge)), (0, String::new()), "{pruned:?}");
}

#[test]
fn it_is_asked_beside_docker() {
    lab::need!(Docker, Lxd);
    let (bridge, lxd, docker) = (Bridge::new(), Lxd::start(), Container::run());
    let container = lxd.launch();
    let engines = ["--engine", "docker", "--engine", &lxd.engine()];
    for name in [&container.name(), docker.name()] {
        let ran = docker_ovs(&[&engines[..], &["connect", bridge.name(), name]].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    }
    let filter = format!("bridge={}", bridge.name());
    let words = ["ls", "--partial", "--filter", &filter, "--format", "{{.Engine}} {{.Container}}"];
    let ran = docker_ovs(&[&engines[..], &words].concat());
    let mut rows: Vec<_> = ran.stdout.lines().collect();
    rows.sort_unstable();
    let own = format!("{} {}", lxd.kind(), container.name());
    assert_eq!((ran.code, rows), (0, vec![&*format!("docker {}", docker.name()), &own]), "{ran:?}");
}

#[test]
fn the_daemon_restores_one_that_starts_again() {
    lab::alone!(Docker, Lxd);
    let (bridge, lxd) = (Bridge::new(), Lxd::start());
    let container = lxd.launch();
    says_by(&lxd.engine(), &["connect", bridge.name(), &container.name(), "--ofport", "40213"]);
    let served = Served::start_restoring_with(&["--engine", &lxd.engine()]);
    container.restart();
    let name = container.name();
    let asked = ["port", &name, bridge.name(), "--quiet"];
    wait_until("it has its interface again", || by(&lxd.engine(), &asked).stdout == "40213\n");
    drop(served);
}
