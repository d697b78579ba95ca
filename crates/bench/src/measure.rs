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
}

/// Commands that are compared.
pub(crate) struct Contest(Vec<Runner>);

/// What a command took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    /// Median wall time.
    pub(crate) time: Duration,
    /// Largest resident set of all runs, in KiB; never below that of this program, which
    /// the child starts from.
    pub(crate) memory: u64,
}

pub(crate) type Scores = BTreeMap<&'static str, Score>;

impl Contest {
    pub(crate) fn new(runners: Vec<Runner>) -> Self {
        Self(runners)
    }

    /// Every command once to warm up, then `rounds` times in turn.
    pub(crate) fn run(&self, rounds: usize) -> Scores {
        let mut taken: BTreeMap<&'static str, Vec<(Duration, u64)>> = BTreeMap::new();
        for runner in &self.0 {
            once(runner);
        }
        for round in 0..rounds {
            eprint!("\rround {} of {rounds} ", round + 1);
            for runner in &self.0 {
                taken.entry(runner.name).or_default().push(once(runner));
            }
        }
        eprintln!();
        taken.into_iter().map(|(name, runs)| (name, score(runs))).collect()
    }
}

fn once(runner: &Runner) -> (Duration, u64) {
    let mut command = Command::new(&runner.words[0]);
    command.args(&runner.words[1..]).stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let ended = command.spawn().and_then(|mut child| child.wait4());
    let time = start.elapsed();
    match ended {
        Ok(ended) if ended.status.success() => (time, ended.rusage.maxrss / 1024),
        Ok(ended) => panic!("{:?}: {}", runner.words, ended.status),
        Err(error) => panic!("{:?}: {error}", runner.words),
    }
}

fn score(mut runs: Vec<(Duration, u64)>) -> Score {
    runs.sort();
    let memory = runs.iter().map(|(_, memory)| *memory).max().unwrap_or(0);
    Score { time: runs[runs.len() / 2].0, memory }
}
