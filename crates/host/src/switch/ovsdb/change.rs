//! The database's part of a plan: ports and their numbers.

use std::time::Duration;

use model::ids::{Name, OfPort};
use model::plan::Step;
use model::switch::OfPortState;
use model::{Trouble, TroubleKind};

use super::read::Database;
use super::transaction::{ReplacePort, SavedColumns};
use crate::Host;
use crate::deadline::Deadline;

/// The database, whose lock is ours.
pub(crate) struct Rows {
    database: Database,
    patience: Duration,
    locked: bool,
    /// Whether there is more to do after a number was waited for.
    more: bool,
    memory: SavedColumns,
}

impl Rows {
    /// Waits until no other docker-ovs changes anything.
    pub(crate) async fn lock(host: &Host, due: Deadline) -> Result<Self, Trouble> {
        let mut database = host.database(due).await?;
        let busy = "docker-ovs, which is changing this switch already, or its database";
        due.hold(|| busy.to_owned(), database.lock()).await?;
        let memory = SavedColumns::default();
        Ok(Self { database, patience: host.timeout, locked: true, more: false, memory })
    }

    pub(crate) fn keeping_the_lock(self) -> Self {
        Self { more: true, ..self }
    }

    pub(crate) fn are_locked(&self) -> bool {
        self.locked
    }

    pub(crate) async fn take_step(&mut self, step: &Step) -> Result<(), Trouble> {
        match step {
            Step::Swap { bridge, remove, add, inherit, bystanders } => {
                let (remove, add) = (remove.as_deref(), add.as_deref());
                self.swap(&ReplacePort { bridge, remove, add, inherit: *inherit, bystanders }).await
            }
            Step::Await { bridge, iface, wanted } => {
                self.await_number(bridge, iface, *wanted).await
            }
            _ => Ok(()),
        }
    }

    async fn swap(&mut self, swap: &ReplacePort<'_>) -> Result<(), Trouble> {
        let due = Deadline::after(self.patience);
        let what = self.database.what().to_owned();
        let swapped = self.database.swap(swap, &mut self.memory, self.locked);
        due.hold(|| what.clone(), swapped).await
    }

    /// The others need not wait for vswitchd.
    async fn await_number(
        &mut self,
        bridge: &Name,
        iface: &Name,
        wanted: Option<OfPort>,
    ) -> Result<(), Trouble> {
        let due = Deadline::after(self.patience * 2);
        let what = self.database.what().to_owned();
        if !self.more && std::mem::take(&mut self.locked) {
            due.hold(|| what.clone(), self.database.unlock()).await?;
        }
        let number = self.database.number(iface, self.patience);
        let number = due.hold(|| what.clone(), number).await?;
        let failed = |kind, why: String| {
            Trouble::new(kind, format!("port {iface} of {bridge}"), why).remedy(
                "ovs-vswitchd's log may tell more; docker ovs doctor checks whether it runs",
            )
        };
        match number.ofport {
            OfPortState::Assigned(ofport) if wanted.is_none() => {
                due.hold(|| what.clone(), self.database.keep(iface, ofport)).await
            }
            OfPortState::Assigned(_) => Ok(()),
            OfPortState::Pending => {
                let why = format!("ovs-vswitchd gave it no number within {:?}", self.patience);
                Err(failed(TroubleKind::TimedOut, why))
            }
            OfPortState::Failed => {
                let why = number.error.unwrap_or_else(|| "it gives no reason".to_owned());
                Err(failed(TroubleKind::Unusable, format!("ovs-vswitchd could not make it: {why}")))
            }
        }
    }
}
