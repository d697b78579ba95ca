//! A container-side link.

use std::sync::Arc;

use model::query::Subject;
use model::told::{TENANTS, some};
use model::wiring::{
    self, Attachment as Found, AttachmentState, ContainerRef, EndpointRef, LastTenant, PortRef,
    SwitchPort,
};
use serde::{Deserialize, Serialize};

use super::vlan::VlanFields;
use super::{State, VlanMode, Wire};

/// Of more ports than that a row does not tell.
const MOST_PORTS: usize = 64;

/// One container-side link and where it is on the switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Attachment {
    /// Name of the container; empty for a namespace without one.
    pub container: String,
    /// What it is called on this host: its name, with its engine before it, `podman:web`, where
    /// another engine has a container of that name.
    pub called: String,
    /// Its full id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Who runs it.
    pub engine: String,
    /// Name of the link inside.
    pub interface: String,
    /// Its index inside; null for an orphaned port.
    pub ifindex: Option<u32>,
    /// Its hardware address.
    #[serde(rename = "MAC")]
    pub mac: Option<String>,
    /// Its addresses with prefix length.
    pub addresses: Vec<String>,
    /// Its MTU in bytes; null for an orphaned port.
    #[serde(rename = "MTU")]
    pub mtu: Option<u32>,
    /// The OVS bridge it is on.
    pub bridge: Option<String>,
    /// The fake bridge it is on: ovs-vsctl shows one VLAN of `Bridge` under that name.
    pub fake_bridge: Option<String>,
    /// Its OpenFlow port there; null unless it is a real number.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// Whether it is on a port.
    pub state: State,
    /// Why the state is `failed` or `unknown`; which ports they are where it is `several`.
    pub reason: Option<String>,
    /// The number that was asked for.
    #[serde(rename = "OFPortRequest")]
    pub ofport_request: Option<u16>,
    /// The datapath port, where it was asked.
    #[serde(rename = "DPPort")]
    pub dp_port: Option<u32>,
    /// The bridge's datapath id, 16 hexadecimal digits.
    #[serde(rename = "DatapathID")]
    pub datapath_id: Option<String>,
    /// Name of the interface on the bridge.
    pub port: Option<String>,
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
    /// The ports that it is on where they are several, or may be on where that is unknown and several fit;
    /// else empty.
    #[serde(default)]
    pub ports: Vec<PortPlace>,
    /// The engine's network whose driver made it (`docker network create -d ovs`), by name, or by its
    /// short id as long as that is not known.
    pub network: Option<String>,
    /// The id of its endpoint there.
    #[serde(rename = "EndpointID")]
    pub endpoint: Option<String>,
    /// How it leaves its namespace; null for an orphaned port.
    pub wire: Option<Wire>,
    /// Name of the link on the host side.
    pub host_interface: Option<String>,
    /// What it goes through on the way: a parent link, or a Linux bridge.
    pub through: Option<String>,
    /// The namespace, as `readlink /proc/PID/ns/net` shows it.
    pub netns: String,
    /// All containers in that namespace.
    pub tenants: Vec<Tenant>,
    /// What is uncertain.
    pub notes: Vec<String>,
}

/// One of several ports that an attachment is on, or may be on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct PortPlace {
    /// The OVS bridge.
    pub bridge: String,
    /// The fake bridge it is on.
    pub fake_bridge: Option<String>,
    /// Its OpenFlow port; null unless it is a real number.
    #[serde(rename = "OFPort")]
    pub ofport: Option<u16>,
    /// Name of the interface on the bridge.
    pub port: String,
    /// The bond it is a member of.
    pub bond: Option<String>,
    /// Its access VLAN, native VLAN, or the VLAN of a tunnel.
    #[serde(rename = "VLAN")]
    pub vlan: Option<u16>,
    /// What it does with tags; null where the source does not tell.
    #[serde(rename = "VLANMode")]
    pub vlan_mode: Option<VlanMode>,
    /// Trunked VLANs.
    pub trunks: Vec<u16>,
    /// The customers' VLANs of a `dot1q-tunnel`; empty means all.
    #[serde(rename = "CVLANs")]
    pub cvlans: Vec<u16>,
}

