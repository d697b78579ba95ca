//! A whole Open vSwitch of a test's own: database and vswitchd, in a network namespace apart.

use std::process::{Child, Command, Stdio};

use crate::database::Database;
use crate::datapath::Datapath;
use crate::link::Netns;
use crate::run::{run, wait_until};

/// Its bridges are of the userspace datapath; the host's Open vSwitch knows nothing of it.
#[derive(Debug)]
pub struct Switch {
    database: Database,
    vswitchd: Child,
    netns: Netns,
}

impl Switch {
    /// One with these settings in `other_config`, each `KEY=VALUE`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(other_config: &[&str]) -> Self {
        let (database, netns) = (Database::start(), Netns::new());
        for setting in other_config {
            let setting = format!("other_config:{setting}");
            database.vsctl(&["set", "Open_vSwitch", ".", &setting]);
        }
        let folder = database.folder.path();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", netns.name(), "ovs-vswitchd", &database.remote()]);
        command.args(["--pidfile", "--log-file=/dev/null"]).env("OVS_RUNDIR", folder);
        let vswitchd = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let switch = Self { database, vswitchd, netns };
        let pidfile = switch.database.folder.path().join("ovs-vswitchd.pid");
        wait_until("vswitchd runs", || pidfile.exists());
        switch
    }

    /// A bridge on it, with further words for `ovs-vsctl`.
    pub fn add_bridge(&self, name: &str, more: &[&str]) {
        let kind = format!("datapath_type={}", Datapath::Userspace.kind());
        self.vsctl(&[&["add-br", name, "--", "set", "bridge", name, &kind], more].concat());
    }

    /// `ovs-vsctl` on it, which waits for vswitchd.
    pub fn vsctl(&self, words: &[&str]) -> String {
        run("ovs-vsctl", &[&[&*format!("--db={}", self.remote())], words].concat())
    }

    /// What `--db` takes.
    pub fn remote(&self) -> String {
        self.database.remote()
    }

    /// Where its links are.
    pub fn netns(&self) -> &Netns {
        &self.netns
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        let _ = self.vswitchd.kill();
        let _ = self.vswitchd.wait();
    }
}
