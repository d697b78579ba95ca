//! A month of 100,000 changes on a host of fifty containers, and how long a question about it takes:
//! `cargo run --release -p docker-ovs-journal --example month [CHANGES]`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    reason = "it is run by hand, with a part of the tests' scene"
)]

#[path = "../tests/it/scene.rs"]
mod scene;

use std::time::Instant;

use docker_ovs_journal::{Limits, Past, Recorder};

const CONTAINERS: u16 = 50;
const MONTH: u64 = 30 * 24 * 60 * 60 * 1000;

/// Nanoseconds that this thread was on a processor (proc_pid_schedstat(5)): a busy machine adds nothing.
fn worked() -> u64 {
    let all = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    all.split(' ').next().unwrap().parse().unwrap()
}

fn main() {
    let changes = std::env::args_os().nth(1).and_then(|word| word.to_str()?.parse().ok());
    let changes: u64 = changes.unwrap_or(100_000);
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { bytes: 4 << 30, ..Limits::default() };
    let (mut recorder, _) = Recorder::open(folder.path(), limits).unwrap();
    let mut day = scene::Day::default();
    let mut plugged: Vec<_> = (0..CONTAINERS).map(|name| (name, name + 1)).collect();
    let (mut wrote, mut work) = (std::time::Duration::ZERO, 0);
    for step in 0..changes {
        let at = usize::try_from(step).unwrap() % plugged.len();
        plugged[at].1 = u16::try_from(step % 60_000).unwrap() + 1;
        let entry = day.look(&plugged, 1 + step * MONTH / changes);
        let (start, before) = (Instant::now(), worked());
        recorder.record(&entry).unwrap();
        if step % 100 == 0 {
            recorder.sync().unwrap();
        }
        wrote += start.elapsed();
        work += worked() - before;
    }
    let size: u64 = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().metadata().unwrap().len())
        .sum();
    println!("{changes} changes: {} MiB, written in {wrote:?}", size >> 20);
    let each = wrote / u32::try_from(changes).unwrap();
    println!(
        "each: {} bytes, {each:?}, on a processor {} µs",
        size / changes,
        work / changes / 1000
    );
    let (mut worst, before) = (std::time::Duration::ZERO, worked());
    for part in 1..100 {
        let start = Instant::now();
        let past = Past::open(folder.path(), MONTH).unwrap();
        let moment = past.at(1 + part * (MONTH - 2) / 100).unwrap().unwrap();
        let _ = scene::on_port(&moment.snapshot, 3);
        worst = worst.max(start.elapsed());
    }
    let mean = (worked() - before) / 99 / 1000;
    println!("a moment, the slowest of 99: {worst:?}; the mean, on a processor: {mean} µs");
    let start = Instant::now();
    let mut told = 0;
    let past = Past::open(folder.path(), MONTH).unwrap();
    past.events(0, u64::MAX, |_| {
        told += 1;
        true
    })
    .unwrap();
    println!("all {told} events: {:?}", start.elapsed());
}
