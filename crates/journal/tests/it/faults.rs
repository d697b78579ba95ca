//! A program that ends anywhere, and files that are damaged anywhere.

use std::fs;
use std::path::Path;

use docker_ovs_journal::{Checked, Kind, Limits, Past, Records};

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
fn what_ends_at_any_byte_is_passed_over_and_goes_on() {
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
        let (mut recorder, unread) = opened(folder.path(), LIMITS);
        let is_whole = unread.is_none();
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

/// What is on the disk of a write may be of the moment of the last whole record, or of a later one.
#[test]
fn the_last_moment_before_a_torn_end_is_known_where_nothing_else_is_of_it() {
    /// Of a segment and of a record.
    const HEADS: (usize, usize) = (29, 17);
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let [segment] = segments(folder.path()).try_into().unwrap();
    let whole = fs::read(&segment).unwrap();
    let mut records = Records::of(&whole[HEADS.0..]);
    let mut before: Option<(Kind, u64)> = None;
    let mut told = [0, 0];
    loop {
        let begins = whole.len() - records.rest().len();
        let Some(record) = records.next() else { break };
        let ends = whole.len() - records.rest().len();
        let cuts = (begins + 1..ends).step_by(11).chain([begins + HEADS.1 - 1, begins + HEADS.1]);
        for cut in cuts.chain([ends - 1]) {
            let Some((kind, last)) = before else { break };
            fs::write(&segment, &whole[..cut]).unwrap();
            let is_later = cut >= begins + HEADS.1 && record.stamp > last;
            let is_known = is_later || matches!(kind, Kind::Events | Kind::Alive | Kind::Stopped);
            let past = Past::open(folder.path(), u64::MAX / 2).unwrap();
            let is_first = last == 1000;
            assert_eq!(past.at(last).unwrap().is_ok(), is_known || is_first, "{cut}");
            assert!(past.at(last + 1).unwrap().is_err(), "{cut}");
            told[usize::from(is_known)] += 1;
        }
        before = Some((record.kind, record.stamp));
    }
    assert!(told[0] > 10 && told[1] > 10, "{told:?}");
}

#[test]
fn what_is_being_written_takes_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let (mut recorder, _) = opened(folder.path(), LIMITS);
    recorder.record(&Day::default().look(&[(1, 3)], 1000)).unwrap();
    let [segment] = segments(folder.path()).try_into().unwrap();
    let whole = fs::read(&segment).unwrap();
    // Length, checksum, kind and stamp of a record, and some of its hundred bytes.
    let mut torn = [&100_u32.to_le_bytes()[..], &[0; 4], b"D", &18_500_u64.to_le_bytes()].concat();
    torn.extend([0; 50]);
    fs::write(&segment, [&whole[..], &torn].concat()).unwrap();
    let known = |at| Past::open(folder.path(), 20_000).unwrap().at(at).unwrap().is_ok();
    assert!(known(18_499) && !known(18_500));
    // All of it is there, and it is damaged: what follows it is not known.
    torn.extend([0; 50]);
    fs::write(&segment, [&whole[..], &torn].concat()).unwrap();
    assert!(known(1000) && !known(1001));
}

/// Bytes that this thread has read from files; none where the kernel does not count them.
fn bytes_read() -> Option<u64> {
    let counts = fs::read_to_string("/proc/thread-self/io").ok()?;
    counts.lines().find_map(|line| line.strip_prefix("rchar: ")?.parse().ok())
}

#[test]
fn a_moment_costs_the_segments_next_to_it_however_many_there_are() {
    let folder = scratch();
    let (mut recorder, _) = opened(folder.path(), Limits { segment: 1, ..LIMITS });
    let mut day = Day::default();
    for (step, at) in (0..).zip((1000..4000).step_by(10)) {
        recorder.record(&day.look(&[(step % 5 + 1, 3)], at)).unwrap();
    }
    drop(recorder);
    let lengths = segments(folder.path()).into_iter().map(|path| fs::metadata(path).unwrap().len());
    let (longest, all) = (lengths.clone().max().unwrap(), lengths.sum::<u64>());
    let Some(before) = bytes_read() else { return };
    let past = Past::open(folder.path(), u64::MAX / 2).unwrap();
    assert!(past.at(2500).unwrap().is_ok());
    let read = bytes_read().unwrap() - before;
    assert!(6 * longest < all && read < 5 * longest, "{read} of {all}, {longest} each");
}

