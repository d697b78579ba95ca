//! The database source: what `ovs-vsctl list Interface` and `iface-to-br` answer.

use std::collections::HashMap;
use std::error::Error;
use std::ops::Range;
use std::path::Path;

use model::switch::Bridge;
use model::{SourceError, SourceErrorKind};
use ovsdb::{Client, Remote, Results, Select, Tables, Tls, Uuid, VSWITCH};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::columns::{ColumnNegotiation, RequestedColumns};
use super::rows::{self, BridgeRow, DatabaseRow, Ids, InterfaceRow, OpenVSwitchRow, PortRow, Rows};
use crate::failure;

/// A connection to the switch's database.
pub(crate) struct Database {
    pub(super) client: Client,
    pub(super) columns: Box<ColumnNegotiation>,
    what: String,
    /// What it calls itself, where that was read.
    row: Option<DatabaseRow>,
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
            Ok(client) => Ok(Self { client, columns: Box::default(), what, row: None }),
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
        let schema = self.client.schema(VSWITCH).await;
        Ok(format!("schema {}", schema.map_err(|error| self.source_error(&error))?.version))
    }

    /// Every bridge with every port.
    pub(crate) async fn all(&mut self) -> Result<Vec<Bridge>, SourceError> {
        loop {
            let read = read_all(&mut self.client, &self.columns.requested).await;
            if !self.columns.drops_unknown(&mut self.client, &read).await {
                return self.rows(read);
            }
        }
    }

    /// The same without what a network driver has no use for ([`RequestedColumns::without_details`]).
    pub(crate) async fn all_without_details(&mut self) -> Result<Vec<Bridge>, SourceError> {
        loop {
            let requested = self.columns.requested.without_details();
            let read = read_all(&mut self.client, &requested).await;
            if !self.columns.drops_unknown(&mut self.client, &read).await {
                return self.rows(read);
            }
        }
    }

    /// Has every table told, and its changes from then on.
    pub(super) async fn follow(&mut self) -> Result<Tables, SourceError> {
        loop {
            let followed = self.client.follow(VSWITCH, &self.columns.requested.tables()).await;
            if !self.columns.drops_unknown(&mut self.client, &followed).await {
                return followed.map_err(|error| self.unread(&error));
            }
        }
    }

    /// The ports of the interfaces with these names, and of those whose link has one of the indexes
    /// `held` although it is not called so, on their bridges, and the bridge called `bridge`, ports
    /// or not; with the switch's settings if they matter. Two round trips, whatever the size of the
    /// database; more with bonds, with links that were renamed, and on fake bridges.
    pub(crate) async fn named(
        &mut self,
        names: &[String],
        held: &[(u32, &str)],
        bridge: Option<&str>,
        settings: bool,
    ) -> Result<Vec<Bridge>, SourceError> {
        let wanted = Wanted { names, held, bridge, settings };
        loop {
            let read = select_named(&mut self.client, &self.columns.requested, wanted).await;
            if !self.columns.drops_unknown(&mut self.client, &read).await {
                return self.rows(read);
            }
        }
    }

    /// The port whose interface has this name, on its bridge, with what that remembers.
    pub(crate) async fn remembered(&mut self, interface: &str) -> Result<Vec<Bridge>, SourceError> {
        let mut bridges = self.named(&[interface.to_owned()], &[], None, false).await?;
        let selects: Vec<_> = bridges
            .iter()
            .map(|bridge| Select::new("Bridge", &["external_ids"]).equal("name", &*bridge.name))
            .collect();
        if selects.is_empty() {
            return Ok(bridges);
        }
        let read = self.client.transact(VSWITCH, &selects).await;
        let memories: Result<Vec<_>, _> = read.and_then(|answer| {
            (0..selects.len()).map(|operation| answer.rows::<MemoryRow>(operation)).collect()
        });
        let memories = memories.map_err(|error| self.unread(&error))?;
        for (bridge, memory) in bridges.iter_mut().zip(memories) {
            bridge.external_ids =
                memory.iter().flat_map(|row| rows::remembered(&row.external_ids)).collect();
        }
        Ok(bridges)
    }

    /// The names of all bridges, without ports.
    pub(crate) async fn bridges(&mut self) -> Result<Vec<Bridge>, SourceError> {
        loop {
            let read = select_bridges(&mut self.client, &self.columns.requested).await;
            if !self.columns.drops_unknown(&mut self.client, &read).await {
                return self.rows(read);
            }
        }
    }

    /// The bridges; what the database calls itself is kept.
    fn rows(&mut self, read: Result<Rows, ovsdb::Error>) -> Result<Vec<Bridge>, SourceError> {
        let mut rows = read.map_err(|error| self.unread(&error))?;
        self.row = rows.database.take().or(self.row.take());
        rows.into_bridges().map_err(|error| self.source_error(&error))
    }

    /// Why its tables cannot be read. One that has other tables than ours is no use, but vswitchd
    /// may still be asked.
    fn unread(&self, error: &ovsdb::Error) -> SourceError {
        let source_error = self.source_error(error);
        if error.is_refusal() { source_error.hint(OTHER_SOURCES) } else { source_error }
    }

    pub(super) fn source_error(&self, error: &(dyn Error + 'static)) -> SourceError {
        failure::of_chain(self.what.clone(), error, ACCESS)
    }
}

