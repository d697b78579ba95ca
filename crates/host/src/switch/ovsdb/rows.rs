//! OVSDB rows as they come, and how they become bridges with ports.
//!
//! Numbers belong to Interfaces, VLANs to Ports, and only a Port says which
//! bridge an Interface is on (ovs-vswitchd.conf.db(5)).

mod held;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use model::ids::{DatapathId, Ifindex, OfPort, name};
use model::port_record;
use model::switch::{Bridge, FakeBridge, OfPortState, Port};
use model::told::excerpt;
use model::vlan::LAST_VLAN;
use ovsdb::{Map, Optional, Set, Uuid};
use serde::Deserialize;

pub(crate) use crate::identity::database::DatabaseRow;
pub(crate) use held::{Copies, Held, TABLE, TooMuch};

pub(super) type Ids = Map<String, String>;

/// On so many of the bridges that name it a Port is told: two show that it is not known which of them has what comes
/// in by it, and with all of them a few rows would become many.
pub(super) const BRIDGES: usize = 2;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct InterfaceRow {
    #[serde(rename = "_uuid", default)]
    pub(crate) id: Option<Uuid>,
    pub(crate) name: String,
    #[serde(default)]
    ofport: Optional<i64>,
    #[serde(default)]
    ofport_request: Optional<u16>,
    #[serde(default)]
    ifindex: Optional<u32>,
    #[serde(default)]
    mac_in_use: Optional<String>,
    #[serde(default)]
    mac: Optional<String>,
    /// None where there is no such column: then nothing tells what kind of port it is.
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    options: Ids,
    #[serde(default)]
    external_ids: Ids,
    #[serde(default)]
    error: Optional<String>,
    #[serde(default)]
    bfd: Ids,
}

impl InterfaceRow {
    /// Whether vswitchd holds the link of this index as it.
    pub(crate) fn has_index(&self, index: u32) -> bool {
        self.ifindex.0 == Some(index)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PortRow {
    #[serde(rename = "_uuid", default)]
    pub(crate) id: Option<Uuid>,
    name: String,
    #[serde(default)]
    pub(crate) interfaces: Set<Uuid>,
    #[serde(default)]
    tag: Optional<u16>,
    #[serde(default)]
    trunks: Set<u16>,
    #[serde(default)]
    vlan_mode: Optional<String>,
    #[serde(default)]
    cvlans: Set<u16>,
    #[serde(default)]
    fake_bridge: bool,
    #[serde(default)]
    external_ids: Ids,
    #[serde(default)]
    protected: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BridgeRow {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) ports: Set<Uuid>,
    #[serde(default)]
    external_ids: Ids,
    #[serde(default)]
    datapath_id: Optional<String>,
    /// None where there is no such column.
    #[serde(default)]
    datapath_type: Option<String>,
    #[serde(default)]
    fail_mode: Optional<String>,
}

/// The settings of vswitchd, and what the database calls itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct OpenVSwitchRow {
    #[serde(rename = "_uuid", default)]
    pub(crate) id: Option<Uuid>,
    #[serde(default)]
    other_config: Ids,
    #[serde(default)]
    external_ids: Ids,
}

impl OpenVSwitchRow {
    /// What the operator calls this switch; several databases may have the same.
    pub(crate) fn system_id(&self) -> Option<&String> {
        self.external_ids.0.get("system-id")
    }

    /// As vswitchd reads a boolean that is false unless set (`smap_get_bool`).
    pub(crate) fn userspace_tso(&self) -> bool {
        let set = self.other_config.0.get("userspace-tso-enable");
        set.is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }
}

impl DatabaseRow {
    pub(crate) fn of(id: Uuid, row: &OpenVSwitchRow) -> Self {
        Self { id, system_id: row.system_id().cloned() }
    }
}

/// The tables, by row id.
#[derive(Debug, Default)]
pub(crate) struct TableRows {
    /// Where the settings were read.
    pub(crate) userspace_tso: Option<bool>,
    /// What the database calls itself, where that was read.
    pub(crate) database: Option<DatabaseRow>,
    pub(crate) interfaces: HashMap<Uuid, InterfaceRow>,
    pub(crate) ports: HashMap<Uuid, PortRow>,
    /// Ports of fake bridges, where they were read for that alone.
    pub(crate) fakes: HashMap<Uuid, PortRow>,
    pub(crate) bridges: Vec<BridgeRow>,
}

impl TableRows {
    /// The Interfaces whose Port was not read.
    pub(crate) fn loose(&self) -> Vec<Uuid> {
        let held: HashSet<_> =
            self.ports.values().flat_map(|port| port.interfaces.iter()).collect();
        self.interfaces.keys().filter(|id| !held.contains(id)).copied().collect()
    }

    /// Bridges with those of their ports that were read: each Port on [`BRIDGES`] at most, each Interface
    /// of one Port, however many name it.
    pub(crate) fn into_bridges(mut self) -> Result<Vec<Bridge>, TooMuch> {
        let bridges = std::mem::take(&mut self.bridges);
        let (mut made, mut copies) = (HashMap::new(), Copies::default());
        bridges.iter().map(|row| self.bridge(row, &mut made, &mut copies)).collect()
    }

