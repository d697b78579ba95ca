//! A switch of the test's own, and a daemon that restores on it.

use std::process::Command;
use std::time::Duration;

use crate::tool::{Served, docker_ovs, says};
use lab::{Container, Switch, unique, wait_until};
use serde_json::Value;

/// The daemon's `--timeout`.
pub(super) const WITHIN: Duration = Duration::from_secs(2);

/// A switch of the test's own with one bridge.
pub(super) struct Scene {
    pub(super) switch: Switch,
    pub(super) bridge: String,
}

impl Scene {
    pub(super) fn new() -> Self {
        let (switch, bridge) = (Switch::start(&[]), unique("b"));
        switch.add_bridge(&bridge, &[]);
        Self { switch, bridge }
    }

    /// Connects a container, and says what is to come back.
    pub(super) fn connect(&self, container: &Container) -> String {
        let words = ["connect", &self.bridge, container.name(), "--ip", "192.0.2.7/24"];
        let more = ["--ip", "2001:db8::7/64", "--gateway", "192.0.2.1", "--mtu", "1400"];
        let db = ["--vlan", "7", "--db", &self.switch.remote()];
        says(&[&words[..], &more, &db].concat());
        self.row(container)
    }

    /// All of its interface; nothing where it has none on a port.
    pub(super) fn row(&self, container: &Container) -> String {
        let words = "{{.Interface}} {{.OFPort}} {{.MAC}} {{.MTU}} {{.VLAN}} {{.Addresses}}";
        let row = ["port", container.name(), &self.bridge, "--format", words];
        let ran = docker_ovs(&[&row[..], &["--db", &self.switch.remote()]].concat());
        let route = lab::try_run("docker", &["exec", container.name(), "ip", "route"]);
        if ran.code == 0 { ran.stdout + &route.unwrap_or_default() } else { String::new() }
    }

    /// A daemon that restores on this switch.
    pub(super) fn serve(&self) -> Served {
        self.serve_by(lab::program("env"))
    }

    pub(super) fn serve_by(&self, program: Command) -> Served {
        let words =
            ["--restore", "--db", &self.switch.remote(), "--timeout", &format!("{WITHIN:?}")];
        Served::start_by(program, &[&words[..], &["--log-level", "info"]].concat())
    }

    /// The database hangs while the container restarts and for as long as `meanwhile` takes; then all is as it was.
    pub(super) fn restarts_while_database_hangs(
        &self,
        container: &Container,
        meanwhile: impl FnOnce(&Served),
    ) {
        let before = self.connect(container);
        let daemon = self.serve();
        self.switch.hang_database(true);
        container.restart();
        wait_until("it is shown", || daemon.json("/healthz")["Status"] == "degraded");
        meanwhile(&daemon);
        self.switch.hang_database(false);
        self.is_back(container, &before);
    }

    /// A row says that its container is called so.
    pub(super) fn notes(&self, name: &str) {
        let columns = ["--bare", "--columns=external_ids", "list", "Interface"];
        let is_noted = || self.switch.vsctl(&columns).contains(&format!("docker-ovs.name={name}"));
        wait_until("the new name is noted", is_noted);
    }

    pub(super) fn is_back(&self, container: &Container, before: &str) {
        assert!(before.contains("default via"), "{before}");
        wait_until("all is as it was", || self.row(container) == before);
    }
}

/// Another container of the same name.
pub(super) fn again(name: &str) -> Container {
    let mut container = Container::run_with(&["--network", "none"]);
    container.rename(name);
    container
}

/// Waits until nothing is owed: that a thing is done is told a moment before it is taken off the list.
pub(super) fn nothing_is_owed(daemon: &Served) {
    wait_until("nothing is owed", || owed(daemon).is_empty());
}

pub(super) fn owed(daemon: &Served) -> Vec<Value> {
    daemon.json("/healthz")["Owed"].as_array().unwrap().clone()
}
