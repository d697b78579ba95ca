//! Named network namespaces.

use std::process::Command;

use crate::names::unique;
use crate::run::{program, run, try_run};

/// A named network namespace, deleted with its guard.
#[derive(Debug)]
pub struct Netns(String);

impl Netns {
    /// A namespace with a name of its own.
    pub fn new() -> Self {
        let netns = Self(unique("ns"));
        run("ip", &["netns", "add", &netns.0]);
        netns
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// A command that runs what its further words name in this namespace.
    ///
    /// Not by `ip netns exec`, which makes a mount namespace too: a copy of every mount, those by
    /// which Docker holds its containers' network namespaces among them, so that a container's
    /// namespace lives on until the program ends.
    pub fn enter(&self) -> Command {
        let mut nsenter = program("nsenter");
        nsenter.arg(format!("--net=/run/netns/{}", self.0));
        nsenter
    }
}

impl Default for Netns {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        let _ = try_run("ip", &["netns", "del", &self.0]);
    }
}
