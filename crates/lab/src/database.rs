//! A database of Open vSwitch's without a switch.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::run::{run, wait_until};

/// A database that the test may stop and start.
#[derive(Debug)]
pub struct Database {
    /// Its files: `conf.db`, `db.sock`.
    pub folder: tempfile::TempDir,
    /// The server.
    pub process: Child,
}

impl Database {
    /// An empty one, served.
    ///
    /// # Panics
    /// When there is no ovsdb-server, or it does not listen.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let schema = "/usr/share/openvswitch/vswitch.ovsschema";
        run("ovsdb-tool", &["create", &path(folder.path(), "conf.db"), schema]);
        let process = Self::serve(folder.path());
        let database = Self { folder, process };
        database.vsctl(&["init"]);
        database
    }

    /// A server for the database in `folder`, after [`stop`](Self::stop).
    ///
    /// # Panics
    /// When it cannot be started, or does not listen.
    pub fn serve(folder: &Path) -> Child {
        let remote = format!("--remote=punix:{}", path(folder, "db.sock"));
        let control = format!("--unixctl={}", path(folder, "ctl"));
        let words = [path(folder, "conf.db"), remote, control];
        let process = Command::new("ovsdb-server").args(words).stderr(Stdio::null()).spawn();
        wait_until("the database listens", || UnixStream::connect(folder.join("db.sock")).is_ok());
        process.unwrap()
    }

    /// The vswitchd of this database, which does nothing: it is stopped before it meets a bridge. In
    /// the network namespace of the tests.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn idle_vswitchd(&self) -> IdleVswitchd {
        let mut command = Command::new("ovs-vswitchd");
        command.args([&*self.remote(), "--pidfile", "--log-file=/dev/null"]);
        command.env("OVS_RUNDIR", self.folder.path());
        let process = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pidfile = self.folder.path().join("ovs-vswitchd.pid");
        let vswitchd = IdleVswitchd(process);
        wait_until("vswitchd runs", || pidfile.exists());
        let pid = rustix::process::Pid::from_child(&vswitchd.0);
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        vswitchd
    }

    /// What `--db` takes.
    pub fn remote(&self) -> String {
        format!("unix:{}", path(self.folder.path(), "db.sock"))
    }

    /// `ovs-vsctl` on it, which waits for no switch.
    pub fn vsctl(&self, words: &[&str]) -> String {
        let db = format!("--db={}", self.remote());
        run("ovs-vsctl", &[&[&*db, "--no-wait", "--timeout=5"], words].concat())
    }

    /// Kills the server.
    pub fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(self.folder.path().join("db.sock"));
    }
}

/// A vswitchd that holds its PID file and does nothing; it ends with its guard.
#[derive(Debug)]
pub struct IdleVswitchd(Child);

impl Drop for IdleVswitchd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.stop();
    }
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}
