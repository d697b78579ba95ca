//! The database source: what `ovs-vsctl list Interface` and `iface-to-br` answer.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

use model::SourceError;
use model::switch::Bridge;
use ovsdb::{Client, Columns, Remote, Results, Select, Tls, Uuid, VSWITCH};
use serde::de::DeserializeOwned;

use super::rows::{BRIDGE, BridgeRow, INTERFACE, InterfaceRow, OPEN_VSWITCH, OpenVSwitchRow};
use super::rows::{PORT, PortRow, Rows};
use crate::failure;

/// What a whole look reads. Here the id comes as the row's key, and may not be asked for.
pub(super) const TABLES: [Columns<'_>; 4] = [
    Columns { table: "Interface", columns: INTERFACE.split_at(1).1 },
    Columns { table: "Port", columns: PORT.split_at(1).1 },
    Columns { table: "Bridge", columns: BRIDGE },
    Columns { table: "Open_vSwitch", columns: OPEN_VSWITCH.split_at(1).1 },
];

/// A connection to the switch's database.
pub(crate) struct Database {
    pub(super) client: Client,
    what: String,
    /// What it calls itself, where that was read.
    row: Option<DatabaseRow>,
}

/// What a database calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DatabaseRow {
    /// The `_uuid` of its Open_vSwitch row, made with the database and different in each.
    pub(crate) id: Uuid,
    /// What the operator calls it.
    pub(crate) system_id: Option<String>,
}

impl DatabaseRow {
    pub(super) fn of(id: Uuid, row: &OpenVSwitchRow) -> Self {
        Self { id, system_id: row.system_id().cloned() }
    }
}

/// Who answered for a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answerer {
    /// The process behind its socket; 0 for one that is not seen, none by TCP.
    pub(crate) peer: Option<u32>,
    /// What it calls itself, where that was read.
    pub(crate) row: Option<DatabaseRow>,
}

impl Database {
    pub(crate) async fn open(remote: &Remote, tls: Option<&Tls>) -> Result<Self, SourceError> {
        let what = what(remote);
        match Client::connect(remote, tls).await {
            Ok(client) => Ok(Self { client, what, row: None }),
            Err(error) => Err(source_error(what, remote, &error)),
        }
    }

    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Who has answered so far.
    pub(crate) fn answerer(&self) -> Answerer {
        Answerer { peer: self.client.peer(), row: self.row.clone() }
    }

    /// The database server's schema, for a health check.
    pub(crate) async fn version(&mut self) -> Result<String, SourceError> {
        let version = self.client.schema_version(VSWITCH).await;
        Ok(format!("schema {}", version.map_err(|error| self.source_error(&error))?))
    }

    /// Every bridge with every port.
    pub(crate) async fn all(&mut self) -> Result<Vec<Bridge>, SourceError> {
        let read = async {
            let tables = self.client.monitor_once(VSWITCH, &TABLES).await?;
            let interfaces = tables.rows("Interface")?.into_iter().collect();
            let ports = tables.rows("Port")?.into_iter().collect();
            let bridges = tables.rows("Bridge")?.into_iter().map(|(_, row)| row).collect();
            let settings: Vec<(_, OpenVSwitchRow)> = tables.rows("Open_vSwitch")?;
            let userspace_tso = settings.first().map(|(_, row)| row.userspace_tso());
            self.row = settings.first().map(|(id, row)| DatabaseRow::of(*id, row));
            Ok(Rows { userspace_tso, interfaces, ports, bridges }.into_bridges())
        };
        let read: Result<_, ovsdb::Error> = read.await;
        read.map_err(|error| self.source_error(&error))
    }

    /// The ports of the interfaces with these names, on their bridges, and the bridge called
    /// `bridge`, ports or not; with the switch's settings if they matter. Two round trips, three
    /// with bonds, whatever the size of the database.
    pub(crate) async fn named(
        &mut self,
        names: &[String],
        bridge: Option<&str>,
        settings: bool,
    ) -> Result<Vec<Bridge>, SourceError> {
        let read = self.select_named(names, bridge, settings).await;
        read.map_err(|error| self.source_error(&error))
    }

    async fn select_named(
        &mut self,
        names: &[String],
        bridge: Option<&str>,
        settings: bool,
    ) -> Result<Vec<Bridge>, ovsdb::Error> {
        let mut rows = self.called(names, bridge, settings).await?;
        let held: HashSet<_> =
            rows.ports.values().flat_map(|port| port.interfaces.iter()).collect();
        let loose = rows.interfaces.keys().filter(|id| !held.contains(id)).copied();
        let loose: Vec<_> = loose.collect();
        rows.ports.extend(self.holders(&loose).await?);
        self.carriers(rows.ports.keys(), &mut rows.bridges).await?;
        Ok(rows.into_bridges())
    }

