//! Containers, watched: listed once, then inspected whenever something happens to them, and listed
//! again when the engine may have dropped events.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use model::backoff::Backoff;
use model::identity::SourceIdentity;
use model::ids::ContainerId;
use model::snapshot::Container;
use model::{SourceError, SourceErrorKind};
use tokio::sync::Notify;
use tokio::sync::watch::Sender;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use super::ask::{ContainerRows, all};
use super::inspections::Inspections;
use super::netns::find_namespaces;
use super::{Configured, Engine, Event, Events};
use crate::deadline::Deadline;
use crate::identity;
use crate::source::{Answered, Latest, PROBE_AFTER, await_liveness};

/// The pause before the engine is asked again for an answer that it owes, and the longest, as each
/// one doubles it: it may never come, and every time costs the engine something. When a
/// container has been started, an event says so.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Tells all containers, and again after each change, until the engine fails.
pub(crate) async fn run(
    configured: &Configured,
    timeout: Duration,
    latest: &Sender<Answered<Container>>,
) -> SourceError {
    let Err(source_error) = follow(configured, timeout, latest).await;
    if !configured.has_left() {
        return source_error;
    }
    // Who looks now does not find it, and is told of no engine that does not answer.
    latest.send_if_modified(Latest::forget);
    let why = "its user has logged out";
    SourceError::new(SourceErrorKind::NotServed, configured.name.to_string(), why)
}

async fn follow(
    configured: &Configured,
    timeout: Duration,
    latest: &Sender<Answered<Container>>,
) -> Result<Infallible, SourceError> {
    let engine = configured.engine()?;
    let what = || engine.what();
    let due = || Deadline::after(timeout);
    let sign = Notify::new();
    let begun = async {
        // First the events, so that none is missed between the list and them.
        let events = due().hold(what, engine.events()).await?;
        sign.notify_one();
        // It may be asked once more: of what it does not tell now it told then.
        let known = latest.borrow().rows().iter().cloned().map(by_id).collect();
        let listed = list_with_namespaces(engine, due(), &known);
        let (rows, identity) = due().hold(what, listed).await?;
        // Another process may answer at the same address than before.
        let id = due().hold(what, engine.id()).await.ok().flatten();
        Ok((events, rows, SourceIdentity { id, ..identity }))
    };
    // The others are not kept waiting by one that hangs.
    let (events, rows, identity) = tokio::select! {
        biased;
        begun = begun => begun?,
        Err(dead) = probe(engine, timeout, latest, &sign) => return Err(dead),
    };
    latest.send_modify(|latest| {
        *latest.about_mut() = Some(identity);
        latest.set_fresh(rows.values().cloned().collect());
    });
    tokio::select! {
        biased;
        ended = follow_events(engine, timeout, events, rows, latest, &sign) => ended,
        ended = probe(engine, timeout, latest, &sign) => ended,
    }
}

/// Asks an engine that gives no sign of life whether it lives. It may owe an answer about a
/// container that is long in starting, and be well.
async fn probe(
    engine: &dyn Engine,
    timeout: Duration,
    latest: &Sender<Answered<Container>>,
    sign: &Notify,
) -> Result<Infallible, SourceError> {
    let what = || engine.what();
    loop {
        if tokio::time::timeout(PROBE_AFTER, sign.notified()).await.is_err() {
            await_liveness(latest, what, Deadline::after(timeout).hold(what, engine.ping()))
                .await?;
        }
    }
}

