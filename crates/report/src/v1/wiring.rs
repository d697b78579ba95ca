//! Everything at once.

use model::Snapshot;
use serde::Serialize;

use super::{Attachment, Bridge, Port, Source, sources};
use crate::list::{Wanted, list};

/// All attachments, bridges and ports of a host at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Wiring {
    /// Host name of the machine.
    pub host: String,
    /// When it was looked at: RFC 3339, UTC, milliseconds.
    pub time: String,
    /// Who was asked.
    pub sources: Vec<Source>,
    /// Every attachment, and every orphaned port of a known container.
    pub attachments: Vec<Attachment>,
    /// Every bridge.
    pub bridges: Vec<Bridge>,
    /// Every port of every bridge.
    pub ports: Vec<Port>,
}

impl Wiring {
    /// Everything there is to tell of `wiring`, which follows from `snapshot`.
    pub fn new(snapshot: &Snapshot, wiring: &model::Wiring) -> Self {
        let all = Wanted { all: true, ..Wanted::default() };
        Self {
            host: wiring.host.clone(),
            time: model::moment::rfc3339(wiring.taken),
            sources: sources(snapshot),
            attachments: list(snapshot, wiring, &all),
            bridges: Bridge::all(snapshot),
            ports: wiring.ports.iter().map(Port::from).collect(),
        }
    }
}
