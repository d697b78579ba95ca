//! A disk that has no room left, and then has.
#![allow(clippy::disallowed_methods, reason = "a test makes the disk it fills")]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use docker_ovs_journal::{Limits, Past};

use crate::opened::opened;
use crate::scene::{Day, on_port};

/// A file system of its own in memory, gone with its guard.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new(size: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={size}");
        let words = ["-t", "tmpfs", "-o", &size, "none"];
        assert!(Command::new("mount").args(words).arg(folder.path()).status().unwrap().success());
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_is_a_gap_and_what_was_kept_stays() {
    lab::need!(Lab);
    let disk = Disk::new("256k");
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![0; 100 << 10]).unwrap();
    let folder = disk.path().join("history");
    let limits = Limits { segment: 16 << 10, ..Limits::default() };
    let (mut recorder, _) = opened(&folder, limits);
    let mut day = Day::default();
    let mut at = 1000;
    let error = loop {
        let kept = recorder.record(&day.look(&[(u16::from(at % 2 == 0), 3)], at));
        match kept {
            Ok(()) => at += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    for again in 1..5 {
        let look = day.look(&[(9, 3)], at + again);
        assert!(recorder.record(&look).is_err(), "there is no room yet");
    }
    fs::remove_file(&ballast).unwrap();
    recorder.record(&day.look(&[(5, 3)], at + 100)).unwrap();
    let past = Past::open(&folder, at + 100).unwrap();
    let who = |at| past.at(at).unwrap().map(|moment| on_port(&moment.snapshot, 3).join("+"));
    assert_eq!(who(at - 1).unwrap(), format!("c{}", u16::from((at - 1) % 2 == 0)));
    assert!(who(at + 50).is_err(), "what was missed is a gap");
    assert_eq!(who(at + 100).unwrap(), "c5");
    let mut told = Vec::new();
    past.events(0, u64::MAX, |event| {
        told.push(event.at);
        true
    })
    .unwrap();
    let mut once = told.clone();
    once.dedup();
    assert!(told.is_sorted() && once.len() * 2 >= told.len(), "{told:?}");
}
