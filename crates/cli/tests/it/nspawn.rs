//! Containers of systemd-nspawn that systemd-machined knows nothing of: by their processes.

use lab::{Bridge, Nspawn, run};

use crate::tool::docker_ovs;

/// No machine is registered in this folder, as there is none.
const BY_PROCESSES: &str = "nspawn=/run/docker-ovs-lab/no/machines";

fn says(words: &[&str]) -> String {
    let ran = docker_ovs(&[&["--engine", BY_PROCESSES], words].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{words:?}: {ran:?}");
    ran.stdout
}

#[test]
fn a_container_is_connected_found_and_restored() {
    lab::need!(Docker, Nspawn);
    let folder = tempfile::tempdir().unwrap();
    let (bridge, mut container) = (Bridge::new(), Nspawn::start(folder.path()));
    let name = container.name().to_owned();
    says(&["connect", bridge.name(), &name, "--ofport", "40301", "--ip", "10.79.6.1/24"]);
    let number = || says(&["port", &name, bridge.name(), "--quiet"]);
    assert_eq!(number(), "40301\n");
    assert!(container.ip(&["address", "show", "eth0"]).contains("10.79.6.1/24"));
    let explained = says(&["explain", &name, bridge.name()]);
    assert!(explained.contains(&format!("runs as process {}", container.pid())), "{explained}");
    container.restart();
    assert_eq!(says(&["restore", &name, "--format", "{{.Result}}"]), "restored\n");
    assert_eq!(number(), "40301\n");
    says(&["disconnect", bridge.name(), &name]);
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
}
