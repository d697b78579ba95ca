//! The file of a database: a log of records, each with its length and SHA-1 (ovsdb(5), ovsdb(7); Open
//! vSwitch `ovsdb/log.c`, `ovsdb/file.c`, `ovsdb/raft.c`).
//!
//! A standalone database begins with its schema, and goes on with transactions. In those with `_is_diff`
//! the columns of rows that were there are differences. A clustered one has a schema and its contents
//! in its first record, and then entries, of which a later one may take an earlier one's place.

mod difference;
mod raft;
mod record;
mod rows;
mod schema;
mod written;

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufRead};

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use raft::Entries;
use rows::KeptTables;
use schema::Schema;
use written::{ById, Written};

use crate::changes::{Changes, Ports, of_few};
use crate::tables::Tables;

/// What a database is called that is a switch's.
pub(crate) const SCHEMA: &str = "Open_vSwitch";

/// What was read of a database.
#[derive(Clone, Debug)]
pub struct Log {
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
    rows: KeptTables,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transaction {
    /// When, in milliseconds since the Unix epoch; none where it does not tell.
    pub(crate) date: Option<u64>,
    /// Whether it tells differences of rows.
    pub(crate) is_diff: bool,
}

/// Whether these bytes begin a database's file.
pub fn is_log(bytes: &[u8]) -> bool {
    bytes.starts_with(b"OVSDB JSON ") || bytes.starts_with(b"OVSDB CLUSTER ")
}

/// Reads a database's file up to its end, its first damage, or the first transaction for which `goes_on`
/// is false.
///
/// # Errors
/// Reading fails, or the file is no database's.
pub(crate) fn read(
    mut file: impl BufRead,
    changes: Option<Changes>,
    mut goes_on: impl FnMut(&Transaction) -> bool,
) -> io::Result<Log> {
    let mut log = Log::new(changes);
    let mut room = record::Room::default();
    let mut offset = 0;
    let mut raft = Entries::default();
    let mut is_first = true;
    loop {
        let record = match record::next(&mut file, &mut room)? {
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
            (true, clustered) => log.begin(record.json, clustered, &mut goes_on),
            (false, true) => raft.take(record.json, &mut log, &mut goes_on),
            (false, false) => log.transact(record.json, &mut goes_on),
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

type GoesOn<'a> = &'a mut dyn FnMut(&Transaction) -> bool;

impl Log {
    fn new(changes: Option<Changes>) -> Self {
        Self {
            schema: String::new(),
            is_clustered: false,
            dates: None,
            transactions: 0,
            goes_on_at: None,
            damage: None,
            rows: KeptTables::new(changes.is_some()),
            changes,
        }
    }

    /// The tables as they are after its last transaction.
    pub(crate) fn tables(&self) -> Tables {
        self.rows.tables()
    }

    fn begin(
        &mut self,
        json: &str,
        clustered: bool,
        goes_on: GoesOn<'_>,
    ) -> serde_json::Result<bool> {
        self.is_clustered = clustered;
        if !clustered {
            self.take_schema(json)?;
            return Ok(true);
        }
        let header: Header<'_> = serde_json::from_str(json)?;
        self.schema = header.name;
        let Some([schema, contents]) = header.prev_data else { return Ok(true) };
        self.take_schema(schema.get())?;
        self.transact(contents.get(), goes_on)
    }

    fn take_schema(&mut self, json: &str) -> serde_json::Result<()> {
        let schema: Option<Schema> = serde_json::from_str(json)?;
        let Some(schema) = schema else { return Ok(()) };
        self.schema = schema.name;
        for (name, table) in schema.tables {
            let Some(rows) = self.rows.table(&name) else { continue };
            let columns = table.columns.into_iter();
            rows.composite.extend(columns.map(|(column, of)| (column, of.is_composite())));
        }
        Ok(())
    }

    /// Applies a transaction; false where it is not wanted any more.
    fn transact(&mut self, json: &str, goes_on: GoesOn<'_>) -> serde_json::Result<bool> {
        let written: Written<'_> = serde_json::from_str(json)?;
        let told = Transaction {
            date: written.date.and_then(date),
            is_diff: written.is_diff.is_some_and(|raw| raw.get() == "true"),
        };
        if !goes_on(&told) {
            self.goes_on_at = told.date;
            return Ok(false);
        }
        self.transactions += 1;
        if let Some(date) = told.date {
            let first = self.dates.map_or(date, |(first, _)| first);
            self.dates = Some((first, date));
        }
        let touched = self.touched(&written, told);
        let before = touched.as_ref().map(|touched| self.ports(touched));
        self.take(&written, told.is_diff)?;
        let now = touched.as_ref().map(|touched| self.ports(touched));
        if let (Some(before), Some(now), Some(changes)) = (before, now, &mut self.changes) {
            let comment = written.comment.and_then(|raw| serde_json::from_str(raw.get()).ok());
            changes.add(told.date.unwrap_or_default(), comment.as_ref(), before, now);
        }
        Ok(true)
    }

    fn take(&mut self, written: &Written<'_>, is_diff: bool) -> serde_json::Result<()> {
        let all: [(&mut rows::Table, &ById<'_>); 4] = [
            (&mut self.rows.bridges, &written.bridges),
            (&mut self.rows.interfaces, &written.interfaces),
            (&mut self.rows.switches, &written.switches),
            (&mut self.rows.ports, &written.ports),
        ];
        for (table, rows) in all {
            rows.0.iter().try_for_each(|(id, row)| table.take(&id.0, row.as_ref(), is_diff))?;
        }
        Ok(())
    }

    /// The Interfaces that a transaction is about, where its changes are wanted: themselves, those of a
    /// Port, or of one that comes to a Bridge or leaves it.
    fn touched(&self, written: &Written<'_>, told: Transaction) -> Option<BTreeSet<String>> {
        self.changes.as_ref().filter(|changes| changes.wants(told.date))?;
        let known = |port: &str| {
            let row = self.rows.ports.rows.get(port);
            row.into_iter().flat_map(|row| row.ids("interfaces"))
        };
        let interfaces = written.interfaces.0.iter().map(|(id, _)| id.0.to_string());
        let mut touched: BTreeSet<_> = interfaces.collect();
        for (id, row) in &written.ports.0 {
            touched.extend(known(&id.0));
            touched.extend(row.as_ref().and_then(|row| row.ids("interfaces")).unwrap_or_default());
        }
        for (id, row) in &written.bridges.0 {
            let ports = self.rows.bridges.toggled(&id.0, row.as_ref(), told.is_diff);
            touched.extend(ports.iter().flat_map(|port| known(port)));
        }
        (!touched.is_empty()).then_some(touched)
    }

    /// The ports of these Interfaces, by bridge and name.
    fn ports(&self, interfaces: &BTreeSet<String>) -> Ports {
        let KeptTables { bridges, interfaces: all, ports, .. } = &self.rows;
        let mut few = Tables::default();
        let mut held: HashMap<&str, Vec<&str>> = HashMap::new();
        for id in interfaces {
            let row = all.rows.get(id.as_str()).map(|row| (id.clone(), row.whole()));
            few.table("Interface").extend(row);
            for port in ports.holders(id) {
                let Some(row) = ports.rows.get(port) else { continue };
                few.table("Port").insert(port.to_string(), row.whole());
                for bridge in bridges.holders(port) {
                    held.entry(bridge).or_default().push(port);
                }
            }
        }
        for (bridge, ports) in held {
            let Some(row) = bridges.rows.get(bridge) else { continue };
            // Only those of its ports that matter: of a long list most do not.
            let mut row = row.without("ports");
            let ports: Vec<_> = ports.into_iter().map(|id| json!(["uuid", id])).collect();
            row.insert("ports".to_owned(), json!(["set", ports]));
            few.table("Bridge").insert(bridge.to_owned(), row);
        }
        of_few(few)
    }
}

/// Milliseconds; earlier versions wrote seconds (ovsdb(5)).
fn date(raw: &RawValue) -> Option<u64> {
    let date: i64 = serde_json::from_str(raw.get()).ok()?;
    let date = u64::try_from(date).ok()?;
    Some(if date < 1 << 32 { date * 1000 } else { date })
}
