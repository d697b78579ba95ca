//! Engines whose list tells all that they know: what happened to containers is what differs between
//! two lists, and who shares a namespace is told by the processes in them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use model::SourceError;
use model::ids::ContainerId;
use model::snapshot::Container;
use tokio::time::sleep;

use super::{Engine, EngineContainer, Event, Events};
use crate::identity::process::Process;

/// What was listed last, and what of it was not told yet.
#[derive(Default)]
pub(super) struct Listed {
    known: BTreeMap<ContainerId, (String, Option<u32>)>,
    changed: VecDeque<ContainerId>,
}

impl Listed {
    /// Of containers as they are: nothing of them has changed.
    pub(super) fn new(rows: Vec<EngineContainer>) -> Self {
        let mut listed = Self::default();
        listed.take(rows);
        listed.changed.clear();
        listed
    }

    /// Compares with a new list: what came, went, or has another state or first process has changed.
    pub(super) fn take(&mut self, rows: Vec<EngineContainer>) {
        let state = |found: EngineContainer| (found.row.id, (found.row.state, found.row.pid));
        let now: BTreeMap<_, _> = rows.into_iter().map(state).collect();
        let gone = self.known.keys().filter(|id| !now.contains_key(id));
        let other = now.iter().filter(|(id, state)| self.known.get(id) != Some(state));
        self.changed.extend(gone.chain(other.map(|(id, _)| id)).cloned());
        self.known = now;
    }

    /// Something else may have changed of this container, if it is known.
    pub(super) fn note(&mut self, id: ContainerId) {
        if self.known.contains_key(&id) {
            self.changed.push_back(id);
        }
    }

    /// Whether all that has changed was told.
    pub(super) fn is_told(&self) -> bool {
        self.changed.is_empty()
    }

    /// What is to be told next.
    pub(super) fn next(&mut self) -> Event {
        self.changed.pop_front().map_or(Event::Idle, Event::Changed)
    }
}

/// What happens to the containers of an engine that tells nothing of it: they are listed whenever so
/// much time has passed.
pub(super) async fn every<F>(list: F, period: Duration) -> Result<Events, SourceError>
where
    F: Fn() -> BoxFuture<'static, Result<Vec<EngineContainer>, SourceError>>
        + Send
        + Sync
        + 'static,
{
    let listed = Listed::new(list().await?);
    let events = stream::try_unfold((list, listed), move |(list, mut listed)| async move {
        if listed.is_told() {
            sleep(period).await;
            listed.take(list().await?);
        }
        Ok(Some((listed.next(), (list, listed))))
    });
    Ok(events.boxed())
}

/// The same of one that is asked for its list again and again by itself.
pub(super) async fn polled<E>(engine: E, period: Duration) -> Result<Events, SourceError>
where
    E: Engine + Clone + 'static,
{
    let list = move || {
        let engine = engine.clone();
        async move { engine.list().await }.boxed()
    };
    every(list, period).await
}

/// The other containers whose processes are in the network namespace of that of `row`.
pub(super) async fn in_same_namespace<E>(
    engine: &E,
    row: &Container,
) -> Result<Vec<EngineContainer>, SourceError>
where
    E: Engine + ?Sized,
{
    let of = |row: &Container| Process::open(row.pid?).ok()?.netns_file().ok();
    let Some(own) = of(row) else { return Ok(Vec::new()) };
    let mut listed = engine.list().await?;
    listed.retain(|other| other.row.id != row.id && of(&other.row) == Some(own));
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn listed(all: &[(&str, &str, u32)]) -> Vec<EngineContainer> {
        let one = |(id, state, pid): &(&str, &str, u32)| EngineContainer {
            row: Container {
                pid: Some(*pid).filter(|pid| *pid != 0),
                ..Container::new(ContainerId((*id).into()), (*id).into(), (*state).to_owned())
            },
            sandbox: None::<PathBuf>,
        };
        all.iter().map(one).collect()
    }

    fn told(all: &mut Listed) -> Vec<String> {
        let next = || (!all.is_told()).then(|| all.next());
        let ids = std::iter::from_fn(next).map(|event| match event {
            Event::Changed(id) => id.0.to_string(),
            other => format!("{other:?}"),
        });
        ids.collect()
    }

    #[test]
    fn what_came_went_ended_or_has_another_process_has_changed() {
        let before = [("ended", "running", 1), ("gone", "running", 2), ("same", "running", 3)];
        let mut all = Listed::new(listed(&[&before[..], &[("again", "running", 4)]].concat()));
        assert!(all.is_told());
        let now = [("again", "running", 5), ("came", "created", 0), ("ended", "exited", 0)];
        all.take(listed(&[&now[..], &[("same", "running", 3)]].concat()));
        assert_eq!(told(&mut all), ["gone", "again", "came", "ended"]);
        assert_eq!(all.next(), Event::Idle);
        all.note(ContainerId("same".into()));
        all.note(ContainerId("unheard of".into()));
        assert_eq!(told(&mut all), ["same"]);
    }
}
