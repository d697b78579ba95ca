//! The journal, with files.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]

mod day;
#[allow(dead_code, reason = "other tests use more of it")]
#[path = "../../../cli/tests/it/tool/dice.rs"]
mod dice;
mod faults;
mod full_disk;
mod keeper;
mod killed;
mod laws;
mod moments;
mod opened;
mod scene;
