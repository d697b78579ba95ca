//! What the pure core says of recorded and of invented hosts.
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

mod anonymous;
mod bounds;
mod cases;
mod growth;
mod host_ends;
mod laws;
mod laws_proof;
mod laws_question;
mod laws_timeline;
mod likeness;
mod masters;
mod missed;
mod narrow;
mod plans;
mod public;
mod query;
mod sentences;
mod several;
mod tenants;
mod told_whole;
mod whereabouts;
mod who_about;
mod wiring;
mod words;
