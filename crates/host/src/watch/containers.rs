//! Containers, watched: listed once, then inspected whenever something happens to them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use model::Trouble;
use model::ids::ContainerId;
use model::snapshot::Container;
use tokio::sync::watch::Sender;

use super::keep::Told;
use crate::Host;
use crate::deadline::Deadline;
use crate::engine::Found;
use crate::engine::docker::{Docker, Events, IN_FLIGHT};
use crate::look::settle;

/// After so long a silence the engine is asked whether it lives.
const SILENCE: Duration = Duration::from_secs(5);

/// Tells all containers, and again after each change, until the engine fails.
pub(super) async fn talk(host: &Host, told: &Sender<Told<Container>>) -> Trouble {
    match follow(host, told).await {
        Ok(never) => match never {},
        Err(trouble) => trouble,
    }
}

async fn follow(
    host: &Host,
    told: &Sender<Told<Container>>,
) -> Result<std::convert::Infallible, Trouble> {
    let docker = host.docker()?;
    let due = || Deadline::after(host.timeout);
    // First the events, so that none is missed between the list and them.
    let mut events = due().hold(|| docker.what(), docker.events()).await?;
    let mut found = due().hold(|| docker.what(), docker.all()).await?;
    settle(&docker, due(), &mut found).await;
    let mut rows: BTreeMap<_, _> = found.into_iter().map(by_id).collect();
    loop {
        told.send_replace(Told::fresh(rows.values().cloned().collect()));
        let changed = happened(&docker, &mut events, due).await?;
        let again = due().hold(|| docker.what(), inspect(&docker, &changed)).await?;
        rows.retain(|id, _| !changed.contains(id));
        let mut again: Vec<_> = again.into_iter().flatten().collect();
        settle(&docker, due(), &mut again).await;
        rows.extend(again.into_iter().map(by_id));
    }
}

fn by_id(found: Found) -> (ContainerId, Container) {
    (found.row.id.clone(), found.row)
}

/// Waits until something happened, and takes with it all that is already waiting.
async fn happened(
    docker: &Docker,
    events: &mut Events,
    due: impl Fn() -> Deadline,
) -> Result<BTreeSet<ContainerId>, Trouble> {
    let mut changed = BTreeSet::new();
    while changed.is_empty() {
        match tokio::time::timeout(SILENCE, docker.next_event(events)).await {
            Ok(id) => changed.extend([id?]),
            Err(_) => due().hold(|| docker.what(), docker.ping()).await?,
        }
    }
    while let Some(id) = docker.next_event(events).now_or_never() {
        changed.insert(id?);
    }
    Ok(changed)
}

async fn inspect(
    docker: &Docker,
    changed: &BTreeSet<ContainerId>,
) -> Result<Vec<Option<Found>>, Trouble> {
    let changed: Vec<_> = changed.iter().cloned().collect();
    let asked = stream::iter(changed).map(|id| async move { docker.inspect(&id.0).await });
    asked.buffered(IN_FLIGHT).try_collect().await
}