#[derive(Deserialize)]
struct MemoryRow {
    external_ids: Ids,
}

/// What a look at a few ports asks for.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    /// Names of interfaces.
    names: &'a [String],
    /// Indexes of links, each with the link's name.
    held: &'a [(u32, &'a str)],
    /// A bridge or fake bridge.
    bridge: Option<&'a str>,
    settings: bool,
}

/// The ports of fake bridges, of which a switch has few, if it can have any.
fn fakes(requested: &RequestedColumns) -> Option<Select<'_>> {
    requested.fake_bridges.then(|| Select::new("Port", &requested.port).equal("fake_bridge", true))
}

async fn read_all(client: &mut Client, requested: &RequestedColumns) -> Result<Rows, ovsdb::Error> {
    let tables = client.monitor_once(VSWITCH, &requested.tables()).await?;
    let interfaces = tables.rows("Interface")?.into_iter().collect();
    let ports = tables.rows("Port")?.into_iter().collect();
    let bridges = tables.rows("Bridge")?.into_iter().map(|(_, row)| row).collect();
    let settings: Vec<(_, OpenVSwitchRow)> = tables.rows("Open_vSwitch")?;
    let userspace_tso = settings.first().map(|(_, row)| row.userspace_tso());
    let database = settings.first().map(|(id, row)| DatabaseRow::of(*id, row));
    Ok(Rows { userspace_tso, database, interfaces, ports, bridges, ..Rows::default() })
}

/// With their ports' ids, by which fake bridges are known.
async fn select_bridges(
    client: &mut Client,
    requested: &RequestedColumns,
) -> Result<Rows, ovsdb::Error> {
    let bridges = Select::new("Bridge", &requested.bridge);
    let selects: Vec<_> = [bridges].into_iter().chain(fakes(requested)).collect();
    let answer = client.transact(VSWITCH, &selects).await?;
    let fakes = rows_by_id(&answer, 1..selects.len(), |row: &PortRow| row.id)?;
    Ok(Rows { bridges: answer.rows(0)?, fakes, ..Rows::default() })
}

