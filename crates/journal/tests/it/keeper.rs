//! A process that keeps a journal as a daemon does, so that it can be killed, and its disk fail.
#![allow(clippy::disallowed_methods, reason = "a test starts itself once more, as another process")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use docker_ovs_journal::{Limits, Recorder};

use crate::scene::{Day, Plugged};

const FOLDER: &str = "DOCKER_OVS_TEST_JOURNAL";
/// Segments follow each other quickly, and the oldest go where there are so many.
pub(crate) const SEGMENT: u64 = 8 << 10;
const BYTES: &str = "DOCKER_OVS_TEST_JOURNAL_BYTES";

/// The process, and what it says.
pub(crate) struct Keeper {
    child: Child,
    to: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is on the disk.
    Kept(u64),
    /// The system did not write it.
    Failed(u64),
}

/// A line that says what there is at a moment.
pub(crate) fn look(at: u64, plugged: impl IntoIterator<Item = Plugged>) -> String {
    let mut line = format!("look {at}");
    for (name, ofport) in plugged {
        write!(line, " {name}:{ofport}").unwrap();
    }
    line
}

impl Keeper {
    /// Starts one, which keeps at most so many bytes in `folder`. `by` is a program that runs it, with
    /// its words.
    pub(crate) fn start(folder: &Path, bytes: u64, by: &[String]) -> Self {
        let own = std::env::current_exe().unwrap();
        let mut command = match by {
            [] => Command::new(own),
            [program, words @ ..] => {
                let mut command = Command::new(program);
                command.args(words).arg(own);
                command
            }
        };
        command.args(["--ignored", "--exact", "keeper::keeps_what_it_reads", "--nocapture"]);
        command.env(FOLDER, folder).env(BYTES, bytes.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { to: child.stdin.take(), child, said }
    }

    /// Gives it a line; one that was killed takes none.
    pub(crate) fn give(&mut self, line: &str) {
        let _ = self.to.as_mut().unwrap().write_all(format!("{line}\n").as_bytes());
    }

    /// What became of the next line; none where it ended first.
    pub(crate) fn told(&mut self) -> Option<Told> {
        loop {
            let mut line = String::new();
            if self.said.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
                return None;
            }
            let mut words = line.split_whitespace();
            let (word, at) = (words.next(), words.next().and_then(|at| at.parse().ok()));
            match (word, at) {
                (Some("kept"), Some(at)) => return Some(Told::Kept(at)),
                (Some("failed"), Some(at)) => return Some(Told::Failed(at)),
                _ => {}
            }
        }
    }

    /// Ends it as a lack of memory would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it come to its end.
    pub(crate) fn finish(mut self) {
        self.to = None;
        while self.told().is_some() {}
        self.child.wait().unwrap();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "the tests beside it start it as a process of its own"]
fn keeps_what_it_reads() {
    let folder = std::env::var_os(FOLDER).expect("it is started by another test");
    let bytes = std::env::var(BYTES).unwrap().parse().unwrap();
    let limits = Limits { bytes, age: u64::MAX, segment: SEGMENT };
    let mut recorder = None;
    let mut day = Day::default();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let mut words = line.split(' ');
        let (kind, at) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
        let plugged = words.map(|word| {
            let (name, ofport) = word.split_once(':').unwrap();
            (name.parse().unwrap(), ofport.parse().unwrap())
        });
        let plugged: Vec<Plugged> = plugged.collect();
        let done = opened(&mut recorder, Path::new(&folder), limits).and_then(|recorder| {
            match kind {
                "look" => recorder.record(&day.look(&plugged, at)),
                "alive" => recorder.alive(at),
                "stop" => recorder.stop(at),
                _ => panic!("{line}"),
            }
            .and_then(|()| recorder.sync())
            // As the daemon does: what is missing is no word on what happened.
            .inspect_err(|_| recorder.lose())
        });
        let word = if done.is_ok() { "kept" } else { "failed" };
        let mut out = std::io::stdout().lock();
        out.write_all(format!("\n{word} {at}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    }
}

fn opened<'a>(
    recorder: &'a mut Option<Recorder>,
    folder: &Path,
    limits: Limits,
) -> std::io::Result<&'a mut Recorder> {
    if recorder.is_none() {
        *recorder = Some(Recorder::open(folder, limits)?.0);
    }
    Ok(recorder.as_mut().unwrap())
}
