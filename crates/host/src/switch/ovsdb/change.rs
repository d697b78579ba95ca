//! The database's part of a plan: ports and their numbers.

use std::time::Duration;

use model::ids::{Name, OfPort};
use model::plan::SwitchStep;
use model::switch::{Bridge, OfPortState, Port};
use model::{SourceError, SourceErrorKind};

use super::read::Database;
use super::transaction::{LOCK, SavedColumns};
use crate::Host;
use crate::deadline::Deadline;

/// Carries out the switch's steps of a plan, and holds the lock of its database.
pub(crate) struct SwitchExecutor {
    database: Database,
    timeout: Duration,
    locked: bool,
    /// Whether there is more to do after a number was waited for.
    more: bool,
    saved: SavedColumns,
}

impl SwitchExecutor {
    /// Waits until no other docker-ovs changes anything.
    pub(crate) async fn lock(host: &Host, due: Deadline) -> Result<Self, SourceError> {
        let mut database = host.database(due).await?;
        let busy = "docker-ovs, which is changing this switch already, or its database";
        due.hold(|| busy.to_owned(), database.lock(LOCK)).await?;
        let saved = SavedColumns::default();
        Ok(Self { database, timeout: host.timeout, locked: true, more: false, saved })
    }

    /// Without the lock: what is chosen is guarded by each transaction alone. For what may not wait
    /// until another docker-ovs is done.
    pub(crate) async fn unlocked(host: &Host, due: Deadline) -> Result<Self, SourceError> {
        let database = host.database(due).await?;
        let saved = SavedColumns::default();
        Ok(Self { database, timeout: host.timeout, locked: false, more: true, saved })
    }

    pub(crate) fn keeping_the_lock(self) -> Self {
        Self { more: true, ..self }
    }

    /// Every bridge with every port, without addresses, options and errors, and what the database calls
    /// itself.
    pub(crate) async fn rows(&mut self) -> Result<(Vec<Bridge>, Option<String>), SourceError> {
        let due = Deadline::after(self.timeout);
        let what = self.database.what().to_owned();
        let bridges = due.hold(|| what.clone(), self.database.all_without_details()).await?;
        let row = self.database.answerer().row;
        Ok((bridges, row.map(|row| row.id.to_string())))
    }

    /// The port whose interface has this name, on its bridge, with what that remembers; no others.
    pub(crate) async fn rows_of(&mut self, interface: &str) -> Result<Vec<Bridge>, SourceError> {
        let due = Deadline::after(self.timeout);
        let what = self.database.what().to_owned();
        due.hold(|| what.clone(), self.database.remembered(interface)).await
    }

    /// Waits until vswitchd has seen every port go that is gone from the database.
    pub(crate) async fn await_configured(&mut self) -> Result<(), SourceError> {
        let due = Deadline::after(self.timeout * 2);
        let what = self.database.what().to_owned();
        due.hold(|| what.clone(), self.database.await_configured(self.timeout)).await
    }

    pub(crate) fn are_locked(&self) -> bool {
        self.locked
    }

    pub(crate) async fn take_step(&mut self, step: &SwitchStep) -> Result<(), SourceError> {
        let due = Deadline::after(self.timeout);
        let what = self.database.what().to_owned();
        match step {
            SwitchStep::ReplacePort(ports) => {
                let replaced = self.database.replace_port(ports, &mut self.saved, self.locked);
                due.hold(|| what.clone(), replaced).await
            }
            SwitchStep::Await { bridge, iface, from, wanted, remember } => {
                let numbers = (*from, *wanted);
                self.await_number(bridge, iface, numbers, remember.as_deref()).await
            }
            SwitchStep::RemoveMember { bridge, port, .. } => {
                let removed = self.database.remove_member(bridge, port, self.locked);
                due.hold(|| what.clone(), removed).await
            }
            SwitchStep::MakeBridge(bridge) => {
                due.hold(|| what.clone(), self.database.make_bridge(bridge, self.locked)).await
            }
            SwitchStep::RemoveBridge { bridge, ports } => {
                let removed = self.database.remove_bridge(bridge, ports, self.locked);
                due.hold(|| what.clone(), removed).await
            }
            SwitchStep::Rewrite {
                bridge,
                port,
                external_ids,
                ofport_request,
                expected_requesters,
                memory,
            } => {
                let record = (&**port, external_ids, memory);
                let number = (*ofport_request, expected_requesters);
                let rewritten = self.database.rewrite(bridge, record, number, self.locked);
                due.hold(|| what.clone(), rewritten).await
            }
        }
    }

    /// The others need not wait for vswitchd.
    async fn await_number(
        &mut self,
        bridge: &Name,
        iface: &Name,
        (from, wanted): (Option<OfPort>, Option<OfPort>),
        remember: Option<&Port>,
    ) -> Result<(), SourceError> {
        let due = Deadline::after(self.timeout * 2);
        let what = self.database.what().to_owned();
        if !self.more && std::mem::take(&mut self.locked) {
            due.hold(|| what.clone(), self.database.unlock()).await?;
        }
        let number = self.database.number(iface, from, self.timeout);
        let number = due.hold(|| what.clone(), number).await?;
        let failed = |kind, why: String| {
            SourceError::new(kind, format!("port {iface} of {bridge}"), why)
                .hint("ovs-vswitchd's log may tell more; docker ovs doctor checks whether it runs")
        };
        match number.ofport {
            OfPortState::Assigned(ofport) if wanted.is_none() => {
                let kept = self.database.keep(bridge, iface, ofport, remember);
                due.hold(|| what.clone(), kept).await
            }
            OfPortState::Assigned(_) => Ok(()),
            OfPortState::Pending => {
                let why = format!("ovs-vswitchd gave it no number within {:?}", self.timeout);
                Err(failed(SourceErrorKind::TimedOut, why))
            }
            OfPortState::Failed => {
                let why = number.error.unwrap_or_else(|| "it gives no reason".to_owned());
                Err(failed(
                    SourceErrorKind::Unusable,
                    format!("ovs-vswitchd could not make it: {why}"),
                ))
            }
        }
    }
}
