//! OVSDB rows as they come, and how they become bridges with ports.
//!
//! Numbers belong to Interfaces, VLANs to Ports, and only a Port says which
//! bridge an Interface is on (ovs-vswitchd.conf.db(5)).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::ids::{DatapathId, Ifindex, OfPort};
use model::switch::{Bridge, OfPortState, Port};
use ovsdb::{Map, Optional, Set, Uuid};
use serde::Deserialize;

/// Each list begins with the row's id.
pub(super) const INTERFACE: &[&str] = &[
    "_uuid",
    "name",
    "ofport",
    "ofport_request",
    "ifindex",
    "mac_in_use",
    "type",
    "options",
    "external_ids",
    "error",
];
pub(super) const PORT: &[&str] = &["_uuid", "name", "interfaces", "tag", "trunks", "external_ids"];
/// The list of all ports comes first: a look at a few ports leaves it out, for it is long.
pub(super) const BRIDGE: &[&str] = &["ports", "name", "datapath_id", "datapath_type"];

/// Of the whole switch, the one row of Open_vSwitch.
pub(super) const OPEN_VSWITCH: &[&str] = &["_uuid", "other_config", "external_ids"];

type Ids = Map<String, String>;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct InterfaceRow {
    #[serde(rename = "_uuid", default)]
    pub(super) id: Option<Uuid>,
    pub(super) name: String,
    ofport: Optional<i64>,
    ofport_request: Optional<u16>,
    ifindex: Optional<u32>,
    mac_in_use: Optional<String>,
    #[serde(rename = "type")]
    kind: String,
    options: Ids,
    external_ids: Ids,
    error: Optional<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PortRow {
    #[serde(rename = "_uuid", default)]
    pub(super) id: Option<Uuid>,
    name: String,
    pub(super) interfaces: Set<Uuid>,
    tag: Optional<u16>,
    trunks: Set<u16>,
    external_ids: Ids,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct BridgeRow {
    pub(super) name: String,
    #[serde(default)]
    pub(super) ports: Set<Uuid>,
    datapath_id: Optional<String>,
    datapath_type: String,
}

/// The settings of vswitchd, and what the database calls itself.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct OpenVSwitchRow {
    #[serde(rename = "_uuid", default)]
    pub(super) id: Option<Uuid>,
    other_config: Ids,
    #[serde(default)]
    external_ids: Ids,
}

impl OpenVSwitchRow {
    /// What the operator calls this switch; several databases may have the same.
    pub(super) fn system_id(&self) -> Option<&String> {
        self.external_ids.0.get("system-id")
    }

    /// As vswitchd reads a boolean that is false unless set (`smap_get_bool`).
    pub(super) fn userspace_tso(&self) -> bool {
        let set = self.other_config.0.get("userspace-tso-enable");
        set.is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }
}

/// The tables, by row id.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Where the settings were read.
    pub(super) userspace_tso: Option<bool>,
    pub(super) interfaces: HashMap<Uuid, InterfaceRow>,
    pub(super) ports: HashMap<Uuid, PortRow>,
    pub(super) bridges: Vec<BridgeRow>,
}

impl Rows {
    /// Bridges with those of their ports that were read.
    pub(super) fn into_bridges(mut self) -> Vec<Bridge> {
        let bridges = std::mem::take(&mut self.bridges);
        bridges.iter().map(|row| self.bridge(row)).collect()
    }

    fn bridge(&mut self, row: &BridgeRow) -> Bridge {
        let ports: Vec<_> = row.ports.iter().filter_map(|id| self.ports.remove(id)).collect();
        let userspace_tso = self.userspace_tso;
        let members = ports.iter().flat_map(|port| self.members(port));
        row.with(members.collect(), userspace_tso)
    }

    fn members(&mut self, port: &PortRow) -> Vec<Arc<Port>> {
        let interfaces = port.interfaces.iter().filter_map(|id| self.interfaces.remove(id));
        port.members(interfaces).collect()
    }
}

impl BridgeRow {
    pub(super) fn with(&self, ports: Vec<Arc<Port>>, userspace_tso: Option<bool>) -> Bridge {
        let datapath_id = self.datapath_id.0.as_deref();
        let datapath_id = datapath_id.and_then(|id| u64::from_str_radix(id, 16).ok());
        // The empty type is the kernel's datapath, "system".
        let datapath = match self.datapath_type.as_str() {
            "" => "system",
            other => other,
        };
        Bridge {
            name: self.name.as_str().into(),
            datapath_id: datapath_id.map(DatapathId),
            datapath: Some(datapath.to_owned()),
            userspace_tso,
            ports,
        }
    }
}

impl PortRow {
    /// Each interface of a Port has a number of its own; with several it is a bond.
    pub(super) fn members(
        &self,
        interfaces: impl Iterator<Item = InterfaceRow>,
    ) -> impl Iterator<Item = Arc<Port>> {
        let bond = (self.interfaces.len() > 1).then_some(&self.name);
        interfaces.map(move |row| Arc::new(Port { bond: bond.cloned(), ..interface(row, self) }))
    }
}

fn interface(row: InterfaceRow, port: &PortRow) -> Port {
    Port {
        iface: row.name.into(),
        ofport: OfPortState::from_column(row.ofport.0),
        ofport_request: row.ofport_request.0.map(OfPort),
        dp_port: None,
        ifindex: row.ifindex.0.filter(|index| *index != 0).map(Ifindex),
        mac: row.mac_in_use.0.and_then(|mac| mac.parse().ok()),
        kind: if row.kind.is_empty() { "system".to_owned() } else { row.kind },
        tag: port.tag.0,
        trunks: port.trunks.0.clone(),
        bond: None,
        options: harmless(row.options.0),
        external_ids: row.external_ids.0,
        port_external_ids: port.external_ids.0.clone(),
        error: row.error.0,
    }
}

/// Options may hold secrets (`psk` of an IPsec tunnel); none of them leaves this file.
fn harmless(options: BTreeMap<String, String>) -> BTreeMap<String, String> {
    const KNOWN: [&str; 4] = ["peer", "remote_ip", "local_ip", "key"];
    options.into_iter().filter(|(key, _)| KNOWN.contains(&key.as_str())).collect()
}
