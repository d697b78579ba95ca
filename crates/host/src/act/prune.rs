//! `prune`: what is orphaned is looked at twice before it goes.

use std::time::Duration;

use model::Look;
use model::SourceErrorKind;
use model::ids::Name;
use model::plan::{Prunable, Prune, Undecided, prune, require_here, undecided};
use model::query::QueryError;

use super::ActError;
use super::executor::PlanExecutor;
use super::questions::whole;
use crate::Host;

/// A device that is gone now may be back in a moment, as one that is renamed.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// So many looks, until what was agreed has been removed or has failed.
const ROUNDS: usize = 3;

/// What `prune` may remove, and what it leaves alone.
#[derive(Clone, Debug, Default)]
pub struct PruneCandidates {
    /// What may be removed.
    pub prunable: Vec<Prunable>,
    /// What may be alive: it is left alone.
    pub undecided: Vec<Undecided>,
}

/// What became of something that was to be removed.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// What it was.
    pub what: Prunable,
    /// What became of it.
    pub how: PruneFate,
}

/// What became of one of those.
#[derive(Clone, Debug)]
pub enum PruneFate {
    /// It was removed.
    Removed,
    /// It could not be.
    Failed(ActError),
    /// It may be alive by now, for this reason: it was left alone.
    Undecided(String),
    /// It is in use again, or another program has removed it.
    Gone,
}

impl Host {
    /// What may be removed. What others made is looked at twice, a second apart.
    ///
    /// # Errors
    /// No such bridge, or a source is missing.
    pub async fn prune_candidates(&self, request: &Prune) -> Result<PruneCandidates, ActError> {
        let found = self.prune_candidates_now(request).await?;
        if !request.all || found.prunable.is_empty() {
            return Ok(found);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
        let PruneCandidates { mut prunable, undecided } =
            self.prune_candidates_now(request).await?;
        prunable.retain(|one| found.prunable.iter().any(|other| other.is(one)));
        Ok(PruneCandidates { prunable, undecided })
    }

    /// Removes of `agreed` what still may be: each has been seen twice then. Each of `agreed` has a fate.
    ///
    /// # Errors
    /// A source is missing; then nothing was removed.
    pub async fn prune(
        &self,
        request: &Prune,
        agreed: &[Prunable],
    ) -> Result<Vec<Pruned>, ActError> {
        // What is clear in a moment is waited for, and before the lock is taken.
        self.wait_until_settled(|look| settling(look, request, agreed)).await?;
        let mut executor = PlanExecutor::take(self).await?.keeping_the_lock();
        let mut pruned: Vec<Pruned> = Vec::new();
        let mut undecided = Vec::new();
        for round in 1..=ROUNDS {
            let look = whole(self).await.map_err(ActError::from);
            let found = look.and_then(|look| prune_candidates_in(&look, request));
            let still = match found {
                Ok(found) => {
                    undecided = found.undecided;
                    found.prunable
                }
                Err(why) if pruned.is_empty() => return Err(why),
                Err(why) => {
                    let rest = not_done(agreed, &pruned);
                    let failed = |what| Pruned { what, how: PruneFate::Failed(why.clone()) };
                    let rest: Vec<_> = rest.cloned().map(failed).collect();
                    pruned.extend(rest);
                    break;
                }
            };
            executor.has_looked();
            let due: Vec<_> = not_done(&still, &pruned)
                .filter(|one| agreed.iter().any(|other| other.is(one)))
                .cloned()
                .collect();
            for what in due {
                let how = match executor.run_step(what.removal()).await {
                    Ok(()) => PruneFate::Removed,
                    // Its row changed between look and transaction, as vswitchd takes note of links.
                    Err(why) if round < ROUNDS && has_changed(&why) => continue,
                    Err(why) => PruneFate::Failed(why),
                };
                pruned.push(Pruned { what, how });
            }
            if pruned.len() >= agreed.len() {
                break;
            }
        }
        let rest: Vec<_> =
            not_done(agreed, &pruned).map(|what| left_alone(what, &undecided)).collect();
        pruned.extend(rest);
        Ok(pruned)
    }

    async fn prune_candidates_now(&self, request: &Prune) -> Result<PruneCandidates, ActError> {
        let doubtful = |look: &Look| {
            let all = undecided(&look.snapshot, &look.wiring, request).into_iter();
            all.filter(|one| one.may_settle).map(|one| one.what).collect()
        };
        prune_candidates_in(&self.wait_until_settled(doubtful).await?, request)
    }
}

/// Those of `all` that have no fate yet.
fn not_done<'a>(
    all: &'a [Prunable],
    pruned: &'a [Pruned],
) -> impl Iterator<Item = &'a Prunable> + 'a {
    all.iter().filter(|one| !pruned.iter().any(|done| done.what.is(one)))
}