async fn select_named(
    client: &mut Client,
    requested: &RequestedColumns,
    wanted: Wanted<'_>,
) -> Result<Rows, ovsdb::Error> {
    let mut rows = called(client, requested, wanted).await?;
    let loose = rows.loose();
    rows.ports.extend(holders(client, requested, &loose).await?);
    let found: Vec<_> = rows.ports.keys().copied().collect();
    let fakes_are_read = complete(client, requested, wanted, &mut rows).await?;
    let loose = rows.loose();
    rows.ports.extend(holders(client, requested, &loose).await?);
    // The Port of a link that vswitchd holds by another name is known only now.
    if !fakes_are_read && requested.fake_bridges && rows.ports.values().any(PortRow::has_tag) {
        let selects: Vec<_> = fakes(requested).into_iter().collect();
        let answer = client.transact(VSWITCH, &selects).await?;
        rows.fakes = rows_by_id(&answer, 0..selects.len(), |row: &PortRow| row.id)?;
    }
    // Of fake bridges only those matter that one of the ports may be on, or that are asked about.
    let near = |fake: &PortRow| {
        let named = wanted.bridge.is_some_and(|name| fake.is_called(name));
        named || rows.ports.values().any(|port| port.shares_vlan(fake))
    };
    rows.fakes.retain(|id, fake| near(fake) && !rows.ports.contains_key(id));
    let all = rows.ports.keys().chain(rows.fakes.keys()).copied();
    let rest: Vec<_> = all.filter(|id| !found.contains(id)).collect();
    carriers(client, requested, &rest, &mut rows.bridges).await?;
    Ok(rows)
}

/// What has one of these names. Nearly every Port is called as its one Interface is: to
/// ask for both at once saves a round trip.
async fn called(
    client: &mut Client,
    requested: &RequestedColumns,
    wanted: Wanted<'_>,
) -> Result<Rows, ovsdb::Error> {
    let names = wanted.names.iter();
    let interfaces = names
        .clone()
        .map(|name| Select::new("Interface", &requested.interface).equal("name", name));
    let ports = names.map(|name| Select::new("Port", &requested.port).equal("name", name));
    let bridge = wanted.bridge.iter();
    let bridge =
        bridge.map(|name| Select::new("Bridge", requested.bridge_alone()).equal("name", *name));
    let settings = wanted.settings && !requested.open_vswitch.is_empty();
    let settings = settings.then(|| Select::new("Open_vSwitch", &requested.open_vswitch));
    let asked_bridges = bridge.len();
    let asked_rows = settings.iter().len();
    let selects: Vec<_> = interfaces.chain(ports).chain(bridge).chain(settings).collect();
    if selects.is_empty() {
        return Ok(Rows::default());
    }
    let answer = client.transact(VSWITCH, &selects).await?;
    let count = wanted.names.len();
    let both = 2 * wanted.names.len();
    let interfaces = rows_by_id(&answer, 0..count, |row: &InterfaceRow| row.id)?;
    let mut ports = rows_by_id(&answer, count..both, |row: &PortRow| row.id)?;
    ports.retain(|_, port| port.interfaces.iter().any(|id| interfaces.contains_key(id)));
    let bridges = if asked_bridges > 0 { answer.rows(both)? } else { Vec::new() };
    let settings: Vec<OpenVSwitchRow> =
        if asked_rows > 0 { answer.rows(both + asked_bridges)? } else { Vec::new() };
    let userspace_tso = settings.first().map(OpenVSwitchRow::userspace_tso);
    let database = settings.first().and_then(|row| Some(DatabaseRow::of(row.id?, row)));
    Ok(Rows { userspace_tso, database, interfaces, ports, bridges, ..Rows::default() })
}

