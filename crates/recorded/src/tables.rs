//! Tables of a database, row by row, and how they become bridges.

use std::collections::{BTreeMap, HashMap};

use host::recorded::{Tables as NumberedNetns, bridges, database_id};
use model::switch::Bridge;
use serde_json::{Map, Value};

/// The tables that are of use.
pub(crate) const WANTED: [&str; 4] = ["Bridge", "Interface", "Open_vSwitch", "Port"];

/// A row: columns by name.
pub(crate) type Row = Map<String, Value>;

/// Rows by table and id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tables(pub(crate) BTreeMap<&'static str, HashMap<String, Row>>);

impl Tables {
    /// The table called `name`, if it is of use.
    pub(crate) fn wanted(name: &str) -> Option<&'static str> {
        WANTED.into_iter().find(|wanted| *wanted == name)
    }

    /// The rows of a table.
    pub(crate) fn table(&mut self, name: &'static str) -> &mut HashMap<String, Row> {
        self.0.entry(name).or_default()
    }

    /// A column that has its default is left out of a database's file: of these that is told by more
    /// than nothing.
    pub(crate) fn default_types(&mut self) {
        for (table, column) in [("Interface", "type"), ("Bridge", "datapath_type")] {
            for row in self.table(table).values_mut() {
                row.entry(column).or_insert_with(|| Value::String(String::new()));
            }
        }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.0.values().map(HashMap::len).sum()
    }

    /// The bridges with their ports, by name.
    pub(crate) fn bridges(&self) -> Bridges {
        let rows = |name: &str| -> Vec<(String, Value)> {
            let rows = self.0.get(name).into_iter().flatten();
            rows.map(|(id, row)| (id.clone(), Value::Object(row.clone()))).collect()
        };
        let tables = NumberedNetns {
            interfaces: rows("Interface"),
            ports: rows("Port"),
            bridges: rows("Bridge"),
            open_vswitch: rows("Open_vSwitch"),
        };
        let id = database_id(&tables);
        let (mut bridges, unread) = bridges(tables);
        bridges.sort_by(|a, b| a.name.cmp(&b.name));
        for bridge in &mut bridges {
            bridge.ports.sort_by(|a, b| a.iface.cmp(&b.iface));
        }
        Bridges { rows: bridges, id, unread }
    }
}

/// What tables tell of a switch.
#[derive(Clone, Debug)]
pub(crate) struct Bridges {
    pub(crate) rows: Vec<Bridge>,
    /// What the database calls itself.
    pub(crate) id: Option<String>,
    /// How many rows are none of a switch's.
    pub(crate) unread: usize,
}
