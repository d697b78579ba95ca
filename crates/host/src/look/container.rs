//! One container among the engines. All that may have it are asked at once; the first that knows
//! it is followed at once, while the others have their say: one of that name there makes it
//! ambiguous.

use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use model::ids::is_local_id;
use model::snapshot::{Container, EngineName};
use model::{SourceError, query};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::time::sleep;

use super::answer::{EngineAnswer, inspect, list_near};
use crate::deadline::{Deadline, late};
use crate::engine::netns::Pinned;
use crate::engine::{Configured, Engine, EngineContainer};

/// Once a container is found, so long is waited for the other engines, unless they were named.
pub(super) const OTHERS_WITHIN: Duration = Duration::from_secs(2);

/// What an engine said.
type EngineReply<'e> = (&'e Configured, Result<Vec<EngineContainer>, SourceError>);

/// What engines say of one container. It comes first in an answer, then its co-tenants. Where no
/// engine has it, those that may have a name near to it, so that these can be told.
pub(super) struct Lookup<'e> {
    answers: Vec<EngineAnswer<'e>>,
    /// Those that have not answered yet.
    waiting: FuturesUnordered<BoxFuture<'e, EngineReply<'e>>>,
    /// Tells them that one has it.
    found: Sender<bool>,
    due: Deadline,
    /// Whether no other engine can have it: it was asked for by a full id, or with its engine.
    is_alone: bool,
}

/// In which way a container fits what is asked for; the best one first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Id,
    Name,
    Prefix,
}

impl Fit {
    fn of(row: &Container, wanted: &str) -> Self {
        if *row.id.0 == *wanted {
            return Self::Id;
        }
        if *row.name == *query::without_slash(wanted) { Self::Name } else { Self::Prefix }
    }
}

impl<'e> Lookup<'e> {
    /// Asks until one engine has it, or all have answered. Engines that users run for themselves are
    /// asked only where no engine of the host has it, or one of theirs is named.
    pub(super) async fn start(
        engines: &'e [Configured],
        wanted: &'e str,
        tenants: bool,
        due: Deadline,
    ) -> Self {
        let (meant, name) = query::engines_of(engines.iter().map(|known| &known.name), wanted);
        let meant = engines.iter().filter(|known| meant.contains(&&known.name));
        let (of_users, of_host): (Vec<_>, Vec<_>) =
            meant.partition(|known| known.name.user().is_some());
        let (found, is_found) = channel(false);
        let mut is_alone = name != wanted;
        let mut said = Vec::new();
        for asked in [of_host, of_users] {
            let inspected = asked.into_iter().map(|configured| {
                let answer = inspect(configured, due, name, tenants);
                let answer = while_it_counts(configured, is_found.clone(), answer);
                async move { (configured, answer.await) }.boxed()
            });
            let mut waiting: FuturesUnordered<_> = inspected.collect();
            while let Some(answer) = waiting.next().await {
                let first = answer.1.as_ref().ok().and_then(|rows| rows.first());
                let fit = first.map(|first| Fit::of(&first.row, name));
                let kind = answer.0.name.kind();
                let of_its_kind = engines.iter().filter(|known| known.name.kind() == kind).count();
                said.push(answer);
                let Some(fit) = fit else { continue };
                found.send_replace(true);
                match fit {
                    // No other container has the same, unless it is unique in its engine only and there is another
                    // one of that kind.
                    Fit::Id if !is_local_id(name) || of_its_kind == 1 => {
                        waiting.clear();
                        is_alone = true;
                    }
                    Fit::Id | Fit::Name => {}
                    // What another one is called comes before the beginning of an id.
                    Fit::Prefix => continue,
                }
                return Self { is_alone, ..Self::of(said, name, waiting, found, due) };
            }
            if *found.borrow() {
                return Self { is_alone, ..Self::of(said, name, waiting, found, due) };
            }
        }
        let all = said.into_iter().map(|(configured, found)| async move {
            match found {
                Ok(_) => (configured, list_near(configured, due, name).await),
                found => (configured, found),
            }
        });
        let said = join_all(all).await;
        Self::of(said, name, FuturesUnordered::new(), found, due)
    }

    fn of(
        mut said: Vec<EngineReply<'e>>,
        name: &str,
        waiting: FuturesUnordered<BoxFuture<'e, EngineReply<'e>>>,
        found: Sender<bool>,
        due: Deadline,
    ) -> Self {
        let fit = |said: &EngineReply<'_>| {
            said.1
                .as_ref()
                .ok()
                .and_then(|rows| rows.first())
                .map(|first| Fit::of(&first.row, name))
        };
        said.sort_by_key(|said| fit(said).unwrap_or(Fit::Prefix));
        let answers = said.into_iter().map(EngineAnswer::of).collect();
        Self { answers, waiting, found, due, is_alone: false }
    }

    /// The namespace of the container.
    pub(super) fn home(&self) -> Option<&Pinned> {
        self.answers.iter().find_map(EngineAnswer::home)
    }

    /// The engine that has the container.
    pub(super) fn owner(&self) -> Option<&EngineName> {
        self.answers.iter().find(|answer| answer.home().is_some()).map(EngineAnswer::name)
    }

    /// Whether no other engine can have it, so that none is waited for.
    pub(super) fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// Whether no engine could be asked.
    pub(super) fn has_failed(&self) -> bool {
        self.answers.iter().all(|answer| answer.found.is_err())
    }

    /// What all engines said, after they were asked again where a namespace was not proven.
    pub(super) async fn finish(
        self,
    ) -> Vec<(EngineName, Result<Vec<EngineContainer>, SourceError>)> {
        let Self { answers, mut waiting, found: _found, due, .. } = self;
        let answers = answers.into_iter().map(|answer| answer.confirmed(due));
        let others = async {
            let mut others = Vec::new();
            while let Some(said) = waiting.next().await {
                others.push(EngineAnswer::of(said).confirmed(due).await);
            }
            others
        };
        let (answers, others) = tokio::join!(join_all(answers), others);
        answers.into_iter().chain(others).map(EngineAnswer::into_rows).collect()
    }
}

/// An answer, unless another engine has the container and this one is silent for long.
async fn while_it_counts(
    configured: &Configured,
    mut is_found: Receiver<bool>,
    answer: impl Future<Output = Result<Vec<EngineContainer>, SourceError>>,
) -> Result<Vec<EngineContainer>, SourceError> {
    if configured.named {
        return answer.await;
    }
    let too_late = async {
        // The sender is kept for as long as answers are waited for.
        let _ = is_found.wait_for(|found| *found).await;
        sleep(OTHERS_WITHIN).await;
    };
    tokio::select! {
        biased;
        answer = answer => answer,
        () = too_late => {
            let what = configured.engine().map(Engine::what)?;
            Err(late(what, OTHERS_WITHIN))
        }
    }
}
