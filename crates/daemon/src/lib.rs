//! The daemon: one look kept up to date, for other programs and for people.
//!
//! One task follows the host and publishes each look; requests read the last one and never wait
//! for another. [`serve`] runs it from start to end.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)
)]

mod api;
mod daemon;
mod http;
mod metrics;
mod page;
mod pool;
mod restore;
mod serve;
mod settings;
mod signals;
mod state;
mod timings;
mod watchdog;

pub use serve::serve;
pub use settings::{Locks, Settings};
