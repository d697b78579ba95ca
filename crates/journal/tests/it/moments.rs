//! What is told of a moment is what was so then.

use docker_ovs_journal::{KnownSpan, Limits, Past, Recorder, Unknown};

use crate::opened::opened;
use crate::scene::{Day, on_port};

#[test]
fn a_moment_is_known_as_it_was_and_a_gap_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (mut recorder, cut) = opened(folder.path(), Limits::default());
    assert_eq!(cut, None);
    let mut day = Day::default();
    recorder.record(&day.look(&[(1, 3)], 1000)).unwrap();
    recorder.record(&day.look(&[(1, 3), (2, 4)], 2000)).unwrap();
    recorder.record(&day.look(&[(2, 4)], 3000)).unwrap();
    recorder.alive(4000).unwrap();
    recorder.stop(5000).unwrap();
    drop(recorder);
    let (mut recorder, _) = opened(folder.path(), Limits::default());
    recorder.record(&Day::default().look(&[(3, 3)], 9000)).unwrap();
    drop(recorder);
    let past = Past::open(folder.path(), 20_000).unwrap();
    let who = |at| past.at(at).unwrap().map(|moment| on_port(&moment.snapshot, 3).join("+"));
    assert_eq!(who(999), Err(Unknown { before: None, after: Some(1000) }));
    assert_eq!(who(1000).unwrap(), "c1");
    assert_eq!(who(2999).unwrap(), "c1");
    assert_eq!(who(3000).unwrap(), "");
    assert_eq!(who(5000).unwrap(), "");
    assert_eq!(who(5001), Err(Unknown { before: Some(5000), after: Some(9000) }));
    assert_eq!(who(9000).unwrap(), "c3");
    assert_eq!(who(9001), Err(Unknown { before: Some(9000), after: None }));
    let spans = [KnownSpan { from: 1000, until: 5000 }, KnownSpan { from: 9000, until: 9000 }];
    assert_eq!(past.known(), spans);
    let mut told = Vec::new();
    past.events(0, u64::MAX, |event| {
        told.push(event.at);
        true
    })
    .unwrap();
    assert_eq!(told, [2000, 3000], "what a daemon finds when it starts did not happen then");
}

