//! SECURITY.md names the test of each promise, and there are such tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const TEXT: &str = include_str!("../../../../SECURITY.md");

/// The name of each test of the crates.
pub(crate) fn all_tests() -> BTreeSet<String> {
    let mut there = BTreeSet::new();
    tests(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap(), &mut there);
    there
}

/// The name of each test beneath `folder`.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.extend(tests_of(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The functions that `#[test]` or `#[tokio::test]` stands above, with other attributes between.
fn tests_of(source: &str) -> Vec<String> {
    let (mut is_test, mut names) = (false, Vec::new());
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if !line.starts_with("#[") {
            let name = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            names.extend(name.filter(|_| is_test).map(|(name, _)| name.to_owned()));
            is_test = false;
        }
    }
    names
}

#[test]
fn every_row_of_the_threat_model_has_tests_that_exist() {
    let there = all_tests();
    let rows = TEXT.lines().filter(|line| line.starts_with("| ")).skip(1);
    let rows: Vec<Vec<_>> = rows.map(|row| row.trim_matches('|').split('|').collect()).collect();
    assert!(rows.len() > 20, "the table is there");
    for cells in rows {
        let [party, what, _, named] = cells[..] else { panic!("four columns: {cells:?}") };
        let named: Vec<_> = named.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{party}: {what}");
        let missing: Vec<_> = named.iter().filter(|name| !there.contains(**name)).collect();
        assert!(missing.is_empty(), "{party}: {what}: there is no test {missing:?}");
    }
}

#[test]
fn a_test_is_known_by_what_stands_above_it() {
    let source = "
        #[test]
        fn one() {}
        fn no_test() {}
        #[tokio::test(start_paused = true)]
        #[ignore]
        async fn another() {}
    ";
    assert_eq!(tests_of(source), ["one", "another"]);
}
