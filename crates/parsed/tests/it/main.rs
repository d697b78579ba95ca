//! Every parser against the corpora that are kept, and against what is near them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]

use std::path::{Path, PathBuf};

use docker_ovs_parsed::TARGETS;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_target_has_a_corpus_and_a_file_of_its_own() {
    let names = |folder: &str| {
        let mut names: Vec<String> = files(&fuzz().join(folder))
            .iter()
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let known: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("corpus"), known);
    assert_eq!(names("fuzz_targets"), known);
}

#[test]
fn every_corpus_passes() {
    for (name, target) in TARGETS {
        let corpus = files(&fuzz().join("corpus").join(name));
        assert!(!corpus.is_empty(), "{name} has no corpus");
        for file in corpus {
            println!("{}", file.display());
            target(&std::fs::read(&file).unwrap());
        }
    }
}

/// Cut short, a byte changed, a piece doubled: what a fuzzer tries first, at a few places of each.
#[test]
fn what_is_near_a_corpus_passes() {
    for (name, target) in TARGETS {
        for file in files(&fuzz().join("corpus").join(name)) {
            let bytes = std::fs::read(&file).unwrap();
            let step = (bytes.len() / 8).max(1);
            for at in (0..bytes.len()).step_by(step) {
                println!("{} at {at}", file.display());
                let (before, after) = bytes.split_at(at);
                target(before);
                for byte in [0, b'"', b'9', b'[', 0xff] {
                    target(&[before, &[byte], after.get(1..).unwrap_or_default()].concat());
                }
                target(&[before, before, after].concat());
            }
        }
    }
}
