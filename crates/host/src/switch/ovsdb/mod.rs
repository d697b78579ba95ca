//! The switch's database: [`read`] asks it, [`columns`] for what it has, [`rows`] makes
//! bridges of its rows, [`watch`] follows
//! its tables, [`change`] makes and removes ports, [`mod@bridge`] bridges.

mod bridge;
mod change;
mod columns;
mod number;
mod port_rows;
mod read;
pub(crate) mod rows;
mod statistics;
mod tables;
mod transaction;
pub(crate) mod watch;

pub(crate) use change::SwitchExecutor;
pub(crate) use read::{Answerer, Database, what};
pub use statistics::Counters;
