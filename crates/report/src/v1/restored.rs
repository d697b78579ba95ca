//! What was done about what the database remembers.

use std::fmt;

use model::plan::{Prunable, Remembered, RestoreAction};
use serde::Serialize;

use super::{PruneKind, RestoreResult};

/// One remembered attachment, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Restored {
    /// Name of the container.
    pub container: String,
    /// The same, as `ENGINE:NAME` where another engine has one of that name.
    pub called: String,
    /// Name of the interface inside.
    pub interface: String,
    /// The OVS bridge.
    pub bridge: String,
    /// Its OpenFlow port there; null unless it is a real number.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// What became of it.
    pub result: RestoreResult,
    /// Why, where it is not obvious.
    pub reason: String,
}

impl Restored {
    /// The row for `what` after a restoration that did as `action` says.
    pub fn done(what: &Remembered, action: &RestoreAction) -> Self {
        let (result, reason) = match action {
            RestoreAction::There | RestoreAction::Number(_) => {
                (RestoreResult::Present, String::new())
            }
            RestoreAction::Again(plan) => (RestoreResult::Restored, plan.completion()),
            RestoreAction::NotRunning { state } => {
                (RestoreResult::NotRunning, format!("its container is {state}"))
            }
            RestoreAction::Gone => (
                RestoreResult::NoContainer,
                "no engine that was asked has its container".to_owned(),
            ),
            RestoreAction::Refused(plan_error) => (RestoreResult::Skipped, plan_error.to_string()),
            RestoreAction::NotToBeTouched { why } => (RestoreResult::Skipped, why.clone()),
        };
        Self::new(what, result, reason)
    }

    /// The row for `what` if only that was asked: what is to be made again is missing, and what has no
    /// number yet.
    pub fn planned(what: &Remembered, action: &RestoreAction) -> Self {
        match action {
            RestoreAction::Again(plan) | RestoreAction::Number(plan) => {
                Self::new(what, RestoreResult::Missing, plan.completion())
            }
            _ => Self::done(what, action),
        }
    }

    /// The row for `what`, which could not be made again.
    pub fn failed(what: &Remembered, why: &dyn fmt::Display) -> Self {
        Self::new(what, RestoreResult::Failed, why.to_string())
    }

    /// Whether something is still missing of a container that runs.
    pub fn is_amiss(&self) -> bool {
        use RestoreResult::{Failed, Missing, Skipped};
        matches!(self.result, Failed | Skipped | Missing)
    }

    /// What is worth telling of it while it happens, in one sentence: not that it was there all
    /// the time.
    pub fn sentence(&self) -> Option<String> {
        let it = format!("{}:{} on {}", self.called, self.interface, self.bridge);
        let reason = &self.reason;
        match self.result {
            RestoreResult::Restored => {
                let number = self.ofport.map(|number| format!(", OpenFlow port {number}"));
                Some(format!("restored {it}{}", number.unwrap_or_default()))
            }
            RestoreResult::Skipped => Some(format!("{it} is not restored: {reason}")),
            RestoreResult::Failed => Some(format!("cannot restore {it}: {reason}")),
            RestoreResult::Present
            | RestoreResult::Missing
            | RestoreResult::NotRunning
            | RestoreResult::NoContainer => None,
        }
    }

    fn new(what: &Remembered, result: RestoreResult, reason: String) -> Self {
        Self {
            container: what.container.to_string(),
            called: what.called.to_string(),
            interface: what.interface.to_string(),
            bridge: what.bridge.to_string(),
            ofport: what.ofport().map(|ofport| ofport.0),
            result,
            reason,
        }
    }
}

/// An orphaned port, the veth of one, or what is remembered of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Orphan {
    /// What it is.
    pub kind: PruneKind,
    /// The OVS bridge of a port; of a link, the one it was made for, where its alias says so.
    pub bridge: Option<String>,
    /// Name of the port or link.
    pub port: String,
    /// The OpenFlow port; null unless it is a real number.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// Who had it, as `CONTAINER:INTERFACE`.
    pub last_tenant: Option<String>,
}

impl From<&Prunable> for Orphan {
    fn from(what: &Prunable) -> Self {
        match what {
            Prunable::Port { bridge, port, last, .. } => Self {
                kind: PruneKind::Port,
                bridge: Some(bridge.to_string()),
                port: port.iface.to_string(),
                ofport: port.ofport.assigned().map(|ofport| ofport.0),
                last_tenant: last.clone(),
            },
            Prunable::Memory { bridge, port, last, .. } => Self {
                kind: PruneKind::Memory,
                bridge: Some(bridge.to_string()),
                port: port.iface.to_string(),
                ofport: port.ofport_request.map(|ofport| ofport.0),
                last_tenant: last.clone(),
            },
            Prunable::Link { name, bridge, last, .. } => Self {
                kind: PruneKind::Link,
                bridge: bridge.as_ref().map(ToString::to_string),
                port: name.to_string(),
                ofport: None,
                last_tenant: last.clone(),
            },
        }
    }
}
