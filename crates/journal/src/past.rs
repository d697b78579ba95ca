//! Reading: what was known at a moment, and what was told between two.

use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use model::Snapshot;
use model::timeline::Event;
use rustix::fs::{FlockOperation, flock};

use crate::delta::Delta;
use crate::folder;
use crate::record::Kind;
use crate::recorder::{ALIVE, LAG};
use crate::segment::{Content, Segment, segments};
use crate::state::State;
use crate::writer::LOCK;

/// A span that is known, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownSpan {
    /// From then on.
    pub from: u64,
    /// Until then.
    pub until: u64,
}

/// What was known at a moment.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The host as it was.
    pub snapshot: Snapshot,
    /// The span that the moment is in.
    pub known: KnownSpan,
    /// Whether the clock was set back later, so that the journal has this moment more than once; this is
    /// the last of them.
    pub is_repeated: bool,
}

/// Why a moment is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What is known last before it.
    pub before: Option<u64>,
    /// What is known first after it.
    pub after: Option<u64>,
}

/// The changes next to a moment, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// When something happened last before it.
    pub before: Option<u64>,
    /// When something happens first after it.
    pub after: Option<u64>,
}

/// A journal that is read; the daemon may go on writing it.
#[derive(Debug)]
pub struct Past {
    segments: Vec<Segment>,
    /// The stamp of the last record there is.
    last: u64,
    /// Whether a daemon writes it now.
    is_written: bool,
}

impl Past {
    /// Opens the journal in `folder` at `now`, in milliseconds since the Unix epoch.
    ///
    /// What is last in a segment that a daemon writes now is so still: up to [`LAG`] before `now`, and no
    /// longer than [`ALIVE`] after its last record, as a daemon that cannot write keeps nothing.
    ///
    /// # Errors
    /// As the system says; [`ErrorKind::NotFound`] where there is no such folder.
    pub fn open(folder: &Path, now: u64) -> io::Result<Self> {
        // Before the segments: one that the daemon begins meanwhile is known up to its last record.
        let writer = Live::in_folder(folder)?;
        let mut segments = segments(folder)?;
        let mut last = 0;
        while let Some(segment) = segments.last() {
            if let Some((end, _)) = read(&segment.path)?.and_then(|content| content.end()) {
                let is_open = writer.is_some_and(|writer| writer.segment == Some(segment.number));
                let trusted =
                    end.saturating_add(millis(ALIVE + LAG)).min(now.saturating_sub(millis(LAG)));
                last = if is_open { end.max(trusted) } else { end };
                break;
            }
            segments.pop();
        }
        Ok(Self { segments, last, is_written: writer.is_some() })
    }

    /// Whether a daemon writes it now.
    pub fn is_written(&self) -> bool {
        self.is_written
    }

    /// The spans that are known, in the journal's order. Where the clock was set back they overlap.
    pub fn known(&self) -> Vec<KnownSpan> {
        let mut all: Vec<KnownSpan> = Vec::new();
        for (at, segment) in self.segments.iter().enumerate() {
            let until = self.end(at);
            match all.last_mut() {
                Some(span) if segment.head.continues && segment.first >= span.until => {
                    span.until = until;
                }
                _ => all.push(KnownSpan { from: segment.first, until }),
            }
        }
        all
    }

    /// Until when a segment knows: the stamp of its last record, or where the next one goes on, of the
    /// first of that.
    fn end(&self, at: usize) -> u64 {
        match self.segments.get(at + 1) {
            Some(next) if next.head.continues && next.first >= next.head.previous => next.first,
            Some(next) => next.head.previous,
            None => self.last,
        }
    }

    /// The host as it was at `at`, in milliseconds since the Unix epoch. Of moments that the clock went
    /// through more than once it is the last.
    ///
    /// # Errors
    /// As the system says.
    pub fn at(&self, at: u64) -> io::Result<Result<Moment, Unknown>> {
        let Some(index) =
            self.segments.iter().rposition(|one| one.first <= at && at <= self.last_of(one))
        else {
            return Ok(Err(self.unknown(at)));
        };
        let Some(segment) = self.segments.get(index) else { return Ok(Err(self.unknown(at))) };
        let Some(state) = replayed(segment, at)? else { return Ok(Err(self.unknown(at))) };
        let mut known = self.known();
        known.retain(|span| (span.from..=span.until).contains(&at));
        let span = known.pop().unwrap_or(KnownSpan { from: segment.first, until: at });
        let is_repeated = !known.is_empty();
        Ok(Ok(Moment { snapshot: state.snapshot(), known: span, is_repeated }))
    }