impl PortPlace {
    fn new(port: &PortRef) -> Self {
        let vlans = VlanFields::from(port.vlans.clone());
        Self {
            bridge: port.bridge.to_string(),
            fake_bridge: port.fake_bridge.as_ref().map(ToString::to_string),
            ofport: port.ofport.assigned().map(|number| number.0),
            port: port.iface.to_string(),
            bond: port.bond.clone(),
            vlan: vlans.vlan,
            vlan_mode: vlans.mode,
            trunks: vlans.trunks,
            cvlans: vlans.cvlans,
        }
    }

    /// Whether it is on this bridge or fake bridge.
    pub fn is_on(&self, bridge: &str) -> bool {
        self.bridge == bridge || self.fake_bridge.as_deref() == Some(bridge)
    }
}

/// A container in a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Tenant {
    /// Its name.
    pub container: String,
    /// What it is called on this host, as in an attachment.
    pub called: String,
    /// Its full id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Who runs it.
    pub engine: String,
}

impl Attachment {
    /// The row for `found`, told of `who`; of its first tenant if none is named.
    pub fn new(found: &Found, who: Option<&Arc<ContainerRef>>) -> Self {
        let who = who.or(found.tenants.first());
        let port = found.port.port();
        let several = if port.is_some() { &[] } else { found.ports() };
        let vlans = VlanFields::from(port.and_then(|port| port.vlans.clone()));
        let endpoint = port.and_then(|port| port.endpoint.as_deref());
        Self {
            container: who.map(|who| who.name.to_string()).unwrap_or_default(),
            called: who.map(|who| who.called().to_owned()).unwrap_or_default(),
            id: who.map(|who| who.id.0.to_string()).unwrap_or_default(),
            engine: who.map(|who| who.engine.to_string()).unwrap_or_default(),
            interface: found.link.name.to_string(),
            ifindex: Some(found.link.ifindex.0),
            mac: found.link.mac.map(|mac| mac.to_string()),
            addresses: found.link.addresses.iter().map(ToString::to_string).collect(),
            mtu: Some(found.link.mtu),
            bridge: port.map(|port| port.bridge.to_string()),
            fake_bridge: port.and_then(|port| port.fake_bridge.as_ref()).map(ToString::to_string),
            ofport: found.port.ofport().map(|port| port.0),
            state: State::from(&found.port),
            reason: reason(&found.port),
            ofport_request: port.and_then(|port| port.ofport_request).map(|port| port.0),
            dp_port: port.and_then(|port| port.dp_port).map(|port| port.0),
            datapath_id: port.and_then(|port| port.datapath_id).map(|id| id.to_string()),
            port: port.map(|port| port.iface.to_string()),
            bond: port.and_then(|port| port.bond.clone()),
            vlan: vlans.vlan,
            vlan_mode: vlans.mode,
            trunks: vlans.trunks,
            cvlans: vlans.cvlans,
            ports: several.iter().take(MOST_PORTS).map(PortPlace::new).collect(),
            network: endpoint.map(|endpoint| endpoint.network.to_string()),
            endpoint: endpoint.map(|endpoint| endpoint.id.to_string()),
            wire: Some(Wire::from(&found.wire)),
            host_interface: found.host_interface().map(str::to_owned),
            through: through(&found.wire),
            netns: found.netns.to_string(),
            tenants: found.tenants.iter().take(TENANTS).map(|who| Tenant::new(who)).collect(),
            notes: some(found.uncertain().map(ToString::to_string)),
        }
    }

    /// The row for `found`, told of the container that was asked about.
    pub fn of(found: &Found, target: Subject<'_>) -> Self {
        let asked = match target {
            Subject::Container(row) => found.tenants.iter().find(|tenant| tenant.id == row.id),
            Subject::Namespace(_) => None,
        };
        Self::new(found, asked)
    }

