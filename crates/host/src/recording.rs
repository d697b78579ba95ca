//! A Host made of a recorded Snapshot: the bug-report path, and how tests ask.

use model::switch::Via;
use model::{Observed, Snapshot, Trouble, TroubleKind};
use serde::Deserialize;

use crate::{Host, Question, Settings};

impl Host {
    /// A host that answers every look with this Snapshot. Needs no privileges.
    pub fn replay(snapshot: Snapshot) -> Self {
        Self { recorded: Some(snapshot), ..Self::bare(&Settings::from_env()) }
    }

    /// Whether it is a recorded one.
    pub fn is_recorded(&self) -> bool {
        self.recorded.is_some()
    }
}

/// Reads a recorded Snapshot from JSON, which came from `what`.
///
/// # Errors
/// [`TroubleKind::Garbled`] for anything but a Snapshot of a version that is known.
pub fn read_recording(what: &str, text: &[u8]) -> Result<Snapshot, Trouble> {
    let garbled = |why: String| {
        Trouble::new(TroubleKind::Garbled, what, why)
            .remedy("docker ovs snapshot > FILE makes one that can be read")
    };
    let marked: Marked = serde_json::from_slice(text)
        .map_err(|error| garbled(format!("not a snapshot: {error}")))?;
    if marked.version > Snapshot::VERSION {
        return Err(garbled(format!("a snapshot of version {}, too new", marked.version)));
    }
    let snapshot = serde_json::from_slice(text);
    snapshot.map_err(|error| garbled(format!("a broken snapshot: {error}")))
}

/// A recorded host has the roads it was recorded by; only those asked for are shown.
pub(crate) fn as_asked(recorded: &Snapshot, question: &Question) -> Snapshot {
    let mut snapshot = recorded.clone();
    snapshot.switch.retain(|via, _| question.takes(*via));
    for via in [Via::Ovsdb, Via::OpenFlow, Via::Dpif] {
        if question.takes(via) {
            snapshot.switch.entry(via).or_insert_with(|| Observed::Absent { why: not_taken(via) });
        }
    }
    snapshot
}

fn not_taken(via: Via) -> Trouble {
    Trouble::new(
        TroubleKind::Unreachable,
        via.to_string(),
        "the snapshot was not taken by this road",
    )
}

/// What every version begins with.
#[derive(Deserialize)]
struct Marked {
    #[serde(rename = "docker-ovs-snapshot")]
    version: u32,
}
