//! A running `docker ovs events`.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use lab::{Clock, run, wait_until};

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
        Self::start_in(LINE, words)
    }

    /// The same in a format of the caller's choice.
    pub(crate) fn start_in(format: &str, words: &[&str]) -> Self {
        let words = [&["events", "--initial", "--format", format], words].concat();
        Self::launch(command("docker-ovs", &words))
    }

    /// The same under a clock that jumps.
    pub(crate) fn start_under(clock: &Clock, words: &[&str]) -> Self {
        let words = [&["events", "--initial", "--format", LINE], words].concat();
        Self::launch(clock.rule(command("docker-ovs", &words)))
    }

    /// Another verb that goes on.
    pub(crate) fn start_verb(words: &[&str]) -> Self {
        Self::launch(command("docker-ovs", words))
    }

    fn launch(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = lines_of(child.stdout.take().unwrap());
        let complained = lines_of(child.stderr.take().unwrap());
        Self { child, said, complained }
    }

    pub(crate) fn has_said(&self, line: &str) -> bool {
        self.said.lock().unwrap().iter().any(|said| said == line)
    }

    pub(crate) fn wait_for(&self, line: &str) {
        self.wait_for_one_of(&[line]);
    }

    pub(crate) fn wait_for_one_of(&self, lines: &[&str]) {
        let told =
            || [self.said.lock().unwrap().join("\n"), self.complained().join("\n")].join("\n");
        let found = lab::comes_true(|| lines.iter().any(|line| self.has_said(line)));
        assert!(found, "waited in vain for one of {lines:?} among\n{}", told());
    }

    pub(crate) fn wait_for_complaint(&self, part: &str) {
        wait_until(part, || self.complaints(part) > 0);
    }

    /// All its complaints.
    pub(crate) fn complained(&self) -> Vec<String> {
        self.complained.lock().unwrap().clone()
    }

    /// How many of its complaints contain `part`.
    pub(crate) fn complaints(&self, part: &str) -> usize {
        self.complained.lock().unwrap().iter().filter(|line| line.contains(part)).count()
    }

    /// How often something about `who` began with `action`.
    pub(crate) fn count(&self, action: &str, who: &str) -> usize {
        let begin = format!("{action} {who}:");
        self.said.lock().unwrap().iter().filter(|line| line.starts_with(&begin)).count()
    }

    /// Sends a signal in the words of kill(1).
    pub(crate) fn signal(&self, signal: &str) {
        run("kill", &[signal, &self.child.id().to_string()]);
    }

    pub(crate) fn end(mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
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
