//! One record: its length, a checksum, its kind, when it was written, and what it says.

use crc32fast::Hasher;

/// The longest payload, in bytes: a Snapshot of more containers than any host has.
pub const LONGEST: usize = 64 << 20;

/// Length and checksum (four bytes each), kind (one), stamp (eight); all numbers little-endian.
pub(crate) const HEAD: usize = 17;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole Snapshot, as JSON: the first of each segment.
    Snapshot,
    /// What changed since the record before, as JSON.
    Delta,
    /// What was told of it: events, as JSON.
    Events,
    /// Nothing changed up to now.
    Alive,
    /// The daemon ended, and knows nothing from now on.
    Stopped,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Snapshot => b'S',
            Self::Delta => b'D',
            Self::Events => b'E',
            Self::Alive => b'A',
            Self::Stopped => b'X',
        }
    }

    /// Whether it is the last of what was written at once: what changed comes before what is told of it.
    pub(crate) const fn ends_write(self) -> bool {
        match self {
            Self::Events | Self::Alive | Self::Stopped => true,
            Self::Snapshot | Self::Delta => false,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        let all = [Self::Snapshot, Self::Delta, Self::Events, Self::Alive, Self::Stopped];
        all.into_iter().find(|kind| kind.byte() == byte)
    }
}

/// A record as it stands in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// What it is.
    pub kind: Kind,
    /// When it was written by the wall clock, in milliseconds since the Unix epoch.
    pub stamp: u64,
    /// What it says.
    pub payload: &'a [u8],
}

impl Record<'_> {
    /// Appends it to `out`.
    ///
    /// # Errors
    /// The length of a payload that is longer than [`LONGEST`].
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), usize> {
        let length = self.payload.len();
        let told = u32::try_from(length).ok().filter(|_| length <= LONGEST).ok_or(length)?;
        let stamp = self.stamp.to_le_bytes();
        out.reserve(HEAD + length);
        out.extend(told.to_le_bytes());
        out.extend(checksum(self.kind.byte(), stamp, self.payload).to_le_bytes());
        out.push(self.kind.byte());
        out.extend(stamp);
        out.extend(self.payload);
        Ok(())
    }
}

fn checksum(kind: u8, stamp: [u8; 8], payload: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&[kind]);
    hasher.update(&stamp);
    hasher.update(payload);
    hasher.finalize()
}

/// What the head of a record says. What it says may be damaged: the checksum is of the whole record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHead {
    pub(crate) kind: Kind,
    pub(crate) stamp: u64,
    /// How long its payload is, in bytes; at most [`LONGEST`].
    pub(crate) length: usize,
}

impl RecordHead {
    /// The head at the beginning of `bytes`; none where it is cut off, or cannot be one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (kind, rest) = rest.get(4..)?.split_first()?;
        let (stamp, _) = rest.split_first_chunk::<8>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let kind = Kind::from_byte(*kind).filter(|_| length <= LONGEST)?;
        Some(Self { kind, stamp: u64::from_le_bytes(*stamp), length })
    }
}

/// The records at the beginning of some bytes, up to the first that is torn or damaged.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    /// Those of `bytes`.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that were not read, or could not be: a torn end, where the last record was read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn read(&self) -> Option<(Record<'a>, &'a [u8])> {
        let (length, rest) = self.rest.split_first_chunk::<4>()?;
        let (sum, rest) = rest.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first()?;
        let (stamp, rest) = rest.split_first_chunk::<8>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (payload, rest) = rest.split_at_checked(length)?;
        let known = Kind::from_byte(*kind)?;
        let is_whole = checksum(*kind, *stamp, payload) == u32::from_le_bytes(*sum);
        let record = Record { kind: known, stamp: u64::from_le_bytes(*stamp), payload };
        is_whole.then_some((record, rest))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (record, rest) = self.read()?;
        self.rest = rest;
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_torn_or_damaged_is_never_read() {
        let mut bytes = Vec::new();
        let records = [(Kind::Snapshot, 1, "{}"), (Kind::Alive, 2, ""), (Kind::Events, 3, "[1]")];
        for (kind, stamp, payload) in records {
            Record { kind, stamp, payload: payload.as_bytes() }.write(&mut bytes).unwrap();
        }
        let read = |bytes: &[u8]| Records::of(bytes).map(|record| record.stamp).collect::<Vec<_>>();
        assert_eq!(read(&bytes), [1, 2, 3]);
        for length in 0..bytes.len() {
            let whole = read(&bytes[..length]);
            assert!(whole.len() < 3 && [1, 2, 3].starts_with(&whole), "{length}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                let whole = read(&damaged);
                assert!(whole.len() < 3 && [1, 2, 3].starts_with(&whole), "{at} {bit}");
            }
        }
        assert_eq!(read(&[0; 4096]), [0; 0], "what a file system leaves of a write");
    }
}
