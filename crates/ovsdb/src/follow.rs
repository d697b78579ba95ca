//! Following a database: the contents once, then every change (RFC 7047 sections 4.1.5, 4.1.6).

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::client::Client;
use crate::error::Error;
use crate::monitor::{Columns, Tables};
use crate::uuid::Uuid;

/// The name under which [`Client::follow`] asks.
const FOLLOWED: &str = "followed";

impl Client {
    /// Reads whole columns of several tables and has every later change of them told by
    /// [`next_change`](Self::next_change). Once for a connection.
    ///
    /// # Errors
    /// As the conversation fails; an unknown table or column is refused as a whole.
    pub async fn follow(
        &mut self,
        database: &str,
        tables: &[Columns<'_>],
    ) -> Result<Tables, Error> {
        let params = (database, FOLLOWED, Requests(tables));
        Ok(self.connection().call("monitor", &params).await?)
    }

    /// Waits for the next change of what is followed: cancel safe.
    ///
    /// # Errors
    /// As the conversation fails.
    pub async fn next_change(&mut self) -> Result<Changes, Error> {
        loop {
            let told = self.connection().next_notification().await?;
            if told.method == "update" {
                let read = serde_json::from_str(told.params.get());
                let (_, changes): (IgnoredAny, Changes) =
                    read.map_err(|source| Error::Row { place: "an update".to_owned(), source })?;
                return Ok(changes);
            }
        }
    }

    /// Asks whether the server is alive (section 4.1.11).
    ///
    /// # Errors
    /// As the conversation fails.
    pub async fn echo(&mut self) -> Result<(), Error> {
        let _: IgnoredAny = self.connection().call("echo", &[(); 0]).await?;
        Ok(())
    }
}

/// `<monitor-requests>` for the rows that there are and all that becomes of them.
struct Requests<'a>(&'a [Columns<'a>]);

impl Serialize for Requests<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Request<'a> {
            columns: &'a [&'a str],
        }
        let mut tables = serializer.serialize_map(Some(self.0.len()))?;
        for Columns { table, columns } in self.0 {
            tables.serialize_entry(table, &Request { columns })?;
        }
        tables.end()
    }
}

/// `<table-updates>`: what became of rows of several tables, not yet parsed.
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
pub struct Changes(BTreeMap<String, Box<RawValue>>);

impl Changes {
    /// The rows of `table` that changed, whole as they are now; none for one that was deleted.
    ///
    /// # Errors
    /// [`Error::Row`] when they do not fit `T`.
    pub fn rows<'de, T: Deserialize<'de>>(
        &'de self,
        table: &str,
    ) -> Result<Vec<(Uuid, Option<T>)>, Error> {
        let text = self.0.get(table).map_or("{}", |rows| rows.get());
        serde_json::from_str(text)
            .map(|Rows(rows)| rows)
            .map_err(|source| Error::Row { place: format!("table {table}"), source })
    }
}

/// `{"<uuid>": {"old": row, "new": row}, …}`; of `old` only the changed columns come.
struct Rows<T>(Vec<(Uuid, Option<T>)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowsVisitor(PhantomData)).map(Self)
    }
}

struct RowsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for RowsVisitor<T> {
    type Value = Vec<(Uuid, Option<T>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("changed rows by UUID")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        #[derive(serde::Deserialize)]
        struct Change<T> {
            #[serde(default = "none")]
            new: Option<T>,
        }
        fn none<T>() -> Option<T> {
            None
        }
        let mut rows = Vec::new();
        while let Some((uuid, Change { new })) = entries.next_entry()? {
            rows.push((uuid, new));
        }
        Ok(rows)
    }
}
