//! One file for each verb: ask, relate, lay out.

pub mod doctor;
pub mod explain;
pub mod graph;
pub mod ls;
pub mod port;
pub mod ports;
pub mod serve;
pub mod snapshot;
pub mod who;
