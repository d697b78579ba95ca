//! Writing: records are appended, segments follow each other, the oldest go.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{FlockOperation, flock};

use crate::folder;
use crate::record::{Kind, LONGEST, Record};
use crate::segment::{Content, SegmentHead, numbers, path, segments};

/// As the folder.
const FILE: u32 = 0o600;
/// Held by the program that writes, and says which segment that is writing: a reader takes what is last
/// in that one for what is so still. It is 0 where the writer may have missed something.
pub(crate) const LOCK: &str = "lock";
/// A segment spans at most such a part of the time that is kept, where little happens.
const SPANS: u64 = 8;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All segments together, in bytes.
    pub bytes: u64,
    /// What is older goes, in milliseconds. What is removed is a whole segment, which spans an eighth of
    /// this at most.
    pub age: u64,
    /// How much is appended to one segment, in bytes; more where its Snapshot is long.
    pub segment: u64,
}

impl Limits {
    /// A segment of this length is read within a few milliseconds.
    pub const SEGMENT: u64 = 1 << 20;
}

impl Default for Limits {
    /// Thirty days or 256 MiB, what is reached first.
    fn default() -> Self {
        Self { bytes: 256 << 20, age: 30 * 24 * 60 * 60 * 1000, segment: Self::SEGMENT }
    }
}

/// What a program that ended in the middle of a write left behind, or damage: it stays as it is, is never
/// read, and goes with its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// So many bytes at the end of the last segment follow its last whole record.
    pub bytes: u64,
}

/// Writes a journal; one at a time does.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    limits: Limits,
    /// Held for as long as this is, see [`LOCK`].
    lock: File,
    open: Option<Open>,
    /// Those that are not written any more, oldest first.
    sealed: VecDeque<Sealed>,
    next: u64,
    last: u64,
    unsynced: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    number: u64,
    length: u64,
    /// How long it was when it had its Snapshot only.
    first: u64,
    /// The stamp of that.
    began: u64,
}

#[derive(Clone, Copy, Debug)]
struct Sealed {
    number: u64,
    length: u64,
    last: u64,
}

impl Writer {
    /// Opens the journal in `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// As the system says; [`ErrorKind::WouldBlock`] where another program writes it.
    pub fn open(folder: &Path, limits: Limits) -> io::Result<(Self, Option<Unread>)> {
        folder::make(folder)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(FILE);
        let lock = folder::open(&options, &folder.join(LOCK))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        let numbers = numbers(folder)?;
        let next = numbers.last().map_or(1, |last| last + 1);
        let segments = segments(folder)?;
        // The last stamp of each segment stands at the beginning of the next.
        let told = |number| segments.get(segments.partition_point(|next| next.number <= number));
        let mut sealed = VecDeque::new();
        let (mut last, mut unread) = (0, None);
        for number in &numbers {
            let path = path(folder, *number);
            let found = fs::symlink_metadata(&path)?;
            let length = found.len();
            let is_last = *number + 1 == next;
            let begins = segments.binary_search_by_key(number, |segment| segment.number).is_ok();
            let end =
                if begins && told(*number).is_none() { Content::read(&path)?.end() } else { None };
            // The next one tells when it ended, damaged or not.
            let is_segment = begins && (told(*number).is_some() || end.is_some());
            let stamp = match (told(*number), end) {
                _ if !is_segment => modified(&found),
                (Some(next), _) => next.head.previous,
                (None, end) => end.map_or(0, |(stamp, _)| stamp),
            };
            if is_segment {
                last = stamp;
            }
            if is_last {
                let whole = end.and_then(|(_, end)| u64::try_from(end).ok()).unwrap_or_default();
                let bytes = length.saturating_sub(whole);
                unread = (bytes > 0).then_some(Unread { bytes });
            }
            sealed.push_back(Sealed { number: *number, length, last: stamp });
        }
        let folder = folder.to_owned();
        let writer = Self { folder, limits, lock, open: None, sealed, next, last, unsynced: false };
        // What the one before wrote there.
        writer.lose();
        Ok((writer, unread))
    }

    /// Whether the next record must begin a segment with a whole Snapshot: there is none, it is long
    /// enough or spans enough time to grow old by itself, or the clock was set back.
    pub fn wants_snapshot(&self, stamp: u64) -> bool {
        let Some(open) = &self.open else { return true };
        let most = self.limits.segment.max(4 * open.first).min(most_of_all());
        let spans_enough = stamp.saturating_sub(open.began) >= (self.limits.age / SPANS).max(1);
        stamp < self.last || spans_enough || open.length - open.first >= most
    }

