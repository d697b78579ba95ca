//! The `monitor` method (RFC 7047 section 4.1.5), for the contents it begins with.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::HELD;
use crate::error::Error;
use crate::uuid::Uuid;

/// The columns wanted of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns<'a> {
    /// The table's name.
    pub table: &'a str,
    /// The columns' names; not `_uuid`, which comes as the row's key.
    pub columns: &'a [&'a str],
}

/// `<monitor-requests>` for the rows that there are.
pub(crate) struct Requests<'a> {
    pub(crate) tables: &'a [Columns<'a>],
    /// Whether all that becomes of them is to be told, too.
    pub(crate) updates: bool,
}

impl<'a> Serialize for Requests<'a> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Request<'a> {
            columns: &'a [&'a str],
            #[serde(skip_serializing_if = "Option::is_none")]
            select: Option<Select>,
        }
        #[derive(Clone, Copy, serde::Serialize)]
        struct Select {
            insert: bool,
            delete: bool,
            modify: bool,
        }
        let nothing = Select { insert: false, delete: false, modify: false };
        let select = (!self.updates).then_some(nothing);
        let request =
            |wanted: &Columns<'a>| (wanted.table, Request { columns: wanted.columns, select });
        serializer.collect_map(self.tables.iter().map(request))
    }
}

/// `<table-updates>`: the rows of several tables, not yet parsed.
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
pub struct Tables(BTreeMap<String, Box<RawValue>>);

impl Tables {
    /// The rows of `table`, each with its UUID; none where the table is empty.
    ///
    /// # Errors
    /// [`Error::Row`] when they do not fit `T`.
    pub fn rows<'de, T: Deserialize<'de>>(&'de self, table: &str) -> Result<Vec<(Uuid, T)>, Error> {
        let text = self.0.get(table).map_or("{}", |rows| rows.get());
        bounded::from_str(text, HELD)
            .map(|Rows(rows)| rows)
            .map_err(|source| Error::Row { place: format!("table {table}"), source })
    }
}

/// `<table-update>`: `{"<uuid>": {"old": row, "new": row}, …}`; of `old` only the changed columns
/// come. A deleted row has no `new`: it can be read as an `Option`.
struct Rows<T>(Vec<(Uuid, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowsVisitor(PhantomData)).map(Self)
    }
}

struct RowsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for RowsVisitor<T> {
    type Value = Vec<(Uuid, T)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows by UUID")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        #[derive(serde::Deserialize)]
        struct Update<T> {
            new: T,
        }
        let mut rows = Vec::new();
        while let Some((uuid, Update { new })) = entries.next_entry()? {
            rows.push((uuid, new));
        }
        Ok(rows)
    }
}
