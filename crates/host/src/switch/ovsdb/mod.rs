//! The switch's database: [`read`] asks it, [`rows`] makes bridges of its rows, [`watch`] follows
//! its tables, [`change`] makes and removes ports.

mod change;
mod number;
mod read;
mod rows;
mod statistics;
mod transaction;
pub(crate) mod watch;

pub(crate) use change::Rows;
pub(crate) use read::{Answerer, Database, what};
pub use statistics::Counters;
