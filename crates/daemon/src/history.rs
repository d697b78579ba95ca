//! Keeps what changes in a journal, for questions about the past.
//!
//! The task that follows the host gives each look away and never waits: what the disk does is done on
//! threads of its own. A disk that is full, gone or hung costs the history its rows and the daemon
//! nothing; what was missed is told as a gap.

mod keeper;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use journal::{Checked, Entry, KnownSpan, Limits, Past};
use model::Snapshot;
use model::timeline::Event;
use tokio::sync::Notify;
use tracing::{info, warn};

use crate::pool::Pool;
use crate::requests::Requests;

pub(crate) use keeper::keep;

/// So many looks, and so many events, wait for the disk; where there are more it is too slow, and all
/// of them are lost but the last look.
const MAX_LOOKS: usize = 256;
const MAX_EVENTS: usize = 10_000;

/// What a user may say about the history.
#[derive(Clone, Debug)]
pub struct HistorySettings {
    /// The folder of the journal.
    pub folder: PathBuf,
    /// How much is kept.
    pub limits: Limits,
}

/// What is to be kept.
#[derive(Debug)]
pub(crate) struct History {
    /// Where it is kept, if anywhere.
    pub(crate) settings: Option<HistorySettings>,
    /// What is read of it. A disk that hangs holds up these threads, and not those that answer.
    pub(crate) requests: Requests,
    /// Writes, behind nothing that is read.
    writer: Pool,
    queue: Mutex<Queue>,
    more: Notify,
    /// Why nothing is kept at the moment.
    failure: Mutex<Option<String>>,
    /// What was found of the journal's files, by those that asked for its spans.
    checked: Mutex<Checked>,
}

#[derive(Debug, Default)]
struct Queue {
    entries: VecDeque<Entry>,
    events: usize,
    /// Whether some were lost before the first of them.
    has_gap: bool,
    /// How many looks were taken from it and may not be on the disk yet.
    on_the_way: usize,
}

impl History {
    pub(crate) fn new(settings: Option<HistorySettings>) -> Self {
        let failure = settings.as_ref().map(|_| "the journal was not opened yet".to_owned());
        Self {
            settings,
            requests: Requests::default(),
            writer: Pool::default(),
            queue: Mutex::default(),
            more: Notify::new(),
            failure: Mutex::new(failure),
            checked: Mutex::default(),
        }
    }

    /// Takes a look, and what was told of it. Never waits.
    pub(crate) fn push(&self, snapshot: Arc<Snapshot>, events: Vec<Event>, at: u64) {
        if self.settings.is_none() {
            return;
        }
        let mut queue = lock(&self.queue);
        if queue.entries.len() >= MAX_LOOKS || queue.events + events.len() > MAX_EVENTS {
            queue.entries.clear();
            queue.events = 0;
            queue.has_gap = true;
        }
        queue.events += events.len();
        queue.entries.push_back(Entry { snapshot, events, at });
        drop(queue);
        self.more.notify_one();
    }

    /// Why nothing is kept at the moment; none where all is, or none was asked for.
    pub(crate) fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    /// How many looks are not on the disk yet.
    pub(crate) fn pending(&self) -> usize {
        let queue = lock(&self.queue);
        queue.entries.len() + queue.on_the_way
    }

    /// The spans that are known of a journal that was opened, in its order; without what is found of damage where
    /// another request is at that, as that may take long. To be run where it may wait for the disk.
    pub(crate) fn known(&self, past: &Past) -> Vec<KnownSpan> {
        match self.checked.try_lock() {
            Ok(mut checked) => past.known_checked(&mut checked),
            Err(TryLockError::Poisoned(checked)) => past.known_checked(&mut checked.into_inner()),
            Err(TryLockError::WouldBlock) => past.known(),
        }
    }

    fn take(&self) -> Queue {
        let mut queue = lock(&self.queue);
        let on_the_way = queue.entries.len();
        std::mem::replace(&mut *queue, Queue { on_the_way, ..Queue::default() })
    }

    /// What was taken is on the disk, or lost.
    fn arrived(&self) {
        lock(&self.queue).on_the_way = 0;
    }

    /// Of what could not be written only the last look is of use: with it the next segment begins.
    fn give_back(&self, last: Option<Entry>) {
        let mut queue = lock(&self.queue);
        queue.has_gap = true;
        if queue.entries.is_empty() {
            queue.entries.extend(last.map(|entry| Entry { events: Vec::new(), ..entry }));
        }
    }

    /// Tells when it begins and when it ends that nothing can be kept, not each time it is tried.
    fn told(&self, failure: Option<String>, folder: &std::path::Path) {
        let mut before = lock(&self.failure);
        match &failure {
            Some(why) if before.as_ref() != Some(why) => {
                warn!("no history is kept in {}: {why}", folder.display());
            }
            None if before.is_some() => info!("history is kept in {}", folder.display()),
            _ => {}
        }
        *before = failure;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
