//! Network drivers: what `docker network create -d ovs` and `podman network create -d ovs` call.
//!
//! Two protocols, [`docker`] (libnetwork's remote driver) and [`netavark`] (its plugin
//! interface), and one [`core`] that makes bridges, ports and veths. A call touches the switch's database and netlink only,
//! never an engine, which waits for the answer; what an engine must be asked, who a container is, is
//! asked afterwards. There is no state but the database's.
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

pub mod core;
pub mod docker;
mod error;
mod given;
mod listening;
mod mac;
pub mod netavark;
pub mod network;
pub mod options;
#[doc(hidden)]
pub mod parsing;
mod rules;
mod subnet;

pub use error::DriverError;

/// The kind of engine that calls by [`docker`].
const DOCKER: &str = "docker";