    /// The row for a port whose link is gone.
    pub fn orphaned(row: &SwitchPort, last: &LastTenant) -> Self {
        let port = &row.port;
        let vlans = VlanFields::from(row.vlans());
        let who = last.container.as_ref();
        let endpoint = EndpointRef::of(port);
        Self {
            container: who.map_or_else(|| last.words.clone(), |who| who.name.to_string()),
            called: who.map_or_else(|| last.words.clone(), |who| who.called().to_owned()),
            id: who.map(|who| who.id.0.to_string()).unwrap_or_default(),
            engine: who.map(|who| who.engine.to_string()).unwrap_or_default(),
            interface: last.interface.clone().unwrap_or_default(),
            ifindex: None,
            mac: None,
            addresses: Vec::new(),
            mtu: None,
            bridge: Some(row.bridge.to_string()),
            fake_bridge: row.fake_bridge.as_ref().map(ToString::to_string),
            ofport: port.ofport.assigned().map(|port| port.0),
            state: State::Orphaned,
            reason: None,
            ofport_request: port.ofport_request.map(|port| port.0),
            dp_port: port.dp_port.map(|port| port.0),
            datapath_id: row.datapath_id.map(|id| id.to_string()),
            port: Some(port.iface.to_string()),
            bond: port.bond.clone(),
            vlan: vlans.vlan,
            vlan_mode: vlans.mode,
            trunks: vlans.trunks,
            cvlans: vlans.cvlans,
            ports: Vec::new(),
            network: endpoint.as_ref().map(|endpoint| endpoint.network.to_string()),
            endpoint: endpoint.map(|endpoint| endpoint.id.to_string()),
            wire: None,
            host_interface: None,
            through: None,
            netns: String::new(),
            tenants: Vec::new(),
            notes: some(row.notes.iter().map(ToString::to_string)),
        }
    }

    /// The ports that it is on, or may be on.
    pub fn places(&self) -> Vec<PortPlace> {
        let own = || {
            Some(PortPlace {
                bridge: self.bridge.clone()?,
                fake_bridge: self.fake_bridge.clone(),
                ofport: self.ofport,
                port: self.port.clone().unwrap_or_default(),
                bond: self.bond.clone(),
                vlan: self.vlan,
                vlan_mode: self.vlan_mode,
                trunks: self.trunks.clone(),
                cvlans: self.cvlans.clone(),
            })
        };
        if self.ports.is_empty() { own().into_iter().collect() } else { self.ports.clone() }
    }

    /// Whether it is on this bridge or fake bridge, or may be.
    pub fn is_on(&self, bridge: &str) -> bool {
        let own =
            [&self.bridge, &self.fake_bridge].into_iter().flatten().any(|name| name == bridge);
        own || self.ports.iter().any(|port| port.is_on(bridge))
    }

    /// The same, without its port.
    pub fn without_port(self) -> Self {
        Self { bridge: None, fake_bridge: None, ofport: None, ports: Vec::new(), ..self }
    }
}

impl Tenant {
    pub(super) fn new(who: &ContainerRef) -> Self {
        Self {
            container: who.name.to_string(),
            called: who.called().to_owned(),
            id: who.id.0.to_string(),
            engine: who.engine.to_string(),
        }
    }
}

fn reason(port: &AttachmentState) -> Option<String> {
    match port {
        AttachmentState::Unknown { why } => Some(why.clone()),
        AttachmentState::Failed(port) => port.error.clone(),
        AttachmentState::Several { .. } => port.several(),
        AttachmentState::On(_) | AttachmentState::Pending(_) | AttachmentState::NotOnSwitch => None,
    }
}

impl From<&AttachmentState> for State {
    fn from(port: &AttachmentState) -> Self {
        match port {
            AttachmentState::On(_) => Self::On,
            AttachmentState::Pending(_) => Self::Pending,
            AttachmentState::Failed(_) => Self::Failed,
            AttachmentState::Several { .. } => Self::Several,
            AttachmentState::NotOnSwitch => Self::None,
            AttachmentState::Unknown { .. } => Self::Unknown,
        }
    }
}

impl From<&wiring::Wire> for Wire {
    fn from(wire: &wiring::Wire) -> Self {
        match wire {
            wiring::Wire::Veth { .. } => Self::Veth,
            wiring::Wire::Internal => Self::Internal,
            wiring::Wire::Parent { .. } => Self::Parent,
            wiring::Wire::LinuxBridge { .. } => Self::LinuxBridge,
            wiring::Wire::Elsewhere { .. } => Self::Elsewhere,
            wiring::Wire::Direct => Self::Direct,
            wiring::Wire::Unresolved { .. } => Self::Unresolved,
        }
    }
}

fn through(wire: &wiring::Wire) -> Option<String> {
    match wire {
        wiring::Wire::Parent { lower, .. } => Some(lower.to_string()),
        wiring::Wire::LinuxBridge { bridge, .. } => Some(bridge.to_string()),
        _ => None,
    }
}
