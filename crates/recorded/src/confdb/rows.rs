//! The rows of a log, as its transactions left them so far, and which row holds which.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use serde_json::value::RawValue;

use super::difference::{self, Places};
use super::written::Columns;
use crate::tables::{self, Tables};

/// A column of a row.
#[derive(Clone, Debug)]
pub(super) enum Column {
    /// As it was written.
    Written(Box<str>),
    /// A set or map that changed since, item by item.
    Changed(Value, Places),
}

impl Column {
    fn of(raw: &RawValue) -> Self {
        Self::Written(raw.get().into())
    }

    /// Its value; none where it is nested deeper than any that a database writes.
    fn value(&self) -> Option<Value> {
        match self {
            Self::Written(text) => serde_json::from_str(text).ok(),
            Self::Changed(value, _) => Some(value.clone()),
        }
    }

    fn change(&mut self, by: Value) -> serde_json::Result<()> {
        if let Self::Written(text) = self {
            *self = Self::Changed(serde_json::from_str(text)?, Places::default());
        }
        if let Self::Changed(value, places) = self {
            difference::apply(value, by, places);
        }
        Ok(())
    }
}

/// A row: a few columns, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Row(Vec<(Box<str>, Column)>);

impl Row {
    fn of(columns: &Columns<'_>) -> Self {
        let columns = columns.0.iter();
        Self(columns.map(|(name, raw)| ((&*name.0).into(), Column::of(raw))).collect())
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, column)| column)
    }

    fn column_mut(&mut self, name: &str) -> Option<&mut Column> {
        self.0.iter_mut().find(|(known, _)| **known == *name).map(|(_, column)| column)
    }

    /// The row ids in a column.
    pub(super) fn ids(&self, column: &str) -> Vec<String> {
        ids(self.column(column).and_then(Column::value).as_ref())
    }

    /// The row without one of its columns.
    pub(super) fn without(&self, column: &str) -> tables::Row {
        let others = self.0.iter().filter(|(name, _)| **name != *column);
        others.filter_map(|(name, of)| Some((name.to_string(), of.value()?))).collect()
    }

    /// The whole row.
    pub(super) fn whole(&self) -> tables::Row {
        self.without("")
    }
}

/// The row ids in a value: one, or a set.
pub(super) fn ids(value: Option<&Value>) -> Vec<String> {
    let Some(Value::Array(pair)) = value else { return Vec::new() };
    let is_id = matches!(pair.as_slice(), [Value::String(tag), Value::String(_)] if tag == "uuid");
    if is_id {
        return pair.get(1).and_then(Value::as_str).map(str::to_owned).into_iter().collect();
    }
    let items = pair.get(1).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.get(1)?.as_str().map(str::to_owned)).collect()
}

/// What is in one of them only.
fn difference(known: Vec<String>, now: Vec<String>) -> Vec<String> {
    let (known, now) = (HashSet::<_>::from_iter(known), HashSet::<_>::from_iter(now));
    known.symmetric_difference(&now).cloned().collect()
}

/// Which rows hold which, by the id of what is held: a bridge of thousands of ports would be looked
/// through for each of them that changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders(HashMap<String, Vec<Box<str>>>);

impl Holders {
    /// The rows that hold this one.
    pub(super) fn of(&self, held: &str) -> &[Box<str>] {
        self.0.get(held).map_or(&[], Vec::as_slice)
    }

    /// What was held is not any more, and the other way round.
    fn toggle(&mut self, holder: &str, held: Vec<String>) {
        for id in held {
            let all = self.0.entry(id.clone()).or_default();
            match all.iter().position(|known| **known == *holder) {
                Some(at) => drop(all.swap_remove(at)),
                None => all.push(holder.into()),
            }
            if all.is_empty() {
                self.0.remove(&id);
            }
        }
    }
}

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) rows: HashMap<Box<str>, Row>,
    /// The columns whose values are sets or maps of more than one: only those differ by their items.
    pub(super) composite: HashMap<String, bool>,
    /// The column by which its rows hold those of another one, and which hold which, where that is asked.
    holds: Option<(&'static str, Holders)>,
}

impl Table {
    fn new(name: &'static str, holds: Option<&'static str>) -> Self {
        let holds = holds.map(|column| (column, Holders::default()));
        Self { name, rows: HashMap::new(), composite: HashMap::new(), holds }
    }

    /// The rows of this table that hold that one.
    pub(super) fn holders(&self, held: &str) -> &[Box<str>] {
        self.holds.as_ref().map_or(&[], |(_, holders)| holders.of(held))
    }

