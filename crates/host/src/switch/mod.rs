//! The switch: bridges with their ports, by each road there is.
//!
//! A new road is one more file beside [`ovsdb`] that gives [`model::switch::Bridge`] rows.

pub(crate) mod control;
pub(crate) mod ovsdb;
mod rows;
