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

mod absence;
mod assemble;
mod bounded;
mod called;
mod changes;
mod completeness;
mod confdb;
mod gather;
mod kernel;
mod links;
mod openflow;
mod sources;
mod switch;
mod tables;
mod texts;
mod value;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use host::RecordedAnswers;
use model::{Snapshot, SourceError};

pub use changes::PortChange;
pub use confdb::{Damage, Log, is_log};
pub use sources::parse_any;

/// What was recorded, as far as it could be read.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The host as it was.
    pub snapshot: Snapshot,
    /// What vswitchd answered: flows and MAC tables.
    pub answers: RecordedAnswers,
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

/// What became of ports from `since` until `until`, by the file of a database at `path`, and from when
/// until when its log knows that; all in milliseconds since the Unix epoch.
///
/// # Errors
/// It is no such file, or cannot be read.
pub fn port_changes(path: &Path, since: u64, until: u64) -> io::Result<PortChanges> {
    port_changes_of(File::open(path)?, since, until)
}

/// The same of a stream.
///
/// # Errors
/// As [`port_changes`].
pub fn port_changes_of(from: impl Read, since: u64, until: u64) -> io::Result<PortChanges> {
    let file = BufReader::with_capacity(1 << 20, from);
    let changes = changes::Changes { since, until, found: Vec::new() };
    let log = confdb::read(file, Some(changes), |next| next.date.is_none_or(|date| date <= until))?;
    let found = log.changes.map(|changes| changes.found).unwrap_or_default();
    let known = log.dates.or(log.goes_on_at.map(|at| (at, at)));
    Ok(PortChanges { known: changes::known(known, &found, changes::MAX), found })
}

/// What a database's log tells of ports.
#[derive(Clone, Debug)]
pub struct PortChanges {
    /// What became of them, in the log's order.
    pub found: Vec<PortChange>,
    /// From when until when the log knows, in milliseconds since the Unix epoch.
    pub known: Option<(u64, u64)>,
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

/// The same, where the stream is a file that is called so: some tell by their name what they are of.
///
/// # Errors
/// As [`read()`].
pub fn read_named(
    stream: impl Read,
    called: &str,
    what: &str,
    at: Option<u64>,
) -> Result<Recording, SourceError> {
    sources::read_named(stream, called, what, at)
}
