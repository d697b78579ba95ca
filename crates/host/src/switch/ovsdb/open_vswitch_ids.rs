//! `external_ids` of the switch's own row, of which a database has one: what belongs to no bridge.

use std::collections::BTreeMap;

use model::SourceError;
use model::memory::MemoryChange;
use ovsdb::{Map, Mutator, Operation, RowSelector, Select, VSWITCH, Value};
use serde::Deserialize;

use super::port_rows::guard;
use super::read::Database;
use super::session::Session;
use super::transaction::map;
use crate::Host;
use crate::deadline::Deadline;

const TABLE: &str = "Open_vSwitch";
const COLUMN: &str = "external_ids";

#[derive(Deserialize)]
struct OwnIdsRow {
    external_ids: Map<String, String>,
}

/// What a change rests on: where it is otherwise by then, nothing is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalIdsGuard {
    /// These pairs are among the others.
    Includes(BTreeMap<String, String>),
    /// These are all.
    Equals(BTreeMap<String, String>),
}

/// A connection to the switch's database for `external_ids` of its own row.
pub struct OpenVSwitchIds {
    session: Session,
    timeout: std::time::Duration,
}

impl OpenVSwitchIds {
    /// Connects.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn of(host: &Host) -> Result<Self, SourceError> {
        let timeout = host.timeout;
        Ok(Self { session: Session::open(host, false, Deadline::after(timeout)).await?, timeout })
    }

    /// All pairs.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn read(&mut self) -> Result<BTreeMap<String, String>, SourceError> {
        let due = Deadline::after(self.timeout);
        let database = self.session.database(due).await?;
        let what = database.what().to_owned();
        due.hold(|| what.clone(), database.open_vswitch_ids()).await
    }

    /// Changes pairs; false where what that rests on is otherwise by now, and nothing was done.
    /// `comment` is for the database's log.
    ///
    /// # Errors
    /// The database does not answer, or refuses.
    pub async fn change(
        &mut self,
        change: &MemoryChange,
        rests_on: &ExternalIdsGuard,
        comment: &str,
    ) -> Result<bool, SourceError> {
        let due = Deadline::after(self.timeout);
        let database = self.session.database(due).await?;
        let what = database.what().to_owned();
        due.hold(|| what.clone(), database.change_own_ids(change, rests_on, comment)).await
    }
}

impl Database {
    async fn open_vswitch_ids(&mut self) -> Result<BTreeMap<String, String>, SourceError> {
        let select = [Select::new(TABLE, &[COLUMN])];
        let read = self.client.transact(VSWITCH, &select).await;
        let rows: Result<Vec<OwnIdsRow>, _> = read.and_then(|answer| answer.rows(0));
        let row = rows.map_err(|error| self.source_error(&error))?.into_iter().next();
        Ok(row.map(|row| row.external_ids.0).unwrap_or_default())
    }

    async fn change_own_ids(
        &mut self,
        change: &MemoryChange,
        rests_on: &ExternalIdsGuard,
        comment: &str,
    ) -> Result<bool, SourceError> {
        let comment = format!("docker-ovs: {comment}");
        let operations = operations(change, rests_on, &comment);
        match self.client.transact(VSWITCH, &operations).await {
            Ok(_) => Ok(true),
            Err(ovsdb::Error::Operation { error, .. }) if error == "timed out" => Ok(false),
            Err(error) => Err(self.source_error(&error)),
        }
    }
}

fn operations<'a>(
    change: &'a MemoryChange,
    rests_on: &'a ExternalIdsGuard,
    comment: &'a str,
) -> Vec<Operation<'a>> {
    let row = || RowSelector::all(TABLE);
    let seen = match rests_on {
        // The row is there, whatever its other columns are, if it is one that includes these.
        ExternalIdsGuard::Includes(pairs) => {
            guard(row().includes(COLUMN, map(pairs)), &[], vec![Vec::new()])
        }
        ExternalIdsGuard::Equals(all) => guard(row(), &[COLUMN], vec![vec![(COLUMN, map(all))]]),
    };
    let mutate =
        |mutator, value| Operation::Mutate { which: row(), column: COLUMN, mutator, value };
    let mut operations = vec![Operation::Comment(comment), seen];
    if !change.forget.is_empty() {
        let keys = change.forget.keys().map(|key| Value::from(&**key)).collect();
        operations.push(mutate(Mutator::Delete, Value::Set(keys)));
    }
    if !change.remember.is_empty() {
        operations.push(mutate(Mutator::Insert, map(&change.remember)));
    }
    operations
}
