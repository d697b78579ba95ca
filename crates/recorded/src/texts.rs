//! Outputs of Open vSwitch's programs that tell rows: `ovs-vsctl list`, `ovs-vsctl show` and
//! `ovsdb-client dump`, as tables and as JSON.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::tables::{Row, Tables};
use crate::value::{is_uuid, value};

/// Takes the rows of `ovs-vsctl list TABLE`; the table is known by its columns. How many lines were not
/// understood; none for another text.
pub(crate) fn list(text: &str, tables: &mut Tables) -> Option<usize> {
    let (mut found, mut unread) = (false, 0);
    for record in text.split("\n\n") {
        let lines: Vec<_> = record.lines().filter(|line| !is_idle(line)).collect();
        let row: Row = lines.iter().copied().filter_map(column).collect();
        unread += lines.len() - row.len();
        found |= take(row, None, tables);
    }
    found.then_some(unread)
}

/// Blank, or a command that was typed.
fn is_idle(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with("$ ") || line.starts_with("# ")
}

/// `name                : "veth0"`
fn column(line: &str) -> Option<(String, Value)> {
    let (name, text) = line.split_once(':')?;
    let name = name.trim_end();
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let (value, _) = value(text.trim()).filter(|_| is_name && !name.is_empty())?;
    Some((name.to_owned(), value))
}

/// Adds a row by its `_uuid`.
fn take(mut row: Row, table: Option<&'static str>, tables: &mut Tables) -> bool {
    let Some(table) = table.or_else(|| table_of(&row)) else { return false };
    let Some(id) = row.remove("_uuid") else { return false };
    let Some(id) = id.get(1).and_then(Value::as_str).map(str::to_owned) else { return false };
    tables.table(table).insert(id, row);
    true
}

fn table_of(row: &Row) -> Option<&'static str> {
    let has = |columns: &[&str]| columns.iter().all(|column| row.contains_key(*column));
    if has(&["name", "ofport"]) {
        Some("Interface")
    } else if has(&["name", "interfaces"]) {
        Some("Port")
    } else if has(&["name", "ports", "controller"]) {
        Some("Bridge")
    } else {
        has(&["bridges", "other_config"]).then_some("Open_vSwitch")
    }
}

/// Takes the tables of `ovsdb-client dump`. How many rows were not understood; none for another text, as of
/// another database.
pub(crate) fn dump(text: &str, tables: &mut Tables) -> Option<usize> {
    let (mut found, mut unread) = (false, 0);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("{\"") {
            match dumped_json(line, tables) {
                Some((is_wanted, lost)) => {
                    found |= is_wanted;
                    unread += lost;
                }
                None => unread += 1,
            }
            continue;
        }
        let Some(name) = line.trim_end().strip_suffix(" table") else { continue };
        let heads: Vec<_> = lines.next().unwrap_or_default().split_whitespace().collect();
        let rule = lines.next().unwrap_or_default();
        if !rule.starts_with("--") || !heads.contains(&"_uuid") {
            continue;
        }
        let Some(table) = Tables::wanted(name) else { continue };
        found = true;
        // It may have no row.
        tables.table(table);
        for line in lines.by_ref().take_while(|line| !line.trim().is_empty()) {
            let is_taken = cells(&heads, line).is_some_and(|row| take(row, Some(table), tables));
            unread += usize::from(!is_taken);
        }
    }
    found.then_some(unread)
}

/// Each cell is a value; what has blanks is quoted.
fn cells(heads: &[&str], line: &str) -> Option<Row> {
    let mut rest = line.trim_start();
    let mut row = Row::new();
    for head in heads {
        let (cell, after) = value(rest)?;
        row.insert((*head).to_owned(), cell);
        rest = after.trim_start();
    }
    Some(row)
}

/// A line of `ovsdb-client --format=json dump`.
#[derive(Deserialize)]
struct Dumped {
    caption: String,
    headings: Vec<String>,
    data: Vec<Vec<Value>>,
}

