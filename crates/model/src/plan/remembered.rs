//! What the database remembers of attachments: by the rows of their ports or, where these are gone, by their
//! bridges alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ids::{Name, OfPort};
use crate::memory;
use crate::port_record::PortRecord;
use crate::query::{self, QueryError};
use crate::resolve::Clashes;
use crate::snapshot::{Container, Snapshot};
use crate::switch::{Bridge, Port};
use crate::whereabouts::{ContainerIndex, Whereabouts, may_replace, whereabouts};
use crate::wiring::{SwitchPort, Wiring};

use super::foreign::may_have_own_interface;
use super::number::number_of;
use super::superseded::{RecordRank, latest};

/// `docker ovs restore`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restore {
    /// The containers, by name, id or beginning of the id; all there are if none is named.
    pub containers: Vec<String>,
    /// Of theirs, these alone; whatever they have if none.
    pub only: Option<BTreeSet<RememberedKey>>,
}

/// Which attachment is remembered, by its port or, without one, by its bridge alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RememberedKey {
    /// The bridge.
    pub bridge: Name,
    /// The container's id, as it is recorded.
    pub container: String,
    /// Name of the interface.
    pub interface: String,
}

impl RememberedKey {
    /// That of a port with a record.
    pub fn of(bridge: &Name, port: &Port) -> Option<Self> {
        let PortRecord { container, interface, .. } = PortRecord::of(port)?;
        Some(Self { bridge: bridge.clone(), container, interface })
    }
}

/// An attachment that the database remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    /// The bridge.
    pub bridge: Name,
    /// The port it has, or had.
    pub port: Arc<Port>,
    /// Name of the container.
    pub container: Name,
    /// The same, with its engine where another one has a container of that name.
    pub called: Name,
    /// Name of the interface.
    pub interface: Name,
    /// Whether the port itself is gone, and only the bridge remembers it ([`crate::memory`]).
    pub port_is_gone: bool,
    /// Why another record of the same interface counts, and not this one.
    pub superseded: Option<String>,
    /// The words of the request that mean its container.
    pub asked_as: Vec<String>,
}

impl Remembered {
    /// Which it is.
    pub fn key(&self) -> Option<RememberedKey> {
        RememberedKey::of(&self.bridge, &self.port)
    }

    /// The number that it has, had, or asks for.
    pub fn ofport(&self) -> Option<OfPort> {
        number_of(&self.port)
    }
}

/// Everything that is remembered of the containers that are asked about, but for what a bridge alone remembers of an
/// interface whose record on a port counts.
///
/// # Errors
/// No such container.
pub fn remembered(
    snapshot: &Snapshot,
    wiring: &Wiring,
    request: &Restore,
) -> Result<Vec<Remembered>, QueryError> {
    let named = request
        .containers
        .iter()
        .map(|words| query::certain_container(snapshot, words).map(|row| (words, row)));
    let named: Vec<(&String, &Container)> = named.collect::<Result<_, _>>()?;
    let (clashes, containers) = (Clashes::of(snapshot), ContainerIndex::of(snapshot));
    let asked_as = |record: &PortRecord, found: &Whereabouts<'_>| -> Vec<String> {
        let is = |row: &Container| {
            if let Some(owner) = found.container() {
                return snapshot.is_one(owner, row);
            }
            let may_be = |engine| may_replace(snapshot, record, (engine, row));
            found.doubt().is_some() && snapshot.engine_of(row).is_some_and(may_be)
        };
        let meaning = named.iter().filter(|(_, row)| is(row));
        meaning.map(|(words, _)| String::clone(words)).collect()
    };
    let one = |bridge: &Name, port: &Arc<Port>, row: Option<&SwitchPort>| {
        let record = PortRecord::of(port)?;
        let found = containers.whereabouts(&record);
        let owner = found.container();
        let asked_as = asked_as(&record, &found);
        (named.is_empty() || !asked_as.is_empty()).then(|| {
            let name = owner.map_or_else(|| record.owner_name().into(), |owner| owner.name.clone());
            let one = Remembered {
                bridge: bridge.clone(),
                port: Arc::clone(port),
                container: name,
                called: clashes.recorded(&record, owner),
                interface: record.interface.as_str().into(),
                port_is_gone: row.is_none(),
                superseded: None,
                asked_as,
            };
            (one, RecordRank::of(snapshot, &record, owner, row))
        })
    };
    let rows = wiring.ports.iter().filter_map(|row| one(&row.bridge, &row.port, Some(row)));
    let gone = only_remembered(snapshot, wiring);
    let gone = gone.iter().filter_map(|(bridge, port)| one(bridge, port, None));
    // Which of several counts is told by all of them.
    let mut all = latest(rows.chain(gone).collect());
    if let Some(only) = &request.only {
        all.retain(|one| one.key().is_some_and(|key| only.contains(&key)));
    }
    Ok(all)
}

/// What bridges remember, each with its bridge, where no row with a record is its port any more: one of its name on
/// that bridge, or with its record on another one. Nor is anything missing where the interface is, or may be, on a port
/// that has the record under another name. Any other row of that record, as of an interface that was renamed inside or
/// of what can be none, is not what is remembered.
pub(super) fn only_remembered(snapshot: &Snapshot, wiring: &Wiring) -> Vec<(Name, Arc<Port>)> {
    let mut by_name: BTreeMap<&Name, Vec<(&SwitchPort, String)>> = BTreeMap::new();
    let mut by_key: BTreeMap<String, Vec<(&SwitchPort, PortRecord)>> = BTreeMap::new();
    for row in &wiring.ports {
        let Some(record) = PortRecord::of(&row.port) else { continue };
        let key = memory::key(&record);
        by_name.entry(&row.port.iface).or_default().push((row, key.clone()));
        by_key.entry(key).or_default().push((row, record));
    }
    let is_there = |bridge: &Bridge, key: &str, iface: &Name| {
        let mut rows = by_name.get(iface).into_iter().flatten();
        rows.any(|(row, own)| row.bridge == bridge.name || own == key)
    };
    let lives = |key: &str| {
        let mut rows = by_key.get(key).into_iter().flatten();
        rows.any(|(row, record)| {
            let owner = whereabouts(snapshot, record);
            may_have_own_interface(owner.container(), record, row)
        })
    };
    let mut gone = Vec::new();
    for bridge in snapshot.ovsdb_bridges() {
        let kept = memory::of(bridge);
        let kept = kept.filter(|(key, port)| !is_there(bridge, key, &port.iface) && !lives(key));
        gone.extend(kept.map(|(_, port)| (bridge.name.clone(), Arc::new(port))));
    }
    gone
}

/// The row of what a bridge remembers as `port`, if it is there and has lost its record.
pub(super) fn without_record<'a>(
    wiring: &'a Wiring,
    bridge: &Name,
    port: &Port,
) -> Option<&'a SwitchPort> {
    let mut rows = wiring.ports.iter();
    let row = rows.find(|row| row.bridge == *bridge && row.port.iface == port.iface);
    row.filter(|row| PortRecord::of(&row.port).is_none())
}
