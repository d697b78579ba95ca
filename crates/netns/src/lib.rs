//! Network namespaces: open, identify and enter them, and read their links by rtnetlink.
//!
//! `setns` occurs in one function, [`visit`], on a thread made for it. The thread that asks
//! never leaves its own namespace.

mod enter;
mod error;
mod message;
mod namespace;
#[cfg(test)]
mod parse_tests;
mod rows;
mod socket;
#[cfg(test)]
mod socket_tests;

pub use enter::visit;
pub use error::Error;
pub use namespace::{Identity, Netns, named};
pub use rows::{Address, Link};
pub use socket::RouteSocket;
