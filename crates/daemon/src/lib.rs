//! The daemon: one look kept up to date, for other programs and for people.
//!
//! One task follows the host and publishes each look; requests read the last one and never wait
//! for another. [`serve`] runs it from start to end.
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test panics to fail"
    )
)]

mod api;
mod daemon;
mod follow;
mod health;
mod history;
mod hosts;
mod http;
mod json;
mod look_thread;
mod metrics;
mod page;
#[doc(hidden)]
pub mod parsing;
mod places;
mod pool;
mod rates;
mod requests;
mod restore;
mod restores;
mod routes;
mod serve;
mod settings;
mod shared_texts;
mod signals;
mod state;
mod timings;
mod turns;
mod watchdog;

pub use history::HistorySettings;
pub use http::socket::DEFAULT_SOCKET;
pub use serve::serve;
pub use settings::{Build, Settings, TlsOptions};
