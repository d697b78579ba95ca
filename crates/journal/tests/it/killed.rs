//! Killed at every call by which the journal is written, and a disk that fails at each of them: nothing
//! that was on the disk is lost, nothing is told twice, and the next one goes on.
//!
//! strace(1) kills before the kernel has carried the call out, or has it fail.

use std::path::Path;

use docker_ovs_journal::{Limits, Past};

use crate::keeper::{Keeper, SEGMENT, Told, look};
use crate::opened::opened;
use crate::scene::{Day, on_port};

/// The calls by which files are made, grow and go.
const CALLS: [&str; 6] = ["write", "fdatasync", "fsync", "openat", "unlink", "ftruncate"];
/// So many segments may be kept that some must go.
const BYTES: u64 = 5 * SEGMENT;
const LOOKS: u64 = 24;
/// More than there are of any call.
const MAX_CALLS: usize = 1000;

fn who(at: u64) -> u16 {
    u16::try_from(1 + at % 7).unwrap()
}

/// The words of strace: what is to become of the `n`th of these calls on the journal's files.
fn strace(folder: &Path, call: &str, fate: &str, n: usize) -> Vec<String> {
    let mut words = vec!["strace".to_owned()];
    words.extend(["--follow-forks", "--quiet=all", "--output=/dev/null"].map(str::to_owned));
    let files = (1..40).map(|number| folder.join(format!("{number:012}.journal")));
    for path in files.chain([folder.to_owned()]) {
        words.push(format!("--trace-path={}", path.display()));
    }
    words.push(format!("--inject={call}:{fate}:when={n}"));
    words
}

/// What became of each look; none where the process was killed with it in its hands.
fn told(folder: &Path, by: &[String]) -> Vec<Option<Told>> {
    let mut keeper = Keeper::start(folder, BYTES, by);
    let mut all = Vec::new();
    for at in 1..=LOOKS {
        keeper.give(&look(at * 1000, [(who(at), 3), (100, 100), (101, 101)]));
        let told = keeper.told();
        all.push(told);
        if told.is_none() {
            return all;
        }
    }
    keeper.finish();
    all
}

/// Holds what is kept against what was said of it.
fn check(folder: &Path, all: &[Option<Told>], what: &str) {
    let end = 1000 * (LOOKS + 1);
    // Another one begins where it ended.
    let limits = Limits { bytes: BYTES, age: u64::MAX, segment: SEGMENT };
    let (mut recorder, _) = opened(folder, limits);
    recorder.record(&Day::default().look(&[(9, 3)], end)).unwrap();
    drop(recorder);
    let past = Past::open(folder, end).unwrap();
    let begins = past.begins().unwrap();
    for (at, told) in (1_u64..).map(|at| at * 1000).zip(all) {
        let found = past.at(at).unwrap().map(|moment| on_port(&moment.snapshot, 3).join("+"));
        match (told, found) {
            (_, Ok(found)) => assert_eq!(found, format!("c{}", who(at / 1000)), "{what}: {at}"),
            // The oldest go.
            (Some(Told::Kept(_)), Err(_)) => assert!(at < begins, "{what}: {at} is lost"),
            (_, Err(_)) => {}
        }
    }
    assert_eq!(on_port(&past.at(end).unwrap().unwrap().snapshot, 3), ["c9"], "{what}");
    assert!(past.at(end - 1).unwrap().is_err(), "{what}: between them nothing is known");
    let mut events = Vec::new();
    past.events(0, u64::MAX, |event| {
        events.push((event.at, serde_json::to_string(&event).unwrap()));
        true
    })
    .unwrap();
    let count = events.len();
    assert!(events.is_sorted_by_key(|(at, _)| *at), "{what}");
    events.sort_unstable();
    events.dedup();
    assert_eq!(events.len(), count, "{what}: told twice");
}

/// Lets each of the calls meet its fate in turn; how many there were.
fn at_every_call(fate: &str, is_met: impl Fn(&[Option<Told>]) -> bool) -> usize {
    let mut met = 0;
    for call in CALLS {
        for n in 1..MAX_CALLS {
            let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
            let folder = folder.path().join("history");
            let all = told(&folder, &strace(&folder, call, fate, n));
            check(&folder, &all, &format!("{call} {n} {fate}"));
            if !is_met(&all) {
                break;
            }
            met += 1;
        }
    }
    met
}

#[test]
fn killed_at_every_write_it_loses_what_was_in_its_hands_alone() {
    lab::need!(Lab);
    let killed = at_every_call("signal=KILL", |all| all.last() == Some(&None));
    assert!(killed > 50, "{killed}");
}

#[test]
fn a_disk_that_is_full_at_any_write_costs_what_was_to_be_written_alone() {
    lab::need!(Lab);
    let is_failed = |told: &Option<Told>| matches!(told, Some(Told::Failed(_)));
    let failed = at_every_call("error=ENOSPC", |all| all.iter().any(is_failed));
    assert!(failed > 50, "{failed}");
}
