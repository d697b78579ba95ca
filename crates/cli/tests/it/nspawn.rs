//! Containers of systemd-nspawn that systemd-machined knows nothing of: by their processes.

use lab::{Bridge, Home, Nspawn, run};

use crate::tool::says_by;

/// No machine is registered in this folder, as there is none.
const BY_PROCESSES: &str = "nspawn=/run/docker-ovs-lab/no/machines";

#[test]
fn a_container_is_connected_found_and_restored() {
    lab::need!(Docker, Nspawn);
    let folder = tempfile::tempdir().unwrap();
    let (bridge, mut container) = (Bridge::new(), Nspawn::start(folder.path()));
    let name = container.name().to_owned();
    says_by(
        BY_PROCESSES,
        &["connect", bridge.name(), &name, "--ofport", "40301", "--ip", "10.79.6.1/24"],
    );
    let number = || says_by(BY_PROCESSES, &["port", &name, bridge.name(), "--quiet"]);
    assert_eq!(number(), "40301\n");
    assert!(container.ip(&["address", "show", "eth0"]).contains("10.79.6.1/24"));
    let explained = says_by(BY_PROCESSES, &["explain", &name, bridge.name()]);
    assert!(explained.contains(&format!("runs as process {}", container.pid())), "{explained}");
    container.restart();
    assert_eq!(says_by(BY_PROCESSES, &["restore", &name, "--format", "{{.Result}}"]), "restored\n");
    assert_eq!(number(), "40301\n");
    says_by(BY_PROCESSES, &["disconnect", bridge.name(), &name]);
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
}
