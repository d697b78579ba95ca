//! Hosts without containers or switches on real members of etcd: what they tell, what they believe, and
//! what becomes of both when something is out of order.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]

mod disorder;
mod hosts;
mod told;
