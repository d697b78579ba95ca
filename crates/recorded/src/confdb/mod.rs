//! The file of a database: a log of records, each with its length and SHA-1 (ovsdb(5), ovsdb(7); Open
//! vSwitch `ovsdb/log.c`, `ovsdb/file.c`, `ovsdb/raft.c`).
//!
//! A standalone database begins with its schema, and goes on with transactions. In those with `_is_diff`
//! the columns of rows that were there are differences. A clustered one has a schema and its contents
//! in its first record, and then entries, of which a later one may take an earlier one's place.

mod difference;
mod raft;
mod record;

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufRead};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use difference::Places;
use raft::Entries;

use crate::changes::{self, Changes, ports};
use crate::tables::{Row, Tables};

/// What a database is called that is a switch's.
pub(crate) const SCHEMA: &str = "Open_vSwitch";

/// What was read of a database.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub(crate) tables: Tables,
    /// The name of its schema.
    pub schema: String,
    /// Whether it is clustered.
    pub is_clustered: bool,
    /// The first and the last date of a transaction, in milliseconds since the Unix epoch.
    pub dates: Option<(u64, u64)>,
    /// How many transactions there are.
    pub transactions: usize,
    /// The date of the first transaction that was not wanted, in milliseconds since the Unix epoch.
    pub goes_on_at: Option<u64>,
    /// Where it is damaged, and how: what follows was not read.
    pub damage: Option<Damage>,
    /// What became of ports, where that is wanted.
    pub(crate) changes: Option<Changes>,
    kinds: Kinds,
    places: PlacesOf,
}

/// Where a log is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The offset of the record, in bytes.
    pub offset: u64,
    /// What is wrong with it.
    pub why: String,
}

/// A transaction, as its writer told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transaction {
    /// When, in milliseconds since the Unix epoch; none where it does not tell.
    pub(crate) date: Option<u64>,
    /// The command line, or what else the writer said.
    pub(crate) comment: Option<String>,
    /// Whether it tells differences of rows.
    pub(crate) is_diff: bool,
}

/// The columns whose values are sets or maps of more than one: only those differ by their items.
type Kinds = HashMap<&'static str, HashMap<String, bool>>;

/// Of long sets and maps, by table, row and column.
type PlacesOf = HashMap<(&'static str, String), HashMap<String, Places>>;

/// Whether these bytes begin a database's file.
pub fn is_log(bytes: &[u8]) -> bool {
    bytes.starts_with(b"OVSDB JSON ") || bytes.starts_with(b"OVSDB CLUSTER ")
}

/// Reads a database's file up to its end, its first damage, or the first transaction for which `goes_on`
/// is false; that is told the tables before each transaction.
///
/// # Errors
/// Reading fails, or the file is no database's.
pub(crate) fn read(
    mut file: impl BufRead,
    changes: Option<Changes>,
    mut goes_on: impl FnMut(&Tables, &Transaction) -> bool,
) -> io::Result<Log> {
    let mut log = Log { changes, ..Log::default() };
    let mut offset = 0;
    let mut raft = Entries::default();
    let mut is_first = true;
    loop {
        let record = match record::next(&mut file)? {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(_) if is_first => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no OVSDB file"));
            }
            Err(why) => {
                log.damage = Some(Damage { offset, why });
                break;
            }
        };
        let taken = match (is_first, record.is_clustered) {
            (true, clustered) => log.begin(&record.json, clustered, &mut goes_on),
            (false, true) => raft.take(&record.json, &mut log, &mut goes_on),
            (false, false) => log.transact(&record.json, &mut goes_on),
        };
        is_first = false;
        match taken {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let why = format!("its JSON is none of a database's: {error}");
                log.damage = Some(Damage { offset, why });
                break;
            }
        }
        offset += record.length;
    }
    raft.finish(&mut log, &mut goes_on);
    log.tables.default_types();
    Ok(log)
}

/// The first record of a clustered database.
#[derive(Deserialize)]
struct Header<'a> {
    #[serde(default)]
    name: String,
    /// Schema and contents, where it was compacted or has just been made.
    #[serde(borrow, default)]
    prev_data: Option<[&'a RawValue; 2]>,
}

#[derive(Deserialize)]
struct Schema {
    #[serde(default)]
    name: String,
    #[serde(default)]
    tables: HashMap<String, Table>,
}

#[derive(Deserialize)]
struct Table {
    #[serde(default)]
    columns: HashMap<String, Column>,
}

#[derive(Deserialize)]
struct Column {
    #[serde(rename = "type", default)]
    kind: Value,
}

impl Column {
    /// Whether it holds more than one (`ovsdb_type_is_composite`).
    fn is_composite(&self) -> bool {
        match self.kind.get("max") {
            Some(Value::Number(most)) => most.as_u64().is_some_and(|most| most > 1),
            Some(Value::String(most)) => most == "unlimited",
            _ => false,
        }
    }
}

/// Rows by their ids; none for one that goes.
type ById = HashMap<String, Option<Row>>;