/// The Bridges of the Ports that were found; and with them what is looked for only where it may
/// matter, as the server goes through a whole table for it: Interfaces of another name for links
/// whose index none has that was found, and the Ports of fake bridges. Whether it asked for those.
async fn complete(
    client: &mut Client,
    requested: &RequestedColumns,
    wanted: Wanted<'_>,
    rows: &mut Rows,
) -> Result<bool, ovsdb::Error> {
    let ports: Vec<_> = rows.ports.keys().copied().collect();
    let having = ports.iter().map(|id| having(requested, *id));
    let indexed = requested.interface.contains(&"ifindex");
    let missed = |index: u32| indexed && !rows.interfaces.values().any(|row| row.has_index(index));
    let missed = wanted.held.iter().filter(|(index, _)| missed(*index));
    let held: Vec<_> = missed
        .map(|(index, name)| {
            let other = Select::new("Interface", &requested.interface).not_equal("name", *name);
            other.equal("ifindex", i64::from(*index))
        })
        .collect();
    let fake_may_be =
        wanted.bridge.is_some_and(|name| !rows.bridges.iter().any(|b| b.name == name))
            || rows.ports.values().any(PortRow::has_tag);
    let fakes = fakes(requested).filter(|_| fake_may_be);
    let carried = ports.len();
    let other = held.len();
    let selects: Vec<_> = having.chain(held).chain(fakes).collect();
    if selects.is_empty() {
        return Ok(fake_may_be);
    }
    let answer = client.transact(VSWITCH, &selects).await?;
    take_carriers(&answer, &ports, &mut rows.bridges)?;
    let held = carried..carried + other;
    rows.interfaces.extend(rows_by_id(&answer, held, |row: &InterfaceRow| row.id)?);
    rows.fakes = rows_by_id(&answer, carried + other..selects.len(), |row: &PortRow| row.id)?;
    Ok(fake_may_be)
}

/// The Ports that hold these Interfaces.
async fn holders(
    client: &mut Client,
    requested: &RequestedColumns,
    interfaces: &[Uuid],
) -> Result<HashMap<Uuid, PortRow>, ovsdb::Error> {
    if interfaces.is_empty() {
        return Ok(HashMap::new());
    }
    let holding = |id: &Uuid| Select::new("Port", &requested.port).includes("interfaces", *id);
    let selects: Vec<_> = interfaces.iter().map(holding).collect();
    let answer = client.transact(VSWITCH, &selects).await?;
    rows_by_id(&answer, 0..selects.len(), |row: &PortRow| row.id)
}

/// The Bridge that has this Port.
fn having(requested: &RequestedColumns, port: Uuid) -> Select<'_> {
    Select::new("Bridge", requested.bridge_alone()).includes("ports", port)
}

/// Adds the Bridges that have these Ports, each once, with just these.
async fn carriers(
    client: &mut Client,
    requested: &RequestedColumns,
    ports: &[Uuid],
    bridges: &mut Vec<BridgeRow>,
) -> Result<(), ovsdb::Error> {
    if ports.is_empty() {
        return Ok(());
    }
    let selects: Vec<_> = ports.iter().map(|id| having(requested, *id)).collect();
    take_carriers(&client.transact(VSWITCH, &selects).await?, ports, bridges)
}

/// The same, of the first operations of a transaction, one for each Port.
fn take_carriers(
    answer: &Results,
    ports: &[Uuid],
    bridges: &mut Vec<BridgeRow>,
) -> Result<(), ovsdb::Error> {
    for (operation, port) in ports.iter().enumerate() {
        let rows: Vec<BridgeRow> = answer.rows(operation)?;
        for mut row in rows {
            if let Some(known) = bridges.iter_mut().find(|bridge| bridge.name == row.name) {
                known.ports.0.push(*port);
            } else {
                row.ports.0.push(*port);
                bridges.push(row);
            }
        }
    }
    Ok(())
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
    // What is wrong with a file of the caller's says nothing about the server.
    if let ovsdb::Error::Tls(error) = error {
        return SourceError::new(SourceErrorKind::Unusable, what, error).hint(
            "--private-key, --certificate and --ca-cert take PEM files, as ovs-pki makes them",
        );
    }
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

const OTHER_SOURCES: &str = "--source appctl or --source openflow asks ovs-vswitchd itself";
const ACCESS: &str = "root may use it; to let a group, chgrp it and its folder";
