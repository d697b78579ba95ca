//! Operations that change or guard (RFC 7047 sections 5.2.1 and 5.2.3 to 5.2.10).

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::select::{Select, Value};

/// Which rows an operation is about: those of a table that meet every condition.
#[derive(Debug, Clone, PartialEq)]
pub struct RowSelector<'a> {
    table: &'a str,
    conditions: Vec<(&'a str, &'static str, Value<'a>)>,
}

impl<'a> RowSelector<'a> {
    /// Every row of `table`.
    pub fn all(table: &'a str) -> Self {
        Self { table, conditions: Vec::new() }
    }

    /// Of those the ones whose `column` is `value`.
    pub fn equal(mut self, column: &'a str, value: impl Into<Value<'a>>) -> Self {
        self.conditions.push((column, "==", value.into()));
        self
    }

    /// Of those the ones whose `column`, a set or a map, holds `value` and maybe more.
    pub fn includes(mut self, column: &'a str, value: impl Into<Value<'a>>) -> Self {
        self.conditions.push((column, "includes", value.into()));
        self
    }
}

/// Columns with their values.
pub type Row<'a> = Vec<(&'a str, Value<'a>)>;

/// One operation of a transaction. They take effect together or not at all.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation<'a> {
    /// Reads rows.
    Select(Select<'a>),
    /// Adds a row; others of the transaction may refer to it as [`Value::NamedUuid`].
    Insert {
        /// Into which table.
        table: &'a str,
        /// Its columns; the others have their defaults.
        row: Row<'a>,
        /// What it is called inside the transaction: letters, digits and `_`.
        name: &'a str,
    },
    /// Gives columns other values.
    Update {
        /// In which rows.
        which: RowSelector<'a>,
        /// The columns.
        row: Row<'a>,
    },
    /// Adds elements to a set or a map, or takes them away.
    Mutate {
        /// In which rows.
        which: RowSelector<'a>,
        /// In which column.
        column: &'a str,
        /// Whether they are added or taken away.
        mutator: Mutator,
        /// A set or a map; of a map also a set of keys that are taken away; a number to add.
        value: Value<'a>,
    },
    /// Deletes rows.
    Delete(RowSelector<'a>),
    /// Waits until rows are, or are not, just these; after `timeout` milliseconds the
    /// transaction fails with `timed out`. With 0 it is a guard.
    Wait {
        /// Which rows.
        which: RowSelector<'a>,
        /// What is looked at of them.
        columns: &'a [&'a str],
        /// Whether it is waited until they are these, or until they are not.
        until: Until,
        /// These.
        rows: Vec<Row<'a>>,
        /// In milliseconds.
        timeout: u64,
    },
    /// Fails unless this connection holds the lock ([`Client::lock`](crate::Client::lock)).
    Assert(&'a str),
    /// A word for the server's log.
    Comment(&'a str),
}

/// What a [`Operation::Mutate`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutator {
    /// Adds elements.
    Insert,
    /// Takes elements away.
    Delete,
    /// Adds to a number.
    Add,
}

impl Mutator {
    /// As RFC 7047 section 5.1 writes it.
    fn word(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Delete => "delete",
            Self::Add => "+=",
        }
    }
}

/// What a [`Operation::Wait`] waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The rows are these.
    Are,
    /// The rows are not these.
    AreNot,
}

/// A row as an object.
struct Object<'r, 'a>(&'r Row<'a>);

impl Serialize for Object<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(column, value)| (column, value)))
    }
}

impl Serialize for Operation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Select(select) = self {
            return select.serialize(serializer);
        }
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("op", self.word())?;
        if let Some(which) = self.which() {
            object.serialize_entry("table", which.table)?;
            object.serialize_entry("where", &which.conditions)?;
        }
        self.particulars(&mut object)?;
        object.end()
    }
}

impl<'a> Operation<'a> {
    fn word(&self) -> &'static str {
        match self {
            Self::Select(_) => "select",
            Self::Insert { .. } => "insert",
            Self::Update { .. } => "update",
            Self::Mutate { .. } => "mutate",
            Self::Delete(_) => "delete",
            Self::Wait { .. } => "wait",
            Self::Assert(_) => "assert",
            Self::Comment(_) => "comment",
        }
    }

    fn which(&self) -> Option<&RowSelector<'a>> {
        match self {
            Self::Update { which, .. }
            | Self::Mutate { which, .. }
            | Self::Delete(which)
            | Self::Wait { which, .. } => Some(which),
            Self::Select(_) | Self::Insert { .. } | Self::Assert(_) | Self::Comment(_) => None,
        }
    }

    fn particulars<M: SerializeMap>(&self, object: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Select(_) | Self::Delete(_) => Ok(()),
            Self::Insert { table, row, name } => {
                object.serialize_entry("table", table)?;
                object.serialize_entry("row", &Object(row))?;
                object.serialize_entry("uuid-name", name)
            }
            Self::Update { row, .. } => object.serialize_entry("row", &Object(row)),
            Self::Mutate { column, mutator, value, .. } => {
                object.serialize_entry("mutations", &[(column, mutator.word(), value)])
            }
            Self::Wait { columns, until, rows, timeout, .. } => {
                let rows: Vec<_> = rows.iter().map(Object).collect();
                object.serialize_entry("columns", columns)?;
                object.serialize_entry("until", if *until == Until::Are { "==" } else { "!=" })?;
                object.serialize_entry("rows", &rows)?;
                object.serialize_entry("timeout", timeout)
            }
            Self::Assert(lock) => object.serialize_entry("lock", lock),
            Self::Comment(comment) => object.serialize_entry("comment", comment),
        }
    }
}
