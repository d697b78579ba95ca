//! The daemon: one look kept up to date, for other programs and for eyes.
//!
//! One task follows the host and publishes each look; requests read the last one and wait for
//! nobody. [`serve`] is its whole life.

mod api;
mod asked;
mod connections;
mod daemon;
mod doors;
mod eyes;
mod follow;
mod gate;
mod metrics;
mod page;
mod refusal;
mod restore;
mod routes;
mod serve;
mod settings;
mod socket;
mod sse;
mod state;
mod tls;

pub use serve::serve;
pub use settings::{Locks, Settings};
