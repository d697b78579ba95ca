//! Reads what others recorded of a host, for those who have a file and no host: a database's file, what
//! `ovsdb-client dump` or `backup` prints, a report of sos(1), a folder of outputs of commands, and
//! captures of our own.
//!
//! Files are recognised by what is in them. What is missing is unknown, and is told so; nothing is made
//! up. Whatever comes is untrusted: sizes, counts and depths are bounded, and an archive is read once,
//! from its beginning to its end, without being unpacked.
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

mod assemble;
mod bounded;
mod confdb;
mod gather;
mod links;
mod openflow;
mod sources;
mod tables;
mod texts;
mod value;

use std::io::Read;
use std::path::Path;

use model::{Snapshot, SourceError};

pub use confdb::{Damage, Log, is_log};
pub use sources::parse_any;

/// What was recorded, as far as it could be read.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The host as it was.
    pub snapshot: Snapshot,
    /// What must be said whatever is asked: what is damaged, what was taken of several, from when on a
    /// database's log knows.
    pub remarks: Vec<String>,
}

/// Reads the file or folder at `path`, as it was at `at` where a database tells its past; in
/// milliseconds since the Unix epoch.
///
/// # Errors
/// It cannot be read, or nothing in it is known.
pub fn read(path: &Path, at: Option<u64>) -> Result<Recording, SourceError> {
    let what = format!("the recording {}", path.display());
    sources::read(path, &what, at)
}

/// The same of a stream, which `what` names.
///
/// # Errors
/// As [`read()`].
pub fn read_stream(
    stream: impl Read,
    what: &str,
    at: Option<u64>,
) -> Result<Recording, SourceError> {
    sources::read_stream(stream, what, at)
}
