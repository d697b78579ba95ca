//! Who answered a look: each engine, ovs-vswitchd and the database.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use model::identity::{Identities, SourceIdentity};
use model::snapshot::{EngineName, Scope};

use super::pipeline::Answers;
use crate::deadline::Deadline;
use crate::engine::Configured;
use crate::identity::{self, Switch};
use crate::question::Question;

/// What `look` brings, and what the engines call themselves that answered in it, where that is asked. Both are
/// asked at once. Of an engine that has no part in the answer it is of no use, and is not waited for: one that is
/// silent would hold up what another one has told.
pub(super) async fn with_engine_ids(
    look: impl Future<Output = (Scope, Answers)>,
    engines: &[Configured],
    due: Deadline,
    question: &Question,
) -> ((Scope, Answers), BTreeMap<EngineName, String>) {
    // Boxed, as the future around it would have room for it twice.
    let mut look = Box::pin(look);
    let asked = engines.iter().filter(|_| question.identities);
    let asked =
        asked.map(|configured| async move { (&configured.name, engine_id(configured, due).await) });
    let mut asked: FuturesUnordered<_> = asked.collect();
    let mut told: Vec<(&EngineName, Option<String>)> = Vec::new();
    let (scope, seen) = loop {
        tokio::select! {
            biased;
            seen = &mut look => break seen,
            Some(one) = asked.next() => told.push(one),
        }
    };
    let answered = seen.engines.iter().filter(|(_, found)| found.is_ok());
    let answered: BTreeSet<&EngineName> = answered.map(|(name, _)| name).collect();
    let untold = answered.iter().filter(|name| told.iter().all(|(known, _)| *known != **name));
    let mut left = untold.count();
    while left > 0 {
        let Some(one) = asked.next().await else { break };
        if answered.contains(one.0) {
            left -= 1;
        }
        told.push(one);
    }
    let ids = told.into_iter().filter_map(|(name, id)| Some((name.clone(), id?))).collect();
    ((scope, seen), ids)
}

async fn engine_id(configured: &Configured, due: Deadline) -> Option<String> {
    let engine = configured.engine().ok()?;
    let due = configured.due(due);
    due.hold(|| engine.what(), engine.id()).await.ok()?
}

/// Who answers for each engine that answered; in a narrow look only if it is asked for.
pub(super) fn identify_engines(
    engines: &[Configured],
    question: &Question,
    seen: &Answers,
    mut ids: BTreeMap<EngineName, String>,
) -> BTreeMap<EngineName, SourceIdentity> {
    if question.target.is_some() && !question.identities {
        return BTreeMap::new();
    }
    let answered = seen.engines.iter().filter_map(|(kind, found)| {
        let found = found.as_deref().ok()?;
        let configured = engines.iter().find(|engine| engine.name == *kind)?;
        let identity = identity::engine::identify(configured.engine().ok()?, found);
        Some((kind.clone(), SourceIdentity { id: ids.remove(kind), ..identity }))
    });
    answered.collect()
}

/// Who answered. The database's row was read by the way where its tables were.
pub(super) fn identities(
    switch: &Switch,
    seen: &Answers,
    engines: BTreeMap<EngineName, SourceIdentity>,
) -> Identities {
    let answerer = seen.switch.1.as_ref();
    let database =
        switch.database.clone().map(|world| identity::database::identity(answerer, world));
    Identities { vswitchd: Some(switch.vswitchd.clone()), database, engines }
}
