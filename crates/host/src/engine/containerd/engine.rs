//! containerd as one of the engines.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model::snapshot::{Container, EngineName};
use model::{SourceError, query};

use super::messages::{VersionResponse, method};
use super::read::Containerd;
use super::rows::cgroups_are_of;
use super::{KIND, watch};
use crate::engine::introspection::server_id;
use crate::engine::{Engine, EngineContainer, Events, Peer, the_one};

impl Engine for Containerd {
    fn kind(&self) -> EngineName {
        EngineName(KIND.name.into())
    }

    fn address(&self) -> String {
        format!("unix://{}", self.path().display())
    }

    fn what(&self) -> String {
        self.what()
    }

    fn peer(&self) -> Peer {
        self.client.peer().map_or(Peer::Untold, Peer::Process)
    }

    fn id(&self) -> BoxFuture<'_, Result<Option<String>, SourceError>> {
        async { Ok(server_id(&self.client).await) }.boxed()
    }

    fn version(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        async {
            let version: Result<VersionResponse, _> = self.client.ask(method::VERSION, &()).await;
            Ok(version.map_err(|error| self.source_error(&error))?.version)
        }
        .boxed()
    }

    fn inspect<'a>(
        &'a self,
        wanted: &'a str,
    ) -> BoxFuture<'a, Result<Option<EngineContainer>, SourceError>> {
        let wanted = query::without_slash(wanted);
        async move { Ok(the_one(self.all().await?, wanted)) }.boxed()
    }

    fn names_in_cgroups(&self, row: &Container, cgroups: &str) -> bool {
        cgroups_are_of(row, cgroups)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<EngineContainer>, SourceError>> {
        self.all().boxed()
    }

    fn events(&self) -> BoxFuture<'_, Result<Events, SourceError>> {
        watch::events(self).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        async { self.version().await.map(|_| ()) }.boxed()
    }
}
