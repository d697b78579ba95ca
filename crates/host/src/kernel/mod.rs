//! The kernel: namespaces with their links, read from inside each.
//!
//! [`pin`] turns a container's PID into a namespace that stays the same one,
//! [`links`] turns rtnetlink's rows into ours, [`offload`] adds what ethtool knows of them, and
//! [`read`] decides what is read.

mod links;
mod offload;
mod pin;
mod read;

pub(crate) use links::id;
pub(crate) use pin::{Pinned, named, open_target, own_namespace, pin, reconfirm, switch_namespace};
pub(crate) use read::{alone, around, everything, homes, listen, needs_everything};
