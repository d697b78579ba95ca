//! The kernel: namespaces with their links, read from inside each.
//!
//! [`read`] decides what is read, [`rows`] turns rtnetlink's rows into ours, [`offload`] adds what
//! ethtool knows of them, [`watch`] reads again what [`hints`] say has changed, [`change`] makes them.

mod change;
mod hints;
mod namespaces;
mod offload;
mod read;
mod rows;
pub mod watch;

pub(crate) use change::Links;
pub(crate) use hints::open;
pub(crate) use namespaces::{named, not_opened, open_named, own_namespace, source_error};
pub(crate) use read::{alone, around, everything, homes, listen, needs_everything};
pub(crate) use rows::id;
