//! Rows as others recorded them, read as those of a live host are: of the database's tables, and of what
//! an engine tells of a container.

use model::snapshot::Container;
use model::switch::Bridge;
use ovsdb::Uuid;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::engine::inspected::Inspected;
use crate::switch::ovsdb::rows::{BridgeRow, InterfaceRow, OpenVSwitchRow, PortRow, TableRows};

/// Rows of the tables that are of use, each with its id, as RFC 7047 writes them.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Of Interface.
    pub interfaces: Vec<(String, Value)>,
    /// Of Port.
    pub ports: Vec<(String, Value)>,
    /// Of Bridge.
    pub bridges: Vec<(String, Value)>,
    /// Of Open_vSwitch, which has one.
    pub open_vswitch: Vec<(String, Value)>,
}

/// The bridges with their ports; and how many rows are none of a switch's, and left out: all of them
/// where more would be made of them than is held.
pub fn bridges(tables: Tables) -> (Vec<Bridge>, usize) {
    let all = tables.interfaces.len() + tables.ports.len() + tables.bridges.len();
    let settings: Vec<(Uuid, OpenVSwitchRow)> = typed(tables.open_vswitch);
    let rows = TableRows {
        userspace_tso: settings.first().map(|(_, row)| row.userspace_tso()),
        interfaces: typed::<InterfaceRow>(tables.interfaces).into_iter().collect(),
        ports: typed::<PortRow>(tables.ports).into_iter().collect(),
        bridges: typed::<BridgeRow>(tables.bridges).into_iter().map(|(_, row)| row).collect(),
        ..TableRows::default()
    };
    let taken = rows.interfaces.len() + rows.ports.len() + rows.bridges.len();
    rows.into_bridges().map_or((Vec::new(), all), |bridges| (bridges, all.saturating_sub(taken)))
}

/// What the database calls itself: the id of its Open_vSwitch row.
pub fn database_id(tables: &Tables) -> Option<String> {
    tables.open_vswitch.first().map(|(id, _)| id.clone())
}

/// The bridges that `ovs-appctl dpif/show` prints, in each of its formats; none for another text.
pub fn datapaths(text: &str) -> Option<Vec<Bridge>> {
    let bridges = unixctl::parse_dpif_show(text).ok().filter(|bridges| !bridges.is_empty())?;
    Some(bridges.into_iter().map(crate::switch::appctl::bridge).collect())
}

fn typed<T: DeserializeOwned>(rows: Vec<(String, Value)>) -> Vec<(Uuid, T)> {
    let row = |(id, row): (String, Value)| Some((id.parse().ok()?, T::deserialize(row).ok()?));
    rows.into_iter().filter_map(row).collect()
}

/// The containers that `docker inspect` or `podman inspect` prints; none for another text. Which
/// namespace each is in is not told by that.
pub fn inspected(json: &str) -> Option<Vec<Container>> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Printed {
        Several(Vec<Value>),
        One(Value),
    }
    let rows = match serde_json::from_str(json).ok()? {
        Printed::Several(rows) => rows,
        Printed::One(row) => vec![row],
    };
    let is_container =
        |row: &Value| row.get("State").is_some_and(Value::is_object) && row.get("Id").is_some();
    if rows.is_empty() || !rows.iter().all(is_container) {
        return None;
    }
    let rows = rows.into_iter().filter_map(|row| Inspected::deserialize(row).ok());
    Some(rows.map(|row| row.found().row).collect())
}
