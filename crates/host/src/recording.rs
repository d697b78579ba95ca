//! Reading a recorded Snapshot: the bug-report path, and how tests ask.

use model::{Snapshot, SourceError, SourceErrorKind};
use serde::Deserialize;

/// Reads a recorded Snapshot from JSON, which came from `what`.
///
/// # Errors
/// [`SourceErrorKind::Garbled`] for anything but a Snapshot of a version that is known.
pub fn read_recording(what: &str, text: &[u8]) -> Result<Snapshot, SourceError> {
    read_within(what, text, HELD_OF_A_FILE)
}

/// What is held of a Snapshot that was saved, in bytes: a text of the longest that is read is no host's where
/// it becomes more.
const HELD_OF_A_FILE: usize = 256 << 20;

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
    let read = bounded::from_slice::<Snapshot>(text, held);
    // Read once more where it is no Snapshot, and not beforehand: a large one is read twice as long then.
    let version = if let Ok(snapshot) = &read {
        snapshot.version
    } else {
        let marked: Result<Marked, _> = serde_json::from_slice(text);
        marked.map_err(|error| garbled(format!("not a snapshot: {error}")))?.version
    };
    if version > Snapshot::VERSION {
        return Err(garbled(format!("a snapshot of version {version}, too new")));
    }
    let mut snapshot = read.map_err(|error| garbled(format!("a broken snapshot: {error}")))?;
    snapshot.cut_names();
    Ok(snapshot)
}

/// What every version begins with.
#[derive(Deserialize)]
struct Marked {
    #[serde(rename = "docker-ovs-snapshot")]
    version: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        read_recording("it", text.as_bytes()).unwrap_err().why
    }

    #[test]
    fn what_is_no_snapshot_of_a_known_version_is_told_apart() {
        let newer = Snapshot::VERSION + 1;
        let whole = include_str!("../../model/tests/wiring/bond/snapshot.json");
        read_recording("it", whole.as_bytes()).unwrap();
        assert!(why("[]").starts_with("not a snapshot: "));
        assert!(why("{\"version\": 1}").starts_with("not a snapshot: "));
        assert!(why("{\"docker-ovs-snapshot\": 1}").starts_with("a broken snapshot: "));
        let told = format!("a snapshot of version {newer}, too new");
        assert_eq!(why(&format!("{{\"docker-ovs-snapshot\": {newer}}}")), told);
        let mut whole: serde_json::Value = serde_json::from_str(whole).unwrap();
        whole["docker-ovs-snapshot"] = newer.into();
        assert_eq!(why(&whole.to_string()), told);
    }
}
