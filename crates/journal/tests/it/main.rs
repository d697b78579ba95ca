//! The journal, with files.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]

mod faults;
mod full_disk;
mod laws;
mod moments;
mod scene;
