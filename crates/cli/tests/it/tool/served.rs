//! A running `docker ovs serve`, and talking HTTP to it byte by byte.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use lab::http::{Answer, ask, head};
use lab::{Clock, Events, Netns};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::command;

/// The daemon; ended with its guard.
pub(crate) struct Served {
    child: Child,
    folder: tempfile::TempDir,
    said: Receiver<String>,
    /// Its history.
    _kept: tempfile::TempDir,
}

impl Served {
    /// A daemon on a socket and a TCP port of its own, after its first look. It changes
    /// nothing: there are containers of other tests.
    pub(crate) fn start(words: &[&str]) -> Self {
        Self::launch(&[&["--restore=off"], words].concat(), |command| command)
    }

    /// One that restores what it finds, everywhere.
    pub(crate) fn start_restoring() -> Self {
        Self::start_restoring_with(&[])
    }

    /// The same with other words.
    pub(crate) fn start_restoring_with(words: &[&str]) -> Self {
        Self::launch(&[&["--restore"], words].concat(), |command| command)
    }

    /// One that is started by another program, which is given its name and its words.
    pub(crate) fn start_by(mut program: Command, words: &[&str]) -> Self {
        Self::launch(words, |command| {
            program.arg(command.get_program()).args(command.get_args());
            program
        })
    }

    /// One in a namespace of the test's own.
    pub(crate) fn start_in(netns: &Netns, words: &[&str]) -> Self {
        Self::start_by(netns.enter(), &[&["--restore=off"], words].concat())
    }

    /// One that tells a service manager at this socket how it is.
    pub(crate) fn start_telling(manager: &Path) -> Self {
        Self::launch(&["--restore=off"], |mut command| {
            command.env("NOTIFY_SOCKET", manager);
            command
        })
    }

    /// One under a clock that jumps.
    pub(crate) fn start_under(clock: &Clock, words: &[&str]) -> Self {
        Self::launch(&[&["--restore=off"], words].concat(), |command| clock.rule(command))
    }

    fn launch(words: &[&str], wrap: impl FnOnce(Command) -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("d.sock");
        let socket = ["serve", "--socket", socket.to_str().unwrap()];
        let listen: &[_] =
            if words.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        // What this machine's own daemon keeps is none of a test's.
        let kept = tempfile::tempdir().unwrap();
        let history = ["--history-dir", kept.path().to_str().unwrap()];
        let history: &[_] = if words.contains(&history[0]) { &[] } else { &history };
        let words = [&socket, listen, history, words].concat();
        let mut command = wrap(command("docker-ovs", &words));
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let (tell, said) = channel();
        std::thread::spawn(move || stderr.map(|line| tell.send(line)).all(|told| told.is_ok()));
        let served = Self { child, folder, said, _kept: kept };
        served.hears("listening on unix://");
        lab::wait_until("the first look", || served.get("/healthz").status == 200);
        served
    }

    /// Waits for a line with `what` on stderr.
    pub(crate) fn hears(&self, what: &str) -> String {
        let mut said = Vec::new();
        while let Ok(line) = self.said.recv_timeout(lab::patience()) {
            if line.contains(what) {
                return line;
            }
            said.push(line);
        }
        panic!("it never said {what}, but {said:#?}");
    }

    /// The address it got, `127.0.0.1:PORT`.
    pub(crate) fn tcp(&self) -> String {
        let line = self.hears("listening on http");
        line.rsplit_once('/').unwrap().1.to_owned()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("d.sock")
    }

    /// What `--server` takes.
    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// A connection over which nothing has been said yet.
    pub(crate) fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(lab::patience())).unwrap();
        stream
    }

    /// GET over the unix socket.
    pub(crate) fn get(&self, path: &str) -> Answer {
        ask(self.connect(), &head("GET", path, &["Host: localhost"]))
    }

    /// The JSON that is there.
    pub(crate) fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Server-sent events, from `last` on if given.
    pub(crate) fn events(&self, last: Option<&str>) -> Events {
        self.events_from("/v1/events", last)
    }

    /// Those at another path.
    pub(crate) fn events_at(&self, path: &str) -> Events {
        self.events_from(path, None)
    }

    fn events_from(&self, path: &str, last: Option<&str>) -> Events {
        let last = last.map(|id| format!("Last-Event-ID: {id}"));
        let mut words = vec!["Host: localhost"];
        words.extend(last.as_deref());
        let mut stream = self.connect();
        stream.write_all(head("GET", path, &words).as_bytes()).unwrap();
        Events::of(stream)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it politely; its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.ends()
    }

    /// Waits until it has ended; its exit code, if no signal killed it.
    pub(crate) fn ends(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
