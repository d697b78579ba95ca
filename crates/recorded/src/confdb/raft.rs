//! The entries of a clustered database (Open vSwitch `ovsdb/raft.c`).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{GoesOn, Log};

/// Entries of a cluster that are not known to be committed yet.
#[derive(Debug, Default)]
pub(super) struct Entries {
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
    /// Takes a record; false where a transaction is not wanted any more.
    pub(super) fn take(
        &mut self,
        json: &str,
        log: &mut Log,
        goes_on: GoesOn<'_>,
    ) -> serde_json::Result<bool> {
        let entry: Entry<'_> = serde_json::from_str(json)?;
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
    pub(super) fn finish(self, log: &mut Log, goes_on: GoesOn<'_>) {
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
        log.take_schema(schema.get())?;
        log.rows.clear();
    }
    match transaction.get() {
        "null" => Ok(true),
        transaction => log.transact(transaction, goes_on),
    }
}
