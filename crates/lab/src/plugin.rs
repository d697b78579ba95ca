//! A running `docker ovs driver`, and the networks that Docker makes by it.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::http::{Answer, ask};
use crate::names::unique;
use crate::run::{comes_true_within, patience, run, try_run, wait_until};

/// What is stray the driver takes away after it saw it twice, with a round of 30 s in between: within two
/// rounds of whatever made it stray.
const SWEPT: Duration = Duration::from_secs(60);

/// The driver under a name of its own; ended with its guard, after the networks that use it.
#[derive(Debug)]
pub struct Plugin {
    name: String,
    child: Option<Child>,
    said: Arc<Mutex<Vec<String>>>,
}

impl Plugin {
    /// The driver that `command` starts with the words `driver --socket PATH`.
    ///
    /// # Panics
    /// When it does not listen.
    pub fn start(command: impl FnOnce(&[&str]) -> Command) -> Self {
        let mut plugin = Self { name: unique("drv"), child: None, said: Arc::default() };
        plugin.start_again(command);
        plugin
    }

    /// The same after it was ended.
    ///
    /// # Panics
    /// When it does not listen.
    pub fn start_again(&mut self, command: impl FnOnce(&[&str]) -> Command) {
        let socket = self.socket();
        let mut command = command(&["driver", "--socket", socket.to_str().unwrap()]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let said = self.said.clone();
        std::thread::spawn(move || lines.for_each(|line| said.lock().unwrap().push(line)));
        self.child = Some(child);
        wait_until("the driver listens", || UnixStream::connect(&socket).is_ok());
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        PathBuf::from(format!("/run/docker/plugins/{}.sock", self.name))
    }

    /// What `docker network create -d` takes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// What it has said so far.
    ///
    /// # Panics
    /// Never: nothing panics that holds the lines.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    /// Waits until `condition` holds, which may need the driver to take away what is stray.
    ///
    /// # Panics
    /// When two of the driver's rounds and the test's patience are over; with what the driver said.
    pub fn wait_until_swept(&self, what: &str, condition: impl FnMut() -> bool) {
        let holds = comes_true_within(SWEPT + patience(), condition);
        assert!(holds, "waited in vain: {what}\n{}", self.said());
    }

    /// Ends it by a signal, and waits for its end.
    ///
    /// # Panics
    /// When it does not run.
    pub fn end(&mut self, signal: Signal) {
        let mut child = self.child.take().expect("it runs");
        kill_process(Pid::from_child(&child), signal).expect("it can be ended");
        child.wait().expect("it ends");
    }

    /// Calls a method as Docker does.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn call(&self, method: &str, body: &str) -> Answer {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(crate::run::patience())).unwrap();
        let length = body.len();
        let request = format!(
            "POST /{method} HTTP/1.1\r\nHost: plugin.moby.localhost\r\nConnection: close\r\n\
             Accept: application/vnd.docker.plugins.v1.2+json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        ask(stream, &request)
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = kill_process(Pid::from_child(&child), Signal::TERM);
            let _ = child.wait();
        }
        let _ = std::fs::remove_file(self.socket());
        let _ = std::fs::remove_file(self.socket().with_extension("sock.lock"));
    }
}

/// A network of Docker's, removed with its guard, and the bridge that it may have made.
#[derive(Debug)]
pub struct Network {
    name: String,
    bridge: String,
}

impl Network {
    /// `docker network create -d DRIVER -o bridge=BRIDGE WORDS`.
    ///
    /// # Panics
    /// When Docker refuses.
    pub fn create(driver: &str, bridge: &str, words: &[&str]) -> Self {
        Self::try_create(driver, bridge, words).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same, or why Docker refuses.
    ///
    /// # Errors
    /// What it says.
    pub fn try_create(driver: &str, bridge: &str, words: &[&str]) -> Result<Self, String> {
        let network = Self { name: unique("net"), bridge: bridge.to_owned() };
        let option = format!("bridge={bridge}");
        let fixed = ["network", "create", "-d", driver, "-o", &option];
        try_run("docker", &[&fixed[..], words, &[&network.name]].concat())?;
        Ok(network)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its bridge.
    pub fn bridge(&self) -> &str {
        &self.bridge
    }

    /// Its id.
    pub fn id(&self) -> String {
        run("docker", &["network", "inspect", "--format", "{{.Id}}", &self.name])
    }

    /// Removes it before its guard does.
    pub fn remove(&self) {
        run("docker", &["network", "rm", &self.name]);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let removed = try_run("docker", &["network", "rm", &self.name]);
        let made = try_run("ovs-vsctl", &["get", "bridge", &self.bridge, "external_ids"]);
        if made.is_ok_and(|ids| ids.contains("docker-ovs.bridge=")) {
            let _ = try_run("ovs-vsctl", &["--if-exists", "del-br", &self.bridge]);
        }
        // One that stays keeps its addresses from the next run: Docker removes none whose driver has ended.
        if let (Err(why), false) = (removed, std::thread::panicking()) {
            let is_left = try_run("docker", &["network", "inspect", &self.name]).is_ok();
            assert!(!is_left, "the network {} stays: {why}", self.name);
        }
    }
}
