//! Ten million events, and how much memory they take while they are kept and while they are read:
//! `cargo run --release -p docker-ovs-journal --example flat [EVENTS]`.
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

use docker_ovs_journal::{Limits, Past, Recorder};

/// So many change at once, as where a host starts again.
const CONTAINERS: u16 = 50;

/// Resident memory in KiB, and its peak (proc_pid_status(5)).
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let of = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
    format!("resident {}, peak {}", of("VmRSS:"), of("VmHWM:"))
}

fn main() {
    let events = std::env::args_os().nth(1).and_then(|word| word.to_str()?.parse().ok());
    let events: u64 = events.unwrap_or(10_000_000);
    // Ten million events are fourteen gigabytes to write: a disk would be measured.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let (mut recorder, _) = Recorder::open(folder.path(), Limits::default()).unwrap();
    let mut day = scene::Day::default();
    let (mut told, mut at, mut shown) = (0, 0, 0);
    while told < events {
        at += 1;
        let number = |name| (name, 1 + (name + u16::try_from(at % 2).unwrap() * 1000));
        let entry = day.look(&(0..CONTAINERS).map(number).collect::<Vec<_>>(), at);
        told += u64::try_from(entry.events.len()).unwrap();
        recorder.record(&entry).unwrap();
        if at % 100 == 0 {
            recorder.sync().unwrap();
        }
        if told >= shown {
            println!("{told} events kept: {}", memory());
            shown += events / 10;
        }
    }
    recorder.sync().unwrap();
    println!("{told} events kept: {}", memory());
    let files = std::fs::read_dir(folder.path()).unwrap();
    let size: u64 = files.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    println!("the journal: {} MiB", size >> 20);
    let past = Past::open(folder.path(), at).unwrap();
    let mut read = 0_u64;
    past.events(0, u64::MAX, |_| {
        read += 1;
        true
    })
    .unwrap();
    println!("{read} events read: {}", memory());
    let moment = past.at(at - 1).unwrap().unwrap();
    let who = scene::on_port(&moment.snapshot, 1 + u16::try_from((at - 1) % 2).unwrap() * 1000);
    println!("{} was on a port at a moment: {}", who.join("+"), memory());
}
