//! Flows of a bridge.

use flowtext::Action;
use model::ids::OfPort;
use serde::Serialize;
use traffic::{NamedPort, PortIn};

use super::FlowEvent;

/// A flow of a bridge, and the ports that it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Flow {
    /// The OVS bridge.
    pub bridge: String,
    /// The table.
    pub table: u8,
    /// The priority.
    pub priority: u32,
    /// The cookie, hexadecimal; null where vswitchd does not tell it.
    pub cookie: Option<String>,
    /// How long it has been there, in whole seconds.
    pub duration: Option<u64>,
    /// Packets that it matched.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What it matches.
    #[serde(rename = "Match")]
    pub matches: Vec<FlowField>,
    /// What is done.
    pub actions: Vec<FlowAction>,
    /// The ports that it names.
    pub ports: Vec<FlowPort>,
    /// Why it is stale: it names a port that nothing is on, or that another interface has since.
    pub stale: Option<String>,
    /// As vswitchd writes it, with who is on each port.
    pub text: String,
}

/// A part of what a flow matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FlowField {
    /// The field, as ovs-fields(7) names it, or a word that stands for a protocol: `ip`.
    pub field: String,
    /// Its value; null for such a word.
    pub value: Option<String>,
    /// The bits of the value that count.
    pub mask: Option<String>,
}

/// An action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FlowAction {
    /// What is done, as ovs-actions(7) names it.
    pub action: String,
    /// What stands after that.
    pub arguments: String,
    /// The actions in it.
    pub actions: Vec<FlowAction>,
}

/// A port that a flow names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FlowPort {
    /// The OpenFlow port; 65534 is LOCAL.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// Name of its interface; null where the bridge has no such port.
    pub port: Option<String>,
    /// Who is on it; null where the bridge has no such port.
    pub who: Option<String>,
    /// Whether it is in the match, not in an action.
    pub matched: bool,
}

impl Flow {
    /// The row of a flow of `bridge`, with what is known of it.
    pub fn new(
        bridge: &str,
        flow: &flowtext::Flow<'_>,
        actions: &[Action],
        named: &[NamedPort<'_>],
        stale: Option<String>,
        text: String,
    ) -> Self {
        Self {
            bridge: bridge.to_owned(),
            table: flow.table,
            priority: flow.priority,
            cookie: flow.cookie.map(|cookie| format!("{cookie:#x}")),
            duration: flow.duration.map(|duration| duration.as_secs()),
            packets: flow.packets,
            bytes: flow.bytes,
            matches: flow.fields().into_iter().map(FlowField::from).collect(),
            actions: actions.iter().map(FlowAction::from).collect(),
            ports: named.iter().map(FlowPort::from).collect(),
            stale,
            text,
        }
    }
}

impl From<(String, Option<String>)> for FlowField {
    fn from((field, value): (String, Option<String>)) -> Self {
        let mask = value.as_ref().and_then(|value| value.split_once('/'));
        let mask = mask.map(|(value, mask)| (value.to_owned(), mask.to_owned()));
        match mask {
            Some((value, mask)) => Self { field, value: Some(value), mask: Some(mask) },
            None => Self { field, value, mask: None },
        }
    }
}

impl From<&Action> for FlowAction {
    fn from(action: &Action) -> Self {
        Self {
            action: action.name.clone(),
            arguments: action.arguments.clone(),
            actions: action.actions.iter().map(Self::from).collect(),
        }
    }
}

impl From<&NamedPort<'_>> for FlowPort {
    fn from(named: &NamedPort<'_>) -> Self {
        Self {
            ofport: named.number.map(|OfPort(number)| number),
            port: named.port.map(|row| row.port.iface.to_string()),
            who: named.port.map(|row| row.occupant.to_string()),
            matched: named.place == PortIn::Match,
        }
    }
}

/// What happened to a flow between two looks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct FlowChange {
    /// When it was seen: RFC 3339, UTC, milliseconds.
    pub time: String,
    /// What happened.
    pub event: FlowEvent,
    /// The flow as it is, or was.
    pub flow: Flow,
    /// Packets a second that it matched since the last look.
    pub packets_per_second: f64,
    /// Their bytes a second.
    pub bytes_per_second: f64,
}

impl FlowChange {
    /// One at this moment, in milliseconds since the Unix epoch; `rates` are packets and bytes a
    /// second.
    pub fn new(time: u64, event: FlowEvent, flow: Flow, rates: (f64, f64)) -> Self {
        Self {
            time: model::moment::rfc3339(time),
            event,
            flow,
            packets_per_second: rates.0,
            bytes_per_second: rates.1,
        }
    }
}
