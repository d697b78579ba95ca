//! Docker: [`address`] finds its socket, [`read`] asks for containers, [`watch`] hears of events.

pub(crate) mod address;
mod read;
mod watch;

pub(crate) use read::{Docker, IN_FLIGHT};
pub(crate) use watch::Events;
