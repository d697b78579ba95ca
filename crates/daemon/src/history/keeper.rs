//! Writes what the history takes, on threads of its own.

use std::sync::Arc;
use std::time::Duration;

use journal::{ALIVE, Entry, Recorder};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::warn;

use super::{History, HistorySettings, Queue};

/// What comes within this time after a write is written together.
const BATCH: Duration = Duration::from_millis(100);
/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(10);
/// How often what is too old is removed.
const FORGET: Duration = Duration::from_secs(60 * 60);
/// The wall clock was set where it and the monotonic clock differ by more than this.
const CLOCK_SET: u64 = 60_000;

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
        let own = recorder.take();
        let open = settings.clone();
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
