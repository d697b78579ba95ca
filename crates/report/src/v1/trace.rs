//! What would become of a packet.

use serde::Serialize;
use traffic::{End, Outcome, PortOutput, Verdict};

use super::TraceOutcome;

/// What would become of a packet from one end to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Trace {
    /// Where it comes from.
    pub source: TraceEnd,
    /// Where it is to go.
    pub destination: TraceEnd,
    /// The packet, as ovs-fields(7) writes it.
    pub packet: String,
    /// What becomes of it.
    pub outcome: TraceOutcome,
    /// Whether the destination gets it; null where that is not known.
    pub reaches: Option<bool>,
    /// The same in a sentence.
    pub verdict: String,
    /// Why it is not known, and what vswitchd warned of.
    pub reasons: Vec<String>,
    /// The rules that it met, in order.
    pub rules: Vec<TraceRule>,
    /// The ports that it leaves by.
    pub outputs: Vec<TraceOutput>,
    /// What vswitchd said, with who is on each port.
    pub text: String,
}

/// An end of the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct TraceEnd {
    /// Who it is.
    pub who: String,
    /// The OVS bridge.
    pub bridge: Option<String>,
    /// The OpenFlow port.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// The Ethernet address.
    #[serde(rename = "MAC")]
    pub mac: Option<String>,
    /// Addresses with prefix length.
    pub addresses: Vec<String>,
}

/// A rule that a packet met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct TraceRule {
    /// The OVS bridge.
    pub bridge: String,
    /// The table.
    pub table: u8,
    /// The priority.
    pub priority: u32,
    /// The cookie, hexadecimal.
    pub cookie: String,
    /// What it matches; null where no flow of the table fits.
    #[serde(rename = "Match")]
    pub matches: Option<String>,
    /// What was done.
    pub actions: Vec<String>,
}

/// A port that a packet leaves by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct TraceOutput {
    /// The datapath port, by number or name.
    #[serde(rename = "DPPort")]
    pub dp_port: String,
    /// The OVS bridge that has it.
    pub bridge: Option<String>,
    /// The OpenFlow port.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// Who is on it.
    pub who: String,
    /// The VLAN tags of the packet then, the outer one last.
    #[serde(rename = "VLANs")]
    pub vlans: Vec<u16>,
    /// The host that a tunnel takes it to.
    pub tunnel: Option<String>,
    /// The host of the fleet that this is, by a mesh's tunnel.
    pub tunnel_host: Option<String>,
    /// Why it is not certain that it leaves there.
    pub doubt: Option<String>,
}

impl Trace {
    /// The row of a verdict.
    pub fn new(from: &End, to: &End, packet: String, verdict: &Verdict, text: String) -> Self {
        Self {
            source: TraceEnd::from(from),
            destination: TraceEnd::from(to),
            packet,
            outcome: TraceOutcome::from(verdict.outcome),
            reaches: verdict.reaches(),
            verdict: verdict.sentence.clone(),
            reasons: verdict.reasons.clone(),
            rules: verdict.rules.iter().map(TraceRule::from).collect(),
            outputs: verdict.outputs.iter().map(TraceOutput::from).collect(),
            text,
        }
    }
}

impl From<&End> for TraceEnd {
    fn from(end: &End) -> Self {
        Self {
            who: end.called.clone(),
            bridge: end.bridge().map(ToString::to_string),
            ofport: end.ofport().map(|port| port.0),
            mac: end.mac.map(|mac| mac.to_string()),
            addresses: end.addresses.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&flowtext::Rule> for TraceRule {
    fn from(rule: &flowtext::Rule) -> Self {
        Self {
            bridge: rule.bridge.clone(),
            table: rule.table,
            priority: rule.priority,
            cookie: format!("{:#x}", rule.cookie),
            matches: rule.matches.clone(),
            actions: rule.actions.clone(),
        }
    }
}

impl From<&PortOutput> for TraceOutput {
    fn from(left: &PortOutput) -> Self {
        Self {
            dp_port: left.dp_port.clone(),
            bridge: left.bridge.clone(),
            ofport: left.ofport,
            who: left.who.clone(),
            vlans: left.vlans.clone(),
            tunnel: left.tunnel.clone(),
            tunnel_host: left.tunnel_host.clone(),
            doubt: left.doubt.clone(),
        }
    }
}

impl From<Outcome> for TraceOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Delivered => Self::Delivered,
            Outcome::Flooded => Self::Flooded,
            Outcome::Elsewhere => Self::Elsewhere,
            Outcome::Tunnel => Self::Tunnel,
            Outcome::Uplink => Self::Uplink,
            Outcome::Controller => Self::Controller,
            Outcome::Dropped => Self::Dropped,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_names_the_host_that_a_tunnel_leads_to_beside_its_address() {
        let output = TraceOutput {
            dp_port: "3".to_owned(),
            bridge: Some("br0".to_owned()),
            ofport: Some(3),
            who: "tunnel".to_owned(),
            vlans: Vec::new(),
            tunnel: Some("192.0.2.2".to_owned()),
            tunnel_host: Some("h2".to_owned()),
            doubt: None,
        };
        let told = serde_json::to_value(&output).unwrap();
        assert_eq!(told["Tunnel"], "192.0.2.2");
        assert_eq!(told["TunnelHost"], "h2");
    }
}
