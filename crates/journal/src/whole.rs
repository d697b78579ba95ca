//! How far a segment is whole, which is read where an answer rests on it.

use std::cell::OnceCell;
use std::io::{self, ErrorKind};
use std::ops::Deref;
use std::path::Path;

use crate::record::{HEAD, RecordHead};
use crate::segment::{Content, Segment};

/// What of a segment is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    /// The stamp of the last whole record.
    pub(crate) last: u64,
    /// Whether nothing follows that.
    pub(crate) is_all: bool,
    /// Whether no other record is of the same moment.
    pub(crate) has_last: bool,
    /// The stamp of a record that follows, of a later moment, and has no end yet.
    pub(crate) torn: Option<u64>,
}

impl Whole {
    pub(crate) fn of(content: &Content) -> Option<Self> {
        let (record, rest) = content.last()?;
        let last = record.stamp;
        let next = RecordHead::read(rest).filter(|next| rest.len() - HEAD < next.length);
        let torn = next.map(|next| next.stamp).filter(|stamp| *stamp > last);
        let is_all = rest.is_empty();
        let has_last = is_all || torn.is_some() || record.kind.ends_write();
        Some(Self { last, is_all, has_last, torn })
    }

    /// Until when the segment knows, whose first record has this stamp. What is torn or damaged behind the
    /// last whole record may be of the same moment, as what changed and what was told of it are.
    pub(crate) fn until(self, first: u64) -> u64 {
        if self.has_last { self.last } else { self.last.saturating_sub(1).max(first) }
    }
}

/// A segment, and what of it is whole.
#[derive(Debug)]
pub(crate) struct ReadSegment {
    segment: Segment,
    /// As it was when it was read first; none where it was gone then, or has no whole record.
    pub(crate) whole: OnceCell<Option<Whole>>,
    /// Whether its first record is whole, where that was read alone.
    begins: OnceCell<bool>,
}

impl From<Segment> for ReadSegment {
    fn from(segment: Segment) -> Self {
        Self { segment, whole: OnceCell::new(), begins: OnceCell::new() }
    }
}

impl Deref for ReadSegment {
    type Target = Segment;

    fn deref(&self) -> &Segment {
        &self.segment
    }
}

impl ReadSegment {
    /// What is in it; none where it was removed meanwhile.
    pub(crate) fn content(&self) -> io::Result<Option<Content>> {
        let content = read(&self.path)?;
        self.whole.get_or_init(|| content.as_ref().and_then(Whole::of));
        Ok(content)
    }

    /// What of it is whole now; none where it is gone.
    pub(crate) fn end(&self) -> io::Result<Option<Whole>> {
        // What is being written is read in part: a second look finds it whole.
        for is_last in [false, true] {
            let Some(whole) = read(&self.path)?.as_ref().and_then(Whole::of) else { break };
            if whole.is_all || is_last {
                self.whole.get_or_init(|| Some(whole));
                return Ok(Some(whole));
            }
        }
        Ok(None)
    }

    /// Whether it is known that nothing of it can be read.
    pub(crate) fn is_lost(&self) -> bool {
        self.whole.get() == Some(&None) || self.begins.get() == Some(&false)
    }

    /// Whether its first record is whole, which is read where nothing of it was. What cannot be read now is
    /// told where it is asked for.
    pub(crate) fn begins(&self) -> bool {
        if self.whole.get().is_none() && self.begins.get().is_none() {
            let begins = match self.segment.has_first() {
                Err(error) if error.kind() == ErrorKind::NotFound => Some(false),
                found => found.ok(),
            };
            if let Some(begins) = begins {
                self.begins.get_or_init(|| begins);
            }
        }
        !self.is_lost()
    }

    /// Whether its last record is of before, as far as it was read.
    pub(crate) fn ends_before(&self, at: u64) -> bool {
        self.whole.get().is_some_and(|whole| whole.is_none_or(|whole| whole.last < at))
    }

    /// Whether no file was ever between them.
    pub(crate) fn is_before(&self, next: &Self) -> bool {
        self.number.checked_add(1) == Some(next.number)
    }
}

/// A segment; none where it was removed meanwhile.
fn read(path: &Path) -> io::Result<Option<Content>> {
    match Content::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
