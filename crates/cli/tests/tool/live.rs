//! A running `docker ovs events`, and a database that may be stopped.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use lab::{run, wait_until};

use super::command;

const LINE: &str = "{{.Action}} {{.Container}}:{{.Interface}} {{.Bridge}} {{.OFPort}} {{.Changed}}";

/// A running `docker ovs events` and what it has said.
pub(crate) struct Events {
    pub(crate) child: Child,
    pub(crate) said: Arc<Mutex<Vec<String>>>,
    complained: Arc<Mutex<Vec<String>>>,
}

impl Events {
    /// One that begins with what is there: when that has been told, it is under way.
    pub(crate) fn start(words: &[&str]) -> Self {
        let words = [&["events", "--initial", "--format", LINE], words].concat();
        let mut command = command("docker-ovs", &words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = lines_of(child.stdout.take().unwrap());
        let complained = lines_of(child.stderr.take().unwrap());
        Self { child, said, complained }
    }

    pub(crate) fn has_said(&self, line: &str) -> bool {
        self.said.lock().unwrap().iter().any(|said| said == line)
    }

    pub(crate) fn wait_for(&self, line: &str) {
        let told = || self.said.lock().unwrap().join("\n");
        let found = lab::comes_true(|| self.has_said(line));
        assert!(found, "waited in vain for {line:?} among\n{}", told());
    }

    pub(crate) fn wait_for_complaint(&self, part: &str) {
        let complained = || self.complained.lock().unwrap().iter().any(|line| line.contains(part));
        wait_until(part, complained);
    }

    /// How often something about `who` began with `action`.
    pub(crate) fn count(&self, action: &str, who: &str) -> usize {
        let begin = format!("{action} {who}:");
        self.said.lock().unwrap().iter().filter(|line| line.starts_with(&begin)).count()
    }

    pub(crate) fn end(mut self, signal: &str) -> Option<i32> {
        run("kill", &[signal, &self.child.id().to_string()]);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn lines_of(stream: impl std::io::Read + Send + 'static) -> Arc<Mutex<Vec<String>>> {
    let said = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&said);
    thread::spawn(move || {
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        lines.for_each(|line| ear.lock().unwrap().push(line));
    });
    said
}

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

    pub(crate) fn vsctl(&self, words: &[&str]) {
        let db = format!("--db={}", self.remote());
        run("ovs-vsctl", &[&[&db, "--no-wait", "--timeout=5"], words].concat());
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
