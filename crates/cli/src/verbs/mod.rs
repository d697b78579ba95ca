//! One file for each verb: ask, relate, lay out.

pub mod doctor;
pub mod port;
