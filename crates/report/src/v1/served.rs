//! What only the daemon answers.

use std::collections::BTreeMap;

use model::Snapshot;
use serde::Serialize;

pub use super::words::HealthStatus;
use super::{Port, Source, SourceState, sources};

/// A port with its counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct CountedPort {
    /// The port.
    #[serde(flatten)]
    pub port: Port,
    /// Interface `statistics` of ovs-vswitchd.conf.db(5): packets, bytes, errors.
    pub statistics: BTreeMap<String, i64>,
}

/// How the daemon is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Health {
    /// Whether answers can be trusted.
    pub status: HealthStatus,
    /// When the host was looked at last: RFC 3339, UTC, milliseconds; null before the first look.
    pub time: Option<String>,
    /// What was asked.
    pub sources: Vec<Source>,
}

impl Health {
    /// Before the first look has ended.
    pub fn starting() -> Self {
        Self { status: HealthStatus::Starting, time: None, sources: Vec::new() }
    }

    /// After a look.
    pub fn new(snapshot: &Snapshot) -> Self {
        let sources = sources(snapshot);
        let fresh = sources.iter().all(|source| source.state == SourceState::Fresh);
        let status = if fresh { HealthStatus::Ok } else { HealthStatus::Degraded };
        Self { status, time: Some(super::time::rfc3339(snapshot.taken)), sources }
    }
}

/// Why there is no answer. Its field is called `message` as in Docker's API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Error {
    /// What failed, and why.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}
