//! A client for the Open vSwitch database: RFC 7047, ovsdb(7), ovsdb-server(7).
//!
//! It knows the protocol and not our purpose: the caller names tables and columns
//! and brings the `serde` types its rows are read into.
//!
//! ```no_run
//! # use docker_ovs_ovsdb::{Client, Error, Optional, Select, Uuid, VSWITCH};
//! #[derive(serde::Deserialize)]
//! struct Interface {
//!     #[serde(rename = "_uuid")]
//!     uuid: Uuid,
//!     ofport: Optional<i64>,
//! }
//! # async fn example() -> Result<(), Error> {
//! let remote = "unix:/var/run/openvswitch/db.sock".parse()?;
//! let mut client = Client::connect(&remote, None).await?;
//! let select = Select::new("Interface", &["_uuid", "ofport"]).equal("name", "veth1");
//! let rows: Vec<Interface> = client.transact(VSWITCH, &[select]).await?.rows(0)?;
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

/// How much is held of the rows of one table or operation, in bytes: some thirty thousand ports.
const HELD: usize = 32 << 20;

mod client;
mod error;
mod follow;
mod monitor;
mod notation;
mod operation;
mod remote;
mod schema;
mod select;
mod tls;
mod transact;
mod uuid;

pub use client::{Client, VSWITCH};
pub use error::Error;
pub use follow::Changes;
pub use monitor::{Columns, Tables};
pub use notation::{Map, Optional, Set};
pub use operation::{Mutator, Operation, Row, RowSelector, Until};
pub use remote::{DEFAULT_PORT, InvalidRemote, Remote};
pub use schema::Schema;
pub use select::{Opaque, Select, Value};
pub use tls::{Tls, TlsError};
pub use transact::Results;
pub use uuid::{InvalidUuid, Uuid};
