//! Acting: a request becomes a plan, the plan is carried out, and another look says whether it
//! came true. One process at a time: the docker-ovs that changes a switch holds a lock in its database.

mod connect;
mod endpoint;
mod executor;
mod gateway;
mod observer;
mod prune;
mod questions;
mod restore;
mod settle;

use std::fmt;

use model::plan::{Plan, PlanError};
use model::{Snapshot, SourceError};

pub use connect::{plan_connect, plan_disconnect};
pub use endpoint::{Endpoints, TargetNetns};
pub use gateway::{GatewayLink, forward_ipv4, link_with_address};
pub(crate) use observer::Observer;
pub use observer::StepObserver;
pub(crate) use prune::prune_candidates_in;
pub use prune::{PruneCandidates, PruneFate, Pruned};
pub(crate) use questions::whole;
pub use restore::{Done, Restored, plan_restore};
pub use settle::LastingDoubts;

/// What came of a request.
#[derive(Clone, Debug)]
pub struct Connected {
    /// What was done.
    pub plan: Plan,
    /// The look that followed.
    pub snapshot: Snapshot,
}

/// Why nothing came of it.
#[derive(Clone, Debug)]
pub enum ActError {
    /// Nothing was touched.
    Refused(PlanError),
    /// A step failed; what was done before was undone.
    Failed {
        /// Why it failed.
        why: SourceError,
        /// What could not be undone.
        left: Vec<SourceError>,
    },
}

impl From<PlanError> for ActError {
    fn from(plan_error: PlanError) -> Self {
        Self::Refused(plan_error)
    }
}

impl From<SourceError> for ActError {
    fn from(why: SourceError) -> Self {
        Self::Failed { why, left: Vec::new() }
    }
}

impl fmt::Display for ActError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(plan_error) => plan_error.fmt(f),
            Self::Failed { why, left } => {
                why.fmt(f)?;
                left.iter()
                    .try_for_each(|source_error| write!(f, "; could not be undone: {source_error}"))
            }
        }
    }
}

impl std::error::Error for ActError {}

impl ActError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(plan_error) => plan_error.hint(),
            Self::Failed { why, left } => {
                let mut hints: Vec<&str> = left.iter().map(|error| &*error.hint).collect();
                if left.is_empty() {
                    hints.push(&why.hint);
                }
                hints.retain(|hint| !hint.is_empty());
                hints.dedup();
                (!hints.is_empty()).then(|| hints.join("; "))
            }
        }
    }
}
