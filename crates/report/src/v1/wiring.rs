//! Everything at once.

use serde::Serialize;

use super::{Attachment, Bridge, Port, Source};

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
