//! The files of a journal: numbered, each with a head that says what was before it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::folder;
use crate::record::{HEAD, Kind, LONGEST, Record, RecordHead, Records};

/// What a file of ours begins with.
const MAGIC: &[u8; 15] = b"docker-ovs hist";
/// The version of what follows.
const VERSION: u8 = 1;
/// Magic and version (16 bytes), whether it goes on (1), the last stamp before it (8), a checksum (4).
pub(crate) const LENGTH: usize = 29;

const ENDING: &str = ".journal";

/// A file of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The order of segments is that of their numbers.
    pub number: u64,
    /// Where it is.
    pub path: PathBuf,
    /// Its head.
    pub head: SegmentHead,
    /// The stamp of its first record, as it stands there: whether that is whole is not known before it is read.
    pub first: u64,
    /// Its length in bytes.
    pub length: u64,
}

/// What stands at the beginning of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHead {
    /// Whether nothing was missed between the segment before and this one.
    pub continues: bool,
    /// The stamp of the last record before it; 0 where there was none.
    pub previous: u64,
}

impl SegmentHead {
    pub(crate) fn bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([VERSION, u8::from(self.continues)]);
        bytes.extend(self.previous.to_le_bytes());
        let sum = crc32fast::hash(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    /// The head at the beginning of `bytes`, and what follows it.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (head, rest) = bytes.split_at_checked(LENGTH)?;
        let (said, sum) = head.split_last_chunk::<4>()?;
        let rest_of_head = said.strip_prefix(MAGIC)?.strip_prefix(&[VERSION])?;
        let (continues, previous) = rest_of_head.split_first()?;
        let previous = u64::from_le_bytes(previous.try_into().ok()?);
        let whole = crc32fast::hash(said) == u32::from_le_bytes(*sum);
        whole.then_some((Self { continues: *continues == 1, previous }, rest))
    }
}

pub(crate) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}{ENDING}"))
}

pub(crate) fn number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(ENDING)?;
    let all = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| all)
}

/// The numbers of all files that are called as segments are, in order.
pub(crate) fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        all.extend(entry?.file_name().to_str().and_then(number));
    }
    all.sort_unstable();
    Ok(all)
}

/// The segments of a folder, in order. Their beginnings alone are read, some fifty bytes of each. A file of which
/// that is not whole, yet or for damage, is left out, and so is one that is removed meanwhile.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn segments(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut all = Vec::new();
    for number in numbers(folder)? {
        match open(path(folder, number), number) {
            Ok(segment) => all.extend(segment),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

fn open(path: PathBuf, number: u64) -> io::Result<Option<Segment>> {
    // What is none of ours has no head either.
    let file = match folder::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(None),
        other => other?,
    };
    let length = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(LENGTH + HEAD);
    (&file).take(as_u64(LENGTH + HEAD)).read_to_end(&mut bytes)?;
    let Some((head, rest)) = SegmentHead::read(&bytes) else { return Ok(None) };
    let first = RecordHead::read(rest).filter(|record| record.kind == Kind::Snapshot);
    Ok(first.map(|record| Segment { number, path, head, first: record.stamp, length }))
}

impl Segment {
    /// Whether its first record is whole, which alone is read. Where it is not, nothing of the segment is.
    ///
    /// # Errors
    /// As the system says.
    pub(crate) fn has_first(&self) -> io::Result<bool> {
        let file = folder::read(&self.path)?;
        let mut bytes = Vec::with_capacity(LENGTH + HEAD);
        (&file).take(as_u64(LENGTH + HEAD)).read_to_end(&mut bytes)?;
        let first = SegmentHead::read(&bytes).and_then(|(_, rest)| RecordHead::read(rest));
        let Some(first) = first else { return Ok(false) };
        (&file).take(as_u64(first.length)).read_to_end(&mut bytes)?;
        Ok(SegmentHead::read(&bytes).is_some_and(|(_, rest)| Records::of(rest).next().is_some()))
    }
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A segment in memory.
#[derive(Clone, Debug)]
pub(crate) struct Content(Vec<u8>);

impl Content {
    /// Reads a segment, of at most two snapshots' length.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let mut bytes = Vec::new();
        folder::read(path)?.take(as_u64(2 * LONGEST)).read_to_end(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Its records; none where it has no head.
    pub(crate) fn records(&self) -> Records<'_> {
        Records::of(SegmentHead::read(&self.0).map_or(&[], |(_, rest)| rest))
    }

    /// Its last record, and what follows that; none where there is no whole record.
    pub(crate) fn last(&self) -> Option<(Record<'_>, &[u8])> {
        let mut records = self.records();
        let last = records.by_ref().last()?;
        Some((last, records.rest()))
    }

    /// The stamp of its last record, and how many bytes there are up to its end; none where there is
    /// no whole record.
    pub(crate) fn end(&self) -> Option<(u64, usize)> {
        self.last().map(|(last, rest)| (last.stamp, self.0.len() - rest.len()))
    }
}
