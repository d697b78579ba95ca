//! What changed on a host, kept in bounded files.
//!
//! A folder has numbered segments. Each begins with a whole Snapshot, and goes on with what changed
//! since ([`Delta`]) and with what was told of it: to know a moment, its segment is read, and of the others
//! the heads. Every record has a checksum, and nothing that was written is ever changed: a program that ends
//! in the middle of a write leaves a torn end, which readers pass over, as they do all that follows damage.
//! Of what a file that is lost or damaged had, nothing is known: a segment says until when the one before it
//! knew. The oldest segments are removed where all together are too large, or too old.
//!
//! The order of things is the journal's. Stamps are told as the wall clock had them: where that was
//! set back a new segment begins, so that within one they only grow.
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

mod checked;
mod delta;
mod folder;
#[doc(hidden)]
pub mod parsing;
mod past;
mod record;
mod recorder;
mod segment;
mod state;
mod whole;
mod writer;

pub use checked::Checked;
pub use delta::Delta;
pub use past::{Beside, KnownSpan, Moment, Past, Unknown};
pub use record::{Kind, LONGEST, Record, Records};
pub use recorder::{ALIVE, Entry, LAG, Recorder};
pub use segment::{Segment, segments};
pub use state::State;
pub use writer::{Limits, Unread, Writer};
