//! The protocols as engines speak them, without an engine.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]

mod docker;
mod gateways;
mod gateways_at_once;
mod ipam;
mod names_again;
mod netavark;
mod recorded;
mod switch;