    /// The stamp of the last record there is, in milliseconds since the Unix epoch; 0 where there is none.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Begins a segment with a Snapshot. `continues` tells whether nothing was missed since the last
    /// record of the one before.
    ///
    /// # Errors
    /// As the system says: then there is no segment to append to.
    pub fn begin(&mut self, stamp: u64, snapshot: &[u8], continues: bool) -> io::Result<()> {
        self.seal()?;
        let head =
            SegmentHead { continues: continues && !self.sealed.is_empty(), previous: self.last };
        let mut bytes = head.bytes();
        Record { kind: Kind::Snapshot, stamp, payload: snapshot }
            .write(&mut bytes)
            .map_err(too_long)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.make_room(length)?;
        let number = self.next;
        self.next += 1;
        let path = path(&self.folder, number);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE).open(&path)?;
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        let kept = written.and_then(|()| File::open(&self.folder)?.sync_all());
        if let Err(error) = kept {
            // A file without a whole record is none, and one that is not counted is never removed.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        self.open = Some(Open { file, number, length, first: length, began: stamp });
        self.last = stamp;
        self.says(number);
        Ok(())
    }

    /// What is last in the segment that is open may not be so any more: something was missed.
    pub fn lose(&self) {
        self.says(0);
    }

    /// Always in as many digits, as a full disk takes only what makes nothing longer.
    fn says(&self, segment: u64) {
        let _ = self.lock.write_all_at(format!("{segment:020}").as_bytes(), 0);
    }

    /// Appends records to the segment that was begun last, in one write.
    ///
    /// # Errors
    /// As the system says, or where there is no segment: another one must be begun then, and the records
    /// are in none.
    pub fn append(&mut self, stamp: u64, records: &[(Kind, Vec<u8>)]) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for (kind, payload) in records {
            Record { kind: *kind, stamp, payload }.write(&mut bytes).map_err(too_long)?;
        }
        let Some(open) = &mut self.open else { return Err(ErrorKind::NotFound.into()) };
        if let Err(error) = open.file.write_all(&bytes) {
            // What was written of it is no record; where it cannot be cut now, readers stop there.
            let _ = open.file.set_len(open.length);
            self.seal()?;
            return Err(error);
        }
        open.length += u64::try_from(bytes.len()).unwrap_or_default();
        self.last = stamp;
        self.unsynced = true;
        Ok(())
    }

    /// Waits until all that was appended is on the disk.
    ///
    /// # Errors
    /// As the system says: then another segment must be begun, as it is not known what is there.
    pub fn sync(&mut self) -> io::Result<()> {
        let Some(open) = self.open.as_ref().filter(|_| self.unsynced) else { return Ok(()) };
        let synced = open.file.sync_data();
        self.unsynced = false;
        if synced.is_err() {
            self.seal()?;
        }
        synced
    }

    /// Removes segments of which all is older than `limits.age`. `now` is in milliseconds since the
    /// Unix epoch; the caller makes sure that the clock was not just set.
    ///
    /// A stamp that is still to come is of a clock that was ahead, and tells nothing: such a segment is as
    /// old as the next one, which was written later.
    ///
    /// # Errors
    /// As the system says.
    pub fn forget(&mut self, now: u64) -> io::Result<()> {
        let oldest = now.saturating_sub(self.limits.age);
        let is_kept = |segment: &Sealed| (oldest..=now).contains(&segment.last);
        let told = self.sealed.iter().take_while(|segment| !is_kept(segment)).enumerate();
        let old = told.filter(|(_, segment)| segment.last < oldest).last();
        for _ in 0..old.map_or(0, |(at, _)| at + 1) {
            self.remove_oldest()?;
        }
        Ok(())
    }

    /// No more is appended to the segment that is open.
    fn seal(&mut self) -> io::Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        self.lose();
        self.sealed.push_back(Sealed { number: open.number, length: open.length, last: self.last });
        self.unsynced = false;
        open.file.sync_data()
    }

    /// Removes the oldest until a segment that begins so long, and grows, has room.
    fn make_room(&mut self, first: u64) -> io::Result<()> {
        let grows = self.limits.segment.max(4 * first).min(most_of_all());
        let all = |sealed: &VecDeque<Sealed>| sealed.iter().map(|one| one.length).sum::<u64>();
        while !self.sealed.is_empty() && all(&self.sealed) + first + grows > self.limits.bytes {
            self.remove_oldest()?;
        }
        Ok(())
    }

    fn remove_oldest(&mut self) -> io::Result<()> {
        let Some(oldest) = self.sealed.pop_front() else { return Ok(()) };
        match fs::remove_file(path(&self.folder, oldest.number)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                self.sealed.push_front(oldest);
                Err(error)
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.lose();
    }
}

/// A segment is read as a whole.
fn most_of_all() -> u64 {
    u64::try_from(LONGEST / 2).unwrap_or(u64::MAX)
}

fn too_long(length: usize) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("a record of {length} bytes is too long"))
}

/// When a file was written last, in milliseconds since the Unix epoch: nothing else tells how old it is
/// where it has no whole record.
fn modified(found: &fs::Metadata) -> u64 {
    let at = found.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    at.and_then(|at| u64::try_from(at.as_millis()).ok()).unwrap_or_default()
}
