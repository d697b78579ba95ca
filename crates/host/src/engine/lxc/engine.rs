//! LXC as one of the engines.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use model::ids::ContainerId;
use model::snapshot::{Container, Engine as Kind};
use model::{SourceError, query};
use tokio::time::sleep;

use super::KIND;
use super::containers::{Lxc, cgroups_are_of};
use crate::engine::{Engine, Event, Events, Found, Peer};
use crate::identity::process::Process;

/// How often containers are listed: there is none who would tell of them.
const PERIOD: Duration = Duration::from_secs(1);

impl Engine for Lxc {
    fn kind(&self) -> Kind {
        Kind(KIND.name.into())
    }

    fn address(&self) -> String {
        self.path.display().to_string()
    }

    fn what(&self) -> String {
        self.what()
    }

    /// Its containers are files of this machine, and each answers for itself.
    fn peer(&self) -> Peer {
        Peer::Files
    }

    fn id(&self) -> BoxFuture<'_, Result<Option<String>, SourceError>> {
        async { Ok(Some(format!("lxc:{}", self.path.display()))) }.boxed()
    }

    /// No program of its answers that could tell its version.
    fn version(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        async { Ok(format!("{} containers", self.names()?.len())) }.boxed()
    }

    fn inspect<'a>(&'a self, wanted: &'a str) -> BoxFuture<'a, Result<Option<Found>, SourceError>> {
        async move {
            match self.named(query::without_slash(wanted)) {
                Some(own) => self.found(own).await.map(Some),
                None => Ok(None),
            }
        }
        .boxed()
    }

    fn names_in_cgroups(&self, row: &Container, cgroups: &str) -> bool {
        cgroups_are_of(&row.name, cgroups)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Found>, SourceError>> {
        self.all().boxed()
    }

    /// The list has told it.
    fn may_have_a_process(&self, _: &Container) -> bool {
        false
    }

    /// Those in the same namespace (`lxc.namespace.share.net` of lxc.container.conf(5)).
    fn relatives<'a>(
        &'a self,
        row: &'a Container,
    ) -> BoxFuture<'a, Result<Vec<Found>, SourceError>> {
        async move {
            let home = |pid: Option<u32>| {
                Process::open(pid?).ok()?.netns().ok().map(|netns| netns.identity())
            };
            let Some(own) = home(row.pid) else { return Ok(Vec::new()) };
            let mut relatives = self.all().await?;
            relatives.retain(|other| other.row.id != row.id && home(other.row.pid) == Some(own));
            Ok(relatives)
        }
        .boxed()
    }

    fn events(&self) -> BoxFuture<'_, Result<Events, SourceError>> {
        async {
            let followed =
                Followed { lxc: self.clone(), pids: pids(self).await?, changed: VecDeque::new() };
            Ok(stream::try_unfold(followed, async |mut followed| {
                let event = followed.next().await?;
                Ok(Some((event, followed)))
            })
            .boxed())
        }
        .boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        async { self.names().map(|_| ()) }.boxed()
    }
}

struct Followed {
    lxc: Lxc,
    pids: Pids,
    changed: VecDeque<ContainerId>,
}

/// The first process of each container, if it has one.
type Pids = BTreeMap<ContainerId, Option<u32>>;

impl Followed {
    async fn next(&mut self) -> Result<Event, SourceError> {
        if self.changed.is_empty() {
            sleep(PERIOD).await;
            let now = pids(&self.lxc).await?;
            let gone = self.pids.keys().filter(|id| !now.contains_key(id));
            let other = now.iter().filter(|(id, pid)| self.pids.get(id) != Some(pid));
            self.changed.extend(gone.chain(other.map(|(id, _)| id)).cloned());
            self.pids = now;
        }
        Ok(self.changed.pop_front().map_or(Event::Idle, Event::Changed))
    }
}

async fn pids(lxc: &Lxc) -> Result<Pids, SourceError> {
    let all = lxc.all().await?;
    Ok(all.into_iter().map(|found| (found.row.id, found.row.pid)).collect())
}
