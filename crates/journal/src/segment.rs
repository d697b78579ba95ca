//! The files of a journal: numbered, each with a head that says what was before it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::folder;
use crate::record::{self, HEAD, Kind, LONGEST, Record, Records};

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
    /// The stamp of its first record.
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

/// The segments of a folder, in order. A file that has no whole first record, yet or for damage, is left
/// out, and so is one that is removed meanwhile.
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
    let Some((_, begins)) = SegmentHead::read(&bytes) else { return Ok(None) };
    // What a damaged stamp says would be taken for what the segment before knows.
    let Some(payload) = record::payload(begins) else { return Ok(None) };
    (&file).take(as_u64(payload)).read_to_end(&mut bytes)?;
    let Some((head, rest)) = SegmentHead::read(&bytes) else { return Ok(None) };
    let first = Records::of(rest).next().filter(|record| record.kind == Kind::Snapshot);
    Ok(first.map(|record| Segment { number, path, head, first: record.stamp, length }))
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

    /// Its length in bytes.
    pub(crate) fn length(&self) -> usize {
        self.0.len()
    }

    /// Its records; none where it has no head.
    pub(crate) fn records(&self) -> Records<'_> {
        Records::of(SegmentHead::read(&self.0).map_or(&[], |(_, rest)| rest))
    }

    /// The stamp of its last record, and how many bytes there are up to its end; none where there is
    /// no whole record.
    pub(crate) fn end(&self) -> Option<(u64, usize)> {
        let mut records = self.records();
        let last: Record<'_> = records.by_ref().last()?;
        Some((last.stamp, self.0.len() - records.rest().len()))
    }
}
