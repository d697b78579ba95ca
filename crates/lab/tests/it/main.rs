//! The laboratory itself: what it makes, what it asks for, and what it leaves behind.
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

mod nothing_stays;
mod ready;
mod traffic;
