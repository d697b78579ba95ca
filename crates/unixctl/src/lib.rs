//! A client for the control sockets of the Open vSwitch daemons: what ovs-appctl(8)
//! speaks, JSON-RPC 1.0 with the command as method and strings as parameters.
//!
//! ```no_run
//! # use docker_ovs_unixctl::{Client, Error, VSWITCHD, control_socket};
//! # async fn example() -> Result<(), Error> {
//! let socket = control_socket("/var/run/openvswitch".as_ref(), VSWITCHD)?;
//! for bridge in Client::connect(&socket).await?.dpif_show().await? {
//!     println!("{} has {} ports", bridge.name, bridge.ports.len());
//! }
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

mod client;
mod dpif;
mod error;
mod socket;

pub use client::Client;
pub use dpif::{DpBridge, DpPort, MalformedDpif, parse_dpif_show};
pub use error::Error;
pub use socket::{VSWITCHD, control_socket};