/// Keeps the rows up to date; `sign` hears when the engine tells something.
async fn follow_events(
    engine: &dyn Engine,
    timeout: Duration,
    mut events: Events,
    mut rows: ContainerRows,
    latest: &Sender<Answered<Container>>,
    sign: &Notify,
) -> Result<Infallible, SourceError> {
    let mut asked = Inspections::of(engine, timeout);
    let mut changed = Changed::default();
    let mut retry = Retry::default();
    loop {
        retry.note(&rows);
        while !changed.missed {
            tokio::select! {
                biased;
                answer = asked.answer(&mut rows) => {
                    answer?;
                    break;
                }
                noted = happened(&mut events, &mut changed, retry.due, sign) => noted?,
            }
            changed.ids.append(&mut retry.take());
            asked.ask(std::mem::take(&mut changed.ids), &rows);
        }
        // What events told while an answer came is still to be asked about.
        if std::mem::take(&mut changed.missed) {
            let due = Deadline::after(timeout);
            let listed = list_with_namespaces(engine, due, &rows);
            (rows, _) = due.hold(|| engine.what(), listed).await?;
            asked = Inspections::of(engine, timeout);
        }
        latest.send_modify(|latest| latest.renew(rows.values().cloned().collect()));
    }
}

/// The containers about which an answer did not come in time, or could not be looked into, and when it is
/// asked for again: no event says that it can be had.
struct Retry {
    ids: BTreeSet<ContainerId>,
    backoff: Backoff,
    due: Option<Instant>,
}

impl Default for Retry {
    fn default() -> Self {
        let backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        Self { ids: BTreeSet::new(), backoff, due: None }
    }
}

impl Retry {
    fn note(&mut self, rows: &ContainerRows) {
        let passes = |source_error: &SourceError| {
            use SourceErrorKind::{Exhausted, TimedOut, Unreachable};
            matches!(source_error.kind, Exhausted | TimedOut | Unreachable)
        };
        let late = |row: &&Container| row.netns_error.as_ref().is_some_and(passes);
        self.ids = rows.values().filter(late).map(|row| row.id.clone()).collect();
        if self.ids.is_empty() {
            *self = Self::default();
        } else {
            self.due.get_or_insert_with(|| Instant::now() + self.backoff.pause());
        }
    }

    /// Those to be asked about again, if it is time.
    fn take(&mut self) -> BTreeSet<ContainerId> {
        if self.due.is_none_or(|due| Instant::now() < due) {
            return BTreeSet::new();
        }
        self.due = None;
        std::mem::take(&mut self.ids)
    }
}

/// Every container, and who answered. `known` are the rows of before.
async fn list_with_namespaces(
    engine: &dyn Engine,
    due: Deadline,
    known: &ContainerRows,
) -> Result<(ContainerRows, SourceIdentity), SourceError> {
    let mut found = all(engine, known).await?;
    find_namespaces(engine, due, &mut found).await;
    let identity = identity::engine::identify(engine, &found);
    Ok((found.into_iter().map(|found| by_id(found.row)).collect(), identity))
}

fn by_id(row: Container) -> (ContainerId, Container) {
    (row.id.clone(), row)
}

/// What events said that was not asked about yet.
#[derive(Default)]
struct Changed {
    ids: BTreeSet<ContainerId>,
    /// Events were dropped: everything may have changed.
    missed: bool,
}

impl Changed {
    fn note(&mut self, event: Event) {
        match event {
            Event::Changed(id) => self.ids.extend([id]),
            Event::Missed => self.missed = true,
            Event::Idle => {}
        }
    }

    fn is_empty(&self) -> bool {
        self.ids.is_empty() && !self.missed
    }
}

/// Waits until something happens, or `until` then, and notes in `changed` all that did. Cancel
/// safe.
async fn happened(
    events: &mut Events,
    changed: &mut Changed,
    until: Option<Instant>,
    sign: &Notify,
) -> Result<(), SourceError> {
    let ended =
        || SourceError::new(SourceErrorKind::Gone, "the engine", "its stream of events ended");
    while changed.is_empty() {
        let quiet = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => pending().await,
            }
        };
        tokio::select! {
            event = events.next() => {
                changed.note(event.ok_or_else(ended)??);
                sign.notify_one();
            }
            () = quiet => break,
        }
    }
    while !changed.missed {
        // The connection has a task of its own, which hands over one event at a time.
        yield_now().await;
        let Some(event) = events.next().now_or_never() else { break };
        changed.note(event.ok_or_else(ended)??);
    }
    Ok(())
}
