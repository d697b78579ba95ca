//! LXC as one of the engines.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model::snapshot::{Container, EngineName};
use model::{SourceError, query};

use super::KIND;
use super::containers::{Lxc, cgroups_are_of, may_run};
use crate::engine::{Engine, EngineContainer, Events, Peer, listed};
use crate::identity::store;

/// How often containers are listed: there is none who would tell of them.
const PERIOD: Duration = Duration::from_secs(1);

impl Engine for Lxc {
    fn kind(&self) -> EngineName {
        EngineName(KIND.name.into())
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
        async { Ok(Some(store::id("lxc", &self.address(), self.peer(), &self.address()))) }.boxed()
    }

    /// No program of its answers that could tell its version.
    fn version(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        async { Ok(format!("{} containers", self.names()?.len())) }.boxed()
    }

    fn inspect<'a>(
        &'a self,
        wanted: &'a str,
    ) -> BoxFuture<'a, Result<Option<EngineContainer>, SourceError>> {
        async move {
            match self.named(query::without_slash(wanted))? {
                Some(own) => self.found(own).await.map(Some),
                None => Ok(None),
            }
        }
        .boxed()
    }

    fn names_in_cgroups(&self, row: &Container, cgroups: &str) -> bool {
        cgroups_are_of(&row.name, cgroups)
    }

    /// Of one that did not answer in time the list tells just that it runs.
    fn may_have_a_process(&self, row: &Container) -> bool {
        may_run(row)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<EngineContainer>, SourceError>> {
        self.all().boxed()
    }

    fn events(&self) -> BoxFuture<'_, Result<Events, SourceError>> {
        async { listed::polled(self.on_a_thread()?, PERIOD).await }.boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        async { self.names().map(|_| ()) }.boxed()
    }
}
