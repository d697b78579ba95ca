//! Keeps what changes in a journal, for questions about the past.
//!
//! The task that follows the host gives each look away and never waits: what the disk does is done on
//! threads of its own. A disk that is full, gone or hung costs the history its rows and the daemon
//! nothing; what was missed is told as a gap.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use journal::{ALIVE, Checked, Entry, KnownSpan, Limits, Past, Recorder};
use model::Snapshot;
use model::timeline::Event;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{info, warn};

use crate::pool::Pool;
use crate::requests::Requests;

/// So many looks, and so many events, wait for the disk; where there are more it is too slow, and all
/// of them are lost but the last look.
const MAX_LOOKS: usize = 256;
const MAX_EVENTS: usize = 10_000;

/// What comes within this time after a write is written together.
const BATCH: Duration = Duration::from_millis(100);
/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(10);
/// How often what is too old is removed.
const FORGET: Duration = Duration::from_secs(60 * 60);
/// The wall clock was set where it and the monotonic clock differ by more than this.
const CLOCK_SET: u64 = 60_000;

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

/// What is written in one go: what waits, and then a mark.
struct Task {
    queue: Queue,
    mark: Option<Mark>,
}

/// What is kept beside looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// Nothing changed.
    Alive,
    Stopped,
}

/// Keeps what [`History`] takes until the daemon stops, and writes down that it does.
pub(crate) async fn keep(history: Arc<History>, mut stopped: watch::Receiver<bool>) {
    let Some(settings) = history.settings.clone() else { return };
    let mut recorder: Option<Recorder> = None;
    let mut forget = Forget::default();
    // Only what was written puts it off, for looks without a difference leave nothing.
    let mut alive = Instant::now() + ALIVE;
    loop {
        let mark = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => Some(Mark::Stopped),
            () = sleep_until(alive) => Some(Mark::Alive),
            () = history.more.notified() => None,
        };
        let task = Task { queue: history.take(), mark };
        let forgets = forget.is_due();
        let before = recorder.as_ref().map(Recorder::last);
        let (own, open) = (recorder.take(), settings.clone());
        let written = history.writer.run(move || write(own, &open, task, forgets)).await;
        let (kept, failed) = written.unwrap_or_else(|_| (None, Some(Failed::unknown())));
        recorder = kept;
        if mark.is_some() || recorder.as_ref().map(Recorder::last) != before {
            alive = Instant::now() + ALIVE;
        }
        history.arrived();
        history.told(failed.as_ref().map(|failed| failed.why.clone()), &settings.folder);
        if mark == Some(Mark::Stopped) {
            return;
        }
        let pause = if failed.is_some() { RETRY } else { BATCH };
        if let Some(failed) = failed {
            history.give_back(failed.last);
            history.more.notify_one();
        }
        tokio::select! {
            () = sleep(pause) => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    }
}

/// Why something was not written, and the last look that was to be.
struct Failed {
    why: String,
    last: Option<Entry>,
}

impl Failed {
    fn unknown() -> Self {
        Self { why: "the write was not finished".to_owned(), last: None }
    }
}

/// To be run where it may wait for the disk. What failed begins anew the next time, as a reader must
/// not take what is missing for what did not happen.
fn write(
    recorder: Option<Recorder>,
    settings: &HistorySettings,
    task: Task,
    forgets: bool,
) -> (Option<Recorder>, Option<Failed>) {
    let opened = match recorder {
        Some(recorder) => Ok(recorder),
        None => open(settings),
    };
    let mut recorder = match opened {
        Ok(recorder) => recorder,
        Err(why) => return (None, Some(Failed { why, last: last(task) })),
    };
    let before = recorder.last();
    let written = record(&mut recorder, &task.queue).and_then(|()| match task.mark {
        // Not of the time after a look, as the next one may be on its way.
        Some(Mark::Alive) if recorder.last() == before => {
            recorder.alive(task.queue.entries.back().map_or_else(host::now, |entry| entry.at))
        }
        Some(Mark::Stopped) => recorder.stop(host::now()),
        Some(Mark::Alive) | None => Ok(()),
    });
    let written =
        written.and_then(|()| if forgets { recorder.forget(host::now()) } else { Ok(()) });
    match written {
        Ok(()) => (Some(recorder), None),
        Err(error) => {
            recorder.lose();
            (Some(recorder), Some(Failed { why: error.to_string(), last: last(task) }))
        }
    }
}

fn open(settings: &HistorySettings) -> Result<Recorder, String> {
    let (recorder, unread) =
        Recorder::open(&settings.folder, settings.limits).map_err(|error| match error.kind() {
            std::io::ErrorKind::WouldBlock => "another daemon keeps its history there".to_owned(),
            _ => error.to_string(),
        })?;
    if let Some(unread) = unread {
        let folder = settings.folder.display();
        warn!(
            "the history in {folder} ends in the middle of a record, or is damaged: the last {} bytes \
             are not read",
            unread.bytes
        );
    }
    Ok(recorder)
}

fn record(recorder: &mut Recorder, queue: &Queue) -> std::io::Result<()> {
    if queue.has_gap {
        recorder.lose();
    }
    queue.entries.iter().try_for_each(|entry| recorder.record(entry))?;
    recorder.sync()
}

fn last(mut task: Task) -> Option<Entry> {
    task.queue.entries.pop_back()
}

/// When what is too old is removed: only where the wall clock went as the monotonic one did, for one
/// that was set forward for a moment would cost all there is.
struct Forget {
    since: Instant,
    stamp: u64,
}

impl Default for Forget {
    fn default() -> Self {
        Self { since: Instant::now(), stamp: host::now() }
    }
}

impl Forget {
    fn is_due(&mut self) -> bool {
        let went = self.since.elapsed();
        if went < FORGET {
            return false;
        }
        let expected =
            self.stamp.saturating_add(u64::try_from(went.as_millis()).unwrap_or(u64::MAX));
        let is_steady = host::now().abs_diff(expected) < CLOCK_SET;
        *self = Self::default();
        is_steady
    }
}

#[cfg(test)]
mod tests;
