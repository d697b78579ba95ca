//! Whether rows are all that a switch had. The database keeps no Bridge, Port or Interface that none holds, and
//! none holds one that is not there: so a text that is cut, and tables that were asked for by name, show.

use std::collections::HashSet;

use serde_json::Value;

use crate::tables::{Row, Tables};

/// Which column of which table holds the rows of which other.
const HOLDS: [(&str, &str, &str); 3] = [
    ("Open_vSwitch", "bridges", "Bridge"),
    ("Bridge", "ports", "Port"),
    ("Port", "interfaces", "Interface"),
];

/// Why these are not all the rows of a switch; none where they are. So many lines of their texts could not be
/// `unread`.
pub(crate) fn part(tables: &Tables, unread: usize) -> Option<String> {
    let missing = || {
        let wanted = ["Bridge", "Port", "Interface"].into_iter();
        let missing: Vec<_> = wanted.filter(|name| !tables.0.contains_key(name)).collect();
        (!missing.is_empty())
            .then(|| format!("the recording has nothing of the table {}", missing.join(", ")))
    };
    let unread = || {
        (unread > 0).then(|| format!("{unread} lines of its tables in the recording are not known"))
    };
    let held = || {
        HOLDS.into_iter().find_map(|(holder, column, held)| {
            // The table of the switch itself is often not asked for.
            tables.0.get(holder).and_then(|_| differs(tables, holder, column, held))
        })
    };
    let untyped = || {
        let mut rows = tables.0.get("Interface").into_iter().flat_map(|rows| rows.values());
        rows.any(|row| !row.contains_key("type"))
            .then(|| "the recording has not the type of each Interface".to_owned())
    };
    missing().or_else(unread).or_else(held).or_else(untyped)
}

/// Why what is held and what is there are not the same.
fn differs(tables: &Tables, holder: &str, column: &str, held: &str) -> Option<String> {
    let rows = |name: &str| tables.0.get(name).into_iter().flatten();
    let wanted: HashSet<_> = rows(holder).flat_map(|(_, row)| ids(row, column)).collect();
    let there: HashSet<_> = rows(held).map(|(id, _)| id.as_str()).collect();
    let (gone, alone) = (wanted.difference(&there).count(), there.difference(&wanted).count());
    if gone > 0 {
        return Some(format!(
            "the recording has not all rows of {held}: {gone} that {holder} names are missing"
        ));
    }
    (alone > 0).then(|| {
        format!(
            "the recording has not all rows of {holder}: what holds {alone} of {held} is missing"
        )
    })
}

/// The row ids in a column: one, or a set.
fn ids<'a>(row: &'a Row, column: &str) -> Vec<&'a str> {
    let value = row.get(column).and_then(Value::as_array);
    let Some([tag, of]) = value.map(Vec::as_slice) else { return Vec::new() };
    if tag == "uuid" {
        return of.as_str().into_iter().collect();
    }
    let items = of.as_array().into_iter().flatten();
    items.filter_map(|item| item.get(1)?.as_str()).collect()
}
