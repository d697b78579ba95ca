//! A client for gRPC services at Unix sockets, by tonic over one connection of HTTP/2, or over a connection
//! that the caller made. Messages are
//! written by hand, with those fields that are used: nothing is generated, and no `protoc` is needed.
//!
//! ```no_run
//! # use docker_ovs_grpc::{Client, Error};
//! # async fn example() -> Result<(), Error> {
//! #[derive(Clone, PartialEq, prost::Message)]
//! struct Version {
//!     #[prost(string, tag = "2")]
//!     runtime_name: String,
//! }
//! let containerd = Client::at("/run/containerd/containerd.sock");
//! let version: Version = containerd.ask("/runtime.v1.RuntimeService/Version", &()).await?;
//! # Ok(())
//! # }
//! ```
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

mod channel;
mod client;
mod connection;
mod error;
mod items;
mod raw;

pub use client::{Client, Messages};
pub use connection::Connection;
pub use error::{Error, excerpt};
pub use items::Items;

/// What goes with a call beside its message, which gRPC calls metadata: names and values.
pub type Headers<'h> = &'h [(&'static str, &'h str)];
