//! Every case in `wiring/`: a saved Snapshot, the Wiring expected of it, and why.
//!
//! `BLESS=1 cargo test -p docker-ovs-model` writes what `resolve` says now; read the
//! difference before committing it.

#![allow(clippy::disallowed_methods, reason = "a test reads its cases")]

use std::fs;
use std::path::{Path, PathBuf};

use docker_ovs_model::{Snapshot, Wiring, resolve};

pub(crate) fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wiring");
    let mut cases: Vec<_> =
        fs::read_dir(folder).unwrap().map(|case| case.unwrap().path()).collect();
    cases.sort();
    cases
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_case_has_its_wiring() {
    let cases = cases();
    assert!(!cases.is_empty());
    for case in cases {
        let snapshot: Snapshot = read(&case.join("snapshot.json"));
        let wiring = resolve(&snapshot);
        let expected = case.join("wiring.json");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, serde_json::to_string_pretty(&wiring).unwrap() + "\n").unwrap();
        }
        assert!(case.join("why.md").exists(), "{}: why?", case.display());
        let expected: Wiring = read(&expected);
        assert_eq!(wiring, expected, "{}", case.display());
    }
}
