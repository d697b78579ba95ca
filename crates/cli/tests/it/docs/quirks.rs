//! What a row of docs/quirks.md names as holding it, is there.

use std::collections::BTreeSet;

use super::{read, root};

/// What a row of docs/quirks.md names between backticks as holding it, is there: a test by its name, a recorded host,
/// a source file, or the make target of what runs in a machine of its own. Not a folder or module of many tests, of
/// which one might fail without saying anything of that row.
fn holds(name: &str, tests: &BTreeSet<String>) -> bool {
    if let Some(target) = name.strip_prefix("make ") {
        return read("Makefile").contains(&format!("\n{target}: "));
    }
    let path = root().join(name);
    let is_recorded = || path.join("snapshot.json").is_file() && path.join("wiring.json").is_file();
    tests.contains(name) || name.contains('/') && (path.is_file() || is_recorded())
}

#[test]
fn every_quirk_is_held_by_something_that_there_is() {
    let (page, tests) = (read("docs/quirks.md"), crate::security::all_tests());
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what"));
    let mut seen = 0;
    for row in rows {
        let held = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        assert!(!held.is_empty(), "{row}");
        for name in held.split('`').skip(1).step_by(2) {
            assert!(holds(name, &tests), "{name} is not there: {row}");
        }
        seen += 1;
    }
    assert!(seen > 20, "the tables are there: {seen}");
    assert!(!holds("no_such_test", &tests) && !holds("make nothing", &tests));
    assert!(!holds("crates/model/tests/wiring", &tests), "which of them?");
}