/// Whether it is a table that is of use, and how many of its rows were not understood.
fn dumped_json(line: &str, tables: &mut Tables) -> Option<(bool, usize)> {
    let dumped = serde_json::from_str::<Dumped>(line).ok()?;
    let table = dumped.caption.strip_suffix(" table").and_then(Tables::wanted);
    let Some(table) = table else { return Some((false, 0)) };
    tables.table(table);
    let mut unread = 0;
    for cells in dumped.data {
        let is_whole = cells.len() == dumped.headings.len();
        let row = dumped.headings.iter().cloned().zip(cells).collect();
        unread += usize::from(!is_whole || !take(row, Some(table), tables));
    }
    Some((true, unread))
}

/// What `ovs-vsctl show` tells: names, and no numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shown {
    /// Tables with made-up ids, in which no Interface has a number.
    pub(crate) tables: Tables,
    /// The interfaces, each with its bridge.
    pub(crate) interfaces: Vec<(String, String)>,
    /// Whether it ends as such a text does.
    pub(crate) is_whole: bool,
}

/// Reads `ovs-vsctl show`; none for another text.
pub(crate) fn show(text: &str) -> Option<Shown> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    if !is_uuid(lines.next()?.trim()) {
        return None;
    }
    let mut shown = Shown::default();
    let mut at: [Option<(&'static str, String)>; 3] = [None, None, None];
    let mut bridge = String::new();
    for line in lines {
        let depth = (line.len() - line.trim_start().len()) / 4;
        let line = line.trim();
        shown.is_whole = depth == 1 && line.starts_with("ovs_version:");
        let opened = |word: &str| line.strip_prefix(word)?.strip_prefix(' ').and_then(named);
        match depth {
            1 => {
                at = [None, None, None];
                if let Some(name) = opened("Bridge") {
                    bridge.clone_from(&name);
                    at[0] = Some(shown.open("Bridge", &name, None));
                }
            }
            2 => {
                at[1] = None;
                at[2] = None;
                match (opened("Port"), &at[0]) {
                    (Some(name), Some(holder)) => {
                        at[1] = Some(shown.open("Port", &name, Some((holder, "ports"))));
                    }
                    (_, Some(holder)) => shown.set(holder, line),
                    _ => {}
                }
            }
            3 => {
                at[2] = None;
                match (opened("Interface"), &at[1]) {
                    (Some(name), Some(holder)) => {
                        shown.interfaces.push((name.clone(), bridge.clone()));
                        at[2] = Some(shown.open("Interface", &name, Some((holder, "interfaces"))));
                    }
                    (_, Some(holder)) => shown.set(holder, line),
                    _ => {}
                }
            }
            _ => {
                if let Some(row) = &at[2] {
                    shown.set(row, line);
                }
            }
        }
    }
    Some(shown)
}

fn named(text: &str) -> Option<String> {
    match value(text)? {
        (Value::String(name), "") => Some(name),
        (Value::Number(name), "") => Some(name.to_string()),
        (_, "") => Some(text.to_owned()),
        _ => None,
    }
}

type RowRef = (&'static str, String);

impl Shown {
    /// Makes a row, and tells its holder.
    fn open(&mut self, table: &'static str, name: &str, holder: Option<(&RowRef, &str)>) -> RowRef {
        let id = format!("00000000-0000-4000-8000-{:012x}", self.tables.len() + 1);
        let row = Row::from_iter([("name".to_owned(), json!(name))]);
        self.tables.table(table).insert(id.clone(), row);
        if let Some(((table, holder), column)) = holder {
            let row = self.tables.table(table).entry(holder.clone()).or_default();
            let held = row.entry(column).or_insert_with(|| json!(["set", []]));
            if let Some(Value::Array(items)) = held.get_mut(1) {
                items.push(json!(["uuid", id]));
            }
        }
        (table, id)
    }

    /// `tag: 10`
    fn set(&mut self, (table, id): &RowRef, line: &str) {
        const KNOWN: [&str; 11] = [
            "tag",
            "trunks",
            "vlan_mode",
            "cvlans",
            "type",
            "options",
            "error",
            "datapath_type",
            "fake_bridge",
            "protected",
            "fail_mode",
        ];
        let Some((name, text)) = line.split_once(": ") else { return };
        if let Some((value, "")) = value(text.trim()).filter(|_| KNOWN.contains(&name)) {
            self.tables.table(table).entry(id.clone()).or_default().insert(name.to_owned(), value);
        }
    }
}
