//! Network namespaces: open, identify and enter them; read, watch and change their links,
//! addresses and routes by rtnetlink.
//!
//! `setns` occurs in one function, [`visit`], on a thread made for it. The thread that asks
//! never leaves its own namespace.
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test panics to fail"
    )
)]

mod change;
mod enter;
mod error;
mod ethtool;
mod link_name;
mod message;
mod namespace;
mod netlink;
mod packet;
#[cfg(test)]
mod parse_tests;
#[doc(hidden)]
pub mod parsing;
mod route;
mod route_get;
mod rows;
mod sock_diag;
mod socket;
#[cfg(test)]
mod socket_tests;
mod veth;
mod watch;

pub use enter::visit;
pub use error::{Error, is_exhausted};
pub use ethtool::EthtoolSocket;
pub use namespace::{Identity, Netns, identity_of, is_hidden, named};
pub use packet::{PacketSocket, packet_sockets};
pub use route::Route;
pub use route_get::{RouteTaken, RouteType, RuleKeys, Transport};
pub use rows::{Address, Link};
pub use sock_diag::tcp_socket_owner;
pub use socket::RouteSocket;
pub use veth::VethEnd;
pub use watch::{Drained, LinkWatch};
