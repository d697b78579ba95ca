//! The operations of a transaction (RFC 7047, section 5.2), as far as they are asked of the fake
//! database; and vswitchd, which gives every new interface its number in the same moment.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::fake_database::{Tables, id, interface, port_row, select};

pub(crate) struct Transaction {
    pub(crate) tables: Tables,
    /// Why vswitchd cannot make an interface, if it cannot.
    error: Option<&'static str>,
    /// How inserting fails, if it does.
    refusal: Option<(&'static str, &'static str)>,
    /// The rows that were inserted, by the name the transaction gave them.
    named: BTreeMap<String, String>,
}

impl Transaction {
    pub(crate) fn new(
        tables: Tables,
        error: Option<&'static str>,
        refusal: Option<(&'static str, &'static str)>,
    ) -> Self {
        Self { tables, error, refusal, named: BTreeMap::new() }
    }

    /// The result of each operation; after one that fails nothing is changed.
    pub(crate) fn run(&mut self, operations: &[Value]) -> Value {
        let before = self.tables.clone();
        let mut results = Vec::new();
        for operation in operations {
            let result = self.take(operation);
            let failed = result.get("error").is_some();
            results.push(result);
            if failed {
                self.tables = before;
                return results.into();
            }
        }
        self.collect_garbage();
        results.into()
    }

    fn take(&mut self, operation: &Value) -> Value {
        match operation["op"].as_str().unwrap() {
            "select" => select(operation, &self.tables),
            "wait" => self.wait(operation),
            "insert" => self.insert(operation),
            "update" => self.update(operation),
            "mutate" => self.mutate(operation),
            "assert" | "comment" => json!({}),
            other => json!({ "error": "not supported", "details": other }),
        }
    }

    /// Does not wait: nothing else changes a row.
    fn wait(&self, operation: &Value) -> Value {
        let columns = operation["columns"].as_array().unwrap();
        let found = select(operation, &self.tables);
        let seen = found["rows"].as_array().unwrap().iter().map(|row| {
            let named = columns.iter().map(|column| column.as_str().unwrap());
            named.map(|column| (column.to_owned(), row[column].clone())).collect::<Value>()
        });
        let same = seen.collect::<Vec<_>>() == *operation["rows"].as_array().unwrap();
        if same == (operation["until"] == "==") {
            json!({})
        } else {
            json!({ "error": "timed out" })
        }
    }

    fn insert(&mut self, operation: &Value) -> Value {
        if let Some((error, details)) = self.refusal {
            return json!({ "error": error, "details": details });
        }
        let row = operation["row"].as_object().unwrap();
        let name = row["name"].as_str().unwrap();
        let (table, kind, mut new) = match operation["table"].as_str().unwrap() {
            "Interface" => ("Interface", 1, interface(name, None)),
            _ => ("Port", 2, port_row(name)),
        };
        for (column, value) in row {
            new[column] = self.resolved(value);
        }
        if table == "Interface" {
            new["ifindex"] = json!(["set", []]);
            new["mac_in_use"] = json!(["set", []]);
            let wanted = new["ofport_request"].as_u64();
            new["ofport"] = json!(self.error.map_or(json!(wanted.unwrap_or(1)), |_| json!(-1)));
            new["error"] = self.error.map_or(json!(["set", []]), |why| json!(why));
        }
        let id = id(kind, name);
        if self.tables.entry(table).or_default().insert(id.clone(), new).is_some() {
            let details = "told in words that no version has";
            return json!({ "error": "constraint violation", "details": details });
        }
        self.named.insert(operation["uuid-name"].as_str().unwrap().to_owned(), id.clone());
        json!({ "uuid": ["uuid", id] })
    }

    /// A row of this transaction by its id; a set of one is that one (section 5.1).
    fn resolved(&self, value: &Value) -> Value {
        match value[0].as_str() {
            Some("set") if value[1].as_array().is_some_and(|set| set.len() == 1) => {
                value[1][0].clone()
            }
            Some("named-uuid") => json!(["uuid", self.named[value[1].as_str().unwrap()]]),
            _ => value.clone(),
        }
    }