/// Rows of a transaction, by table.
type TableRows = (&'static str, ById);

/// A transaction, with the tables that are of use.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Written<'a> {
    #[serde(rename = "_date", borrow)]
    date: Option<&'a RawValue>,
    #[serde(rename = "_comment", borrow)]
    comment: Option<&'a RawValue>,
    #[serde(rename = "_is_diff", borrow)]
    is_diff: Option<&'a RawValue>,
    #[serde(rename = "Bridge")]
    bridges: ById,
    #[serde(rename = "Interface")]
    interfaces: ById,
    #[serde(rename = "Open_vSwitch")]
    switches: ById,
    #[serde(rename = "Port")]
    ports: ById,
}

type GoesOn<'a> = &'a mut dyn FnMut(&Tables, &Transaction) -> bool;

impl Log {
    fn begin(
        &mut self,
        json: &[u8],
        clustered: bool,
        goes_on: GoesOn<'_>,
    ) -> serde_json::Result<bool> {
        self.is_clustered = clustered;
        if !clustered {
            self.take_schema(json)?;
            return Ok(true);
        }
        let header: Header<'_> = serde_json::from_slice(json)?;
        self.schema = header.name;
        let Some([schema, contents]) = header.prev_data else { return Ok(true) };
        self.take_schema(schema.get().as_bytes())?;
        self.transact(contents.get().as_bytes(), goes_on)
    }

    fn take_schema(&mut self, json: &[u8]) -> serde_json::Result<()> {
        let schema: Option<Schema> = serde_json::from_slice(json)?;
        let Some(schema) = schema else { return Ok(()) };
        self.schema = schema.name;
        for (name, table) in schema.tables {
            let Some(name) = Tables::wanted(&name) else { continue };
            let columns = table.columns.into_iter();
            let kinds = columns.map(|(column, of)| (column, of.is_composite()));
            self.kinds.entry(name).or_default().extend(kinds);
        }
        Ok(())
    }

    /// Applies a transaction; false where it is not wanted any more.
    fn transact(&mut self, json: &[u8], goes_on: GoesOn<'_>) -> serde_json::Result<bool> {
        let Written { date, comment, is_diff, bridges, interfaces, switches, ports: port_rows } =
            serde_json::from_slice(json)?;
        let told = Transaction {
            date: date.and_then(self::date),
            comment: comment.and_then(|raw| serde_json::from_str(raw.get()).ok()),
            is_diff: is_diff.is_some_and(|raw| raw.get() == "true"),
        };
        if !goes_on(&self.tables, &told) {
            self.goes_on_at = told.date;
            return Ok(false);
        }
        self.transactions += 1;
        if let Some(date) = told.date {
            let first = self.dates.map_or(date, |(first, _)| first);
            self.dates = Some((first, date));
        }
        let rows: [TableRows; 4] = [
            ("Bridge", bridges),
            ("Interface", interfaces),
            ("Open_vSwitch", switches),
            ("Port", port_rows),
        ];
        let touched = self.touched(&rows, told.date);
        let before = touched.as_ref().map(|touched| ports(&self.tables, touched));
        for (name, rows) in rows {
            for (id, row) in rows {
                self.take_row(name, id, row, told.is_diff);
            }
        }
        if let (Some(touched), Some(before), Some(changes)) = (touched, before, &mut self.changes) {
            let now = ports(&self.tables, &touched);
            changes.add(told.date.unwrap_or_default(), told.comment.as_ref(), before, now);
        }
        Ok(true)
    }

    /// The Interfaces that a transaction is about, where its changes are wanted.
    fn touched(&self, rows: &[TableRows], date: Option<u64>) -> Option<BTreeSet<String>> {
        self.changes.as_ref().filter(|changes| changes.wants(date))?;
        let of = |wanted: &'static str| {
            rows.iter().filter(move |(name, _)| *name == wanted).flat_map(|(_, rows)| rows)
        };
        let interfaces = of("Interface").map(|(id, _)| id.clone());
        let ports = of("Port").map(|(id, row)| (id.clone(), row.clone()));
        let touched = changes::touched(&self.tables, interfaces, ports);
        (!touched.is_empty()).then_some(touched)
    }

    fn take_row(&mut self, table: &'static str, id: String, row: Option<Row>, is_diff: bool) {
        let rows = self.tables.0.entry(table).or_default();
        let Some(row) = row else {
            rows.remove(&id);
            self.places.remove(&(table, id));
            return;
        };
        let Some(known) = rows.get_mut(&id) else {
            rows.insert(id, row);
            return;
        };
        let kinds = self.kinds.get(table);
        let places = self.places.entry((table, id)).or_default();
        for (column, value) in row {
            let is_composite = || kinds.is_some_and(|kinds| kinds.get(&column) == Some(&true));
            match known.get_mut(&column) {
                Some(before) if is_diff && is_composite() => {
                    difference::apply(before, value, places.entry(column).or_default());
                }
                _ => {
                    places.remove(&column);
                    known.insert(column, value);
                }
            }
        }
    }
}

/// Milliseconds; earlier versions wrote seconds (ovsdb(5)).
fn date(raw: &RawValue) -> Option<u64> {
    let date: i64 = serde_json::from_str(raw.get()).ok()?;
    let date = u64::try_from(date).ok()?;
    Some(if date < 1 << 32 { date * 1000 } else { date })
}
