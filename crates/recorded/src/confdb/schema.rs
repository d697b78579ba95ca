//! What is read of a schema: which columns of which table hold more than one value.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct Schema {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) tables: HashMap<String, Table>,
}

#[derive(Deserialize)]
pub(super) struct Table {
    #[serde(default)]
    pub(super) columns: HashMap<String, Column>,
}

#[derive(Deserialize)]
pub(super) struct Column {
    #[serde(rename = "type", default)]
    kind: Value,
}

impl Column {
    /// Whether it holds more than one (`ovsdb_type_is_composite`).
    pub(super) fn is_composite(&self) -> bool {
        match self.kind.get("max") {
            Some(Value::Number(most)) => most.as_u64().is_some_and(|most| most > 1),
            Some(Value::String(most)) => most == "unlimited",
            _ => false,
        }
    }
}
