//! Whose world each source speaks of. A source that speaks of another machine, or of another PID
//! namespace, proves nothing here by what it lacks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::EngineName;

/// What ends the id of an engine that is called after where it keeps its containers, where it is not known
/// whose place that is: two may have one such id.
pub const UNKNOWN_STORE: &str = "@unknown";

/// The sources of a look, each with how it was identified. One that is missing here was not
/// asked who it is: a narrow look asks only what costs no round trip, and recordings made by
/// earlier versions do not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identities {
    /// ovs-vswitchd: the process whose network namespace has the links of the ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vswitchd: Option<SourceIdentity>,
    /// The OVSDB server; its id is the `_uuid` of the `Open_vSwitch` row, made with the database:
    /// several may have one system-id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<SourceIdentity>,
    /// The engines; the id is what the engine calls itself (`ID` of Docker's `GET /info`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub engines: BTreeMap<EngineName, SourceIdentity>,
}

impl Identities {
    /// Why the containers of this engine can have no interface on a bridge of this host, if they can have
    /// none: its process is a user's, or at least the place where it was found is.
    pub fn refusal(&self, engine: &EngineName) -> Option<String> {
        let user = self.engines.get(engine).and_then(|identity| identity.user);
        user.or_else(|| engine.user()).map(rootless)
    }

    /// Whether no source was asked who it is.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Why the containers of an engine that this user runs can have no interface on a bridge of this host.
fn rootless(user: u32) -> String {
    format!(
        "user {user} runs it without root, in a network namespace of that user's, where no link of \
         this host is"
    )
}

/// Who answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceIdentity {
    /// The source's own lasting id, where it has one and was asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The process that answers, as this program's PID namespace numbers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The user who runs it, if it is an engine and that is not root: its containers' networks are in a
    /// namespace of that user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<u32>,
    /// Whose world it speaks of.
    #[serde(flatten)]
    pub world: World,
}

impl SourceIdentity {
    /// Of a source without an id, which is no user's.
    pub fn new(pid: Option<u32>, world: World) -> Self {
        Self { id: None, pid, user: None, world }
    }
}

/// Whose processes, namespaces and links a source speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "world")]
pub enum World {
    /// This machine's, and its PIDs are those that this program sees.
    Here {
        /// What proves it, in words.
        evidence: String,
    },
    /// Another machine's, or another PID namespace's.
    Elsewhere {
        /// What proves it, in words.
        why: String,
    },
    /// That could not be told.
    Unknown {
        /// Why not, in words.
        why: String,
    },
}

impl World {
    /// Why it is not proven to be this machine's; none where it is.
    pub fn doubt(&self) -> Option<&str> {
        match self {
            Self::Here { .. } => None,
            Self::Elsewhere { why } | Self::Unknown { why } => Some(why),
        }
    }

    /// Whether it is proven to be this machine's.
    pub fn is_here(&self) -> bool {
        matches!(self, Self::Here { .. })
    }
}
