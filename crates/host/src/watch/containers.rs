//! Containers, watched: listed once, then inspected whenever something happens to them, and listed
//! again when the engine may have kept something to itself.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use model::ids::ContainerId;
use model::snapshot::Container;
use model::{Trouble, TroubleKind};
use tokio::sync::watch::Sender;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};

use super::keep::{SILENCE, Told, stay};
use crate::Host;
use crate::deadline::Deadline;
use crate::engine::Found;
use crate::engine::docker::{Docker, IN_FLIGHT};
use crate::engine::events::Events;
use crate::look::settle;

/// The pause before the engine is asked again for an answer that it owes, and the longest, as each
/// one doubles it: it may never come, and every time costs the engine something. When a
/// container has been started, an event says so.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Tells all containers, and again after each change, until the engine fails.
pub(super) async fn talk(host: &Host, told: &Sender<Told<Container>>) -> Trouble {
    let Err(trouble) = follow(host, told).await;
    trouble
}

async fn follow(
    host: &Host,
    told: &Sender<Told<Container>>,
) -> Result<std::convert::Infallible, Trouble> {
    let docker = host.docker()?;
    let (what, due) = (|| docker.what(), || Deadline::after(host.timeout));
    // First the events, so that none is missed between the list and them.
    let mut events = due().hold(what, docker.events()).await?;
    let mut rows = due().hold(what, all(&docker, due())).await?;
    let mut owed = Owed::default();
    loop {
        told.send_replace(Told::fresh(rows.values().cloned().collect()));
        owed.note(&rows);
        let mut changed = happened(&docker, &mut events, told, due, owed.due).await?;
        changed.extend(owed.take());
        if events.may_lack_some() {
            events.begin_anew();
            rows = living(&docker, told, due, due().hold(what, all(&docker, due()))).await?;
            continue;
        }
        let again = due().hold(what, some(&docker, due(), &changed, &rows));
        let again = living(&docker, told, due, again).await?;
        rows.retain(|id, _| !changed.contains(id));
        rows.extend(again);
    }
}

/// Those about whom an answer did not come in time, and when it is asked for again.
#[derive(Default)]
struct Owed {
    ids: BTreeSet<ContainerId>,
    pause: Duration,
    due: Option<Instant>,
}

impl Owed {
    fn note(&mut self, rows: &Rows) {
        let late = |row: &&Container| {
            row.netns_trouble.as_ref().is_some_and(|trouble| trouble.kind == TroubleKind::TimedOut)
        };
        self.ids = rows.values().filter(late).map(|row| row.id.clone()).collect();
        if self.ids.is_empty() {
            *self = Self { pause: FIRST_PAUSE, ..Self::default() };
        } else {
            self.due.get_or_insert_with(|| Instant::now() + self.pause);
        }
    }

    /// Those to be asked about again, if it is time.
    fn take(&mut self) -> BTreeSet<ContainerId> {
        if self.due.is_none_or(|due| Instant::now() < due) {
            return BTreeSet::new();
        }
        (self.due, self.pause) = (None, (self.pause * 2).min(LONGEST_PAUSE));
        std::mem::take(&mut self.ids)
    }
}

type Rows = BTreeMap<ContainerId, Container>;

/// Every container.
async fn all(docker: &Docker, due: Deadline) -> Result<Rows, Trouble> {
    let mut found = docker.all().await?;
    settle(docker, due, &mut found).await;
    Ok(found.into_iter().map(by_id).collect())
}

/// Those of `changed` that are still there.
async fn some(
    docker: &Docker,
    due: Deadline,
    changed: &BTreeSet<ContainerId>,
    known: &Rows,
) -> Result<Rows, Trouble> {
    let found = stream::iter(changed.clone()).map(|id| async move {
        let known = known.get(&id).cloned().map(|row| Found { row, sandbox: None });
        docker.inspect_soon(&id, known).await
    });
    let found: Vec<_> = found.buffered(IN_FLIGHT).try_collect().await?;
    let mut found: Vec<_> = found.into_iter().flatten().collect();
    settle(docker, due, &mut found).await;
    Ok(found.into_iter().map(by_id).collect())
}

fn by_id(found: Found) -> (ContainerId, Container) {
    (found.row.id.clone(), found.row)
}

/// Waits for an answer, or for news. An engine that is silent is asked whether it lives: it may
/// owe an answer about a container that is long in starting, and be well.
async fn living<A>(
    docker: &Docker,
    told: &Sender<Told<Container>>,
    due: impl Fn() -> Deadline,
    answer: impl Future<Output = Result<A, Trouble>>,
) -> Result<A, Trouble> {
    let (what, mut answer) = (|| docker.what(), pin!(answer));
    loop {
        match timeout(SILENCE, &mut answer).await {
            Ok(answer) => return answer,
            Err(_) => stay(told, what, due().hold(what, docker.ping())).await?,
        }
    }
}

/// Waits until something happened, and takes with it all that is already waiting; none if nothing
/// does until then.
async fn happened(
    docker: &Docker,
    events: &mut Events,
    told: &Sender<Told<Container>>,
    due: impl Fn() -> Deadline + Copy,
    until: Option<Instant>,
) -> Result<BTreeSet<ContainerId>, Trouble> {
    let mut changed = BTreeSet::new();
    while changed.is_empty() && !events.may_lack_some() {
        let news = living(docker, told, due, docker.next_event(events));
        let quiet = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => pending().await,
            }
        };
        tokio::select! {
            about = news => changed.extend(about?),
            () = quiet => break,
        }
    }
    while !events.may_lack_some() {
        // The connection has a task of its own, which hands over one event at a time.
        yield_now().await;
        let Some(about) = docker.next_event(events).now_or_never() else { break };
        changed.extend(about?);
    }
    Ok(changed)
}
