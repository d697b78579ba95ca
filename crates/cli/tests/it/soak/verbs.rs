//! Running a verb to its end, or killing or stopping it on its way.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::process::{Child, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::tool::dice::Dice;
use crate::tool::{Ran, command};

use super::scene::Scene;

/// How a run ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// By itself, with nothing in its way.
    Calmly(Ran),
    /// By itself, while something that it needs was stopped or had been killed, or after it was
    /// stopped itself.
    Disturbed(Ran),
    Killed,
}

impl Ended {
    /// Whether it did all that it was to do.
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Calmly(ran) | Self::Disturbed(ran) if ran.code == 0)
    }
}

impl Scene {
    /// The words with which a verb is told of this scene's engines and switch.
    pub(super) fn command_words(&self, words: &[String]) -> Vec<String> {
        let timeout = if self.is_calm() { "60s" } else { "2s" };
        let here = ["--db", &self.switch.remote(), "--timeout", timeout].map(str::to_owned);
        [words, &self.engines.words(), &here].concat()
    }

    /// Runs it, and now and then disturbs it.
    pub(super) fn verb(&mut self, words: &[String], dice: &mut Dice) -> Ended {
        self.disturbed(&self.command_words(words), self.is_calm(), dice)
    }

    /// The same of all its words; `calm` is whether nothing that it needs is stopped.
    pub(super) fn disturbed(&mut self, words: &[String], calm: bool, dice: &mut Dice) -> Ended {
        let way = dice.throw(8);
        // Debug builds take some 100 ms from their start to their end.
        let after = Duration::from_millis(dice.throw(160) as u64);
        let child = spawn(words);
        let signal = |signal| {
            thread::sleep(after);
            let _ = kill_process(Pid::from_child(&child), signal);
        };
        match way {
            0 | 1 => {
                signal(Signal::KILL);
                let ran = ends(child, words);
                if ran.code == -1 { Ended::Killed } else { Ended::Disturbed(ran) }
            }
            2 => {
                signal(Signal::STOP);
                self.something_with_engine(dice);
                let _ = kill_process(Pid::from_child(&child), Signal::CONT);
                Ended::Disturbed(sound(ends(child, words), words))
            }
            _ => {
                let ran = sound(ends(child, words), words);
                if calm { Ended::Calmly(ran) } else { Ended::Disturbed(ran) }
            }
        }
    }

    /// Runs it undisturbed.
    pub(super) fn says(&self, words: &[&str]) -> Ran {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let words = self.command_words(&words);
        sound(ends(spawn(&words), &words), &words)
    }
}

fn spawn(words: &[String]) -> Child {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let mut command = command("docker-ovs", &words);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What it said; a verb that does not end in a test's patience is a fault.
fn ends(child: Child, words: &[String]) -> Ran {
    let (pid, (tell, told)) = (Pid::from_child(&child), channel());
    thread::spawn(move || tell.send(child.wait_with_output()));
    let output = told.recv_timeout(lab::patience() * 2);
    let Ok(output) = output else {
        let _ = kill_process(pid, Signal::KILL);
        panic!("it does not end: {words:?}");
    };
    Ran::from(output.unwrap())
}

/// No verb panics, or ends in a way that is not documented.
fn sound(ran: Ran, words: &[String]) -> Ran {
    assert!((0..=2).contains(&ran.code), "{words:?}: {ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{words:?}: {ran:?}");
    assert!(ran.code < 2 || ran.stdout.is_empty() || words[0] != "port", "{words:?}: {ran:?}");
    ran
}
