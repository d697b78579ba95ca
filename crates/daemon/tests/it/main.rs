//! The daemon by its public API: on a recorded host, and on one whose engine and switch the tests are. No root, no
//! Docker, no Open vSwitch.
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

#[allow(dead_code, reason = "a part of what the tests of host do with it")]
#[path = "../../../host/tests/it/fake_database.rs"]
mod fake_database;
#[allow(dead_code, reason = "a part of what the tests of host do with it")]
#[path = "../../../host/tests/it/fake_engine.rs"]
mod fake_engine;
#[allow(dead_code, reason = "a part of what the tests of host do with it")]
#[path = "../../../host/tests/it/fake_transaction.rs"]
mod fake_transaction;
#[allow(dead_code, reason = "a part of what the tests of host do with it")]
#[path = "../../../host/tests/it/fake_vswitchd.rs"]
mod fake_vswitchd;
mod live;
#[allow(dead_code, reason = "a part of what the tests of host do with it")]
#[path = "../../../host/tests/it/own_kernel.rs"]
mod own_kernel;
mod recorded;
#[allow(dead_code, reason = "a part of what the tests of host do with it")]
#[path = "../../../host/tests/it/rows.rs"]
mod rows;
mod running;
