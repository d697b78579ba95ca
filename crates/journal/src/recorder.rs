//! What the daemon does: keeps each look, and what was told of it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::Snapshot;
use model::timeline::Event;

use crate::delta::{Delta, is_keyed};
use crate::record::Kind;
use crate::writer::{Limits, Unread, Writer};

/// After so long without a change a program that keeps a journal keeps that there was none.
pub const ALIVE: Duration = Duration::from_secs(60);
/// What was seen may be on its way to the disk for so long.
pub const LAG: Duration = Duration::from_secs(1);

/// A look, and what was told of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What was seen.
    pub snapshot: Arc<Snapshot>,
    /// What was told; empty for the first look, as nothing changed by it.
    pub events: Vec<Event>,
    /// When, in milliseconds since the Unix epoch.
    pub at: u64,
}

/// Keeps a journal.
#[derive(Debug)]
pub struct Recorder {
    writer: Writer,
    /// What was kept last; none where it is not known what is there.
    known: Option<Arc<Snapshot>>,
    /// Whether no two rows of a list have the same key in that.
    is_keyed: bool,
}

impl Recorder {
    /// As [`Writer::open`].
    ///
    /// # Errors
    /// As [`Writer::open`].
    pub fn open(folder: &Path, limits: Limits) -> io::Result<(Self, Option<Unread>)> {
        let (writer, unread) = Writer::open(folder, limits)?;
        Ok((Self { writer, known: None, is_keyed: false }, unread))
    }

    /// Keeps a look. Nothing was missed since the one before, unless that failed.
    ///
    /// # Errors
    /// As the system says: then what is kept next begins anew, and tells that there is a gap.
    pub fn record(&mut self, entry: &Entry) -> io::Result<()> {
        let kept = self.keep(entry);
        self.known = kept.is_ok().then(|| Arc::clone(&entry.snapshot));
        if kept.is_err() {
            self.writer.lose();
        }
        kept
    }

    fn keep(&mut self, entry: &Entry) -> io::Result<()> {
        let Entry { snapshot, events, at } = entry;
        let known = self.known.as_ref().filter(|_| !self.writer.wants_snapshot(*at));
        let known = known.filter(|_| self.is_keyed);
        let delta = known.and_then(|known| Delta::of_keyed(known, snapshot));
        let mut records = Vec::new();
        match delta {
            Some(delta) if delta.is_nothing() => {}
            Some(delta) => records.push((Kind::Delta, json(&delta)?)),
            None => {
                self.is_keyed = is_keyed(snapshot);
                self.writer.begin(*at, &json(&**snapshot)?, self.known.is_some())?;
            }
        }
        if !events.is_empty() {
            records.push((Kind::Events, json(events)?));
        }
        // What changed and what was told of it are on the disk together, or not at all.
        self.writer.append(*at, &records)
    }

    /// What was missed, if anything was, begins with the next look.
    pub fn lose(&mut self) {
        self.known = None;
        self.writer.lose();
    }

    /// Keeps that nothing changed up to `at`, in milliseconds since the Unix epoch; every [`ALIVE`] at
    /// least, as readers do not trust in more.
    ///
    /// # Errors
    /// As the system says.
    pub fn alive(&mut self, at: u64) -> io::Result<()> {
        self.mark(Kind::Alive, at)
    }

    /// Keeps that nothing will be known from `at` on.
    ///
    /// # Errors
    /// As the system says.
    pub fn stop(&mut self, at: u64) -> io::Result<()> {
        self.mark(Kind::Stopped, at)?;
        self.lose();
        self.writer.sync()
    }

    fn mark(&mut self, kind: Kind, at: u64) -> io::Result<()> {
        let Some(known) = self.known.clone() else { return Ok(()) };
        let marked = if self.writer.wants_snapshot(at) {
            let snapshot = Snapshot { taken: at, ..Snapshot::clone(&known) };
            json(&snapshot).and_then(|json| self.writer.begin(at, &json, true))
        } else {
            Ok(())
        };
        let marked = marked.and_then(|()| self.writer.append(at, &[(kind, Vec::new())]));
        if marked.is_err() {
            self.lose();
        }
        marked
    }

    /// The stamp of the last record there is, in milliseconds since the Unix epoch; 0 where there is none. A
    /// look without a difference leaves none.
    pub fn last(&self) -> u64 {
        self.writer.last()
    }

    /// As [`Writer::sync`].
    ///
    /// # Errors
    /// As [`Writer::sync`].
    pub fn sync(&mut self) -> io::Result<()> {
        let synced = self.writer.sync();
        if synced.is_err() {
            self.lose();
        }
        synced
    }

    /// As [`Writer::forget`].
    ///
    /// # Errors
    /// As [`Writer::forget`].
    pub fn forget(&mut self, now: u64) -> io::Result<()> {
        self.writer.forget(now)
    }
}

fn json<T: serde::Serialize + ?Sized>(what: &T) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(what)?)
}