#[test]
fn while_a_daemon_writes_what_is_last_known_is_so_still() {
    let folder = tempfile::tempdir().unwrap();
    let (mut recorder, _) = opened(folder.path(), Limits::default());
    recorder.record(&Day::default().look(&[(1, 3)], 1000)).unwrap();
    let past = Past::open(folder.path(), 20_000).unwrap();
    assert!(past.is_written());
    assert!(past.at(19_000).unwrap().is_ok());
    assert!(past.at(19_001).unwrap().is_err(), "that may be on its way to the disk");
    let second = Recorder::open(folder.path(), Limits::default());
    assert_eq!(second.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

/// A program that holds the journal, and of which it is not known that it keeps what happens.
#[test]
fn a_daemon_that_keeps_nothing_makes_nothing_known() {
    let folder = tempfile::tempdir().unwrap();
    let until = |now| Past::open(folder.path(), now).unwrap().known().pop().unwrap().until;
    let (mut recorder, _) = opened(folder.path(), Limits::default());
    let mut day = Day::default();
    recorder.record(&day.look(&[(1, 3)], 1000)).unwrap();
    assert_eq!(until(500_000), 62_000, "its disk hangs: it would have told that it lives");
    recorder.lose();
    assert_eq!(until(20_000), 1000, "its disk is full");
    recorder.record(&day.look(&[(2, 3)], 15_000)).unwrap();
    assert_eq!(until(20_000), 19_000, "it keeps again what happens");
    // Killed, and another one has begun, which has seen nothing yet.
    drop(recorder);
    let (mut recorder, _) = opened(folder.path(), Limits::default());
    assert_eq!(until(40_000), 15_000, "what is last is the other one's");
    recorder.alive(50_000).unwrap();
    assert_eq!(until(60_000), 15_000, "it has nothing to go on from");
    recorder.record(&Day::default().look(&[(3, 3)], 70_000)).unwrap();
    assert_eq!(until(90_000), 89_000);
    recorder.stop(90_000).unwrap();
    assert_eq!(until(99_000), 90_000, "it has stopped and not ended yet");
}

#[test]
fn where_the_clock_was_set_back_the_order_is_the_journals() {
    let folder = tempfile::tempdir().unwrap();
    let (mut recorder, _) = opened(folder.path(), Limits::default());
    let mut day = Day::default();
    for (name, at) in [(1, 1000), (2, 5000), (3, 2000), (4, 3000)] {
        recorder.record(&day.look(&[(name, 3)], at)).unwrap();
    }
    let past = Past::open(folder.path(), 3000).unwrap();
    let who = |at| {
        let moment = past.at(at).unwrap().unwrap();
        (on_port(&moment.snapshot, 3).join("+"), moment.is_repeated)
    };
    assert_eq!(who(1500), ("c1".to_owned(), false));
    assert_eq!(who(2500), ("c3".to_owned(), true));
    assert_eq!(who(3000), ("c4".to_owned(), true));
    assert_eq!(who(4000), ("c1".to_owned(), false));
    assert_eq!(who(5000), ("c2".to_owned(), false));
}

#[test]
fn the_oldest_go_where_there_is_too_much_or_it_is_too_old() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { bytes: 200_000, age: 100_000, segment: 4096 };
    let (mut recorder, _) = opened(folder.path(), limits);
    let mut day = Day::default();
    for step in 0..1000 {
        recorder.record(&day.look(&[(u16::from(step % 2 == 0), 3)], 1000 + step)).unwrap();
        let size: u64 = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(size <= limits.bytes, "{step}: {size}");
    }
    let begins = Past::open(folder.path(), 2000).unwrap().begins().unwrap();
    assert!(begins > 1000, "{begins}");
    recorder.forget(1_000_000).unwrap();
    let left = Past::open(folder.path(), 2000).unwrap();
    assert!(left.begins().unwrap() > begins, "what is open stays");
    assert!(left.at(1999).unwrap().is_ok());
}

/// A journal that keeps eighty seconds, written as a daemon does at these moments, with what is too old
/// removed after each: when it begins after each of them.
fn begins_of(moments: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { age: 80_000, ..Limits::default() };
    let (mut recorder, _) = opened(folder.path(), limits);
    let mut day = Day::default();
    let mut begins = Vec::new();
    for (step, at) in moments.into_iter().enumerate() {
        if step == 0 {
            recorder.record(&day.look(&[(1, 3)], at)).unwrap();
        } else {
            recorder.alive(at).unwrap();
        }
        recorder.forget(at).unwrap();
        begins.push(Past::open(folder.path(), at).unwrap().known().first().unwrap().from);
    }
    begins
}

#[test]
fn what_is_too_old_goes_where_nothing_happens() {
    // By an eighth of the time later at most, as whole segments go; and at once after a long pause.
    let quiet = (1_000..400_000).step_by(1_000);
    for (at, begins) in quiet.clone().zip(begins_of(quiet)) {
        let oldest = at.saturating_sub(80_000);
        assert!(
            (oldest.saturating_sub(12_000)..=oldest.max(1_000)).contains(&begins),
            "{at}: {begins}"
        );
    }
}

#[test]
fn what_is_too_old_goes_where_the_clock_was_ahead() {
    const YEAR: u64 = 365 * 24 * 60 * 60 * 1000;
    // Once, from the first record on, or in the middle.
    let later = (2_000..200_000).step_by(1_000);
    for wrong in
        [vec![YEAR], vec![1_000, YEAR], vec![YEAR, 1_500, YEAR], vec![1_000, YEAR, YEAR * 2]]
    {
        let begins = begins_of(wrong.iter().copied().chain(later.clone()));
        let last = *begins.last().unwrap();
        assert!((107_000..120_000).contains(&last), "{wrong:?}: {last}");
    }
}

#[test]
fn nothing_that_may_be_young_goes_where_the_clock_was_wrong() {
    // Behind, and set right: what was kept before that is not older than it was.
    let behind = [500_000, 501_000, 1_000, 2_000, 502_000, 503_000];
    assert_eq!(begins_of(behind), [500_000; 6]);
    // Ahead, and set back: nothing that was written later is old yet.
    let begins = begins_of([900_000, 901_000, 500_000, 501_000, 502_000]);
    assert_eq!(begins.last(), Some(&900_000));
}
