//! What verbs that go on and on have in common.

use std::future::pending;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{SignalKind, signal};

use crate::outcome::CliError;
use crate::writer::{self, Text};

/// Whether a source that is asked again and again answers. One that never did ends a verb; one that did may be
/// started again, and is waited for.
#[derive(Debug, Default)]
pub struct Answering {
    /// Why it did not when it was asked last, or that it did; none where it never was.
    last: Option<Result<(), String>>,
}

impl Answering {
    /// The answer; none where the source is away, which is told once for each reason.
    ///
    /// # Errors
    /// It has not answered yet, or says that what it is asked about is not there.
    pub fn or_told<T>(&mut self, answer: Result<T, CliError>) -> Result<Option<T>, CliError> {
        let why = answer.as_ref().map(|_| ()).map_err(ToString::to_string);
        let was = self.last.replace(why.clone());
        match (answer, was) {
            (Ok(answer), _) => Ok(Some(answer)),
            (Err(error), Some(was)) if error.is_away() => {
                if was != why {
                    writer::tell("docker-ovs", &error.to_string());
                }
                Ok(None)
            }
            (Err(error), _) => Err(error),
        }
    }
}

/// Prints what a verb tells that goes on and on, beside [`stopped`]: a signal ends it also while nothing is read.
/// Whether there is a reader still.
///
/// # Errors
/// Stdout cannot be written to.
pub(crate) async fn print(text: &Text) -> Result<bool, CliError> {
    match writer::print_as_it_is_taken(text).await {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CliError::new(format!("cannot write: {error}"))),
    }
}

/// Waits until the process is to stop: SIGINT, SIGTERM, or a reader of stdout that is gone.
///
/// What a signal ends waits for no reader of stderr either: see [`writer::lose_lines_that_are_not_taken`].
pub async fn stopped() {
    writer::lose_lines_that_are_not_taken();
    tokio::select! {
        () = received(SignalKind::interrupt()) => {}
        () = received(SignalKind::terminate()) => {}
        () = stdout_closed() => {}
    }
    IS_STOPPED.store(true, Ordering::Relaxed);
}

/// Whether [`stopped`] has heard of an end.
static IS_STOPPED: AtomicBool = AtomicBool::new(false);

/// Whether a signal, or a reader that is gone, has ended what goes on.
pub(crate) fn is_stopped() -> bool {
    IS_STOPPED.load(Ordering::Relaxed)
}

async fn received(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(_) => pending().await,
    }
}

/// A pipe whose reader is gone shows an error without being written to; a file never does.
async fn stdout_closed() {
    let stdout = rustix::io::dup(rustix::stdio::stdout());
    #[allow(deprecated, reason = "its successor is unsafe; the descriptor is our own")]
    let stdout = stdout.map(|stdout| AsyncFd::with_interest(stdout, Interest::ERROR));
    match stdout {
        Ok(Ok(stdout)) => {
            let _ = stdout.ready(Interest::ERROR).await;
        }
        _ => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use model::{SourceError, SourceErrorKind};

    use super::Answering;
    use crate::outcome::CliError;

    #[test]
    fn a_source_that_answered_once_is_waited_for() {
        let away = || {
            let why = SourceError::new(SourceErrorKind::Unreachable, "vswitchd", "it is away");
            Err(CliError::from(why))
        };
        let mut never = Answering::default();
        assert!(never.or_told::<u8>(away()).is_err());
        let mut source = Answering::default();
        for turn in [Some(1), None, None, Some(2), None] {
            let answer = source.or_told(turn.map_or_else(away, Ok)).ok();
            assert_eq!(answer, Some(turn));
            assert_eq!(source.last.as_ref().unwrap().is_ok(), turn.is_some());
        }
        assert!(source.or_told::<u8>(Err(CliError::new("no such bridge"))).is_err());
    }
}
