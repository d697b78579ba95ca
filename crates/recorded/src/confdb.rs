//! The file of a database: a log of records, each with its length and SHA-1 (ovsdb(5), ovsdb(7); Open
//! vSwitch `ovsdb/log.c`, `ovsdb/file.c`, `ovsdb/raft.c`).
//!
//! A standalone database begins with its schema, and goes on with transactions. In those with `_is_diff`
//! the columns of rows that were there are differences. A clustered one has a schema and its contents
//! in its first record, and then entries, of which a later one may take an earlier one's place.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha1::{Digest, Sha1};

use crate::changes::{self, Changes, ports};
use crate::tables::{Row, Tables};

/// The longest record that is read, in bytes: a switch's whole database is a hundredth of that.
const LONGEST: usize = 256 << 20;
/// A record's head is shorter.
const LONGEST_HEAD: u64 = 128;

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
type Kinds = HashMap<(&'static str, String), bool>;

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
        let record = match record(&mut file)? {
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

struct Record {
    is_clustered: bool,
    json: Vec<u8>,
    /// With its head, in bytes.
    length: u64,
}

/// The next record; none at the end, and what is wrong where it is damaged.
fn record(file: &mut impl BufRead) -> io::Result<Result<Option<Record>, String>> {
    let mut head = Vec::new();
    let read = Read::take(&mut *file, LONGEST_HEAD).read_until(b'\n', &mut head)?;
    if read == 0 {
        return Ok(Ok(None));
    }
    let Some((is_clustered, length, sum)) = parse_head(&head) else {
        return Ok(Err("it does not begin with a record".to_owned()));
    };
    if length > LONGEST {
        return Ok(Err(format!("a record of {length} bytes is too long to be read")));
    }
    let mut json = Vec::new();
    let most = u64::try_from(length).unwrap_or(u64::MAX);
    Read::take(&mut *file, most).read_to_end(&mut json)?;
    if json.len() < length {
        return Ok(Err(format!("it ends after {} of {length} bytes", json.len())));
    }
    if hex(&Sha1::digest(&json)) != sum {
        return Ok(Err("its SHA-1 is another one than its head tells".to_owned()));
    }
    let length = u64::try_from(head.len() + json.len()).unwrap_or(u64::MAX);
    Ok(Ok(Some(Record { is_clustered, json, length })))
}

/// `OVSDB JSON 14759 9f604c5d2c00bcf76587d2235cbacff5d52548a6`
fn parse_head(head: &[u8]) -> Option<(bool, usize, &str)> {
    let mut words = std::str::from_utf8(head).ok()?.strip_suffix('\n')?.split(' ');
    let is_clustered = match (words.next()?, words.next()?) {
        ("OVSDB", "JSON") => false,
        ("OVSDB", "CLUSTER") => true,
        _ => return None,
    };
    let length = words.next()?.parse().ok()?;
    let sum = words.next().filter(|sum| sum.len() == 40)?;
    words.next().is_none().then_some((is_clustered, length, sum))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // To write into a string never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
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

/// Rows of a transaction, by table and id; none for one that goes.
type TableRows = (&'static str, HashMap<String, Option<Row>>);

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
            self.kinds.extend(columns.map(|(column, of)| ((name, column), of.is_composite())));
        }
        Ok(())
    }

    /// Applies a transaction; false where it is not wanted any more.
    fn transact(&mut self, json: &[u8], goes_on: GoesOn<'_>) -> serde_json::Result<bool> {
        let tables: HashMap<String, &RawValue> = serde_json::from_slice(json)?;
        let told = Transaction {
            date: tables.get("_date").and_then(|raw| date(raw)),
            comment: tables.get("_comment").and_then(|raw| serde_json::from_str(raw.get()).ok()),
            is_diff: tables.get("_is_diff").is_some_and(|raw| raw.get() == "true"),
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
        let mut rows: Vec<TableRows> = Vec::new();
        for (name, text) in &tables {
            let Some(name) = Tables::wanted(name) else { continue };
            rows.push((name, serde_json::from_str(text.get())?));
        }
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
        let Some(row) = row else {
            self.tables.table(table).remove(&id);
            return;
        };
        let kinds = &self.kinds;
        let rows = self.tables.0.entry(table).or_default();
        let Some(known) = rows.get_mut(&id) else {
            rows.insert(id, row);
            return;
        };
        for (column, value) in row {
            let is_items = is_diff && kinds.get(&(table, column.clone())) == Some(&true);
            let value = match known.get(&column).filter(|_| is_items) {
                Some(before) => difference(before, &value),
                None => value,
            };
            known.insert(column, value);
        }
    }
}

/// Milliseconds; earlier versions wrote seconds (ovsdb(5)).
fn date(raw: &RawValue) -> Option<u64> {
    let date: i64 = serde_json::from_str(raw.get()).ok()?;
    let date = u64::try_from(date).ok()?;
    Some(if date < 1 << 32 { date * 1000 } else { date })
}

/// A set or map that differs from `before` by the items of `by`: those that were there go, others come,
/// and a key that has another value takes that (`ovsdb_datum_apply_diff`).
fn difference(before: &Value, by: &Value) -> Value {
    if let (Some(before), Some(by)) = (items(before, "map"), items(by, "map")) {
        let mut pairs = before.to_vec();
        for change in by {
            let key = change.get(0);
            match pairs.iter().position(|pair| pair.get(0) == key) {
                Some(at) if pairs.get(at) == Some(change) => drop(pairs.remove(at)),
                Some(at) => pairs.splice(at..=at, [change.clone()]).for_each(drop),
                None => pairs.push(change.clone()),
            }
        }
        return tagged("map", pairs);
    }
    let (before, by) = (atoms(before), atoms(by));
    let kept = before.iter().filter(|atom| !by.contains(atom));
    let came = by.iter().filter(|atom| !before.contains(atom));
    tagged("set", kept.chain(came).cloned().collect())
}

fn tagged(tag: &str, items: Vec<Value>) -> Value {
    Value::Array(vec![Value::String(tag.to_owned()), Value::Array(items)])
}

fn items<'a>(value: &'a Value, tag: &str) -> Option<&'a [Value]> {
    let [Value::String(found), Value::Array(items)] = value.as_array()?.as_slice() else {
        return None;
    };
    (found == tag).then_some(items)
}

