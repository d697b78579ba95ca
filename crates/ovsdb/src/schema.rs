//! The `get_schema` method (RFC 7047 sections 4.1.2 and 3.2): which tables and columns there are.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// `<database-schema>`, as far as it is used: what there is, not of which types.
#[derive(Debug, Clone, Deserialize)]
pub struct Schema {
    /// The version of the schema, such as `8.3.0`.
    pub version: String,
    #[serde(default)]
    tables: BTreeMap<String, Table>,
}

/// `<table-schema>`.
#[derive(Debug, Clone, Deserialize)]
struct Table {
    columns: BTreeMap<String, Box<RawValue>>,
}

impl Schema {
    /// Whether there is a table of this name.
    pub fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// Whether `table` is there and has this column. Every table has `_uuid` and `_version`
    /// (section 3.2, `<table-schema>`), which its schema does not list.
    pub fn has_column(&self, table: &str, column: &str) -> bool {
        let implicit = matches!(column, "_uuid" | "_version");
        self.tables.get(table).is_some_and(|table| implicit || table.columns.contains_key(column))
    }
}
