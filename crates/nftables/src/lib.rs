//! Tables of nftables (nft(8)), put in place whole and at once by netlink: what the kernel has of a table
//! is the old one or the new one, and never a part.
//!
//! Only what such a table needs is known: addresses, protocols and ports are matched, and packets are
//! translated or dropped. Tables are of the family `inet`.
//!
//! ```no_run
//! # use docker_ovs_nftables::{Chain, Error, Hook, Match, Rule, Table, Verdict, replace};
//! let rule = Rule {
//!     matches: vec![Match::Source { ip: "192.0.2.0".parse().unwrap(), prefix: 24 }],
//!     verdict: Verdict::Masquerade,
//! };
//! let chain = Chain { hook: Hook::Postrouting, rules: vec![rule] };
//! replace(&Table { name: "example".into(), chains: vec![chain] })?;
//! # Ok::<(), Error>(())
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

mod batch;
mod bytes;
mod expression;
mod forward;
#[doc(hidden)]
pub mod parsing;
mod table;

use std::io;

pub use batch::{remove, replace};
pub use forward::forward_drops;
pub use table::{Chain, Hook, Match, Protocol, Rule, Table, Verdict};

/// Why a table is not in place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No conversation with the kernel.
    #[error("netlink: {0}")]
    Socket(#[source] io::Error),
    /// The kernel refused the change, and made none of it: `EPERM` without CAP_NET_ADMIN, `ENOENT` or
    /// `EOPNOTSUPP` where it has no nftables, or none of what a rule needs.
    #[error("the kernel refuses the table {table}: {source}")]
    Refused {
        /// The table.
        table: String,
        /// Its reason.
        source: io::Error,
    },
}
