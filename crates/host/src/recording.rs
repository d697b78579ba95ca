//! Reading a recorded Snapshot: the bug-report path, and how tests ask.

use model::{Snapshot, SourceError, SourceErrorKind};
use serde::Deserialize;

/// Reads a recorded Snapshot from JSON, which came from `what`.
///
/// # Errors
/// [`SourceErrorKind::Garbled`] for anything but a Snapshot of a version that is known.
pub fn read_recording(what: &str, text: &[u8]) -> Result<Snapshot, SourceError> {
    let garbled = |why: String| {
        SourceError::new(SourceErrorKind::Garbled, what, why)
            .hint("docker ovs snapshot > FILE makes one that can be read")
    };
    let marked: Marked = serde_json::from_slice(text)
        .map_err(|error| garbled(format!("not a snapshot: {error}")))?;
    if marked.version > Snapshot::VERSION {
        return Err(garbled(format!("a snapshot of version {}, too new", marked.version)));
    }
    let snapshot = serde_json::from_slice(text);
    snapshot.map_err(|error| garbled(format!("a broken snapshot: {error}")))
}

/// What every version begins with.
#[derive(Deserialize)]
struct Marked {
    #[serde(rename = "docker-ovs-snapshot")]
    version: u32,
}