    /// `made` is what the Ports of the bridges before are, each with how many bridges it is on.
    fn bridge(
        &mut self,
        row: &BridgeRow,
        made: &mut HashMap<Uuid, (Vec<Arc<Port>>, usize)>,
        copies: &mut Copies,
    ) -> Result<Bridge, TooMuch> {
        let (mut members, mut fakes) = (Vec::new(), Vec::new());
        let mut named = HashSet::new();
        for id in row.ports.iter().filter(|id| named.insert(**id)) {
            let fake = self.fakes.remove(id);
            let port = self.ports.remove(id);
            fakes.extend(fake.as_ref().or(port.as_ref()).and_then(PortRow::fake_bridge));
            if let Some(port) = port {
                made.insert(*id, (self.members(&port, copies)?, 0));
            }
            if let Some((ports, bridges)) = made.get_mut(id) {
                *bridges += 1;
                members.extend(ports.iter().filter(|_| *bridges <= BRIDGES).cloned());
            }
        }
        Ok(row.with(members, fakes, self.userspace_tso))
    }

    fn members(&mut self, port: &PortRow, copies: &mut Copies) -> Result<Vec<Arc<Port>>, TooMuch> {
        let interfaces = port.interfaces.iter().filter_map(|id| self.interfaces.remove(id));
        port.members(interfaces.collect(), copies)
    }
}

impl BridgeRow {
    pub(crate) fn with(
        &self,
        ports: Vec<Arc<Port>>,
        mut fake_bridges: Vec<FakeBridge>,
        userspace_tso: Option<bool>,
    ) -> Bridge {
        let datapath_id = self.datapath_id.0.as_deref();
        let datapath_id = datapath_id.and_then(|id| u64::from_str_radix(id, 16).ok());
        // The empty type is the kernel's datapath, "system".
        let datapath = self.datapath_type.as_deref().map(|kind| match kind {
            "" => "system",
            other => other,
        });
        fake_bridges.sort();
        Bridge {
            name: name(&self.name),
            datapath_id: datapath_id.map(DatapathId),
            datapath: datapath.map(str::to_owned),
            userspace_tso,
            fail_mode: self.fail_mode.0.clone(),
            fake_bridges,
            external_ids: remembered(&self.external_ids),
            ports,
        }
    }
}

impl PortRow {
    /// Each interface of a Port has a number of its own; with several it is a bond.
    pub(crate) fn members(
        &self,
        interfaces: Vec<InterfaceRow>,
        copies: &mut Copies,
    ) -> Result<Vec<Arc<Port>>, TooMuch> {
        copies.count(self.copied(interfaces.len()))?;
        let is_bond = self.interfaces.len() > 1;
        let member = |row: InterfaceRow| {
            let bond = is_bond.then(|| name(&self.name).to_string());
            let renamed = !is_bond && row.name != self.name;
            let port_name = renamed.then(|| name(&self.name));
            Arc::new(Port { bond, port_name, ..interface(row, self) })
        };
        Ok(interfaces.into_iter().map(member).collect())
    }

    /// The fake bridge that this is the port of (`port_is_fake_bridge` of ovs-vsctl).
    pub(crate) fn fake_bridge(&self) -> Option<FakeBridge> {
        let vlan = self.tag.0.filter(|tag| self.fake_bridge && *tag <= LAST_VLAN)?;
        Some(FakeBridge { name: name(&self.name), vlan })
    }

    /// Whether `other` has the same VLAN.
    pub(crate) fn shares_vlan(&self, other: &Self) -> bool {
        self.tag.0.is_some() && self.tag.0 == other.tag.0
    }

    /// Whether a fake bridge may be the bridge that it is on.
    pub(crate) fn has_tag(&self) -> bool {
        self.tag.0.is_some()
    }

    /// Whether it is called so.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name
    }
}

fn interface(row: InterfaceRow, port: &PortRow) -> Port {
    Port {
        iface: name(&row.name),
        ofport: OfPortState::from_column(row.ofport.0),
        ofport_request: row.ofport_request.0.map(OfPort),
        dp_port: None,
        ifindex: row.ifindex.0.filter(|index| *index != 0).map(Ifindex),
        mac: row.mac_in_use.0.and_then(|mac| mac.parse().ok()),
        configured_mac: row.mac.0.and_then(|mac| mac.parse().ok()),
        kind: row.kind.map_or_else(String::new, |kind| match kind.as_str() {
            "" => "system".to_owned(),
            _ => kind,
        }),
        tag: port.tag.0,
        trunks: port.trunks.0.clone(),
        vlan_mode: port.vlan_mode.0.clone(),
        cvlans: port.cvlans.0.clone(),
        protected: port.protected,
        bfd: row.bfd.0.get("enable").is_some_and(|text| text.eq_ignore_ascii_case("true")),
        bond: None,
        port_name: None,
        options: harmless(row.options.0),
        external_ids: row.external_ids.0,
        port_external_ids: port.external_ids.0.clone(),
        error: row.error.0.map(excerpt),
    }
}

/// What is remembered of attachments, numbers and networks; what others wrote is of no use here.
pub(super) fn remembered(ids: &Ids) -> BTreeMap<String, String> {
    let ids = ids.0.iter().filter(|(key, _)| key.starts_with(port_record::PREFIX));
    ids.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Options may hold secrets (`psk` of an IPsec tunnel); none of them leaves this file.
fn harmless(options: BTreeMap<String, String>) -> BTreeMap<String, String> {
    const KNOWN: [&str; 5] = ["peer", "remote_ip", "local_ip", "key", "dst_port"];
    options.into_iter().filter(|(key, _)| KNOWN.contains(&key.as_str())).collect()
}
