//! What was kept of the past.

use serde::Serialize;

use super::Event;

/// What happened, and of which time that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct History {
    /// The spans that are known, in the order in which they were kept; of what is between them nothing
    /// is known.
    pub known: Vec<KnownSpan>,
    /// What happened in them, in the order in which it was kept.
    pub events: Vec<Event>,
    /// Whether there are more events: `since=` the time of the last one tells them.
    pub more: bool,
}

/// A span of time of which all that changed was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct KnownSpan {
    /// Its beginning: RFC 3339, UTC, milliseconds.
    pub from: String,
    /// Its end.
    pub until: String,
    /// Who kept it: `journal`.
    pub source: String,
}

impl History {
    /// Spans are from and until, in milliseconds since the Unix epoch.
    pub fn new(known: impl Iterator<Item = (u64, u64)>, events: Vec<Event>, more: bool) -> Self {
        let time = model::moment::rfc3339;
        let span = |(from, until)| KnownSpan {
            from: time(from),
            until: time(until),
            source: "journal".to_owned(),
        };
        Self { known: known.map(span).collect(), events, more }
    }
}