    fn update(&mut self, operation: &Value) -> Value {
        self.each(operation, |row| {
            for (column, value) in operation["row"].as_object().unwrap() {
                row[column] = value.clone();
            }
        })
    }

    /// Of sets of ids, and of maps.
    fn mutate(&mut self, operation: &Value) -> Value {
        let mutation = &operation["mutations"][0];
        let (column, adds) = (mutation[0].as_str().unwrap(), mutation[1] == "insert");
        let value = self.resolved(&mutation[2]);
        self.each(operation, |row| {
            let is_map = row[column][0] == "map";
            let set = row[column][1].as_array_mut().unwrap();
            if is_map {
                return mutate_map(set, &value, adds);
            }
            set.retain(|held| *held != value);
            set.extend(adds.then(|| value.clone()));
        })
    }

    fn each(&mut self, operation: &Value, mut change: impl FnMut(&mut Value)) -> Value {
        let found = select(operation, &self.tables);
        let ids = found["rows"].as_array().unwrap().iter().map(|row| row["_uuid"][1].as_str());
        let ids: BTreeSet<_> = ids.flatten().collect();
        let table = self.tables.get_mut(operation["table"].as_str().unwrap());
        let rows = table.into_iter().flatten().filter(|(id, _)| ids.contains(id.as_str()));
        rows.for_each(|(_, row)| change(row));
        json!({ "count": ids.len() })
    }

    /// A Port that no Bridge has goes, with its Interface (ovs-vswitchd.conf.db(5)).
    fn collect_garbage(&mut self) {
        let bridges = self.tables.get("Bridge").into_iter().flatten();
        let held =
            bridges.flat_map(|(_, row)| row["ports"][1].as_array().cloned().unwrap_or_default());
        let held: BTreeSet<_> = held.map(|id| id[1].as_str().unwrap().to_owned()).collect();
        let Some(ports) = self.tables.get_mut("Port") else { return };
        let gone: Vec<_> = ports.keys().filter(|id| !held.contains(*id)).cloned().collect();
        let gone: Vec<_> = gone.iter().filter_map(|id| ports.remove(id)).collect();
        for row in gone {
            if let Some(interfaces) = self.tables.get_mut("Interface") {
                interfaces.remove(row["interfaces"][1].as_str().unwrap());
            }
        }
    }
}

/// Adds pairs whose keys are not there, or takes those with the keys away (section 5.1).
fn mutate_map(pairs: &mut Vec<Value>, value: &Value, adds: bool) {
    let given = match value[0].as_str() {
        Some("map" | "set") => value[1].as_array().unwrap().clone(),
        _ => vec![value.clone()],
    };
    if adds {
        let is_new = |pair: &Value| pairs.iter().all(|there| there[0] != pair[0]);
        let new: Vec<_> = given.into_iter().filter(is_new).collect();
        pairs.extend(new);
    } else {
        pairs.retain(|pair| !given.contains(&pair[0]));
    }
}

/// An update of a monitor (section 4.1.6).
pub(crate) fn difference(before: &Tables, after: &Tables) -> Value {
    let tables: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let of = |all: &Tables, table: &str| all.get(table).cloned().unwrap_or_default();
    let changes = tables.into_iter().map(|table| {
        let (old, new) = (of(before, table), of(after, table));
        let gone = old.iter().filter(|(id, _)| !new.contains_key(*id));
        let gone = gone.map(|(id, row)| (id.clone(), json!({ "old": row })));
        let changed = new.iter().filter(|(id, row)| old.get(*id) != Some(*row));
        let changed = changed.map(|(id, row)| (id.clone(), json!({ "new": row })));
        ((*table).to_owned(), gone.chain(changed).collect::<Value>())
    });
    changes.filter(|(_, rows)| rows != &json!({})).collect()
}
