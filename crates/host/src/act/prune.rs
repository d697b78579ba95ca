//! `prune`: what was left behind is looked at twice before it goes.

use std::time::Duration;

use model::plan::{LeftOver, Prune, prune};
use model::query;

use super::Unable;
use super::hands::Hands;
use crate::Host;

/// A device that is gone now may be back in a moment, as one that is renamed.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// What became of something that was to be removed.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// What it was.
    pub what: LeftOver,
    /// Why it is still there.
    pub failed: Option<Unable>,
}

impl Host {
    /// What may be removed. What others made is looked at twice, a second apart.
    ///
    /// # Errors
    /// No such bridge, or a source is missing.
    pub async fn left_over(&self, wish: &Prune) -> Result<Vec<LeftOver>, Unable> {
        let found = self.left_over_now(wish).await?;
        if !wish.all || found.is_empty() || self.recorded.is_some() {
            return Ok(found);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
        let again = self.left_over_now(wish).await?;
        Ok(found.into_iter().filter(|one| again.iter().any(|other| other.is(one))).collect())
    }

    /// Removes of `agreed` what still may be.
    ///
    /// # Errors
    /// A source is missing; then nothing was removed.
    pub async fn prune(&self, wish: &Prune, agreed: &[LeftOver]) -> Result<Vec<Pruned>, Unable> {
        self.must_be_real()?;
        let mut hands = Hands::take(self).await?.that_keep_the_lock();
        let (snapshot, wiring) = self.whole().await?;
        let still = prune(&snapshot, &wiring, wish);
        let mut pruned = Vec::new();
        for what in still.into_iter().filter(|one| agreed.iter().any(|other| other.is(one))) {
            let failed = hands.carry_out(&snapshot, &what.plan()).await.err();
            pruned.push(Pruned { what, failed });
        }
        Ok(pruned)
    }

    async fn left_over_now(&self, wish: &Prune) -> Result<Vec<LeftOver>, Unable> {
        let (snapshot, wiring) = self.whole().await?;
        if let Some(bridge) = &wish.bridge {
            query::bridge(&snapshot, bridge).map_err(|error| Unable::Refused(error.into()))?;
        }
        Ok(prune(&snapshot, &wiring, wish))
    }
}
