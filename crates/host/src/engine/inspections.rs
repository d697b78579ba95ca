//! Inspections under way: what an engine says of one container counts at once, whatever other
//! answers are outstanding.

use std::collections::BTreeSet;
use std::future::pending;
use std::slice::from_mut;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use model::SourceError;
use model::ids::ContainerId;
use model::snapshot::Container;

use super::Engine;
use super::ask::{ContainerRows, IN_FLIGHT, inspect_soon};
use super::budget::Budget;
use super::netns::find_namespaces;
use crate::deadline::Deadline;

/// A container as it is now; none if there is none any more.
type InspectResult = (ContainerId, Result<Option<Container>, SourceError>);

/// What an engine is being asked.
pub(super) struct Inspections<'e> {
    engine: &'e dyn Engine,
    timeout: Duration,
    asked: FuturesUnordered<BoxFuture<'e, InspectResult>>,
    /// The containers it is asked about.
    about: BTreeSet<ContainerId>,
    /// The containers it is to be asked about, maybe once more.
    waiting: BTreeSet<ContainerId>,
}

impl<'e> Inspections<'e> {
    /// No answer may take longer than `timeout`.
    pub(super) fn of(engine: &'e dyn Engine, timeout: Duration) -> Self {
        let about = BTreeSet::new();
        let waiting = BTreeSet::new();
        Self { engine, timeout, asked: FuturesUnordered::new(), about, waiting }
    }

    /// Something happened to `changed`.
    pub(super) fn ask(&mut self, changed: BTreeSet<ContainerId>, rows: &ContainerRows) {
        self.waiting.extend(changed);
        self.go_on(rows);
    }

    fn go_on(&mut self, rows: &ContainerRows) {
        while self.asked.len() < IN_FLIGHT {
            let Some(id) = self.waiting.difference(&self.about).next().cloned() else { return };
            self.waiting.remove(&id);
            self.about.insert(id.clone());
            let engine = self.engine;
            let due = Deadline::after(self.timeout);
            let known = rows.get(&id).cloned();
            self.asked.push(inspect(engine, due, id, known).boxed());
        }
    }

    /// Waits for an answer, and takes over what is there by then. Cancel safe.
    pub(super) async fn answer(&mut self, rows: &mut ContainerRows) -> Result<(), SourceError> {
        let Some(first) = self.asked.next().await else { return pending().await };
        let more = std::iter::from_fn(|| self.asked.next().now_or_never()?);
        let answers: Vec<_> = std::iter::once(first).chain(more).collect();
        for (id, row) in answers {
            self.about.remove(&id);
            rows.remove(&id);
            rows.extend(row?.map(|row| (id, row)));
        }
        let mut budget = Budget::default();
        rows.values().try_for_each(|row| budget.add(self.engine, row))?;
        self.go_on(rows);
        Ok(())
    }
}

async fn inspect(
    engine: &dyn Engine,
    due: Deadline,
    id: ContainerId,
    known: Option<Container>,
) -> InspectResult {
    let found = due.hold(|| engine.what(), inspect_soon(engine, &id, None, known)).await;
    let Ok(Some(mut found)) = found else { return (id, found.map(|_| None)) };
    find_namespaces(engine, due, from_mut(&mut found)).await;
    (id, Ok(Some(found.row)))
}
