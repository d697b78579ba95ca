//! What acting verbs ask of a look.

use model::Look;
use model::plan::PlanError;

use crate::{Observe, Question};

/// A whole look that missed nothing.
pub(crate) async fn whole(from: &impl Observe) -> Result<Look, PlanError> {
    let look = Look::new(from.observe(&with_traffic()).await);
    look.require_sources()?;
    Ok(look)
}

/// What keeps packets from passing is mended too; and what a plan removes must be gone in every
/// engine of this host.
pub(super) fn with_traffic() -> Question {
    Question { traffic: true, routes: true, ..proof() }
}

/// A whole look that can prove that a container is gone.
pub(super) fn proof() -> Question {
    Question { identities: true, other_engines: true, ..Question::default() }
}
