//! Reading: what was known at a moment, and what was told between two.

use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::time::Duration;

use model::Snapshot;
use model::timeline::Event;
use rustix::fs::{FlockOperation, flock};

use crate::checked::Checked;
use crate::delta::Delta;
use crate::folder;
use crate::record::Kind;
use crate::recorder::{ALIVE, LAG};
use crate::segment::{Content, SegmentHead, segments};
use crate::state::State;
use crate::whole::{ReadSegment, Whole};
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
///
/// A segment that is damaged is whole up to the last record before the damage, and nothing is known from
/// there to the next segment. Which records are whole is found where a segment is read, so [`Self::known`]
/// goes by the heads of those that were not read yet, but for those with which a span begins and ends.
#[derive(Debug)]
pub struct Past {
    segments: Vec<ReadSegment>,
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
        let mut segments: Vec<_> = segments(folder)?.into_iter().map(ReadSegment::from).collect();
        let mut last = 0;
        while let Some(segment) = segments.last() {
            let is_open = writer.is_some_and(|writer| writer.segment == Some(segment.number));
            if let Some(whole) = segment.end()? {
                let end = whole.until(segment.first);
                let trusted =
                    end.saturating_add(millis(ALIVE + LAG)).min(now.saturating_sub(millis(LAG)));
                last = match whole.torn {
                    _ if !is_open => end,
                    // What is being written changes nothing before that.
                    Some(next) => end.max(trusted.min(next - 1)),
                    None if whole.is_all => end.max(trusted),
                    None => end,
                };
                break;
            }
            segments.pop();
        }
        let past = Self { segments, last, is_written: writer.is_some() };
        // No head tells where such a segment ends: the file that told it is missing.
        for (segment, next) in past.segments.iter().zip(past.segments.iter().skip(1)) {
            if !segment.is_before(next) {
                segment.content()?;
            }
        }
        Ok(past)
    }

    /// Whether a daemon writes it now.
    pub fn is_written(&self) -> bool {
        self.is_written
    }

    /// The spans that are known, in the journal's order. Where the clock was set back they overlap.
    pub fn known(&self) -> Vec<KnownSpan> {
        self.spans_that(|_| true).into_iter().map(|span| span.known).collect()
    }

    /// Those of them that have a part between two moments, both in milliseconds since the Unix epoch. Of the
    /// others nothing is read: there is one for each run of a daemon at least.
    pub fn known_between(&self, since: u64, until: u64) -> Vec<KnownSpan> {
        let spans = self.spans_that(|span| span.from <= until && span.until >= since);
        spans.into_iter().map(|span| span.known).collect()
    }

    /// As [`Self::known`], by what was read of all segments, so that damage anywhere is a gap. What
    /// `checked` knows of them already is not read again. Of a journal of more than 256 MiB what is older
    /// goes by the heads still, until the next questions have read it.
    pub fn known_checked(&self, checked: &mut Checked) -> Vec<KnownSpan> {
        checked.find(&self.segments);
        self.known()
    }

    /// Those spans that are `wanted`, of which the first and the last segment are known to begin.
    fn spans_that(&self, wanted: impl Fn(&KnownSpan) -> bool) -> Vec<Span> {
        loop {
            let mut spans = self.spans();
            spans.retain(|span| wanted(&span.known));
            // What does not begin has no span any more. All are looked at each time, as there may be many
            // that do not.
            if spans.iter().filter(|span| !self.is_sure(span)).count() == 0 {
                return spans;
            }
        }
    }

    /// Whether the first and the last segment of a span begin, which is read.
    fn is_sure(&self, span: &Span) -> bool {
        let mut ends = [span.first, span.last].into_iter();
        ends.all(|at| self.segments.get(at).is_some_and(ReadSegment::begins))
    }

    /// The spans, as far as is known without reading more.
    fn spans(&self) -> Vec<Span> {
        let mut all: Vec<Span> = Vec::new();
        let mut is_joined = false;
        for (at, segment) in self.segments.iter().enumerate() {
            if segment.is_lost() {
                continue;
            }
            let until = self.end(at);
            match all.last_mut() {
                Some(span) if is_joined => {
                    span.known.until = until;
                    span.last = at;
                }
                _ => {
                    let known = KnownSpan { from: segment.first, until };
                    all.push(Span { known, first: at, last: at });
                }
            }
            is_joined = self.joined(at).is_some();
        }
        all
    }

    /// The segment that goes on where this one ends, with nothing missed between them.
    fn joined(&self, at: usize) -> Option<&ReadSegment> {
        let (segment, next) = (self.segments.get(at)?, self.segments.get(at + 1)?);
        let SegmentHead { continues, previous } = next.head;
        let ends = |whole: &Option<Whole>| {
            whole.is_some_and(|whole| whole.is_all && whole.last == previous)
        };
        let goes_on = continues && next.first >= previous && !next.is_lost();
        let is_whole = !segment.is_lost() && segment.whole.get().is_none_or(ends);
        (goes_on && is_whole && segment.is_before(next)).then_some(next)
    }

    /// Whether a segment knows a moment, as far as is known without reading more.
    fn has(&self, index: usize, at: u64) -> bool {
        let segment = self.segments.get(index).filter(|segment| !segment.is_lost());
        segment.is_some_and(|segment| segment.first <= at && at <= self.end(index))
    }

    /// Until when a segment knows: what is whole of it, or where the next one goes on, of the
    /// first of that.
    fn end(&self, at: usize) -> u64 {
        let Some(segment) = self.segments.get(at) else { return 0 };
        match (self.segments.get(at + 1), self.joined(at)) {
            (None, _) => self.last,
            (_, Some(joined)) => joined.first,
            (Some(next), None) => match segment.whole.get() {
                Some(whole) => whole.map_or(segment.first, |whole| whole.until(segment.first)),
                None => next.head.previous,
            },
        }
    }

    /// The host as it was at `at`, in milliseconds since the Unix epoch. Of moments that the clock went
    /// through more than once it is the last.
    ///
    /// # Errors
    /// As the system says.
    pub fn at(&self, at: u64) -> io::Result<Result<Moment, Unknown>> {
        for (index, segment) in self.segments.iter().enumerate().rev() {
            if !self.has(index, at) {
                continue;
            }
            // What is read may tell that it ends before.
            let Some(content) = segment.content()? else { continue };
            // What is after its last record rests on the stamp at which the next one begins.
            if let Some(next) = self.segments.get(index + 1).filter(|_| segment.ends_before(at)) {
                next.begins();
            }
            if !self.has(index, at) {
                continue;
            }
            let Some(state) = replayed(&content, at)? else { continue };
            let mut spans = self.spans_that(|span| (span.from..=span.until).contains(&at));
            let alone = KnownSpan { from: segment.first, until: at };
            let known = spans.pop().map_or(alone, |span| span.known);
            let is_repeated = !spans.is_empty();
            return Ok(Ok(Moment { snapshot: state.snapshot(), known, is_repeated }));
        }
        Ok(Err(self.unknown(at)))
    }

    fn unknown(&self, at: u64) -> Unknown {
        loop {
            let spans = self.spans();
            let before = spans.iter().filter(|span| span.known.until < at);
            let before = before.max_by_key(|span| span.known.until);
            let after = spans.iter().filter(|span| span.known.from > at);
            let after = after.min_by_key(|span| span.known.from);
            if [before, after].into_iter().flatten().all(|span| self.is_sure(span)) {
                let (before, after) =
                    (before.map(|span| span.known.until), after.map(|span| span.known.from));
                return Unknown { before, after };
            }
        }
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
            let Some(content) = segment.content()? else { continue };
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
        self.known().into_iter().map(|span| span.from).min()
    }

    /// The last moment that is known.
    pub fn ends(&self) -> Option<u64> {
        (!self.segments.is_empty()).then_some(self.last)
    }
}

/// A span, and the segments that it begins and ends with.
#[derive(Clone, Copy, Debug)]
struct Span {
    known: KnownSpan,
    first: usize,
    last: usize,
}

/// The state of a segment at a moment.
fn replayed(content: &Content, at: u64) -> io::Result<Option<State>> {
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
fn stamps_of_events(segment: &ReadSegment) -> io::Result<Vec<u64>> {
    let Some(content) = segment.content()? else { return Ok(Vec::new()) };
    let events = content.records().filter(|record| record.kind == Kind::Events);
    Ok(events.map(|record| record.stamp).collect())
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
