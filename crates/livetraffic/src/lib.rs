//! Traffic of the running switch: what becomes of a packet, and what passes through each port. The
//! verbs `trace` and `top` and the daemon ask the same way, so that they give the same answers.
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test panics to fail"
    )
)]

mod rates;
mod trace;

pub use rates::{Sample, rates};
pub use trace::{Trace, TraceError, Traced};
