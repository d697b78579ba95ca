//! Where answers come from: the live host, or what was recorded of one.

use std::sync::Arc;

use model::ids::Name;
use model::plan::{PlanError, Prune};
use model::switch::SwitchSource;
use model::{Look, Observed, Snapshot, SourceError, SourceErrorKind, query};

use crate::act::{ActError, PruneCandidates, prune_candidates_in, whole};
use crate::{Host, Question, RecordedAnswers, SwitchCommand};

/// What a Snapshot can be asked of.
pub trait Observe {
    /// A Snapshot that answers `question`. Never fails: what could not be had is said in it.
    fn observe(&self, question: &Question) -> impl Future<Output = Snapshot> + Send;

    /// A whole look that missed nothing, in which none of the links that `doubtful` names leads to
    /// a namespace that is being taken down. Only the live host can be waited for.
    ///
    /// # Errors
    /// A source is missing.
    fn settled(
        &self,
        doubtful: impl Fn(&Look) -> Vec<Name> + Send + Sync,
    ) -> impl Future<Output = Result<Look, PlanError>> + Send;
}

impl Observe for Host {
    async fn observe(&self, question: &Question) -> Snapshot {
        self.look(question).await
    }

    async fn settled(
        &self,
        doubtful: impl Fn(&Look) -> Vec<Name> + Send + Sync,
    ) -> Result<Look, PlanError> {
        self.wait_until_settled(doubtful).await
    }
}

/// Where answers come from.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a program has one of it")]
pub enum Origin {
    /// This machine.
    Live(Host),
    /// A saved Snapshot, or a daemon's. It answers every question, and never changes.
    Recorded(Arc<Snapshot>, Arc<RecordedAnswers>),
}

impl Observe for Origin {
    async fn observe(&self, question: &Question) -> Snapshot {
        match self {
            Self::Live(host) => host.look(question).await,
            Self::Recorded(snapshot, _) => Arc::unwrap_or_clone(as_asked(snapshot, question)),
        }
    }

    async fn settled(
        &self,
        doubtful: impl Fn(&Look) -> Vec<Name> + Send + Sync,
    ) -> Result<Look, PlanError> {
        match self {
            Self::Live(host) => host.wait_until_settled(doubtful).await,
            Self::Recorded(..) => whole(self).await,
        }
    }
}

impl Origin {
    /// What was recorded earlier. Needs no privileges.
    pub fn recorded(snapshot: Snapshot) -> Self {
        Self::recorded_with(snapshot, RecordedAnswers::default())
    }

    /// The same, with what vswitchd answered then.
    pub fn recorded_with(snapshot: Snapshot, answers: RecordedAnswers) -> Self {
        Self::Recorded(Arc::new(snapshot), Arc::new(answers))
    }

    /// What vswitchd answers to `command`, or answered to it.
    ///
    /// # Errors
    /// As [`Host::ask_vswitchd`]; [`SourceErrorKind::Unusable`] where that was not recorded.
    pub async fn ask_vswitchd(&self, command: SwitchCommand<'_>) -> Result<String, SourceError> {
        match self {
            Self::Live(host) => host.ask_vswitchd(command).await,
            Self::Recorded(_, answers) => answers.get(command),
        }
    }

    /// Whether what vswitchd answers is of the moment of a look: a recording may have been put together of
    /// several.
    pub fn is_of_one_moment(&self) -> bool {
        match self {
            Self::Live(_) => true,
            Self::Recorded(_, answers) => answers.are_of_its_moment(),
        }
    }

    /// Whether the switch is known to have a bridge, or a fake bridge, of this name.
    pub async fn has_bridge(&self, name: &str) -> bool {
        match self {
            Self::Live(host) => host.has_bridge(name).await.unwrap_or(false),
            Self::Recorded(snapshot, _) => query::bridge(snapshot, name).is_ok(),
        }
    }

    /// Looks once, and resolves what was seen.
    pub async fn look(&self, question: &Question) -> Look {
        match self {
            Self::Live(host) => host.resolved(question).await,
            Self::Recorded(snapshot, _) => Look::new(as_asked(snapshot, question)),
        }
    }

    /// The live host, for what only that can do.
    ///
    /// # Errors
    /// [`SourceErrorKind::Unusable`] for a recording: it cannot be changed.
    pub fn live(&self) -> Result<&Host, SourceError> {
        match self {
            Self::Live(host) => Ok(host),
            Self::Recorded(..) => {
                let why = "it is a recorded one, which cannot be changed";
                Err(SourceError::new(SourceErrorKind::Unusable, "this host", why)
                    .hint("--dry-run shows what would be done"))
            }
        }
    }

    /// What may be removed: as [`Host::prune_candidates`], but a recording need not be looked at twice.
    ///
    /// # Errors
    /// No such bridge, or a source is missing.
    pub async fn prune_candidates(&self, request: &Prune) -> Result<PruneCandidates, ActError> {
        match self {
            Self::Live(host) => host.prune_candidates(request).await,
            Self::Recorded(..) => {
                prune_candidates_in(&self.look(&Question::default()).await, request)
            }
        }
    }
}

/// A recording has the switch sources it was recorded by; only those asked for are shown. Where
/// none of them was recorded, each says so.
fn as_asked(recorded: &Arc<Snapshot>, question: &Question) -> Arc<Snapshot> {
    // The most common case, and a copy takes as long as a tenth of reading it.
    if !recorded.switch.is_empty() && recorded.switch.keys().all(|source| question.takes(*source)) {
        return Arc::clone(recorded);
    }
    let mut snapshot = Snapshot::clone(recorded);
    snapshot.switch.retain(|source, _| question.takes(*source));
    if snapshot.switch.is_empty() {
        let asked = SwitchSource::ALL.into_iter().filter(|source| question.takes(*source));
        let absent = |source| (source, Observed::Absent { why: query::not_asked(source) });
        snapshot.switch.extend(asked.map(absent));
    }
    Arc::new(snapshot)
}