/// What was agreed, and is in a doubt that may pass.
fn settling(look: &Look, request: &Prune, agreed: &[Prunable]) -> Vec<Name> {
    let all = undecided(&look.snapshot, &look.wiring, request).into_iter();
    let agreed = all.filter(|one| agreed.iter().any(|what| what.is_in(one)));
    agreed.filter(|one| one.may_settle).map(|one| one.what).collect()
}

/// The fate of what was agreed and may not be removed by now.
fn left_alone(what: &Prunable, undecided: &[Undecided]) -> Pruned {
    let doubt = undecided.iter().find(|doubt| what.is_in(doubt));
    let how = doubt.map_or(PruneFate::Gone, |doubt| PruneFate::Undecided(doubt.why.clone()));
    Pruned { what: what.clone(), how }
}

fn has_changed(error: &ActError) -> bool {
    matches!(error, ActError::Failed { why, .. } if why.kind == SourceErrorKind::Gone)
}

/// What may be removed of what was seen in one look.
pub(crate) fn prune_candidates_in(
    look: &Look,
    request: &Prune,
) -> Result<PruneCandidates, ActError> {
    let refused = |error: QueryError| ActError::Refused(error.into());
    look.require_sources().map_err(refused)?;
    if let Some(bridge) = &request.bridge {
        look.bridge(bridge).map_err(refused)?;
    }
    require_here(&look.snapshot)?;
    Ok(PruneCandidates {
        prunable: prune(&look.snapshot, &look.wiring, request),
        undecided: undecided(&look.snapshot, &look.wiring, request),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::plan::{ReplacePort, Step};
    use model::switch::Port;

    use super::*;

    fn port(bridge: &str, iface: &str) -> Prunable {
        let port = Arc::new(Port { iface: iface.into(), ..Port::default() });
        let step = Step::from(ReplacePort::default());
        Prunable::Port { port, bridge: bridge.into(), step, last: None }
    }

    #[test]
    fn what_was_agreed_and_is_in_doubt_by_now_is_told() {
        let doubt = |bridge: &str, what: &str| Undecided {
            bridge: Some(bridge.into()),
            what: what.into(),
            why: "docker does not answer".to_owned(),
            may_settle: false,
        };
        let fate = |what: &Prunable, doubts: &[Undecided]| left_alone(what, doubts).how;
        let one = port("br0", "a");
        let all = [doubt("br1", "a"), doubt("br0", "b")];
        assert!(matches!(fate(&one, &all), PruneFate::Gone));
        let all = [doubt("br1", "a"), doubt("br0", "a")];
        assert!(matches!(fate(&one, &all), PruneFate::Undecided(why) if why.contains("answer")));
        let done = [Pruned { what: one.clone(), how: PruneFate::Removed }];
        let agreed = [one, port("br0", "b")];
        let rest: Vec<_> = not_done(&agreed, &done).map(Prunable::name).collect();
        assert_eq!(rest, [&Name::from("b")]);
    }
}
