//! What is whole of segments, for a program that asks for the spans of a journal again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::whole::{ReadSegment, Whole};

/// So much is read for one question, in bytes: all there is of a journal of the usual size.
const MAX_BYTES: u64 = 256 << 20;

/// What was found of segments that were read, so that each is read once, by [`Past::known_checked`].
///
/// [`Past::known_checked`]: crate::Past::known_checked
#[derive(Debug, Default)]
pub struct Checked {
    segments: BTreeMap<u64, (Mark, Option<Whole>)>,
}

/// A file as it was when it was read: another one, or one that was written to since, has another mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    inode: u64,
    length: u64,
    changed: (i64, i64),
}

impl Mark {
    /// That of a file; none where there is none to be seen.
    fn of(path: &Path) -> Option<Self> {
        let found = fs::symlink_metadata(path).ok()?;
        let changed = (found.ctime(), found.ctime_nsec());
        Some(Self { inode: found.ino(), length: found.len(), changed })
    }
}

impl Checked {
    /// Finds what is whole of each segment: of those that were not read before it is read now, the newest
    /// first, until [`MAX_BYTES`] was read. The others are read for the next question. What was found of one that is
    /// read for this question anyway is kept for the next ones.
    pub(crate) fn find(&mut self, segments: &[ReadSegment]) {
        self.find_within(segments, MAX_BYTES);
    }

    fn find_within(&mut self, segments: &[ReadSegment], most: u64) {
        let numbers: BTreeSet<u64> = segments.iter().map(|segment| segment.number).collect();
        self.segments.retain(|number, _| numbers.contains(number));
        let mut read: u64 = 0;
        for segment in segments.iter().rev().filter(|segment| segment.whole.get().is_none()) {
            // Before it is read: what is written to it meanwhile gives it another mark.
            let mark = Mark::of(&segment.path);
            let before = self.segments.get(&segment.number);
            let whole = match before.filter(|(before, _)| Some(*before) == mark) {
                Some((_, whole)) => *whole,
                None if read >= most => continue,
                None => {
                    read = read.saturating_add(segment.length);
                    if segment.content().is_err() {
                        // Of what cannot be read nothing is known now, and it is tried again.
                        segment.whole.get_or_init(|| None);
                        continue;
                    }
                    segment.whole.get().copied().flatten()
                }
            };
            segment.whole.get_or_init(|| whole);
            if let Some(mark) = mark {
                self.segments.insert(segment.number, (mark, whole));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Kind;
    use crate::segment::segments;
    use crate::writer::{Limits, Writer};

    /// A journal of three segments.
    fn journal() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, _) = Writer::open(folder.path(), Limits::default()).unwrap();
        for stamp in [10, 20, 30] {
            writer.begin(stamp, b"{}", true).unwrap();
            writer.append(stamp + 5, &[(Kind::Alive, Vec::new())]).unwrap();
        }
        folder
    }

    /// The stamp of the last whole record of each segment, 0 for none; none of those that were not read.
    fn found(checked: &mut Checked, folder: &Path, most: u64) -> Vec<Option<u64>> {
        let all: Vec<_> = segments(folder).unwrap().into_iter().map(ReadSegment::from).collect();
        checked.find_within(&all, most);
        let last = |whole: &Option<Whole>| whole.map_or(0, |whole| whole.last);
        all.iter().map(|segment| segment.whole.get().map(last)).collect()
    }

    #[test]
    fn each_segment_is_read_once_and_again_when_it_was_written_to() {
        let (folder, mut checked) = (journal(), Checked::default());
        let all = [Some(15), Some(25), Some(35)];
        assert_eq!(found(&mut checked, folder.path(), u64::MAX), all);
        assert_eq!(found(&mut checked, folder.path(), 0), all, "nothing has to be read");
        let second = segments(folder.path()).unwrap()[1].path.clone();
        let mut torn = fs::read(&second).unwrap();
        torn.pop();
        fs::write(&second, &torn).unwrap();
        let unread = [Some(15), None, Some(35)];
        assert_eq!(found(&mut checked, folder.path(), 0), unread, "it was written to");
        let now = [Some(15), Some(20), Some(35)];
        assert_eq!(found(&mut checked, folder.path(), u64::MAX), now);
        fs::remove_file(&second).unwrap();
        found(&mut checked, folder.path(), 0);
        assert_eq!(checked.segments.len(), 2, "what is gone is forgotten");
    }

    #[test]
    fn what_was_found_of_a_segment_outlives_a_question_that_reads_it_otherwise() {
        let (folder, mut checked) = (journal(), Checked::default());
        found(&mut checked, folder.path(), u64::MAX);
        let all: Vec<_> =
            segments(folder.path()).unwrap().into_iter().map(ReadSegment::from).collect();
        all[0].content().unwrap();
        checked.find_within(&all, 0);
        let known = found(&mut checked, folder.path(), 0);
        assert_eq!(known, [Some(15), Some(25), Some(35)], "nothing has to be read");
    }

    #[test]
    fn one_question_reads_so_much_and_the_next_ones_go_on() {
        let (folder, mut checked) = (journal(), Checked::default());
        let mut known = |most| found(&mut checked, folder.path(), most);
        assert_eq!(known(1), [None, None, Some(35)], "the newest first");
        assert_eq!(known(1), [None, Some(25), Some(35)]);
        assert_eq!(known(1), [Some(15), Some(25), Some(35)]);
    }
}
