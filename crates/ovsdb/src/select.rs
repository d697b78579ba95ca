//! The `select` operation (RFC 7047 section 5.2.2) and its conditions (5.1, `<condition>`).

use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use crate::uuid::Uuid;

/// A value to compare a column with.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A string.
    String(&'a str),
    /// An integer.
    Integer(i64),
    /// A boolean.
    Boolean(bool),
    /// A reference to a row.
    Uuid(Uuid),
    /// A set of atoms.
    Set(Vec<Value<'a>>),
    /// A map from string to string, such as `external_ids`.
    Map(Vec<(&'a str, &'a str)>),
    /// A row that is inserted in the same transaction, by the name it has there.
    NamedUuid(&'a str),
    /// A value as it was read.
    Same(&'a Opaque),
}

/// The value of a column, of whatever type, to be written elsewhere as it was read.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Opaque(serde_json::Value);

impl Value<'_> {
    /// Whether it is a set or a map without elements, which is the default of such a column
    /// (RFC 7047 section 5.2.1).
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Set(values) => values.is_empty(),
            Self::Map(pairs) => pairs.is_empty(),
            _ => false,
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::String(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::String(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<bool> for Value<'_> {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}

impl From<Uuid> for Value<'_> {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

impl<'a, const N: usize> From<[(&'a str, &'a str); N]> for Value<'a> {
    fn from(pairs: [(&'a str, &'a str); N]) -> Self {
        Self::Map(pairs.into())
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::String(text) => text.serialize(serializer),
            Self::Integer(integer) => integer.serialize(serializer),
            Self::Boolean(boolean) => boolean.serialize(serializer),
            Self::Uuid(uuid) => uuid.serialize(serializer),
            Self::Set(values) => ("set", values).serialize(serializer),
            Self::Map(pairs) => ("map", pairs).serialize(serializer),
            Self::NamedUuid(name) => ("named-uuid", name).serialize(serializer),
            Self::Same(value) => value.serialize(serializer),
        }
    }
}

/// A `select` of chosen columns of the rows that meet every condition; without a
/// condition, of every row, and without columns, of all of them. There is no *or*: send several selects in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Select<'a> {
    table: &'a str,
    columns: &'a [&'a str],
    conditions: Vec<(&'a str, &'static str, Value<'a>)>,
}

impl<'a> Select<'a> {
    /// Selects `columns` (among them `_uuid`, where wanted) of every row of `table`.
    pub fn new(table: &'a str, columns: &'a [&'a str]) -> Self {
        Self { table, columns, conditions: Vec::new() }
    }

    /// Keeps the rows whose `column` is `value`.
    pub fn equal(self, column: &'a str, value: impl Into<Value<'a>>) -> Self {
        self.condition(column, "==", value.into())
    }

    /// Keeps the rows whose `column` is another one than `value`.
    pub fn not_equal(self, column: &'a str, value: impl Into<Value<'a>>) -> Self {
        self.condition(column, "!=", value.into())
    }

    /// Keeps the rows whose `column`, a set or a map, holds `value` and maybe more.
    pub fn includes(self, column: &'a str, value: impl Into<Value<'a>>) -> Self {
        self.condition(column, "includes", value.into())
    }

    fn condition(mut self, column: &'a str, function: &'static str, value: Value<'a>) -> Self {
        self.conditions.push((column, function, value));
        self
    }
}

impl Serialize for Select<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut operation = serializer.serialize_struct("select", 4)?;
        operation.serialize_field("op", "select")?;
        operation.serialize_field("table", self.table)?;
        operation.serialize_field("where", &self.conditions)?;
        if !self.columns.is_empty() {
            operation.serialize_field("columns", self.columns)?;
        }
        operation.end()
    }
}
