//! A database server without a switch.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use lab::{run, wait_until};

/// A database that the test may stop and start.
pub(crate) struct Server {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) process: Child,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let schema = "/usr/share/openvswitch/vswitch.ovsschema";
        run("ovsdb-tool", &["create", &path(folder.path(), "conf.db"), schema]);
        let process = Self::serve(folder.path());
        let server = Self { folder, process };
        server.vsctl(&["init"]);
        server
    }

    pub(crate) fn serve(folder: &Path) -> Child {
        let remote = format!("--remote=punix:{}", path(folder, "db.sock"));
        let control = format!("--unixctl={}", path(folder, "ctl"));
        let words = [path(folder, "conf.db"), remote, control];
        let process = Command::new("ovsdb-server").args(words).stderr(Stdio::null()).spawn();
        wait_until("the database listens", || UnixStream::connect(folder.join("db.sock")).is_ok());
        process.unwrap()
    }

    pub(crate) fn remote(&self) -> String {
        format!("unix:{}", path(self.folder.path(), "db.sock"))
    }

    pub(crate) fn vsctl(&self, words: &[&str]) -> String {
        let db = format!("--db={}", self.remote());
        run("ovs-vsctl", &[&[&*db, "--no-wait", "--timeout=5"], words].concat())
    }

    pub(crate) fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(self.folder.path().join("db.sock"));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}
