//! Recordings of others, as files.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics to fail, and starts the programs whose files are read"
)]

mod archives;
mod changes;
mod database;
mod namespaces;
mod outputs;
mod parts;
mod releases;
mod several;
