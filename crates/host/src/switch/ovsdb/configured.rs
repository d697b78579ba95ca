//! What vswitchd has seen of the database: `next_cfg` and `cur_cfg` of its own row
//! (ovs-vswitchd.conf.db(5)).
//!
//! A name that goes and comes back before vswitchd looks is to it one that never went: on the userspace
//! datapath such a port stays with the link that is gone, and no packet passes. So whatever takes a port
//! away counts `next_cfg` up, as ovs-vsctl does, and a name that may come back waits for `cur_cfg`.

use std::time::Duration;

use model::{SourceError, SourceErrorKind};
use ovsdb::{Mutator, Operation, RowSelector, Select, VSWITCH, Value};
use serde::Deserialize;

use super::number::is_timed_out;
use super::port_rows::until_not;
use super::read::Database;

const TABLE: &str = "Open_vSwitch";

#[derive(Clone, Copy, Deserialize)]
struct Counters {
    next_cfg: i64,
    cur_cfg: i64,
}

/// Has vswitchd say when it has seen this transaction.
pub(super) fn bump_next_cfg() -> Operation<'static> {
    Operation::Mutate {
        which: RowSelector::all(TABLE),
        column: "next_cfg",
        mutator: Mutator::Add,
        value: Value::Integer(1),
    }
}

impl Database {
    /// Waits until vswitchd has seen all that was counted until now.
    pub(crate) async fn await_configured(&mut self, timeout: Duration) -> Result<(), SourceError> {
        let Some(first) = self.counters(None).await? else { return Ok(()) };
        let mut now = first;
        while now.cur_cfg < first.next_cfg {
            let seen = Value::Integer(now.cur_cfg);
            let until = until_not(RowSelector::all(TABLE), &["cur_cfg"], seen, timeout);
            let Some(next) = self.counters(Some(until)).await? else { return Err(late()) };
            now = next;
        }
        Ok(())
    }

    /// None where there is no such row, or what is waited for does not come in time.
    async fn counters(
        &mut self,
        until: Option<Operation<'_>>,
    ) -> Result<Option<Counters>, SourceError> {
        let select = Operation::Select(Select::new(TABLE, &["next_cfg", "cur_cfg"]));
        let operations: Vec<_> = until.into_iter().chain([select]).collect();
        let asked = self.client.transact(VSWITCH, &operations).await;
        let rows = asked.and_then(|answer| answer.rows::<Counters>(operations.len() - 1));
        match rows {
            Ok(rows) => Ok(rows.into_iter().next()),
            Err(error) if is_timed_out(&error) => Ok(None),
            Err(error) => Err(self.source_error(&error)),
        }
    }
}

fn late() -> SourceError {
    let why = "it has not seen yet that earlier ports are gone";
    SourceError::new(SourceErrorKind::TimedOut, "ovs-vswitchd", why)
        .hint("its log may tell more; docker ovs doctor checks whether it runs")
}
