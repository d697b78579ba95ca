//! The example of Compose: the article's lab on the network driver.

use std::collections::BTreeSet;

use lab::{Bridge, Plugin, run};

use crate::driver::driver;
use crate::tool::docker_ovs;

/// The example as a project of the test's own, down with its guard.
struct Project<'a> {
    name: String,
    driver: &'a Plugin,
    bridge: &'a Bridge,
}

impl Project<'_> {
    fn compose(&self, words: &[&str]) -> Result<(), String> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/compose/compose.yaml");
        let mut compose = lab::program("docker");
        compose.env("DRIVER", self.driver.name()).env("BRIDGE", self.bridge.name());
        compose.env("IMAGE", lab::IMAGE);
        compose.args(["compose", "--file", file, "--project-name", &self.name]).args(words);
        let done = compose.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        if done.status.success() { Ok(()) } else { Err(said) }
    }

    /// The numbers of each service.
    fn numbers(&self) -> [BTreeSet<String>; 3] {
        ["firewall", "desk", "web"].map(|service| {
            let name = format!("{}-{service}-1", self.name);
            let told = docker_ovs(&["port", "-q", &name, self.bridge.name()]).stdout;
            told.lines().map(str::to_owned).collect()
        })
    }
}

impl Drop for Project<'_> {
    fn drop(&mut self) {
        let _ = self.compose(&["down", "--timeout", "0"]);
    }
}

#[test]
fn the_compose_example_is_up_with_one_command_and_keeps_its_numbers() {
    lab::need!(Docker, Compose);
    let (driver, bridge) = (driver(), Bridge::new());
    let project = Project { name: lab::unique("proj"), driver: &driver, bridge: &bridge };
    project.compose(&["up", "--detach"]).unwrap();
    lab::wait_until("each has its number", || project.numbers().iter().all(|n| !n.is_empty()));
    let asked = BTreeSet::from(["10", "20"].map(str::to_owned));
    lab::wait_until("the firewall has those that it asks for", || project.numbers()[0] == asked);
    let before = project.numbers();
    let through = ["exec", "-T", "desk", "ping", "-c", "1", "-W", "10", "10.94.20.2"];
    project.compose(&through).unwrap();
    project.compose(&["up", "--detach", "--force-recreate"]).unwrap();
    lab::wait_until("the same numbers", || project.numbers() == before);
    project.compose(&through).unwrap();
    project.compose(&["down", "--timeout", "0"]).unwrap();
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
}