    /// What has one of these names. Nearly every Port is called as its one Interface is: to
    /// ask for both at once saves a round trip.
    async fn called(
        &mut self,
        names: &[String],
        bridge: Option<&str>,
        settings: bool,
    ) -> Result<Rows, ovsdb::Error> {
        let interfaces =
            names.iter().map(|name| Select::new("Interface", INTERFACE).equal("name", name));
        let ports = names.iter().map(|name| Select::new("Port", PORT).equal("name", name));
        let asked = bridge.map(|name| Select::new("Bridge", &BRIDGE[1..]).equal("name", name));
        let last = settings.then(|| Select::new("Open_vSwitch", OPEN_VSWITCH));
        let selects: Vec<_> = interfaces.chain(ports).chain(asked).chain(last).collect();
        if selects.is_empty() {
            return Ok(Rows::default());
        }
        let answer = self.client.transact(VSWITCH, &selects).await?;
        let (count, both) = (names.len(), 2 * names.len());
        let interfaces = rows_by_id(&answer, 0..count, |row: &InterfaceRow| row.id)?;
        let mut ports = rows_by_id(&answer, count..both, |row: &PortRow| row.id)?;
        ports.retain(|_, port| port.interfaces.iter().any(|id| interfaces.contains_key(id)));
        let bridges = if bridge.is_some() { answer.rows(both)? } else { Vec::new() };
        let settings: Vec<OpenVSwitchRow> =
            if settings { answer.rows(selects.len() - 1)? } else { Vec::new() };
        let userspace_tso = settings.first().map(OpenVSwitchRow::userspace_tso);
        let own = settings.first().and_then(|row| Some(DatabaseRow::of(row.id?, row)));
        self.row = own.or(self.row.take());
        Ok(Rows { userspace_tso, interfaces, ports, bridges })
    }

    /// The Ports that hold these Interfaces.
    async fn holders(
        &mut self,
        interfaces: &[Uuid],
    ) -> Result<HashMap<Uuid, PortRow>, ovsdb::Error> {
        if interfaces.is_empty() {
            return Ok(HashMap::new());
        }
        let holding = |id: &Uuid| Select::new("Port", PORT).includes("interfaces", *id);
        let selects: Vec<_> = interfaces.iter().map(holding).collect();
        let answer = self.client.transact(VSWITCH, &selects).await?;
        rows_by_id(&answer, 0..selects.len(), |row: &PortRow| row.id)
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
    pub(crate) async fn bridges(&mut self) -> Result<Vec<Bridge>, SourceError> {
        let select = [Select::new("Bridge", &BRIDGE[1..])];
        let answer = self.client.transact(VSWITCH, &select).await;
        let rows = answer.and_then(|answer| answer.rows(0));
        let bridges = rows.map_err(|error| self.source_error(&error))?;
        Ok(Rows { bridges, ..Rows::default() }.into_bridges())
    }

    pub(super) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    pub(super) fn source_error(&self, error: &ovsdb::Error) -> SourceError {
        failure::of_chain(self.what.clone(), error, ACCESS)
    }
}

/// The rows that the operations `range` of a transaction selected, by their id.
fn rows_by_id<T: DeserializeOwned>(
    answer: &Results,
    range: Range<usize>,
    id: fn(&T) -> Option<Uuid>,
) -> Result<HashMap<Uuid, T>, ovsdb::Error> {
    let mut rows = HashMap::new();
    for operation in range {
        let found: Vec<T> = answer.rows(operation)?;
        rows.extend(found.into_iter().filter_map(|row| Some((id(&row)?, row))));
    }
    Ok(rows)
}

/// How this remote is called in messages.
pub(crate) fn what(remote: &Remote) -> String {
    format!("OVSDB at {remote}")
}

fn source_error(what: String, remote: &Remote, error: &ovsdb::Error) -> SourceError {
    let source_error = failure::of_chain(what, error, ACCESS);
    match remote {
        Remote::Unix(path) if !path.exists() => source_error.hint(no_socket(path)),
        _ => source_error,
    }
}

fn no_socket(path: &Path) -> String {
    let folder = path.parent().unwrap_or(path).display();
    format!(
        "is Open vSwitch running, with its sockets in {folder}? --db or OVS_RUNDIR names another place"
    )
}

const ACCESS: &str = "root may use it; to let a group, chgrp it and its folder";
