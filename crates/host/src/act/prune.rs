//! `prune`: what is orphaned is looked at twice before it goes.

use std::time::Duration;

use model::Look;
use model::SourceErrorKind;
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
    /// Why it is still there.
    pub failed: Option<ActError>,
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

    /// Removes of `agreed` what still may be: each has been seen twice then.
    ///
    /// # Errors
    /// A source is missing; then nothing was removed.
    pub async fn prune(
        &self,
        request: &Prune,
        agreed: &[Prunable],
    ) -> Result<Vec<Pruned>, ActError> {
        let mut executor = PlanExecutor::take(self).await?.keeping_the_lock();
        let mut pruned: Vec<Pruned> = Vec::new();
        for round in 1..=ROUNDS {
            let look = whole(self).await?;
            executor.has_looked();
            let still = prune_candidates_in(&look, request)?.prunable;
            let done = |one: &Prunable| pruned.iter().any(|done| done.what.is(one));
            let is_agreed = |one: &Prunable| agreed.iter().any(|other| other.is(one));
            let still: Vec<_> =
                still.into_iter().filter(|one| is_agreed(one) && !done(one)).collect();
            for what in still {
                let failed = executor.run_step(what.removal()).await.err();
                // Its row changed between look and transaction, as vswitchd takes note of links.
                if round < ROUNDS && failed.as_ref().is_some_and(has_changed) {
                    continue;
                }
                pruned.push(Pruned { what, failed });
            }
            if pruned.len() >= agreed.len() {
                break;
            }
        }
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
