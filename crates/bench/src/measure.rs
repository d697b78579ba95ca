//! Running commands in turn and taking medians.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// A command under a name.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    pub(crate) name: &'static str,
    pub(crate) words: Vec<String>,
    /// How it ends.
    pub(crate) code: i32,
}

/// Commands that are compared.
pub(crate) struct Contest(Vec<Runner>);

/// What a command took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    /// Median wall time.
    pub(crate) time: Duration,
    /// Largest resident set, in KiB.
    pub(crate) memory: u64,
}

pub(crate) type Scores = BTreeMap<&'static str, Score>;

impl Contest {
    pub(crate) fn new(runners: Vec<Runner>) -> Self {
        Self(runners)
    }

    /// Every command once to warm up, then `rounds` times in turn.
    pub(crate) fn run(&self, rounds: usize) -> Scores {
        let mut taken: BTreeMap<&'static str, Vec<Duration>> = BTreeMap::new();
        let memory = self.0.iter().map(|runner| (runner.name, memory_of(runner)));
        let memory: BTreeMap<_, _> = memory.collect();
        for round in 0..rounds {
            eprint!("\rround {} of {rounds} ", round + 1);
            for runner in &self.0 {
                taken.entry(runner.name).or_default().push(once(runner));
            }
        }
        eprintln!();
        let score = |(name, runs)| (name, Score { time: median(runs), memory: memory[name] });
        taken.into_iter().map(score).collect()
    }
}

/// The word that makes this program tell how much memory a command takes.
pub(crate) const MEMORY: &str = "--memory";

/// A child's largest set begins with what its parent had: a small parent is needed.
fn memory_of(runner: &Runner) -> u64 {
    let own = std::env::current_exe().expect("this program has a path");
    let code = runner.code.to_string();
    let output = Command::new(own).args([MEMORY, &code]).args(&runner.words).output();
    let said = String::from_utf8(output.expect("this program can be started").stdout);
    said.ok().and_then(|said| said.trim().parse().ok()).unwrap_or_else(|| {
        panic!("{:?}: it failed", runner.words);
    })
}

/// The largest resident set of a command, in KiB.
pub(crate) fn largest(code: i32, words: &[String]) -> u64 {
    started(code, words).1
}

/// How long a command takes.
pub(crate) fn once(runner: &Runner) -> Duration {
    started(runner.code, &runner.words).0
}

fn started(code: i32, words: &[String]) -> (Duration, u64) {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null());
    // What is to fail says so each time.
    if code != 0 {
        command.stderr(Stdio::null());
    }
    let start = Instant::now();
    let ended = command.spawn().and_then(|mut child| child.wait4());
    let time = start.elapsed();
    match ended {
        Ok(ended) if ended.status.code() == Some(code) => (time, ended.rusage.maxrss / 1024),
        Ok(ended) => panic!("{words:?}: {}", ended.status),
        Err(error) => panic!("{words:?}: {error}"),
    }
}

pub(crate) fn median(mut runs: Vec<Duration>) -> Duration {
    runs.sort();
    runs[runs.len() / 2]
}
