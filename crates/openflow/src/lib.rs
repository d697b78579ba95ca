//! A client for the few OpenFlow messages that tell which ports a bridge has: what
//! `ovs-ofctl show` prints (ovs-ofctl(8)), in every version from 1.0 to 1.5.
//!
//! Section numbers are those of the OpenFlow Switch Specification of the version they
//! are given with: 1.0.0, 1.3.5 or 1.5.1.
//!
//! ```no_run
//! # use docker_ovs_openflow::{Client, Error, Remote, Version};
//! # async fn example() -> Result<(), Error> {
//! let remote = Remote::mgmt("/var/run/openvswitch".as_ref(), "br0");
//! for port in Client::connect(&remote, &Version::ALL).await?.ports().await? {
//!     println!("{} is port {:?}", port.name, port.ofport());
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
mod codec;
mod connection;
mod error;
mod excerpt;
mod port_room;
mod remote;
mod version;

pub use client::Client;
pub use codec::{Features, LOCAL, Malformed, Message, OfError, Port, PortStats, name_on_wire};
pub use error::Error;
pub use port_room::PortRoom;
pub use remote::{DEFAULT_PORT, InvalidRemote, Remote};
pub use version::{Version, Versions};
