//! What only the daemon answers.

use std::collections::BTreeMap;

use model::ids::ContainerId;
use model::plan::Remembered;
use model::{Snapshot, query};
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

// `O` is the rows of what is owed, or their JSON where that was written already.
/// How the daemon is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Health"))]
#[serde(rename_all = "PascalCase")]
pub struct Health<O = Vec<Owed>> {
    /// Whether answers can be trusted.
    pub status: HealthStatus,
    /// When the host was looked at last: RFC 3339, UTC, milliseconds; null before the first look.
    pub time: Option<String>,
    /// What was asked.
    pub sources: Vec<Source>,
    /// What containers that run had before they started, and have not got back yet.
    pub owed: O,
    /// What containers that run are called whose interfaces could not be read: no list has them.
    pub unread: Vec<String>,
    /// Why nothing is kept of what changes; null where it is kept, or is not to be.
    pub history_error: Option<String>,
}

/// An interface that a container had before it started, and that is still to be made again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Owed {
    /// Name of the container.
    pub container: String,
    /// Its full id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Name of the interface inside.
    pub interface: String,
    /// The OVS bridge.
    pub bridge: String,
    /// Its OpenFlow port there; null unless it is a real number.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// Since when: RFC 3339, UTC, milliseconds.
    pub since: String,
    /// What it waits for.
    pub reason: String,
}

impl Owed {
    /// What is remembered of a container, since `since` in milliseconds since the Unix epoch.
    pub fn new(what: &Remembered, id: &ContainerId, since: u64, reason: String) -> Self {
        Self {
            container: what.container.to_string(),
            id: id.0.to_string(),
            interface: what.interface.to_string(),
            bridge: what.bridge.to_string(),
            ofport: what.ofport().map(|ofport| ofport.0),
            since: model::moment::rfc3339(since),
            reason,
        }
    }
}

impl Health {
    /// Before the first look has ended.
    pub fn starting() -> Self {
        let sources = Vec::new();
        let (owed, unread) = (Vec::new(), Vec::new());
        let status = HealthStatus::Starting;
        Self { status, time: None, sources, owed, unread, history_error: None }
    }

    /// After a look.
    pub fn new(snapshot: &Snapshot) -> Self {
        let sources = sources(snapshot);
        let fresh = sources.iter().all(|source| source.state == SourceState::Fresh);
        let status = if fresh { HealthStatus::Ok } else { HealthStatus::Degraded };
        let time = Some(model::moment::rfc3339(snapshot.taken));
        let unread = query::unlisted(snapshot).iter().map(ToString::to_string).collect();
        Self { status, time, sources, owed: Vec::new(), unread, history_error: None }
    }

    /// The same, with why nothing is kept of what changes.
    pub fn without_history(self, history_error: Option<String>) -> Self {
        Self { history_error, ..self }
    }

    /// The same, with what is owed to containers.
    pub fn owing<O>(self, owed: O) -> Health<O> {
        let Self { status, time, sources, owed: _, unread, history_error } = self;
        Health { status, time, sources, owed, unread, history_error }
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
