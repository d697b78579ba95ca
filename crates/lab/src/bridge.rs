//! OVS bridges.

use crate::datapath::Datapath;
use crate::names::unique;
use crate::run::{ofport_of, run, try_run};

/// An OVS bridge, deleted with its guard.
#[derive(Debug)]
pub struct Bridge(String);

impl Bridge {
    /// A bridge with a name of its own.
    pub fn new() -> Self {
        Self::named(&unique("br"))
    }

    /// A bridge with a given name.
    ///
    /// # Panics
    /// When there is a bridge of that name, which is left alone.
    pub fn named(name: &str) -> Self {
        Self::make(name, Datapath::of_the_lab())
    }

    /// A bridge of a given datapath, where there are two to choose from.
    pub fn on(datapath: Datapath) -> Self {
        Self::make(&unique("br"), datapath)
    }

    fn make(name: &str, datapath: Datapath) -> Self {
        let taken = run("ovs-vsctl", &["list-br"]).lines().any(|other| other == name);
        assert!(!taken, "there is a bridge {name} already");
        let bridge = Self(name.to_owned());
        let datapath = format!("datapath_type={}", datapath.kind());
        run("ovs-vsctl", &["add-br", name, "--", "set", "bridge", name, &datapath]);
        bridge
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Adds a port with further words for `ovs-vsctl`, and waits for its number.
    pub fn add(&self, port: &str, more: &[&str]) -> u16 {
        self.add_without_waiting(port, more);
        ofport_of(port)
    }

    /// Adds a port that may never get a number. From 4.0 on ovs-vsctl fails where vswitchd cannot open a port, and
    /// leaves its row.
    ///
    /// # Panics
    /// There is no such row afterwards.
    pub fn add_without_waiting(&self, port: &str, more: &[&str]) {
        if let Err(why) = try_run("ovs-vsctl", &[&["add-port", &self.0, port], more].concat()) {
            let ports = run("ovs-vsctl", &["list-ports", &self.0]);
            assert!(ports.lines().any(|one| one == port), "{why}");
        }
    }
}

impl Default for Bridge {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = try_run("ovs-vsctl", &["--if-exists", "del-br", &self.0]);
    }
}

/// Adds a flow to the bridge, in the words of `ovs-ofctl add-flow`.
pub fn flow(bridge: &Bridge, flow: &str) {
    run("ovs-ofctl", &["add-flow", bridge.name(), flow]);
}

/// Whether [`Bridge`]s are of the userspace datapath, unless they are told otherwise.
pub fn has_userspace_datapath() -> bool {
    Datapath::of_the_lab() == Datapath::Userspace
}
