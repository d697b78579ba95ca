//! A program that ends anywhere, and files that are damaged anywhere.

use std::fs;
use std::path::Path;

use docker_ovs_journal::{Limits, Past};

use crate::opened::opened;
use crate::scene::{Day, on_port};

const LIMITS: Limits = Limits { bytes: 1 << 20, age: u64::MAX, segment: 8 << 10 };

/// In memory where there is such a folder: a disk takes its time to sync each write.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn told(folder: &Path) -> Vec<u64> {
    let mut told = Vec::new();
    let past = Past::open(folder, u64::MAX / 2).unwrap();
    past.events(0, u64::MAX, |event| {
        told.push(event.at);
        true
    })
    .unwrap();
    told
}

/// A journal of a day, in one segment.
fn written(folder: &Path) -> Vec<u64> {
    let (mut recorder, _) = opened(folder, LIMITS);
    let mut day = Day::default();
    for (name, at) in (1..6).zip(1000..) {
        recorder.record(&day.look(&[(name, 3)], at)).unwrap();
    }
    drop(recorder);
    told(folder)
}

#[test]
fn what_ends_at_any_byte_is_cut_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let all = written(folder.path());
    let [segment] = segments(folder.path()).try_into().unwrap();
    let whole = fs::read(&segment).unwrap();
    // Each step is a program that was killed after so many bytes of its writes.
    for length in (0..whole.len()).step_by(41).chain(whole.len() - 40..whole.len()) {
        let folder = scratch();
        fs::write(folder.path().join(segment.file_name().unwrap()), &whole[..length]).unwrap();
        let before = told(folder.path());
        assert!(all.starts_with(&before), "{length}: {before:?}");
        let (mut recorder, cut) = opened(folder.path(), LIMITS);
        let is_whole = cut.is_none();
        recorder.record(&Day::default().look(&[(9, 3)], 9000)).unwrap();
        drop(recorder);
        assert_eq!(told(folder.path()), before, "{length}: nothing is told twice or lost");
        let past = Past::open(folder.path(), 9000).unwrap();
        let now = past.at(9000).unwrap().unwrap();
        assert_eq!(on_port(&now.snapshot, 3), ["c9"], "{length}");
        assert!(past.at(8999).unwrap().is_err(), "{length}: between them nothing is known");
        let (_, again) = opened(folder.path(), LIMITS);
        assert_eq!(again, None, "{length}: {is_whole}");
    }
}

#[test]
fn what_is_damaged_anywhere_is_never_told() {
    let folder = tempfile::tempdir().unwrap();
    let all = written(folder.path());
    let [segment] = segments(folder.path()).try_into().unwrap();
    let whole = fs::read(&segment).unwrap();
    for at in (0..whole.len()).step_by(101) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        fs::write(&segment, &damaged).unwrap();
        let told = told(folder.path());
        assert!(all.starts_with(&told) && told.len() <= all.len(), "{at}: {told:?}");
    }
}

fn segments(folder: &Path) -> Vec<std::path::PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|end| end == "journal")).collect()
}
