//! `restore`: also what a daemon calls when a container starts.

use model::plan::{Remembered, Restore, RestoreAction, Step, remembered, renames, restore};
use model::{Look, Snapshot, query, rehearse, resolve};

use super::ActError;
use super::connect::{TRIES, came_true};
use super::executor::PlanExecutor;
use super::questions::{whole, with_traffic};
use super::settle::{LastingDoubts, unsettled_for};
use crate::generate::generate;
use crate::{Host, Observe, Question};

/// What came of one attachment.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The attachment, as it was remembered.
    pub what: Remembered,
    /// What was done about it.
    pub how: Done,
}

/// What was done.
#[derive(Clone, Debug)]
pub enum Done {
    /// What the action says: it was made again, or nothing was to be done.
    As(RestoreAction),
    /// It could not be made again; nothing changed.
    Failed(ActError),
}

impl Host {
    /// Makes again what the database remembers of these containers, and is not there. Does
    /// nothing where nothing is missing.
    ///
    /// # Errors
    /// No such container, or a source is missing; then nothing was tried.
    pub async fn restore(&self, request: &Restore) -> Result<Vec<Restored>, ActError> {
        Box::pin(self.restore_despite(request, &mut LastingDoubts::default())).await
    }

    /// The same without a wait for doubts that lasted for a whole one before.
    ///
    /// # Errors
    /// As [`Self::restore`].
    pub async fn restore_despite(
        &self,
        request: &Restore,
        doubts: &mut LastingDoubts,
    ) -> Result<Vec<Restored>, ActError> {
        // Before the lock is taken: others may change the switch while this waits.
        let doubtful = |look: &Look| unsettled_for(look, request);
        let left = doubts.wait(self, doubtful).await?;
        let mut executor = PlanExecutor::take(self).await?.keeping_the_lock();
        let look = self.look_after(&left, doubtful).await?;
        rename_all(&mut executor, &look).await;
        let all = remembered(&look.snapshot, &look.wiring, request).map_err(refused)?;
        let renamed: Vec<Step> =
            renames(&look.snapshot, &look.wiring).into_iter().map(Step::from).collect();
        let mut snapshot = rehearse(&look.snapshot, &renamed);
        let mut done = Vec::with_capacity(all.len());
        for what in all {
            let how = self.restore_one(&mut executor, &mut snapshot, &what).await;
            done.push(Restored { what, how });
        }
        let after = self.look(&Question::default()).await;
        for restored in &mut done {
            confirm(&after, restored);
        }
        Ok(done)
    }

    /// Writes down what containers are called now, where their records still have an old name.
    ///
    /// # Errors
    /// A source is missing.
    pub async fn note_names(&self) -> Result<(), ActError> {
        let mut executor = PlanExecutor::take(self).await?.keeping_the_lock();
        let look = whole(self).await?;
        rename_all(&mut executor, &look).await;
        Ok(())
    }

    /// One after the other, each on top of what came of those before.
    async fn restore_one(
        &self,
        executor: &mut PlanExecutor,
        snapshot: &mut Snapshot,
        what: &Remembered,
    ) -> Done {
        let mut tries = TRIES;
        loop {
            let action = restore(snapshot, &resolve(snapshot), what, &generate());
            let (RestoreAction::Again(plan) | RestoreAction::Number(plan)) = &action else {
                return Done::As(action);
            };
            tries -= 1;
            match executor.run(snapshot, plan).await {
                Ok(()) => {
                    *snapshot = rehearse(snapshot, &plan.steps);
                    let is_numbered = matches!(action, RestoreAction::Number(_));
                    return Done::As(if is_numbered { RestoreAction::There } else { action });
                }
                Err(act_error) if tries > 0 && executor.may_try_again(&act_error) => {
                    *snapshot = self.look(&with_traffic()).await;
                }
                Err(act_error) => return Done::Failed(act_error),
            }
        }
    }
}

/// What [`Host::restore`] would do.
///
/// # Errors
/// No such container, or a source is missing.
pub async fn plan_restore(
    from: &impl Observe,
    request: &Restore,
) -> Result<Vec<Restored>, ActError> {
    let look = from.settled(|look| unsettled_for(look, request)).await?;
    let all = remembered(&look.snapshot, &look.wiring, request).map_err(refused)?;
    let mut snapshot = Snapshot::clone(&look.snapshot);
    let plan = |what: Remembered| {
        let action = restore(&snapshot, &resolve(&snapshot), &what, &generate());
        if let RestoreAction::Again(plan) = &action {
            snapshot = rehearse(&snapshot, &plan.steps);
        }
        Restored { what, how: Done::As(action) }
    };
    Ok(all.into_iter().map(plan).collect())
}

/// Writes down what containers are called now. A record that changed meanwhile is left to the
/// next time.
pub(super) async fn rename_all(executor: &mut PlanExecutor, look: &Look) {
    for step in renames(&look.snapshot, &look.wiring) {
        if let Err(act_error) = executor.run_step(step.into()).await {
            tracing::debug!("a container's new name is not noted: {act_error}");
        }
    }
}

/// What is not there after all was not restored.
fn confirm(after: &Snapshot, restored: &mut Restored) {
    let Done::As(RestoreAction::Again(plan)) = &restored.how else { return };
    if let Err(why) = came_true(after, plan) {
        restored.how = Done::Failed(why.into());
    }
}

fn refused(error: query::QueryError) -> ActError {
    ActError::Refused(error.into())
}
