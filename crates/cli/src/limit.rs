//! `--timeout` where nothing is waited for: what was recorded may be any file, or come from any
//! daemon, and relating its rows may take as long as it is large.

use std::process;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::outcome::{self, CliError};

/// So long after its time a wait has told that it was in vain.
const WAITING_ENDS: Duration = Duration::from_millis(200);

/// Ends this program, as an error does, unless its answer is there in time.
#[derive(Debug, Default)]
pub struct Limit {
    answer: Arc<Arrival>,
}

#[derive(Debug, Default)]
struct Arrival {
    is_there: Mutex<bool>,
    came: Condvar,
}

impl Limit {
    /// One that ends nothing.
    pub(crate) fn none() -> Self {
        let limit = Self::default();
        limit.answered();
        limit
    }

    /// From now on. Where no thread is to be had there is no limit: the answer comes when it comes.
    pub fn start(&self, after: Duration) {
        self.end_after(after, after, "what was recorded is not read and related");
    }

    /// The same where a daemon is asked, and all waiting for it ends by then with words of its own, which are better:
    /// this ends what is made of what came. On a machine that is slow these words may come first.
    pub(crate) fn start_beside_waiting(&self, after: Duration) {
        let later = after.saturating_add(WAITING_ENDS);
        self.end_after(later, after, "what the daemon tells is not read and laid out");
    }

    fn end_after(&self, later: Duration, told: Duration, what: &'static str) {
        let answer = Arc::clone(&self.answer);
        let end = move || answer.end_unless_it_comes_within(later, &too_late(what, told));
        drop(thread::Builder::new().name("limit".to_owned()).spawn(end));
    }

    /// The answer is there. Printing it has no limit: its reader may be a person with a pager.
    pub(crate) fn answered(&self) {
        *self.answer.is_there.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.answer.came.notify_all();
    }
}

impl Arrival {
    fn end_unless_it_comes_within(&self, after: Duration, why: &CliError) {
        let is_there = self.is_there.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.came.wait_timeout_while(is_there, after, |is_there| !*is_there);
        let (is_there, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if !*is_there {
            // The lock is held until the end: an answer that comes now is not printed beside this.
            outcome::complain("docker-ovs", why);
            process::exit(outcome::FAILED.into());
        }
    }
}

fn too_late(what: &str, after: Duration) -> CliError {
    CliError::new(format!("{what} within {after:?}")).hint("--timeout SECONDS gives it longer")
}
