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
    /// It was not tried, as a source did not answer any more.
    NotTried(ActError),
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
        let mut last = PruneCandidates::default();
        for round in 1..=ROUNDS {
            let look = whole(self).await.map_err(ActError::from);
            let found = look.and_then(|look| prune_candidates_in(&look, request));
            match found {
                Ok(found) => last = found,
                Err(why) if pruned.is_empty() => return Err(why),
                Err(why) => {
                    let not_tried = |what| Pruned { what, how: PruneFate::NotTried(why.clone()) };
                    let rest: Vec<_> =
                        without_fate(agreed, &pruned).cloned().map(not_tried).collect();
                    pruned.extend(rest);
                    return Ok(pruned);
                }
            }
            executor.has_looked();
            let due: Vec<_> = not_done(&last.prunable, &pruned)
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
        last.prunable = not_done(&last.prunable, &pruned).cloned().collect();
        let rest: Vec<_> =
            without_fate(agreed, &pruned).map(|what| left_alone(what, &last)).collect();
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

/// Those of `still`, as they were seen after `pruned` was, that have no fate yet.
fn not_done<'a>(
    still: &'a [Prunable],
    pruned: &'a [Pruned],
) -> impl Iterator<Item = &'a Prunable> + 'a {
    still.iter().filter(|one| !pruned.iter().any(|done| done.what.is(one)))
}

/// Those of `agreed`, as they were seen before `pruned` was, that have no fate yet: a row may have lost its
/// link's index in between.
fn without_fate<'a>(
    agreed: &'a [Prunable],
    pruned: &'a [Pruned],
) -> impl Iterator<Item = &'a Prunable> + 'a {
    agreed.iter().filter(|one| !pruned.iter().any(|done| one.is(&done.what)))
}

/// What was agreed, and is in a doubt that may pass.
fn settling(look: &Look, request: &Prune, agreed: &[Prunable]) -> Vec<Name> {
    let all = undecided(&look.snapshot, &look.wiring, request).into_iter();
    let agreed = all.filter(|one| agreed.iter().any(|what| what.is_in(one)));
    agreed.filter(|one| one.may_settle).map(|one| one.what).collect()
}

/// The fate of what was agreed and may not be removed by now.
fn left_alone(what: &Prunable, last: &PruneCandidates) -> Pruned {
    let doubt =
        last.undecided.iter().find(|doubt| what.is_in(doubt)).map(|doubt| doubt.why.clone());
    // What it is now was not agreed.
    let is_another = || last.prunable.iter().any(|now| what.is_called_as(now));
    let doubt = doubt.or_else(|| is_another().then(|| "it has changed meanwhile".to_owned()));
    Pruned { what: what.clone(), how: doubt.map_or(PruneFate::Gone, PruneFate::Undecided) }
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

    use model::ids::Ifindex;
    use model::plan::{ReplacePort, Step};
    use model::switch::Port;

    use super::*;

    fn port(bridge: &str, iface: &str, ifindex: Option<u32>) -> Prunable {
        let ifindex = ifindex.map(Ifindex);
        let port = Arc::new(Port { iface: iface.into(), ifindex, ..Port::default() });
        let step = Step::from(ReplacePort::default());
        Prunable::Port { port, bridge: bridge.into(), step, last: None }
    }

    fn fate(what: &Prunable, last: &PruneCandidates) -> PruneFate {
        left_alone(what, last).how
    }

    #[test]
    fn what_was_agreed_and_is_in_doubt_by_now_is_told() {
        let doubt = |bridge: &str, what: &str| Undecided {
            bridge: Some(bridge.into()),
            what: what.into(),
            why: "docker does not answer".to_owned(),
            may_settle: false,
        };
        let last = |undecided| PruneCandidates { undecided, ..PruneCandidates::default() };
        let one = port("br0", "a", None);
        let all = last(vec![doubt("br1", "a"), doubt("br0", "b")]);
        assert!(matches!(fate(&one, &all), PruneFate::Gone));
        let all = last(vec![doubt("br1", "a"), doubt("br0", "a")]);
        assert!(matches!(fate(&one, &all), PruneFate::Undecided(why) if why.contains("answer")));
    }

    #[test]
    fn what_was_agreed_and_is_another_by_now_is_told() {
        let last = |prunable| PruneCandidates { prunable, ..PruneCandidates::default() };
        let one = port("br0", "a", None);
        let others = last(vec![port("br1", "a", Some(5)), port("br0", "b", Some(5))]);
        assert!(matches!(fate(&one, &others), PruneFate::Gone));
        let changed = last(vec![port("br0", "a", Some(5))]);
        assert!(
            matches!(fate(&one, &changed), PruneFate::Undecided(why) if why.contains("changed"))
        );
    }

    #[test]
    fn what_has_a_fate_gets_no_second_one() {
        for (before, after) in [(None, None), (Some(5), Some(5)), (Some(5), None)] {
            let done = [Pruned { what: port("br0", "a", after), how: PruneFate::Removed }];
            let agreed = [port("br0", "a", before), port("br0", "b", before)];
            let rest: Vec<_> = without_fate(&agreed, &done).map(Prunable::name).collect();
            assert_eq!(rest, [&Name::from("b")], "{before:?} {after:?}");
            let first = [Pruned { what: port("br0", "a", before), how: PruneFate::Removed }];
            let still = [port("br0", "a", after), port("br0", "b", after)];
            let rest: Vec<_> = not_done(&still, &first).map(Prunable::name).collect();
            assert_eq!(rest, [&Name::from("b")], "{before:?} {after:?}");
        }
    }
}
