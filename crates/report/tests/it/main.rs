//! What is printed, offered to templates and promised in the reference, without root.
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

mod docs;
mod events;
mod fleet;
mod formats;
mod graph;
mod growth;
mod labels;
mod lists;
mod schema;
mod shape;

use std::path::{Path, PathBuf};

use docker_ovs_report::v1;
use model::{Snapshot, Wiring};
use serde_json::Value;

/// A host that has everything.
const FULL: &str = include_str!("../../../cli/tests/scenes/article.json");
/// A host whose names are hostile.
const HOSTILE: &str = include_str!("../../../cli/tests/scenes/hostile.json");

/// A recorded host and its wiring.
fn host(scene: &str) -> (Snapshot, Wiring) {
    let snapshot = serde_json::from_str(scene).unwrap();
    let wiring = model::resolve(&snapshot);
    (snapshot, wiring)
}

/// Every attachment of a recorded host, and every orphaned port.
fn attachments(scene: &str) -> Vec<v1::Attachment> {
    let (snapshot, wiring) = host(scene);
    v1::Wiring::new(&snapshot, &wiring).attachments
}

/// A file of the reference.
fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// Compares a JSON file with what it should be; `BLESS=1` writes it instead.
fn is_up_to_date(name: &str, expected: &Value) {
    let path = document(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, serde_json::to_string_pretty(expected).unwrap() + "\n").unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or("null".to_owned());
    let there: Value = serde_json::from_str(&text).unwrap();
    assert!(there == *expected, "docs/{name} is out of date: BLESS=1 rewrites it");
}
