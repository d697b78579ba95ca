//! A port from the switch's side.

use std::collections::BTreeMap;

use model::switch::OfPortState;
use model::told::{TENANTS, some};
use model::wiring::{self, EndpointRef, Plug as Plugged, SwitchPort};
use serde::Serialize;

use super::vlan::VlanFields;
use super::{Occupant, PortState, Tenant, VlanMode};

/// A port of a bridge, and who is on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Port {
    /// The OVS bridge.
    pub bridge: String,
    /// The fake bridge it is on: ovs-vsctl shows one VLAN of `Bridge` under that name.
    pub fake_bridge: Option<String>,
    /// Its datapath id, 16 hexadecimal digits.
    #[serde(rename = "DatapathID")]
    pub datapath_id: Option<String>,
    /// The OpenFlow port; 65534 is LOCAL; null unless it is a real number.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// How far vswitchd is with it.
    pub state: PortState,
    /// The number that was asked for.
    #[serde(rename = "OFPortRequest")]
    pub ofport_request: Option<u16>,
    /// The datapath port; null where there is none, as for a patch, or it was not asked.
    #[serde(rename = "DPPort")]
    pub dp_port: Option<u32>,
    /// Name of the interface.
    pub port: String,
    /// Its type in OVSDB: `system`, `internal`, `patch`, `vxlan`, …
    #[serde(rename = "Type")]
    pub kind: String,
    /// The port at the other end of a patch.
    pub peer: Option<String>,
    /// The remote end of a tunnel.
    #[serde(rename = "RemoteIP")]
    pub remote_ip: Option<String>,
    /// The bond it is a member of.
    pub bond: Option<String>,
    /// Its access VLAN, native VLAN, or the VLAN of a tunnel.
    #[serde(rename = "VLAN")]
    pub vlan: Option<u16>,
    /// What it does with tags; null where it is on no port, or the source does not tell.
    #[serde(rename = "VLANMode")]
    pub vlan_mode: Option<VlanMode>,
    /// Trunked VLANs.
    pub trunks: Vec<u16>,
    /// The customers' VLANs of a `dot1q-tunnel`; empty means all.
    #[serde(rename = "CVLANs")]
    pub cvlans: Vec<u16>,
    /// Hardware address in use.
    #[serde(rename = "MAC")]
    pub mac: Option<String>,
    /// The engine's network whose driver made it, as in an attachment.
    pub network: Option<String>,
    /// The id of its endpoint there.
    #[serde(rename = "EndpointID")]
    pub endpoint: Option<String>,
    /// What is on it.
    pub occupant: Occupant,
    /// The same in words, with names.
    pub who: String,
    /// The links that are on it, in containers or other namespaces.
    pub links: Vec<PortLink>,
    /// Why vswitchd could not make it.
    pub error: Option<String>,
    /// What each source on the switch's side says of its number.
    #[serde(rename = "OFPortBySource")]
    pub ofport_by_source: BTreeMap<String, Option<u16>>,
    /// What is uncertain.
    pub notes: Vec<String>,
}

/// A link on a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct PortLink {
    /// The containers that have it.
    pub tenants: Vec<Tenant>,
    /// Its namespace.
    pub netns: String,
    /// Its name there.
    pub interface: String,
}

impl From<&SwitchPort> for Port {
    fn from(row: &SwitchPort) -> Self {
        let port = &row.port;
        let vlans = VlanFields::from(row.vlans());
        let number = |n: &OfPortState| n.assigned().map(|port| port.0);
        let endpoint = EndpointRef::of(port);
        Self {
            bridge: row.bridge.to_string(),
            fake_bridge: row.fake_bridge.as_ref().map(ToString::to_string),
            datapath_id: row.datapath_id.map(|id| id.to_string()),
            ofport: number(&port.ofport),
            state: PortState::from(port.ofport),
            ofport_request: port.ofport_request.map(|port| port.0),
            dp_port: port.dp_port.map(|port| port.0),
            port: port.iface.to_string(),
            kind: port.kind.clone(),
            peer: port.options.get("peer").cloned(),
            remote_ip: port.options.get("remote_ip").cloned(),
            bond: port.bond.clone(),
            vlan: vlans.vlan,
            vlan_mode: vlans.mode,
            trunks: vlans.trunks,
            cvlans: vlans.cvlans,
            mac: port.mac.map(|mac| mac.to_string()),
            network: endpoint.as_ref().map(|endpoint| endpoint.network.to_string()),
            endpoint: endpoint.map(|endpoint| endpoint.id.to_string()),
            occupant: Occupant::from(&row.occupant),
            who: row.occupant.to_string(),
            links: links(&row.occupant),
            error: port.error.clone(),
            ofport_by_source: row
                .ofports
                .iter()
                .map(|(source, n)| (source.to_string(), number(&n)))
                .collect(),
            notes: some(row.notes.iter().map(ToString::to_string)),
        }
    }
}

impl From<OfPortState> for PortState {
    fn from(ofport: OfPortState) -> Self {
        match ofport {
            OfPortState::Assigned(_) => Self::On,
            OfPortState::Pending => Self::Pending,
            OfPortState::Failed => Self::Failed,
        }
    }
}

impl From<&wiring::Occupant> for Occupant {
    fn from(occupant: &wiring::Occupant) -> Self {
        let has_tenant = |plug: &Plugged| !plug.tenants.is_empty();
        match occupant {
            wiring::Occupant::Plugged { plugs } if plugs.iter().any(has_tenant) => Self::Container,
            wiring::Occupant::Plugged { .. } => Self::Namespace,
            wiring::Occupant::Local => Self::Local,
            wiring::Occupant::Host { .. } => Self::Host,
            wiring::Occupant::Patch { .. } => Self::Patch,
            wiring::Occupant::Tunnel { .. } => Self::Tunnel,
            wiring::Occupant::Orphaned { .. } => Self::Orphaned,
            wiring::Occupant::Unknown { .. } => Self::Unknown,
        }
    }
}

fn links(occupant: &wiring::Occupant) -> Vec<PortLink> {
    let wiring::Occupant::Plugged { plugs } = occupant else { return Vec::new() };
    let row = |plug: &Plugged| PortLink {
        tenants: plug.tenants.iter().take(TENANTS).map(|who| Tenant::new(who)).collect(),
        netns: plug.netns.to_string(),
        interface: plug.interface.to_string(),
    };
    plugs.iter().map(row).collect()
}
