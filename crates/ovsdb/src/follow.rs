//! Following a database: the contents once, then every change (RFC 7047 sections 4.1.5, 4.1.6).

use serde::de::{Deserialize, IgnoredAny};

use crate::client::Client;
use crate::error::Error;
use crate::monitor::{Columns, Requests, Tables};
use crate::uuid::Uuid;

/// The name under which [`Client::follow`] asks.
const FOLLOWED: &str = "followed";

/// What is held of an update beyond its own length, in bytes: its tables are few.
const ROOM: usize = 1 << 20;

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
        let params = (database, FOLLOWED, Requests { tables, updates: true });
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
                let params = told.params.get();
                let read = bounded::from_str(params, params.len().saturating_add(ROOM));
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

/// `<table-updates>`: what became of rows of several tables, not yet parsed.
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
pub struct Changes(Tables);

impl Changes {
    /// The rows of `table` that changed, whole as they are now; none for one that was deleted.
    ///
    /// # Errors
    /// [`Error::Row`] when they do not fit `T`.
    pub fn rows<'de, T: Deserialize<'de>>(
        &'de self,
        table: &str,
    ) -> Result<Vec<(Uuid, Option<T>)>, Error> {
        self.0.rows(table)
    }
}
