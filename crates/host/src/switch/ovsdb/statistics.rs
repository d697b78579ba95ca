//! Counters of ports, from the database; vswitchd writes them there every few seconds
//! (`other_config:stats-update-interval` of ovs-vswitchd.conf.db(5)).

use std::collections::BTreeMap;

use model::SourceError;
use ovsdb::{Map, Select, VSWITCH};
use serde::Deserialize;

use super::read::Database;
use crate::Host;
use crate::deadline::Deadline;

/// Interface `statistics`: `rx_bytes`, `tx_packets`, `rx_dropped`, …
pub type Counters = BTreeMap<String, i64>;

#[derive(Deserialize)]
struct Row {
    name: String,
    statistics: Map<String, i64>,
}

impl Host {
    /// The counters of the interface called `iface`, or of every interface, by its name.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn statistics(
        &self,
        iface: Option<&str>,
    ) -> Result<BTreeMap<String, Counters>, SourceError> {
        let due = Deadline::after(self.timeout);
        let mut database = self.database(due).await?;
        let what = database.what().to_owned();
        due.hold(|| what.clone(), database.statistics(iface)).await
    }
}

impl Database {
    async fn statistics(
        &mut self,
        iface: Option<&str>,
    ) -> Result<BTreeMap<String, Counters>, SourceError> {
        let select = Select::new("Interface", &["name", "statistics"]);
        let select = iface.map_or(select.clone(), |iface| select.equal("name", iface));
        let answer = self.client.transact(VSWITCH, &[select]).await;
        let rows: Result<Vec<Row>, _> = answer.and_then(|answer| answer.rows(0));
        if rows.as_ref().is_err_and(ovsdb::Error::is_refusal) && !self.counts().await {
            return Ok(BTreeMap::new());
        }
        let rows = rows.map_err(|error| self.source_error(&error))?;
        Ok(rows.into_iter().map(|row| (row.name, row.statistics.0)).collect())
    }

    /// Whether the schema has counters; where that cannot be told, it has.
    async fn counts(&mut self) -> bool {
        let schema = self.client.schema(VSWITCH).await;
        schema.map_or(true, |schema| schema.has_column("Interface", "statistics"))
    }
}
