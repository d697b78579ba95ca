//! A database of Open vSwitch's without a switch.

use std::fs::File;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::run::{program, run, wait_for};

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
        Self::of_schema(&Self::schema())
    }

    /// The schema of the Open vSwitch that is installed, as JSON (RFC 7047 section 3.2).
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn schema() -> String {
        std::fs::read_to_string("/usr/share/openvswitch/vswitch.ovsschema").unwrap()
    }

    /// An empty one of this schema, served.
    ///
    /// # Panics
    /// When there is no ovsdb-server, or it does not listen.
    pub fn of_schema(schema: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = path(folder.path(), "vswitch.ovsschema");
        std::fs::write(&file, schema).unwrap();
        run("ovsdb-tool", &["create", &path(folder.path(), "conf.db"), &file]);
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
        let log = folder.join("server.said");
        let said = File::create(&log).expect("the server gets a file for its words");
        let process = program("ovsdb-server").args(words).stderr(said).spawn();
        let mut process = process.unwrap_or_else(|error| panic!("ovsdb-server: {error}"));
        let socket = folder.join("db.sock");
        wait_for("ovsdb-server", &mut process, &log, || UnixStream::connect(&socket).is_ok());
        process
    }

    /// The vswitchd of this database, which does nothing: it is stopped before it meets a bridge. In
    /// the network namespace of the tests.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn idle_vswitchd(&self) -> IdleVswitchd {
        let mut command = program("ovs-vswitchd");
        command.args([&*self.remote(), "--pidfile", "--log-file=/dev/null"]);
        command.env("OVS_RUNDIR", self.folder.path());
        let (pidfile, log) = ("ovs-vswitchd.pid", "vswitchd.said");
        let (pidfile, log) = (self.folder.path().join(pidfile), self.folder.path().join(log));
        let said = File::create(&log).expect("vswitchd gets a file for its words");
        let process = command.stdin(Stdio::null()).stderr(said).spawn();
        let process = process.unwrap_or_else(|error| panic!("ovs-vswitchd: {error}"));
        let mut vswitchd = IdleVswitchd(process);
        wait_for("ovs-vswitchd", &mut vswitchd.0, &log, || pidfile.exists());
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
        run("ovs-vsctl", &[&[&*db, "--no-wait"], words].concat())
    }

    /// Has the server hang: it takes connections and requests, and answers nothing until it is resumed.
    pub fn pause(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// Has it answer again, also what was asked meanwhile.
    pub fn resume(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, signal).unwrap();
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
