//! Reading a recorded Snapshot: the bug-report path, and how tests ask.

use model::{Snapshot, SourceError, SourceErrorKind};
use serde::Deserialize;

/// Reads a recorded Snapshot from JSON, which came from `what`.
///
/// # Errors
/// [`SourceErrorKind::Garbled`] for anything but a Snapshot of a version that is known.
pub fn read_recording(what: &str, text: &[u8]) -> Result<Snapshot, SourceError> {
    read_within(what, text, usize::MAX)
}

/// What is held of a Snapshot that a peer sent, in bytes: some twenty thousand containers.
const HELD: usize = 48 << 20;

/// The same of what a peer sent, of which no more is held than of any host that there is.
///
/// # Errors
/// As [`read_recording`].
pub fn read_recording_of_peer(what: &str, text: &[u8]) -> Result<Snapshot, SourceError> {
    read_within(what, text, HELD)
}

fn read_within(what: &str, text: &[u8], held: usize) -> Result<Snapshot, SourceError> {
    let garbled = |why: String| {
        SourceError::new(SourceErrorKind::Garbled, what, why)
            .hint("docker ovs snapshot > FILE makes one that can be read")
    };
    let marked: Marked = serde_json::from_slice(text)
        .map_err(|error| garbled(format!("not a snapshot: {error}")))?;
    if marked.version > Snapshot::VERSION {
        return Err(garbled(format!("a snapshot of version {}, too new", marked.version)));
    }
    let snapshot = bounded::from_slice(text, held);
    let mut snapshot: Snapshot =
        snapshot.map_err(|error| garbled(format!("a broken snapshot: {error}")))?;
    snapshot.cut_names();
    Ok(snapshot)
}

/// What every version begins with.
#[derive(Deserialize)]
struct Marked {
    #[serde(rename = "docker-ovs-snapshot")]
    version: u32,
}
