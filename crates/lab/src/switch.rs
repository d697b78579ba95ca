//! A whole Open vSwitch of a test's own: database and vswitchd, in a network namespace apart.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::database::Database;
use crate::datapath::Datapath;
use crate::netns::Netns;
use crate::run::{run, wait_for, wait_until};

/// Its bridges are of the userspace datapath; the host's Open vSwitch knows nothing of it.
#[derive(Debug)]
pub struct Switch {
    database: Database,
    vswitchd: Child,
    netns: Netns,
    /// Further words for vswitchd.
    words: &'static [&'static str],
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
        Self::of(database, netns, &[])
    }

    /// One that opens no link and passes no packet: what it takes for a link is a dummy of its own, so that thousands
    /// of ports cost it next to nothing. Its bridges are to have `datapath_type=dummy`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_dummy() -> Self {
        Self::of(Database::start(), Netns::new(), &["--enable-dummy=system"])
    }

    fn of(database: Database, netns: Netns, words: &'static [&'static str]) -> Self {
        let vswitchd = serve(&database, &netns, words);
        Self { database, vswitchd, netns, words }
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

    /// The folder of its sockets and its PID file.
    pub fn rundir(&self) -> &Path {
        self.database.folder.path()
    }

    /// Ends vswitchd and leaves its files, as a crash does.
    pub fn kill_vswitchd(&mut self) {
        let _ = self.vswitchd.kill();
        let _ = self.vswitchd.wait();
    }

    /// Starts vswitchd again.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_vswitchd(&mut self) {
        self.vswitchd = serve(&self.database, &self.netns, self.words);
    }

    /// Kills the database's server.
    pub fn kill_database(&mut self) {
        self.database.stop();
    }

    /// Starts the database's server again.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_database(&mut self) {
        self.database.process = Database::serve(self.database.folder.path());
    }

    /// Stops vswitchd (SIGSTOP), or lets it go on.
    ///
    /// # Panics
    /// When it has ended.
    pub fn hang_vswitchd(&self, hangs: bool) {
        hang(&self.vswitchd, hangs);
    }

    /// Does this while vswitchd hangs, and lets that go on a while after `is_changed`: what waits for
    /// vswitchd still waits then, and what does not has gone on.
    ///
    /// # Panics
    /// When what is done fails.
    pub fn while_vswitchd_hangs(&self, act: impl FnOnce() + Send, is_changed: impl Fn() -> bool) {
        self.hang_vswitchd(true);
        thread::scope(|scope| {
            let acting = scope.spawn(act);
            wait_until("the database is changed", || is_changed() || acting.is_finished());
            thread::sleep(Duration::from_millis(300));
            self.hang_vswitchd(false);
            acting.join().expect("what was done succeeds");
        });
    }

    /// The same of the database's server.
    ///
    /// # Panics
    /// When it has ended.
    pub fn hang_database(&self, hangs: bool) {
        hang(&self.database.process, hangs);
    }

    /// Where its links are.
    pub fn netns(&self) -> &Netns {
        &self.netns
    }
}

/// A vswitchd for this database, in this namespace.
fn serve(database: &Database, netns: &Netns, words: &[&str]) -> Child {
    let folder = database.folder.path();
    let (pidfile, log) = (folder.join("ovs-vswitchd.pid"), folder.join("vswitchd.said"));
    let _ = std::fs::remove_file(&pidfile);
    let mut command = netns.enter();
    command.args(["ovs-vswitchd", &database.remote()]).args(words);
    command.args(["--pidfile", "--log-file=/dev/null"]).env("OVS_RUNDIR", folder);
    let said = File::create(&log).expect("vswitchd gets a file for its words");
    let vswitchd = command.stdin(Stdio::null()).stderr(said).spawn();
    let mut vswitchd = vswitchd.unwrap_or_else(|error| panic!("nsenter: {error}"));
    wait_for("ovs-vswitchd", &mut vswitchd, &log, || pidfile.exists());
    vswitchd
}

fn hang(process: &Child, hangs: bool) {
    let signal = if hangs { Signal::STOP } else { Signal::CONT };
    kill_process(Pid::from_child(process), signal).expect("it runs");
}

impl Drop for Switch {
    fn drop(&mut self) {
        let _ = self.vswitchd.kill();
        let _ = self.vswitchd.wait();
    }
}
