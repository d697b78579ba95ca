//! The switch, by the best that tells of it: the database's file, then its tables as text, then what
//! `ovs-vsctl show` tells with the numbers of others. What is a part is told as a part.

use std::collections::BTreeMap;

use model::openflow_name;
use model::snapshot::Observed;
use model::switch::Bridge;
use serde_json::{Value, json};

use crate::absence::{missing, partial};
use crate::completeness::part;
use crate::gather::{Gathered, time};
use crate::tables::{Row, Tables};
use crate::texts::Shown;

const DATABASE: &str = "the switch's database";

/// The bridges, and what the database calls itself.
pub(crate) fn switch(gathered: &mut Gathered) -> (Observed<Bridge>, Option<String>) {
    if let Some((called, log)) = &gathered.log {
        let told = told(called, log);
        let bridges = log.tables().bridges();
        gathered.remarks.extend(told);
        let why = damaged(log).or_else(|| unread(bridges.unread));
        return (observed(bridges.rows, why), bridges.id);
    }
    let listed = std::mem::take(&mut gathered.tables);
    let why = part(&listed, gathered.unread);
    if let (Some(shown), true) = (gathered.shown.take(), why.is_some()) {
        let is_whole = shown.is_whole;
        let (tables, unnumbered) =
            completed(shown, &listed, &gathered.openflow, &gathered.datapaths);
        let bridges = tables.bridges();
        let why = without_number(&unnumbered).or_else(|| unread(bridges.unread)).or_else(|| {
            let cut = "what ovs-vsctl show prints does not end with its ovs_version: it may be cut";
            (!is_whole).then(|| cut.to_owned())
        });
        return (observed(bridges.rows, why), None);
    }
    if listed.len() == 0 && why.is_some() {
        return (Observed::Absent { why: missing(DATABASE) }, None);
    }
    let bridges = listed.bridges();
    (observed(bridges.rows, why.or_else(|| unread(bridges.unread))), bridges.id)
}

fn observed(rows: Vec<Bridge>, why: Option<String>) -> Observed<Bridge> {
    let rows = rows.into();
    match why {
        None => Observed::Fresh { rows },
        Some(why) => Observed::Partial { rows, why: partial(DATABASE, why) },
    }
}

/// What was written after it is not known.
fn damaged(log: &crate::Log) -> Option<String> {
    let damage = log.damage.as_ref()?;
    Some(format!("it is damaged at byte {}, and what comes then is not known", damage.offset))
}

fn unread(rows: usize) -> Option<String> {
    (rows > 0).then(|| format!("{rows} rows of it are none of a switch's"))
}

/// So many names are told.
const TOLD: usize = 8;

fn without_number(names: &[String]) -> Option<String> {
    let more = names.len().saturating_sub(TOLD);
    let told: Vec<_> = names.iter().take(TOLD).map(String::as_str).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| {
        format!(
            "the recording has no number of {}{more}, which ovs-vsctl show lists",
            told.join(", ")
        )
    })
}

fn told(called: &str, log: &crate::Log) -> Option<String> {
    let (first, last) = log.dates?;
    let called = if called.is_empty() { "the database" } else { called };
    let (first, last, count) = (time(first), time(last), log.transactions);
    Some(match log.goes_on_at {
        // It was not read to its end.
        Some(next) => format!(
            "{called} knows {first} to {} and may go on; of the {count} transactions up to the moment that is \
             asked about the last is of {last}",
            time(next)
        ),
        None => format!(
            "{called} knows {first} to {last}, {count} transactions; this is the last of them"
        ),
    })
}

/// What `ovs-vsctl show` tells, with the columns of `ovs-vsctl list` or the numbers of ovs-ofctl and vswitchd;
/// and which interfaces have no number in any of them.
fn completed(
    shown: Shown,
    listed: &Tables,
    openflow: &[Bridge],
    datapaths: &[Bridge],
) -> (Tables, Vec<String>) {
    let Shown { mut tables, interfaces, .. } = shown;
    let rows = listed.0.get("Interface").into_iter().flat_map(|rows| rows.values());
    let listed: BTreeMap<String, &Row> = rows.filter_map(|row| Some((named(row)?, row))).collect();
    let numbers = numbers(&interfaces, openflow, datapaths);
    let rows = tables.table("Interface");
    for row in rows.values_mut() {
        let Some(name) = named(row) else { continue };
        if let Some(known) = listed.get(&name) {
            row.extend(known.iter().map(|(column, value)| (column.clone(), value.clone())));
        } else if let Some(number) = numbers.get(&name) {
            row.insert("ofport".to_owned(), json!(number));
        }
    }
    let has_none = rows.values().filter(|row| !row.contains_key("ofport"));
    let mut unnumbered: Vec<_> = has_none.filter_map(named).collect();
    unnumbered.sort();
    rows.retain(|_, row| row.contains_key("ofport"));
    (tables, unnumbered)
}

fn named(row: &Row) -> Option<String> {
    row.get("name").and_then(Value::as_str).map(str::to_owned)
}

/// The numbers of the interfaces, each of which is listed with its bridge. OpenFlow cuts names: a number
/// whose name may be that of several interfaces is none's.
fn numbers(
    interfaces: &[(String, String)],
    openflow: &[Bridge],
    datapaths: &[Bridge],
) -> BTreeMap<String, u16> {
    let mut all = BTreeMap::new();
    let cut = openflow.iter().map(|bridge| (bridge, true));
    for (bridge, is_cut) in cut.chain(datapaths.iter().map(|bridge| (bridge, false))) {
        let mut called: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        for (interface, _) in interfaces.iter().filter(|(_, of)| **of == *bridge.name) {
            let cut = openflow_name(interface).filter(|_| is_cut);
            called.entry(cut.unwrap_or_else(|| interface.clone())).or_default().push(interface);
        }
        for port in &bridge.ports {
            let Some(number) = port.ofport.assigned() else { continue };
            if let Some([one]) = called.get(&*port.iface).map(Vec::as_slice) {
                all.entry((*one).clone()).or_insert(number.0);
            }
        }
    }
    all
}
