//! JSON-RPC 1.0 over a byte stream, as Open vSwitch speaks it.
//!
//! OVSDB (RFC 7047 section 4) and the control sockets of the OVS daemons
//! (ovs-appctl(8)) share one transport: JSON objects, back to back, with no
//! delimiter between them. This crate finds the objects ([`Framer`]) and carries
//! requests, replies and notifications ([`Connection`]); what they mean is the
//! business of the crates above it.
//!
//! There are no time-outs here: wrap a future in `tokio::time::timeout` and drop
//! the connection when it fires.
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

mod connection;
mod error;
mod excerpt;
mod framer;
mod message;
mod scanner;

pub use connection::Connection;
pub use error::{Error, RemoteError};
pub use excerpt::excerpt;
pub use framer::Framer;
pub use message::Notification;
pub use scanner::{FrameError, Limits};
