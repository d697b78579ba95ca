//! The core of docker-ovs: what was observed, and what follows from it.
//!
//! No I/O, no async, no clock: the same [`Snapshot`] gives the same [`Wiring`],
//! whatever order its rows are in. Only [`resolve`] relates one source's facts
//! to another's.
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

pub mod address_pool;
mod anonymise;
pub mod backoff;
mod bounds;
mod cidr;
mod container_ref;
pub mod dialects;
pub mod endpoint_record;
pub mod engine_commands;
pub mod evidence;
pub mod filter;
pub mod fleet_name;
pub mod health;
pub mod identity;
pub mod ids;
mod look;
pub mod memory;
pub mod moment;
mod named_bridge;
mod narrow;
pub mod numbers;
mod occupant;
mod ofport_by_source;
mod one_container;
pub mod plan;
mod port_mark;
pub mod port_record;
mod public;
pub mod published;
pub mod query;
mod query_error;
mod rehearse;
mod resolve;
pub mod route;
pub mod snapshot;
mod source_error;
pub mod switch;
mod target;
pub mod timeline;
pub mod told;
pub mod vlan;
pub mod vlan_range;
pub mod whereabouts;
pub mod who;
pub mod wiring;

pub use anonymise::anonymise;
pub use look::Look;
pub use named_bridge::{NamedBridge, NotABridge};
pub use ofport_by_source::OfPortBySource;
pub use public::public;
pub use rehearse::rehearse;
pub use resolve::{OPENFLOW_NAME, PortLinks, openflow_name, resolve};
pub use snapshot::{Observed, Snapshot};
pub use source_error::{SourceError, SourceErrorKind};
pub use target::{NamedInterface, Target};
pub use wiring::Wiring;
