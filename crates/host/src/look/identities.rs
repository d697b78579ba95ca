//! Who answered a look: each engine, ovs-vswitchd and the database.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use model::identity::{Identities, SourceIdentity};
use model::snapshot::EngineName;

use super::pipeline::Answers;
use crate::deadline::Deadline;
use crate::engine::Configured;
use crate::identity::{self, Switch};
use crate::question::Question;

/// What the engines call themselves, where that is asked.
pub(super) async fn engine_ids(
    engines: &[Configured],
    due: Deadline,
    question: &Question,
) -> BTreeMap<EngineName, String> {
    let engines = engines.iter().filter(|_| question.identities);
    let asked = engines.map(async |configured| {
        let engine = configured.engine().ok()?;
        let due = configured.due(due);
        let id = due.hold(|| engine.what(), engine.id()).await.ok()??;
        Some((configured.name.clone(), id))
    });
    join_all(asked).await.into_iter().flatten().collect()
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
