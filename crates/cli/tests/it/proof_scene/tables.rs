//! What a database of Open vSwitch says of its interfaces, ports and bridges, row by row.

use std::collections::BTreeMap;

use serde_json::Value;

/// A row: its columns by their names.
pub(super) type Columns = BTreeMap<String, Value>;
/// The rows of a table by their `_uuid`.
pub(super) type Rows = BTreeMap<String, Columns>;

/// What ovs-vsctl is asked: all columns that there are.
pub(super) const LIST: [&str; 10] =
    ["--format=json", "--", "list", "Interface", "--", "list", "Port", "--", "list", "Bridge"];

/// What vswitchd writes by itself, and changes at any time (ovs-vswitchd.conf.db(5)): the rest is configured.
const OF_VSWITCHD: [&str; 25] = [
    // Of all three tables, or of two.
    "statistics",
    "status",
    "rstp_statistics",
    "rstp_status",
    // Of an Interface.
    "admin_state",
    "bfd_status",
    "cfm_fault",
    "cfm_fault_status",
    "cfm_flap_count",
    "cfm_health",
    "cfm_remote_mpids",
    "cfm_remote_opstate",
    "duplex",
    "error",
    "ifindex",
    "lacp_current",
    "link_resets",
    "link_speed",
    "link_state",
    "mac_in_use",
    "mtu",
    "ofport",
    // Of a Port.
    "bond_active_slave",
    // Of a Bridge.
    "datapath_id",
    "datapath_version",
];

/// The rows of one database.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) interfaces: Rows,
    pub(super) ports: Rows,
    pub(super) bridges: Rows,
}

impl Tables {
    /// As ovs-vsctl prints what [`LIST`] asks for.
    pub(super) fn of(told: &str) -> Self {
        let tables = serde_json::Deserializer::from_str(told).into_iter::<Value>();
        let mut tables = tables.map(|table| rows_of(&table.unwrap()));
        let mut next = || tables.next().unwrap();
        Self { interfaces: next(), ports: next(), bridges: next() }
    }

    /// All that is configured.
    pub(super) fn configured(&self) -> Rows {
        let all = [&self.interfaces, &self.ports, &self.bridges].into_iter().flatten();
        all.map(|(id, row)| (id.clone(), configured(row))).collect()
    }

    /// The Port that an Interface belongs to, by its `_uuid`.
    pub(super) fn port_of(&self, interface: &str) -> Option<&str> {
        referring(&self.ports, "interfaces", interface).map(|(port, _)| port)
    }

    /// Name of the bridge that a Port belongs to.
    pub(super) fn bridge_of(&self, port: &str) -> Option<&str> {
        referring(&self.bridges, "ports", port)?.1["name"].as_str()
    }
}

/// The row whose column refers to `wanted`.
fn referring<'a>(rows: &'a Rows, column: &str, wanted: &str) -> Option<(&'a str, &'a Columns)> {
    let refers = |row: &Columns| uuids(&row[column]).iter().any(|id| id == wanted);
    rows.iter().find(|(_, row)| refers(row)).map(|(id, row)| (id.as_str(), row))
}

/// Without what is vswitchd's.
fn configured(row: &Columns) -> Columns {
    let own = row.iter().filter(|(column, _)| !OF_VSWITCHD.contains(&column.as_str()));
    own.map(|(column, value)| (column.clone(), value.clone())).collect()
}

/// What is configured of a row by itself, and no verb may change where the row stays: without the rows that it
/// refers to, which are compared as rows, what docker-ovs notes in `external_ids`, and the number that is asked for.
pub(super) fn settings(row: &Columns) -> Columns {
    let mut settings = configured(row);
    for column in ["interfaces", "ports", "ofport_request"] {
        settings.remove(column);
    }
    let mut ids = map(&row["external_ids"]);
    ids.retain(|key, _| !key.starts_with("docker-ovs."));
    settings.insert("external_ids".to_owned(), serde_json::to_value(ids).unwrap());
    settings
}

fn rows_of(table: &Value) -> Rows {
    let headings: Vec<String> = serde_json::from_value(table["headings"].clone()).unwrap();
    let data: Vec<Vec<Value>> = serde_json::from_value(table["data"].clone()).unwrap();
    let row = |cells: Vec<Value>| -> Columns { headings.iter().cloned().zip(cells).collect() };
    data.into_iter().map(row).map(|row| (uuid(&row["_uuid"]), row)).collect()
}

/// A cell that refers to a row.
fn uuid(cell: &Value) -> String {
    cell[1].as_str().unwrap_or_default().to_owned()
}

/// A cell that refers to any number of rows.
fn uuids(cell: &Value) -> Vec<String> {
    if cell[0] == "set" {
        cell[1].as_array().unwrap().iter().map(uuid).collect()
    } else {
        vec![uuid(cell)]
    }
}

/// A cell of keys and values.
pub(super) fn map(cell: &Value) -> BTreeMap<String, String> {
    let pairs = cell[1].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}