#[test]
fn the_spans_of_a_time_cost_no_others_however_often_a_daemon_was_started() {
    let folder = scratch();
    for at in (1000..11_000).step_by(100) {
        let (mut recorder, _) = opened(folder.path(), LIMITS);
        recorder.record(&Day::default().look(&[(1, 3)], at)).unwrap();
        recorder.stop(at + 50).unwrap();
    }
    let lengths = segments(folder.path()).into_iter().map(|path| fs::metadata(path).unwrap().len());
    let all = lengths.sum::<u64>();
    let Some(before) = bytes_read() else { return };
    let past = Past::open(folder.path(), u64::MAX / 2).unwrap();
    let spans = past.known_between(5020, 5100);
    let read = bytes_read().unwrap() - before;
    let told: Vec<_> = spans.iter().map(|span| (span.from, span.until)).collect();
    assert_eq!(told, [(5000, 5050), (5100, 5150)]);
    assert!(past.known_between(5051, 5099).is_empty());
    assert!(4 * read < all, "{read} of {all}");
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

/// One that is in three segments, and who was on port 3 at each of its moments.
fn of_three(folder: &Path) -> Vec<(u64, String)> {
    let limits = Limits { segment: 1, ..LIMITS };
    let (mut recorder, _) = opened(folder, limits);
    let mut day = Day::default();
    let mut truth = Vec::new();
    let mut name = 1;
    let mut at = 1000;
    while segments(folder).len() < 3 || truth.len() < 9 {
        let port = [3, 4][usize::from(name % 3 == 0)];
        recorder.record(&day.look(&[(name, port)], at)).unwrap();
        truth.push((at, if port == 3 { format!("c{name}") } else { String::new() }));
        name += 1;
        at += 10;
        assert!(segments(folder).len() <= 3, "the last has something, too");
    }
    recorder.stop(at).unwrap();
    truth
}

/// What is told of a journal that is damaged: the truth or that it is not known, with spans that have
/// exactly what is known, once all was read. How many moments are known.
fn check(folder: &Path, truth: &[(u64, String)], events: &[u64], what: &str) -> usize {
    let (begins, ends) = (truth[0].0, truth[truth.len() - 1].0 + 10);
    let ask = |past: &Past, at: u64| {
        let found = past.at(at).unwrap().ok()?;
        let (_, who) = truth.iter().rev().find(|(from, _)| *from <= at).unwrap();
        assert!((begins..=ends).contains(&at), "{what}: {at}");
        assert_eq!(on_port(&found.snapshot, 3).concat(), *who, "{what}: {at}");
        Some(())
    };
    let moments = || (begins - 5..ends + 5).step_by(5);
    // Each by a reader of its own, as a program asks, and all by one that has read everything.
    let each = || Past::open(folder, u64::MAX / 2).unwrap();
    let alone: Vec<_> = moments().filter(|at| ask(&each(), *at).is_some()).collect();
    let past = each();
    let mut told = Vec::new();
    past.events(0, u64::MAX, |event| {
        told.push(event.at);
        true
    })
    .unwrap();
    let known = past.known();
    assert_eq!(each().known_checked(&mut Checked::default()), known, "{what}: read for its spans");
    let is_known = |at: u64| known.iter().any(|span| (span.from..=span.until).contains(&at));
    let spanned: Vec<_> = moments().filter(|at| is_known(*at)).collect();
    assert_eq!(alone, spanned, "{what}: {known:?}");
    // Nothing is told that did not happen, and of a span without a gap everything, but for what a segment
    // lost with its predecessor, as an event is told with the state after it, and for the last moment of a
    // span, where a segment may have its Snapshot alone.
    assert!(told.iter().all(|at| events.contains(at)), "{what}: {told:?}");
    let counts =
        |at: &u64| is_known(*at) && known.iter().all(|span| span.from != *at && span.until != *at);
    let due: Vec<_> = events.iter().copied().filter(counts).collect();
    let got: Vec<_> = told.iter().copied().filter(counts).collect();
    assert_eq!(got, due, "{what}: {known:?}");
    alone.len()
}

#[test]
fn of_what_is_damaged_or_lost_nothing_is_guessed() {
    let folder = scratch();
    let truth = of_three(folder.path());
    let events = told(folder.path());
    let mut all = segments(folder.path());
    all.sort();
    let whole = check(folder.path(), &truth, &events, "whole");
    for path in &all {
        let kept = fs::read(path).unwrap();
        fs::remove_file(path).unwrap();
        let what = format!("{} is lost", path.display());
        assert!(check(folder.path(), &truth, &events, &what) < whole, "{what}");
        // The heads at the beginning byte by byte, the rest here and there.
        for at in (0..60).chain((60..kept.len()).step_by(97)) {
            let mut damaged = kept.clone();
            damaged[at] ^= 0x55;
            fs::write(path, &damaged).unwrap();
            let what = format!("{} at {at}", path.display());
            assert!(check(folder.path(), &truth, &events, &what) < whole, "{what}");
        }
        fs::write(path, &kept).unwrap();
    }
    assert_eq!(check(folder.path(), &truth, &events, "whole again"), whole);
}

#[test]
fn what_is_damaged_is_not_removed_and_is_passed_over_by_the_next() {
    for at in [0, 20, 29, 40, 60, 1000] {
        let folder = scratch();
        let truth = of_three(folder.path());
        let path = segments(folder.path()).into_iter().max().unwrap();
        let mut damaged = fs::read(&path).unwrap();
        damaged[at] ^= 0x55;
        fs::write(&path, &damaged).unwrap();
        let (mut recorder, unread) = opened(folder.path(), LIMITS);
        assert!(unread.is_some_and(|unread| unread.bytes > 0), "{at}");
        recorder.forget(9000).unwrap();
        recorder.record(&Day::default().look(&[(9, 3)], 9000)).unwrap();
        drop(recorder);
        assert_eq!(fs::read(&path).unwrap(), damaged, "{at}");
        let past = Past::open(folder.path(), 9000).unwrap();
        assert!(past.at(truth[0].0).unwrap().is_ok() && past.at(9000).unwrap().is_ok(), "{at}");
        assert!(past.at(8999).unwrap().is_err(), "{at}");
        // It is as old as the file, and goes with the others.
        let (mut recorder, _) = opened(folder.path(), Limits { age: 1, ..LIMITS });
        recorder.forget(u64::MAX / 2).unwrap();
        assert!(!path.exists(), "{at}");
    }
}