    fn last_of(&self, segment: &Segment) -> u64 {
        let at = self.segments.iter().position(|one| one.number == segment.number);
        at.map_or(0, |at| self.end(at))
    }

    fn unknown(&self, at: u64) -> Unknown {
        let known = self.known();
        let before = known.iter().map(|span| span.until).filter(|until| *until < at).max();
        let after = known.iter().map(|span| span.from).filter(|from| *from > at).min();
        Unknown { before, after }
    }

    /// Gives `take` what was told from `since` until `until`, in the journal's order, until it wants no
    /// more. Both in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// As the system says.
    pub fn events(
        &self,
        since: u64,
        until: u64,
        mut take: impl FnMut(Event) -> bool,
    ) -> io::Result<()> {
        for (at, segment) in self.segments.iter().enumerate() {
            if segment.first > until || self.end(at) < since {
                continue;
            }
            let Some(content) = read(&segment.path)? else { continue };
            for record in content.records() {
                if record.kind != Kind::Events || !(since..=until).contains(&record.stamp) {
                    continue;
                }
                let events: Vec<Event> = serde_json::from_slice(record.payload)?;
                if !events.into_iter().all(&mut take) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// When something happened next to `at`, in milliseconds since the Unix epoch: to go from change to
    /// change. A segment is read only where it may have one that is nearer.
    ///
    /// # Errors
    /// As the system says.
    pub fn beside(&self, at: u64) -> io::Result<Beside> {
        let mut beside = Beside::default();
        for (index, segment) in self.segments.iter().enumerate().rev() {
            let end = self.end(index);
            if segment.first < at && beside.before.is_none_or(|before| before < end) {
                let earlier = stamps_of_events(segment)?.into_iter().filter(|stamp| *stamp < at);
                beside.before = beside.before.max(earlier.max());
            }
        }
        for (index, segment) in self.segments.iter().enumerate() {
            if at < self.end(index) && beside.after.is_none_or(|after| segment.first < after) {
                let later = stamps_of_events(segment)?.into_iter().filter(|stamp| *stamp > at);
                beside.after = later.chain(beside.after).min();
            }
        }
        Ok(beside)
    }

    /// The first moment that is known.
    pub fn begins(&self) -> Option<u64> {
        self.segments.iter().map(|segment| segment.first).min()
    }

    /// The last moment that is known.
    pub fn ends(&self) -> Option<u64> {
        (!self.segments.is_empty()).then_some(self.last)
    }
}

/// The state of a segment at a moment; none where it was removed meanwhile.
fn replayed(segment: &Segment, at: u64) -> io::Result<Option<State>> {
    let Some(content) = read(&segment.path)? else { return Ok(None) };
    let mut state = None;
    for record in content.records().take_while(|record| record.stamp <= at) {
        match (record.kind, &mut state) {
            (Kind::Snapshot, _) => {
                let mut snapshot: Snapshot = serde_json::from_slice(record.payload)?;
                snapshot.cut_names();
                state = Some(State::new(snapshot));
            }
            (Kind::Delta, Some(state)) => {
                let delta: Delta = serde_json::from_slice(record.payload)?;
                state.apply(delta, record.stamp);
            }
            _ => {}
        }
    }
    Ok(state)
}

/// When something happened that a segment tells of.
fn stamps_of_events(segment: &Segment) -> io::Result<Vec<u64>> {
    let Some(content) = read(&segment.path)? else { return Ok(Vec::new()) };
    let events = content.records().filter(|record| record.kind == Kind::Events);
    Ok(events.map(|record| record.stamp).collect())
}

/// A segment; none where it was removed meanwhile.
fn read(path: &Path) -> io::Result<Option<Content>> {
    match Content::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A program that writes the journal now.
#[derive(Clone, Copy, Debug)]
struct Live {
    /// The segment whose last record is what it saw last; none where it may have missed something.
    segment: Option<u64>,
}

impl Live {
    /// Who holds the lock, if anything does.
    fn in_folder(folder: &Path) -> io::Result<Option<Self>> {
        let lock = match folder::read(&folder.join(LOCK)) {
            Ok(lock) => lock,
            Err(error) if error.kind() == ErrorKind::NotFound && folder.is_dir() => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        match flock(&lock, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(None),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut said = String::new();
                lock.take(MAX_DIGITS).read_to_string(&mut said)?;
                Ok(Some(Self { segment: said.parse().ok() }))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The digits of the greatest number, which is how long it is written.
const MAX_DIGITS: u64 = 20;

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
