//! A Host made of a recorded Snapshot: the bug-report path, and how tests ask.

use model::switch::Via;
use model::{Observed, Snapshot, Trouble, TroubleKind, query};
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

    /// The same from saved JSON, which came from `what`.
    ///
    /// # Errors
    /// [`TroubleKind::Garbled`] for anything but a Snapshot of a version that is known.
    pub fn replay_json(what: &str, text: &[u8]) -> Result<Self, Trouble> {
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
        snapshot.map(Self::replay).map_err(|error| garbled(format!("a broken snapshot: {error}")))
    }
}

/// A recorded host has the roads it was recorded by; only those asked for are shown. Where none
/// of them was recorded, each says so.
pub(crate) fn as_asked(recorded: &Snapshot, question: &Question) -> Snapshot {
    let mut snapshot = recorded.clone();
    snapshot.switch.retain(|via, _| question.takes(*via));
    if snapshot.switch.is_empty() {
        let asked = [Via::Ovsdb, Via::OpenFlow, Via::Dpif].into_iter();
        let asked = asked.filter(|via| question.takes(*via));
        let absent = |via| (via, Observed::Absent { why: query::not_asked(via) });
        snapshot.switch.extend(asked.map(absent));
    }
    snapshot
}

/// What every version begins with.
#[derive(Deserialize)]
struct Marked {
    #[serde(rename = "docker-ovs-snapshot")]
    version: u32,
}
