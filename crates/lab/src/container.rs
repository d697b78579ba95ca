//! Docker containers.

use crate::names::unique;
use crate::run::{run, try_run};

/// The image `scripts/setup` makes of busybox.
pub const IMAGE: &str = "docker-ovs-lab:latest";

/// A container that does nothing, removed with its guard.
#[derive(Debug)]
pub struct Container {
    name: String,
    id: String,
}

impl Container {
    /// A running container without a network of Docker's.
    pub fn run() -> Self {
        Self::run_with(&["--network", "none"])
    }

    /// A running container with further words for `docker run`.
    pub fn run_with(words: &[&str]) -> Self {
        let name = unique("c");
        let fixed = ["run", "--detach", "--stop-signal", "KILL", "--name", &name];
        let id = run("docker", &[&fixed[..], words, &[IMAGE, "sleep", "86400"]].concat());
        Self { name, id }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its full id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The PID of its first process.
    pub fn pid(&self) -> String {
        run("docker", &["inspect", "--format", "{{.State.Pid}}", &self.id])
    }

    /// Does `docker VERB` with it: stop, start, restart, pause, …
    pub fn docker(&self, verb: &str) {
        run("docker", &[verb, &self.id]);
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = try_run("docker", &["rm", "--force", &self.id]);
    }
}
