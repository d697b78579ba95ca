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

mod long_names;

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

/// What is no dependency of this crate, and why: all else of the workspace has something that it reads.
const WITHOUT_A_PARSER: [(&str, &str); 5] = [
    ("bench", "it measures, and reads what it printed itself"),
    ("files", "it gives the bytes of a file as they are"),
    ("lab", "it is for tests alone"),
    ("livetraffic", "what it asks for is read by flowtext, traffic and host"),
    ("parsed", "it is this one"),
];

/// The names of the crates that others of the workspace are called by here.
fn dependencies(manifest: &str) -> Vec<String> {
    let all = manifest.split("[dependencies]\n").nth(1).unwrap();
    let all = all.lines().take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty());
    all.map(|line| line.split(' ').next().unwrap().replace("docker-ovs", "cli")).collect()
}

#[test]
fn every_crate_with_a_parser_is_fed() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fed = dependencies(&std::fs::read_to_string(own.join("Cargo.toml")).unwrap());
    let without = |name: &String| WITHOUT_A_PARSER.iter().any(|(other, _)| other == name);
    let mut crates: Vec<_> = files(&own.join(".."))
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    crates.sort();
    for name in &crates {
        assert!(
            fed.contains(name) != without(name),
            "{name}: a crate is a dependency of parsed and has a target there, or WITHOUT_A_PARSER says why not"
        );
    }
    for (name, why) in WITHOUT_A_PARSER {
        assert!(crates.iter().any(|known| known == name) && !why.is_empty(), "{name}");
    }
}

#[test]
fn every_target_is_a_program_of_fuzz() {
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        let source = std::fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs")));
        assert!(source.unwrap().contains(&format!("parsed::{name}(bytes)")), "{name}");
        let program = format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n");
        assert_eq!(manifest.matches(&program).count(), 1, "{name} in fuzz/Cargo.toml");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
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
