//! One file for each verb: ask, relate, lay out.

pub mod annotate;
pub mod capture;
pub mod connect;
pub mod diff;
pub mod disconnect;
pub mod doctor;
pub mod driver;
pub mod events;
pub mod explain;
pub mod fdb;
mod flow_changes;
pub mod flows;
pub mod graph;
pub mod history;
pub mod ls;
pub mod port;
pub mod ports;
pub mod prune;
pub mod restore;
pub mod serve;
pub mod snapshot;
pub mod top;
pub mod trace;
pub mod version;
pub mod wait;
pub mod who;
