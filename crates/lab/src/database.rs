//! A database of Open vSwitch's without a switch.

use std::fs::File;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};

use crate::run::{run, wait_for};

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
        let log = folder.join("server.said");
        let said = File::create(&log).expect("the server gets a file for its words");
        let process = Command::new("ovsdb-server").args(words).stderr(said).spawn();
        let mut process = process.unwrap_or_else(|error| panic!("ovsdb-server: {error}"));
        let socket = folder.join("db.sock");
        wait_for("ovsdb-server", &mut process, &log, || UnixStream::connect(&socket).is_ok());
        process
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

impl Drop for Database {
    fn drop(&mut self) {
        self.stop();
    }
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}
