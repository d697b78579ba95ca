//! The daemon: one look kept up to date, for other programs and for eyes.
//!
//! One task follows the host and publishes each look; requests read the last one and wait for
//! nobody. [`serve`] is its whole life.

mod api;
mod daemon;
mod http;
mod metrics;
mod page;
mod restore;
mod serve;
mod settings;
mod state;

pub use serve::serve;
pub use settings::{Locks, Settings};
