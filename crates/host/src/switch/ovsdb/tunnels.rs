//! Tunnels between the bridges of several hosts: protected ports with a number that is asked for, which
//! are known again by their `external_ids`.

use std::collections::BTreeMap;
use std::time::Duration;

use model::SourceError;
use model::switch::{Bridge, Port, TUNNEL_HOST};
use ovsdb::{Mutator, Operation, Row, RowSelector, Select, Uuid, VSWITCH, Value};
use serde::Deserialize;

use super::configured::bump_next_cfg;
use super::read::Database;
use super::transaction::{changed, map};
use crate::Host;
use crate::deadline::Deadline;

/// What the database's log has of a change.
const COMMENT: &str = "docker-ovs: tunnels of the mesh";
/// On an Interface: the mesh that the tunnel is of.
const OF_MESH: &str = "docker-ovs.tunnel-mesh";

/// A tunnel to another host of a mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// The bridge that it is on.
    pub bridge: String,
    /// Name of port and interface.
    pub name: String,
    /// The mesh.
    pub mesh: String,
    /// The host that it leads to.
    pub host: String,
    /// `geneve` or `vxlan`.
    pub kind: String,
    /// Where it leads.
    pub remote_ip: String,
    /// Where it comes from.
    pub local_ip: String,
    /// Its key.
    pub key: u32,
    /// Its UDP port.
    pub dst_port: u16,
    /// The OpenFlow port that is asked for.
    pub ofport: u16,
    /// What else its rows have that decides what passes.
    pub settings: TunnelSettings,
}

/// What decides which frames a tunnel passes, beside where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelSettings {
    /// Whether what comes in by it leaves by no other tunnel.
    pub protected: bool,
    /// Its `tag`.
    pub tag: Option<u16>,
    /// Its `trunks`.
    pub trunks: Vec<u16>,
    /// Its `vlan_mode`.
    pub vlan_mode: Option<String>,
    /// Whether BFD probes it.
    pub bfd: bool,
}

/// As a mesh has its tunnels: all VLANs, no loop, and probed.
impl Default for TunnelSettings {
    fn default() -> Self {
        Self { protected: true, tag: None, trunks: Vec::new(), vlan_mode: None, bfd: true }
    }
}

impl Tunnel {
    /// Whether both lead to one place: the switch has no two tunnels that do.
    pub fn leads_where(&self, other: &Self) -> bool {
        let place = |tunnel: &Self| {
            let Self { kind, remote_ip, local_ip, key, dst_port, .. } = tunnel.clone();
            (kind, remote_ip, local_ip, key, dst_port)
        };
        place(self) == place(other)
    }
}

/// Tunnels that come, and those that go before them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TunnelChange {
    /// What comes.
    pub add: Vec<Tunnel>,
    /// What goes: bridge and name.
    pub remove: Vec<(String, String)>,
}

/// The tunnels of meshes that are on a bridge, by their records.
pub fn tunnels_of(bridge: &Bridge) -> Vec<Tunnel> {
    bridge.ports.iter().filter_map(|port| tunnel(bridge, port)).collect()
}

fn tunnel(bridge: &Bridge, port: &Port) -> Option<Tunnel> {
    let option = |key: &str| port.options.get(key);
    let number = |key: &str| option(key).and_then(|text| text.parse().ok());
    Some(Tunnel {
        bridge: bridge.name.to_string(),
        name: port.iface.to_string(),
        mesh: port.external_ids.get(OF_MESH)?.clone(),
        host: port.external_ids.get(TUNNEL_HOST)?.clone(),
        kind: port.kind.clone(),
        remote_ip: option("remote_ip").cloned().unwrap_or_default(),
        local_ip: option("local_ip").cloned().unwrap_or_default(),
        key: number("key").unwrap_or_default(),
        dst_port: number("dst_port").and_then(|n| u16::try_from(n).ok()).unwrap_or_default(),
        ofport: port.ofport_request.map(|port| port.0).unwrap_or_default(),
        settings: TunnelSettings {
            protected: port.protected,
            tag: port.tag,
            trunks: port.trunks.clone(),
            vlan_mode: port.vlan_mode.clone(),
            bfd: port.bfd,
        },
    })
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "_uuid")]
    id: Uuid,
}

impl Host {
    /// Removes tunnels of meshes, all together or none, and makes others once ovs-vswitchd has taken that: it
    /// refuses a second tunnel that leads where one that is still there does. What has no record of a mesh is
    /// never removed.
    ///
    /// # Errors
    /// The database or ovs-vswitchd does not answer, or something is in the way.
    pub async fn change_tunnels(&self, change: &TunnelChange) -> Result<(), SourceError> {
        let due = Deadline::after(self.timeout * 2);
        let mut database = self.database(due).await?;
        let what = database.what().to_owned();
        due.hold(|| what.clone(), database.change_tunnels(change, self.timeout)).await
    }
}

impl Database {
    async fn change_tunnels(
        &mut self,
        change: &TunnelChange,
        timeout: Duration,
    ) -> Result<(), SourceError> {
        let mut removed = Vec::new();
        for (bridge, name) in &change.remove {
            removed.extend(self.tunnel_port(bridge, name).await?);
        }
        if !removed.is_empty() {
            self.remove_tunnels(&removed).await?;
            if !change.add.is_empty() {
                self.await_configured(timeout).await?;
            }
        }
        if change.add.is_empty() { Ok(()) } else { self.add_tunnels(&change.add).await }
    }

