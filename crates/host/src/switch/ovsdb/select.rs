//! A few rows of the database: the ports of some interfaces, with the bridges they are on, in as few round trips as
//! can be, whatever the size of its tables.

use std::collections::HashMap;
use std::ops::Range;

use model::ids::OfPort;
use ovsdb::{Client, Results, Select, Uuid, VSWITCH};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::columns::RequestedColumns;
use super::rows::{BridgeRow, DatabaseRow, InterfaceRow, OpenVSwitchRow, PortRow, TableRows};

/// What a look at a few ports asks for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Names of interfaces.
    pub(super) names: &'a [String],
    /// Indexes of links, each with the link's name.
    pub(super) held: &'a [(u32, &'a str)],
    /// A bridge or fake bridge.
    pub(super) bridge: Option<&'a str>,
    pub(super) settings: bool,
}

/// The ports of fake bridges, of which a switch has few, if it can have any.
fn fakes(requested: &RequestedColumns) -> Option<Select<'_>> {
    requested.fake_bridges.then(|| Select::new("Port", &requested.port).equal("fake_bridge", true))
}

/// All bridges, with their ports' ids, by which fake bridges are known.
pub(super) async fn select_bridges(
    client: &mut Client,
    requested: &RequestedColumns,
) -> Result<TableRows, ovsdb::Error> {
    let bridges = Select::new("Bridge", &requested.bridge);
    let selects: Vec<_> = [bridges].into_iter().chain(fakes(requested)).collect();
    let answer = client.transact(VSWITCH, &selects).await?;
    let fakes = rows_by_id(&answer, 1..selects.len(), |row: &PortRow| row.id)?;
    Ok(TableRows { bridges: answer.rows(0)?, fakes, ..TableRows::default() })
}

pub(super) async fn select_named(
    client: &mut Client,
    requested: &RequestedColumns,
    wanted: Wanted<'_>,
) -> Result<TableRows, ovsdb::Error> {
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

/// The names of the interfaces that have one of these numbers.
pub(super) async fn select_numbered(
    client: &mut Client,
    numbers: &[OfPort],
) -> Result<Vec<String>, ovsdb::Error> {
    let having = |OfPort(number): &OfPort| {
        Select::new("Interface", &["name"]).equal("ofport", i64::from(*number))
    };
    let selects: Vec<_> = numbers.iter().map(having).collect();
    if selects.is_empty() {
        return Ok(Vec::new());
    }
    let answer = client.transact(VSWITCH, &selects).await?;
    let mut names = Vec::new();
    for operation in 0..selects.len() {
        let found: Vec<NameRow> = answer.rows(operation)?;
        names.extend(found.into_iter().map(|row| row.name));
    }
    Ok(names)
}

#[derive(Deserialize)]
struct NameRow {
    name: String,
}

/// What has one of these names. Nearly every Port is called as its one Interface is: to
/// ask for both at once saves a round trip.
async fn called(
    client: &mut Client,
    requested: &RequestedColumns,
    wanted: Wanted<'_>,
) -> Result<TableRows, ovsdb::Error> {
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
        return Ok(TableRows::default());
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
    Ok(TableRows { userspace_tso, database, interfaces, ports, bridges, ..TableRows::default() })
}

/// The Bridges of the Ports that were found; and with them what is looked for only where it may
/// matter, as the server goes through a whole table for it: Interfaces of another name for links
/// whose index none has that was found, and the Ports of fake bridges. Whether it asked for those.
async fn complete(
    client: &mut Client,
    requested: &RequestedColumns,
    wanted: Wanted<'_>,
    rows: &mut TableRows,
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
