//! The client against recorded output, a daemon by hand, and a real one.
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

mod dpif_show;
mod fake_daemon;
mod lab_unixctl;
