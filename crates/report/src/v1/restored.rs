//! What was done about what the database remembers.

use model::plan::{LeftOver, Remembered, Step};
use serde::Serialize;

/// One remembered attachment, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Restored {
    /// Name of the container.
    pub container: String,
    /// Name of the interface inside.
    pub interface: String,
    /// The OVS bridge.
    pub bridge: String,
    /// Its OpenFlow port there; null unless it is a real number.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// `restored`, `there`, `not-running`, `gone`, `skipped` or `failed`; `missing` where only
    /// that was asked.
    pub result: &'static str,
    /// Why, where it is not obvious.
    pub reason: String,
}

impl Restored {
    /// The row for `what`.
    pub fn new(what: &Remembered, result: &'static str, reason: String) -> Self {
        Self {
            container: what.container.to_string(),
            interface: what.interface.to_string(),
            bridge: what.bridge.to_string(),
            ofport: what.ofport().map(|ofport| ofport.0),
            result,
            reason,
        }
    }
}

/// Something that was left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LeftBehind {
    /// `port`, or `link` for a veth that is no port.
    pub kind: &'static str,
    /// The OVS bridge of a port.
    pub bridge: Option<String>,
    /// Name of the port or link.
    pub port: String,
    /// The OpenFlow port; null unless it is a real number.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// Who had it, as `CONTAINER:INTERFACE`.
    pub last: Option<String>,
}

impl From<&LeftOver> for LeftBehind {
    fn from(what: &LeftOver) -> Self {
        match what {
            LeftOver::Port { bridge, port, last } => Self {
                kind: "port",
                bridge: Some(bridge.to_string()),
                port: port.iface.to_string(),
                ofport: port.ofport.assigned().map(|ofport| ofport.0),
                last: last.clone(),
            },
            LeftOver::Link(step) => {
                let name = match step {
                    Step::DeleteLink { name, .. } => name.to_string(),
                    other => other.to_string(),
                };
                Self { kind: "link", bridge: None, port: name, ofport: None, last: None }
            }
        }
    }
}
