//! The kernel's own answers, from namespaces of the tests' own.
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

mod lab_change;
mod lab_ethtool;
mod lab_hidden;
mod lab_kinds;
mod lab_netns;
mod lab_refusals;
mod lab_route;
mod lab_watch;
mod space;
