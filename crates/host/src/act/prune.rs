//! `prune`: what was left behind is looked at twice before it goes.

use std::time::Duration;

use model::Look;
use model::plan::{Prunable, Prune, prune};
use model::query::QueryError;

use super::ActError;
use super::executor::PlanExecutor;
use super::restore::whole;
use crate::Host;

/// A device that is gone now may be back in a moment, as one that is renamed.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

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
    pub async fn left_over(&self, request: &Prune) -> Result<Vec<Prunable>, ActError> {
        let found = self.left_over_now(request).await?;
        if !request.all || found.is_empty() {
            return Ok(found);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
        let again = self.left_over_now(request).await?;
        Ok(found.into_iter().filter(|one| again.iter().any(|other| other.is(one))).collect())
    }

    /// Removes of `agreed` what still may be.
    ///
    /// # Errors
    /// A source is missing; then nothing was removed.
    pub async fn prune(
        &self,
        request: &Prune,
        agreed: &[Prunable],
    ) -> Result<Vec<Pruned>, ActError> {
        let mut executor = PlanExecutor::take(self).await?.keeping_the_lock();
        let look = whole(self).await?;
        let still = prune(&look.snapshot, &look.wiring, request);
        let mut pruned = Vec::new();
        for what in still.into_iter().filter(|one| agreed.iter().any(|other| other.is(one))) {
            let failed = executor.run_step(what.removal()).await.err();
            pruned.push(Pruned { what, failed });
        }
        Ok(pruned)
    }

    async fn left_over_now(&self, request: &Prune) -> Result<Vec<Prunable>, ActError> {
        left_over_in(&whole(self).await?, request)
    }
}

/// What may be removed of what was seen in one look.
pub(crate) fn left_over_in(look: &Look, request: &Prune) -> Result<Vec<Prunable>, ActError> {
    let refused = |error: QueryError| ActError::Refused(error.into());
    look.require_sources().map_err(refused)?;
    if let Some(bridge) = &request.bridge {
        look.bridge(bridge).map_err(refused)?;
    }
    Ok(prune(&look.snapshot, &look.wiring, request))
}