    /// What a row will hold that it does not, and the other way round, by what is written of it.
    pub(super) fn toggled(
        &self,
        holder: &str,
        row: Option<&Columns<'_>>,
        is_diff: bool,
    ) -> Vec<String> {
        let Some((column, _)) = &self.holds else { return Vec::new() };
        let known = self.rows.get(holder);
        let ids = |row: &Row| row.ids(column);
        match (known, row.map(|row| row.ids(column))) {
            (known, None) => known.map(ids).unwrap_or_default(),
            (_, Some(None)) => Vec::new(),
            (Some(known), Some(Some(now))) if !is_diff => difference(ids(known), now),
            (_, Some(Some(by))) => by,
        }
    }

    fn toggle(&mut self, holder: &str, held: Vec<String>) {
        if let Some((_, holders)) = &mut self.holds {
            holders.toggle(holder, held);
        }
    }

    /// Puts a row in the place of what is there, or changes that by differences, or takes it away.
    pub(super) fn take(
        &mut self,
        id: &str,
        row: Option<&Columns<'_>>,
        is_diff: bool,
    ) -> serde_json::Result<()> {
        let Some(columns) = row else {
            self.remove(id);
            return Ok(());
        };
        if !self.rows.contains_key(id) {
            self.insert(id, Row::of(columns));
            return Ok(());
        }
        for (name, raw) in &columns.0 {
            let is_composite = || self.composite.get(&*name.0) == Some(&true);
            if is_diff && is_composite() {
                self.change(id, &name.0, raw)?;
            } else {
                self.set(id, &name.0, raw);
            }
        }
        Ok(())
    }

    fn insert(&mut self, id: &str, row: Row) {
        if let Some((column, holders)) = &mut self.holds {
            holders.toggle(id, row.ids(column));
        }
        self.rows.insert(id.into(), row);
    }

    fn remove(&mut self, id: &str) {
        let gone = self.rows.remove(id);
        if let (Some(row), Some((column, holders))) = (gone, &mut self.holds) {
            holders.toggle(id, row.ids(column));
        }
    }

    fn set(&mut self, id: &str, name: &str, raw: &RawValue) {
        let Some(row) = self.rows.get_mut(id) else { return };
        let column = Column::of(raw);
        if let Some((_, holders)) = self.holds.as_mut().filter(|(holds, _)| *holds == name) {
            holders.toggle(id, row.ids(name));
            holders.toggle(id, ids(column.value().as_ref()));
        }
        match row.column_mut(name) {
            Some(known) => *known = column,
            None => row.0.push((name.into(), column)),
        }
    }

    fn change(&mut self, id: &str, name: &str, raw: &RawValue) -> serde_json::Result<()> {
        let Some(row) = self.rows.get_mut(id) else { return Ok(()) };
        let Some(column) = row.column_mut(name) else {
            self.set(id, name, raw);
            return Ok(());
        };
        let by: Value = serde_json::from_str(raw.get())?;
        let held = self.holds.as_ref().filter(|(holds, _)| *holds == name).map(|_| ids(Some(&by)));
        column.change(by)?;
        self.toggle(id, held.unwrap_or_default());
        Ok(())
    }
}

/// The tables that are of use.
#[derive(Clone, Debug)]
pub(super) struct KeptTables {
    pub(super) bridges: Table,
    pub(super) interfaces: Table,
    pub(super) switches: Table,
    pub(super) ports: Table,
}

impl KeptTables {
    /// Without any; `knows_holders` where it will be asked which port an Interface is of.
    pub(super) fn new(knows_holders: bool) -> Self {
        let holds = |column| Some(column).filter(|_| knows_holders);
        Self {
            bridges: Table::new("Bridge", holds("ports")),
            interfaces: Table::new("Interface", None),
            switches: Table::new("Open_vSwitch", None),
            ports: Table::new("Port", holds("interfaces")),
        }
    }

    /// The table of this name, if it is of use.
    pub(super) fn table(&mut self, name: &str) -> Option<&mut Table> {
        let all = [&mut self.bridges, &mut self.interfaces, &mut self.switches, &mut self.ports];
        all.into_iter().find(|table| table.name == name)
    }

    /// Takes all rows away.
    pub(super) fn clear(&mut self) {
        for table in [&mut self.bridges, &mut self.interfaces, &mut self.switches, &mut self.ports]
        {
            table.rows.clear();
            if let Some((_, holders)) = &mut table.holds {
                *holders = Holders::default();
            }
        }
    }

    /// As other readers have them.
    pub(super) fn tables(&self) -> Tables {
        let mut tables = Tables::default();
        for table in [&self.bridges, &self.interfaces, &self.switches, &self.ports] {
            let rows = table.rows.iter().map(|(id, row)| (id.to_string(), row.whole()));
            tables.table(table.name).extend(rows);
        }
        tables.default_types();
        tables
    }
}
