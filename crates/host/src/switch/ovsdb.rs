//! The database road: what `ovs-vsctl list Interface` and `iface-to-br` answer.

use std::collections::HashMap;
use std::path::Path;

use model::Trouble;
use model::switch::Bridge;
use ovsdb::{Client, Columns, Remote, Select, Tls, Uuid, VSWITCH};

use super::rows::{BRIDGE, BridgeRow, INTERFACE, InterfaceRow, PORT, PortRow, Rows};
use crate::failure;

/// A connection to the switch's database.
pub(crate) struct Database {
    client: Client,
    what: String,
}

impl Database {
    pub(crate) async fn open(remote: &Remote, tls: Option<&Tls>) -> Result<Self, Trouble> {
        let what = what(remote);
        match Client::connect(remote, tls).await {
            Ok(client) => Ok(Self { client, what }),
            Err(error) => Err(trouble(what, remote, &error)),
        }
    }

    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// The database server's schema, for a health check.
    pub(crate) async fn version(&mut self) -> Result<String, Trouble> {
        let version = self.client.schema_version(VSWITCH).await;
        Ok(format!("schema {}", version.map_err(|error| self.trouble(&error))?))
    }

    /// Every bridge with every port.
    pub(crate) async fn all(&mut self) -> Result<Vec<Bridge>, Trouble> {
        let tables = [
            // Here the id comes as the row's key, and may not be asked for.
            Columns { table: "Interface", columns: &INTERFACE[1..] },
            Columns { table: "Port", columns: &PORT[1..] },
            Columns { table: "Bridge", columns: BRIDGE },
        ];
        let read = async {
            let tables = self.client.monitor_once(VSWITCH, &tables).await?;
            let interfaces = tables.rows("Interface")?.into_iter().collect();
            let ports = tables.rows("Port")?.into_iter().collect();
            let bridges = tables.rows("Bridge")?.into_iter().map(|(_, row)| row).collect();
            Ok(Rows { interfaces, ports, bridges }.into_bridges())
        };
        let read: Result<_, ovsdb::Error> = read.await;
        read.map_err(|error| self.trouble(&error))
    }

    /// The ports of the interfaces with these names, on their bridges, and the bridge called
    /// `bridge`, ports or not. Three round trips, whatever the size of the database.
    pub(crate) async fn named(
        &mut self,
        names: &[String],
        bridge: Option<&str>,
    ) -> Result<Vec<Bridge>, Trouble> {
        let read = self.select_named(names, bridge).await;
        read.map_err(|error| self.trouble(&error))
    }

    async fn select_named(
        &mut self,
        names: &[String],
        bridge: Option<&str>,
    ) -> Result<Vec<Bridge>, ovsdb::Error> {
        let mut interfaces: HashMap<Uuid, InterfaceRow> = HashMap::new();
        let by_name =
            names.iter().map(|name| Select::new("Interface", INTERFACE).equal("name", name));
        let asked = bridge.map(|name| Select::new("Bridge", &BRIDGE[1..]).equal("name", name));
        let first: Vec<_> = by_name.chain(asked).collect();
        let mut bridges: Vec<BridgeRow> = Vec::new();
        if !first.is_empty() {
            let answer = self.client.transact(VSWITCH, &first).await?;
            for operation in 0..names.len() {
                let rows: Vec<InterfaceRow> = answer.rows(operation)?;
                interfaces.extend(rows.into_iter().filter_map(|row| Some((row.id?, row))));
            }
            if bridge.is_some() {
                bridges = answer.rows(names.len())?;
            }
        }
        let ports = self.holders(interfaces.keys()).await?;
        self.carriers(ports.keys(), &mut bridges).await?;
        Ok(Rows { interfaces, ports, bridges }.into_bridges())
    }

    /// The Ports that hold these Interfaces.
    async fn holders(
        &mut self,
        interfaces: impl Iterator<Item = &Uuid>,
    ) -> Result<HashMap<Uuid, PortRow>, ovsdb::Error> {
        let selects: Vec<_> =
            interfaces.map(|id| Select::new("Port", PORT).includes("interfaces", *id)).collect();
        let mut ports = HashMap::new();
        if selects.is_empty() {
            return Ok(ports);
        }
        let answer = self.client.transact(VSWITCH, &selects).await?;
        for operation in 0..selects.len() {
            let rows: Vec<PortRow> = answer.rows(operation)?;
            ports.extend(rows.into_iter().filter_map(|row| Some((row.id?, row))));
        }
        Ok(ports)
    }

    /// Adds the Bridges that have these Ports, each once, with just these.
    async fn carriers(
        &mut self,
        ports: impl Iterator<Item = &Uuid>,
        bridges: &mut Vec<BridgeRow>,
    ) -> Result<(), ovsdb::Error> {
        let ports: Vec<_> = ports.copied().collect();
        if ports.is_empty() {
            return Ok(());
        }
        let having = |id: &Uuid| Select::new("Bridge", &BRIDGE[1..]).includes("ports", *id);
        let selects: Vec<_> = ports.iter().map(having).collect();
        let answer = self.client.transact(VSWITCH, &selects).await?;
        for (operation, port) in ports.into_iter().enumerate() {
            let rows: Vec<BridgeRow> = answer.rows(operation)?;
            for mut row in rows {
                if let Some(known) = bridges.iter_mut().find(|bridge| bridge.name == row.name) {
                    known.ports.0.push(port);
                } else {
                    row.ports.0.push(port);
                    bridges.push(row);
                }
            }
        }
        Ok(())
    }

    /// The names of all bridges, without ports.
    pub(crate) async fn bridges(&mut self) -> Result<Vec<Bridge>, Trouble> {
        let select = [Select::new("Bridge", &BRIDGE[1..])];
        let answer = self.client.transact(VSWITCH, &select).await;
        let rows = answer.and_then(|answer| answer.rows(0));
        let bridges = rows.map_err(|error| self.trouble(&error))?;
        Ok(Rows { bridges, ..Rows::default() }.into_bridges())
    }

    fn trouble(&self, error: &ovsdb::Error) -> Trouble {
        failure::of_chain(self.what.clone(), error, ACCESS)
    }
}

/// How this remote is called in messages.
pub(crate) fn what(remote: &Remote) -> String {
    format!("OVSDB at {remote}")
}

fn trouble(what: String, remote: &Remote, error: &ovsdb::Error) -> Trouble {
    let trouble = failure::of_chain(what, error, ACCESS);
    match remote {
        Remote::Unix(path) if !path.exists() => trouble.remedy(no_socket(path)),
        _ => trouble,
    }
}

fn no_socket(path: &Path) -> String {
    let folder = path.parent().unwrap_or(path).display();
    format!(
        "is Open vSwitch running, with its sockets in {folder}? --db or OVS_RUNDIR names another place"
    )
}

const ACCESS: &str = "root may use it; to let a group, chgrp it and its folder";
