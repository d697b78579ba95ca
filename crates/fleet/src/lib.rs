//! Many hosts as one: what each tells the others over etcd, and what of that is believed.
//!
//! etcd is a notice board only. A host tells what it sees itself and keeps what others tell; no answer
//! about the host itself waits for etcd, and nothing of the host is kept there only. [`keys`] has the
//! layout, [`publish`] writes, [`follow`] reads, [`Mirror`] is what is known of the others.
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

mod backoff;
pub mod blocks;
mod claim;
mod fleet;
pub mod follow;
mod host;
mod hosts;
mod kept_blocks;
pub mod keys;
mod leases;
mod local;
pub mod mesh;
mod mesh_record;
mod mirror;
#[doc(hidden)]
pub mod parsing;
pub mod publish;
mod refused;
mod row;
mod rows;
mod shared_event;

pub use fleet::{Condition, Fleet, FleetRows, Settings};
pub use host::{HostRecord, Machine, Membership, is_unicast, machine_hash};
pub use kept_blocks::tell_kept_blocks;
pub use local::{Local, UnseenRows};
pub use mirror::Mirror;
pub use row::{decode, encode, id_of};
pub use rows::RawRow;
pub use shared_event::SharedEvent;