    async fn remove_tunnels(&mut self, removed: &[(String, Uuid)]) -> Result<(), SourceError> {
        let mut operations = vec![Operation::Comment(COMMENT), bump_next_cfg()];
        for (bridge, port) in removed {
            operations.push(Operation::Mutate {
                which: RowSelector::all("Bridge").equal("name", bridge.as_str()),
                column: "ports",
                mutator: Mutator::Delete,
                value: (*port).into(),
            });
        }
        self.commit("", None, &operations).await
    }

    async fn add_tunnels(&mut self, add: &[Tunnel]) -> Result<(), SourceError> {
        let mut operations = vec![Operation::Comment(COMMENT)];
        let names: Vec<_> = (0..add.len()).map(|n| (format!("i{n}"), format!("p{n}"))).collect();
        let ids: Vec<_> = add.iter().map(Texts::of).collect();
        for ((tunnel, texts), (interface, port)) in add.iter().zip(&ids).zip(&names) {
            operations.extend(additions(tunnel, texts, interface, port));
        }
        let bridge = add.first().map_or("", |tunnel| tunnel.bridge.as_str());
        self.commit(bridge, None, &operations).await
    }

    /// The port row of a tunnel of ours.
    async fn tunnel_port(
        &mut self,
        bridge: &str,
        name: &str,
    ) -> Result<Option<(String, Uuid)>, SourceError> {
        #[derive(Deserialize)]
        struct Of {
            external_ids: ovsdb::Map<String, String>,
        }
        let selects = [
            Select::new("Port", &["_uuid"]).equal("name", name),
            Select::new("Interface", &["external_ids"]).equal("name", name),
        ];
        let read = self.client.transact(VSWITCH, &selects).await;
        let rows = read.and_then(|answer| Ok((answer.rows(0)?, answer.rows(1)?)));
        let (ports, interfaces): (Vec<Named>, Vec<Of>) = rows.map_err(|e| self.source_error(&e))?;
        let Some(port) = ports.first() else { return Ok(None) };
        let is_ours = interfaces.iter().all(|of| of.external_ids.contains_key(OF_MESH));
        if !is_ours || interfaces.is_empty() {
            return Err(changed(name));
        }
        Ok(Some((bridge.to_owned(), port.id)))
    }
}

/// The maps of a tunnel's rows.
struct Texts {
    options: BTreeMap<String, String>,
    external_ids: BTreeMap<String, String>,
    bfd: BTreeMap<String, String>,
}

impl Texts {
    fn of(tunnel: &Tunnel) -> Self {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        Self {
            options: map(&[
                ("remote_ip", &tunnel.remote_ip),
                ("local_ip", &tunnel.local_ip),
                ("key", &tunnel.key.to_string()),
                ("dst_port", &tunnel.dst_port.to_string()),
            ]),
            external_ids: map(&[(OF_MESH, &tunnel.mesh), (TUNNEL_HOST, &tunnel.host)]),
            bfd: map(&[("enable", "true")]),
        }
    }
}

fn additions<'a>(
    tunnel: &'a Tunnel,
    texts: &'a Texts,
    interface_name: &'a str,
    port_name: &'a str,
) -> [Operation<'a>; 3] {
    let interface: Row<'a> = vec![
        ("name", tunnel.name.as_str().into()),
        ("type", tunnel.kind.as_str().into()),
        ("options", map(&texts.options)),
        ("external_ids", map(&texts.external_ids)),
        ("bfd", map(&texts.bfd)),
        ("ofport_request", i64::from(tunnel.ofport).into()),
    ];
    let port: Row<'a> = vec![
        ("name", tunnel.name.as_str().into()),
        ("interfaces", Value::NamedUuid(interface_name)),
        ("protected", true.into()),
        ("external_ids", map(&texts.external_ids)),
    ];
    [
        Operation::Insert { table: "Interface", row: interface, name: interface_name },
        Operation::Insert { table: "Port", row: port, name: port_name },
        Operation::Mutate {
            which: RowSelector::all("Bridge").equal("name", tunnel.bridge.as_str()),
            column: "ports",
            mutator: Mutator::Insert,
            value: Value::NamedUuid(port_name),
        },
    ]
}

impl Host {
    /// What BFD says of each tunnel, `up` or `down`, by the interface's name (ovs-vswitchd.conf.db(5),
    /// Interface `bfd_status`).
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tunnel_states(&self) -> Result<BTreeMap<String, String>, SourceError> {
        #[derive(Deserialize)]
        struct Of {
            name: String,
            bfd_status: ovsdb::Map<String, String>,
        }
        let due = Deadline::after(self.timeout);
        let mut database = self.database(due).await?;
        let what = database.what().to_owned();
        let ask = async {
            let select = Select::new("Interface", &["name", "bfd_status"]);
            let answer = database.client.transact(VSWITCH, &[select]).await;
            let rows: Result<Vec<Of>, _> = answer.and_then(|answer| answer.rows(0));
            let rows = rows.map_err(|error| database.source_error(&error))?;
            let state = |row: Of| Some((row.name, row.bfd_status.0.get("state")?.clone()));
            Ok(rows.into_iter().filter_map(state).collect())
        };
        due.hold(|| what.clone(), ask).await
    }
}
