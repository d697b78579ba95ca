//! The switch: bridges with their ports, by each road there is.
//!
//! A new road is one more file beside [`ovsdb`] that gives [`model::switch::Bridge`] rows,
//! and one more line in [`roads`].

pub(crate) mod dpif;
pub(crate) mod follow;
mod number;
pub(crate) mod openflow;
pub(crate) mod ovsdb;
mod roads;
mod rows;
mod statistics;
mod write;

pub(crate) use roads::Roads;
pub use statistics::Counters;
pub(crate) use write::{Memory, Swap};
