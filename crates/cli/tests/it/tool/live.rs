//! A running `docker ovs events`.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use lab::{Clock, run};

use super::command;

const LINE: &str = "{{.Action}} {{.Container}}:{{.Interface}} {{.Bridge}} {{.OFPort}} {{.Changed}}";

/// A running `docker ovs events` and what it has said.
pub(crate) struct Events {
    pub(crate) child: Child,
    pub(crate) said: Arc<Mutex<Vec<String>>>,
    pub(crate) complained: Arc<Mutex<Vec<String>>>,
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
        self.wait_till(line, |said| said.iter().any(|said| said == line));
    }

    /// Waits until what is told last of an interface is that it is `on` a port. How many moments
    /// were seen on the way is the machine's affair.
    pub(crate) fn wait_for_place(&self, interface: &str, on: &str) {
        let last = |said: &[String]| {
            let line = said.iter().rev().find(|line| is_about(line, interface))?;
            Some(!line.starts_with("vanished") && line.contains(&format!(" {interface} {on} [")))
        };
        self.wait_till(&format!("{interface} {on}"), |said| last(said) == Some(true));
    }

    /// Waits until changes of an interface have told of each of these fields, in one event or in
    /// several.
    pub(crate) fn wait_for_changes(&self, interface: &str, fields: &[&str]) {
        let has_changed = |said: &[String], field: &&str| {
            let changed = |line: &&String| line.starts_with("changed") && is_about(line, interface);
            said.iter().filter(changed).any(|line| fields_of(line).any(|told| told == *field))
        };
        let what = format!("changed {interface} {fields:?}");
        self.wait_till(&what, |said| fields.iter().all(|field| has_changed(said, field)));
    }

    /// Waits until an interface has vanished; its port's link may have gone a moment before.
    pub(crate) fn wait_for_vanished(&self, interface: &str) {
        let gone = |line: &String| line.starts_with("vanished") && is_about(line, interface);
        self.wait_till(&format!("vanished {interface}"), |said| said.iter().any(gone));
    }

    fn wait_till(&self, what: &str, holds: impl Fn(&[String]) -> bool) {
        let told =
            || [self.said.lock().unwrap().join("\n"), self.complained().join("\n")].join("\n");
        let found = lab::comes_true(|| holds(&self.said.lock().unwrap()));
        assert!(found, "waited in vain for {what} among\n{}", told());
    }

    /// All its complaints.
    pub(crate) fn complained(&self) -> Vec<String> {
        self.complained.lock().unwrap().clone()
    }

    /// How many of its complaints contain `part`.
    pub(crate) fn complaints(&self, part: &str) -> usize {
        self.complained.lock().unwrap().iter().filter(|line| line.contains(part)).count()
    }

    /// How often no answer of this source came in time: others may be held up by other tests.
    pub(crate) fn late(&self, source: &str) -> usize {
        let complained = self.complained.lock().unwrap();
        let of_it = |line: &&String| line.contains(source) && line.contains("no answer within");
        complained.iter().filter(of_it).count()
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

/// Whether a line tells of this interface, `CONTAINER:INTERFACE`.
fn is_about(line: &str, interface: &str) -> bool {
    line.split(' ').nth(1) == Some(interface)
}

/// The fields that a line says have changed.
fn fields_of(line: &str) -> impl Iterator<Item = &str> {
    let (_, fields) = line.rsplit_once('[').unwrap_or_default();
    fields.trim_end_matches(']').split(' ')
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
