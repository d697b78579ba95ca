//! Asking any engine for many containers at once. One container hides no other: while
//! Docker starts a container, inspect calls for it block.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use model::ids::ContainerId;
use model::snapshot::Container;
use model::{SourceError, SourceErrorKind};

use super::budget::Budget;
use super::{Engine, EngineContainer};
use crate::deadline::{late, within};

/// Inspections under way at once: the daemon gains little beyond its cores.
pub(crate) const IN_FLIGHT: usize = 8;

/// While Docker starts a container, inspect calls for it block; so long is waited for one.
const INSPECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The containers of an engine, by id.
pub(crate) type ContainerRows = BTreeMap<ContainerId, Container>;

/// All containers; those that run with their processes. `known` are the rows of before, if there are.
pub(crate) async fn all(
    engine: &dyn Engine,
    known: &ContainerRows,
) -> Result<Vec<EngineContainer>, SourceError> {
    let inspected = stream::iter(engine.list().await?).map(|found| async move {
        if !engine.may_have_a_process(&found.row) {
            return Ok(Some(found));
        }
        let id = found.row.id.clone();
        let known = known.get(&id).cloned();
        inspect_soon(engine, &id, Some(found.row), known).await
    });
    let mut inspected = inspected.buffered(IN_FLIGHT);
    let mut rows = Vec::new();
    let mut budget = Budget::default();
    while let Some(found) = inspected.try_next().await? {
        if let Some(found) = found {
            budget.add(engine, &found.row)?;
            rows.push(found);
        }
    }
    Ok(rows)
}

/// One container as it is now. If the answer is late, or the engine refuses to tell of this one or tells
/// what cannot be understood, as it is `known`, or at least `listed`, with that for the reason why its
/// namespace is not to be had, or is an old one.
pub(crate) async fn inspect_soon(
    engine: &dyn Engine,
    id: &ContainerId,
    listed: Option<Container>,
    known: Option<Container>,
) -> Result<Option<EngineContainer>, SourceError> {
    let what = || format!("{}, asked about {}", engine.what(), id.short());
    let why = match within(INSPECT_TIMEOUT, engine.inspect(&id.0)).await {
        Ok(Err(why)) if is_about_one(&why) => SourceError { what: what(), ..why },
        Ok(in_time) => return in_time,
        Err(_) => late(what(), INSPECT_TIMEOUT),
    };
    let row = match (listed, known) {
        (None, Some(known)) => Some(known),
        (Some(listed), Some(known)) => Some(as_known(listed, known)),
        (Some(listed), None) => Some(without_process(listed)),
        (None, None) => {
            let listed = engine.list().await?.into_iter().find(|found| found.row.id == *id);
            listed.map(|found| without_process(found.row))
        }
    };
    let row = row.map(|row| Container { netns_error: Some(why), ..row });
    Ok(row.map(|row| EngineContainer { row, sandbox: None }))
}

/// What a list tells, and what only an inspection does as it is known.
fn as_known(listed: Container, known: Container) -> Container {
    let Container { pid, netns, sandbox, network_mode, .. } = known;
    Container { pid, netns, sandbox, network_mode, ..listed }
}

/// The number in a list is the engine's own, and of whom it is nothing proves.
fn without_process(listed: Container) -> Container {
    Container { pid: None, ..listed }
}

/// Whether an engine that lists its containers may answer so of one alone: dockerd does with status 500
/// where a layer of it is damaged.
fn is_about_one(why: &SourceError) -> bool {
    matches!(why.kind, SourceErrorKind::Unusable | SourceErrorKind::Garbled)
}