/// The items of a set; one atom stands for itself.
fn atoms(value: &Value) -> Vec<Value> {
    items(value, "set").map_or_else(|| vec![value.clone()], <[Value]>::to_vec)
}

/// Entries of a cluster that are not known to be committed yet.
#[derive(Debug, Default)]
struct Entries {
    /// By index, from the first on.
    pending: Vec<(u64, String)>,
    committed: u64,
}

/// A record after the first of a clustered database.
#[derive(Deserialize)]
struct Entry<'a> {
    index: Option<u64>,
    /// A schema or null, and a transaction.
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    commit_index: Option<u64>,
}

impl Entries {
    fn take(
        &mut self,
        json: &[u8],
        log: &mut Log,
        goes_on: GoesOn<'_>,
    ) -> serde_json::Result<bool> {
        let entry: Entry<'_> = serde_json::from_slice(json)?;
        if let Some(index) = entry.index {
            // A new leader's entry takes the place of what was never agreed on.
            self.pending.retain(|(known, _)| *known < index);
            self.pending.extend(entry.data.map(|data| (index, data.get().to_owned())));
        }
        self.committed = entry.commit_index.map_or(self.committed, |at| at.max(self.committed));
        let committed = self.committed;
        let due = self.pending.iter().take_while(|(index, _)| *index <= committed).count();
        for (_, data) in self.pending.drain(..due) {
            if !apply(&data, log, goes_on)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What is left at the end was written by this server, which is all that the file tells.
    fn finish(self, log: &mut Log, goes_on: GoesOn<'_>) {
        for (_, data) in self.pending {
            if !apply(&data, log, goes_on).unwrap_or_default() {
                return;
            }
        }
    }
}

fn apply(data: &str, log: &mut Log, goes_on: GoesOn<'_>) -> serde_json::Result<bool> {
    // An entry may tell of servers only.
    let Ok([schema, transaction]) = serde_json::from_str::<[&RawValue; 2]>(data) else {
        return Ok(true);
    };
    if schema.get() != "null" {
        log.take_schema(schema.get().as_bytes())?;
        log.tables = Tables::default();
    }
    match transaction.get() {
        "null" => Ok(true),
        transaction => log.transact(transaction.as_bytes(), goes_on),
    }
}
