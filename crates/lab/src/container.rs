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
        Self::made(&[&["run", "--detach"], words].concat())
    }

    /// One that was not started yet, with further words for `docker create`.
    pub fn create_with(words: &[&str]) -> Self {
        Self::made(&[&["create"], words].concat())
    }

    fn made(words: &[&str]) -> Self {
        let mut container = Self { name: unique("c"), id: String::new() };
        let fixed = ["--stop-signal", "KILL", "--name", &container.name];
        let id = run("docker", &[words, &fixed[..], &[IMAGE, "sleep", "86400"]].concat());
        container.id = id;
        container
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

    /// A field that Docker tells of its only network, as `IPAddress`.
    ///
    /// # Panics
    /// When Docker does not know the container.
    pub fn on_network(&self, field: &str) -> String {
        let format = format!("{{{{range .NetworkSettings.Networks}}}}{{{{.{field}}}}}{{{{end}}}}");
        run("docker", &["inspect", "--format", &format, self.id()])
    }

    /// Does `docker VERB` with it: pause, unpause, …
    pub fn docker(&self, verb: &str) {
        run("docker", &[verb, &self.id]);
    }

    /// Starts it after a stop.
    pub fn start(&self) {
        self.docker("start");
    }

    /// Stops it; its network namespace is gone then.
    pub fn stop(&self) {
        self.docker("stop");
    }

    /// Stops and starts it; it gets a new network namespace.
    pub fn restart(&self) {
        self.docker("restart");
    }

    /// Gives it another name.
    pub fn rename(&mut self, name: &str) {
        run("docker", &["rename", &self.id, name]);
        name.clone_into(&mut self.name);
    }

    /// Removes it before its guard does, running or not.
    pub fn remove(&self) {
        run("docker", &["rm", "--force", &self.id]);
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // A container that could not be started has a name, but no id that we were told.
        let known = if self.id.is_empty() { &self.name } else { &self.id };
        let _ = try_run("docker", &["rm", "--force", known]);
    }
}
