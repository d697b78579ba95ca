//! A client for etcd 3.4 and later, with what is used of its API: keys, leases, watches and the status
//! of a member. Several members are asked one after the other until one answers; the caller is known
//! by its TLS certificate.
//!
//! A call that broke off is made again at another member, so that it may take place twice: `put`,
//! `delete` and comparing transactions come to the same by that.
//!
//! ```no_run
//! # async fn example() -> Result<(), docker_ovs_etcd::Error> {
//! use docker_ovs_etcd::{Client, Settings};
//! let etcd = Client::new(Settings { endpoints: vec!["http://127.0.0.1:2379".parse()?], tls: None });
//! let lease = etcd.grant(20).await?;
//! etcd.put("/example", "value", lease).await?;
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
mod dial;
mod endpoint;
mod error;
mod messages;
#[doc(hidden)]
pub mod parsing;
mod range;
mod txn;
mod watch;

pub use client::{Client, Settings, Status};
pub use endpoint::{Endpoint, TlsFiles};
pub use error::Error;
pub use range::{Header, KeyValue, Page, Pages, after_prefix};
pub use txn::{Compare, Op, Txn};
pub use watch::{Batch, Event, Watcher};
