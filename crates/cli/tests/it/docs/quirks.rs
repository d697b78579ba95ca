//! What a row of docs/quirks.md names as holding it, is there.

use std::collections::BTreeSet;

use super::{read, root};

/// What a row of docs/quirks.md names between backticks as holding it, is there: a test, a module of
/// tests, or a path.
fn holds(name: &str, tests: &BTreeSet<String>) -> bool {
    if let Some(module) = name.strip_suffix("::") {
        return root().join(format!("crates/cli/tests/it/{module}.rs")).exists();
    }
    if let Some((module, _)) = name.split_once("::") {
        return root().join(format!("crates/cli/tests/it/{module}")).exists();
    }
    tests.contains(name) || name.contains('/') && root().join(name).exists()
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
    assert!(!holds("no_such_test", &tests) && !holds("nowhere::", &tests));
}
