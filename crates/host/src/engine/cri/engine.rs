//! A runtime of Kubernetes as one of the engines.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, try_join_all};
use model::snapshot::{Container, EngineName};
use model::{SourceError, query};

use super::messages::{VersionResponse, method};
use super::read::{CRIO, Cri, Which};
use super::rows::{has_ended, sandbox_of};
use super::{KIND, watch};
use crate::engine::budget::Budget;
use crate::engine::introspection::server_id;
use crate::engine::{Engine, EngineContainer, Events, Peer, is_full_id, the_one};
use crate::identity::store;

impl Engine for Cri {
    fn kind(&self) -> EngineName {
        EngineName(KIND.name.into())
    }

    fn address(&self) -> String {
        self.address()
    }

    fn what(&self) -> String {
        self.what()
    }

    fn peer(&self) -> Peer {
        self.client.peer().map_or(Peer::Untold, Peer::Process)
    }

    /// containerd's. CRI-O has none: it is known by where it keeps what it runs.
    fn id(&self) -> BoxFuture<'_, Result<Option<String>, SourceError>> {
        async {
            if let Some(id) = server_id(&self.client).await {
                return Ok(Some(id));
            }
            let place = self.place_of_crio().await;
            Ok(place.map(|place| store::id(CRIO, &place, self.peer(), &self.address())))
        }
        .boxed()
    }

    fn version(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        async {
            let version: Result<VersionResponse, _> = self.client.ask(method::VERSION, &()).await;
            let version = version.map_err(|error| self.source_error(&error))?;
            let VersionResponse { name, version, api_version } = version;
            Ok(format!("{name} {version}, CRI {api_version}"))
        }
        .boxed()
    }

    fn inspect<'a>(
        &'a self,
        wanted: &'a str,
    ) -> BoxFuture<'a, Result<Option<EngineContainer>, SourceError>> {
        let wanted = query::without_slash(wanted);
        async move {
            let which = if is_full_id(wanted) { Which::Id(wanted) } else { Which::All };
            match the_one(self.listed(which).await?, wanted) {
                Some(found) if !has_ended(&found.row) => self.inspected(found).await,
                Some(_) if is_full_id(wanted) => {
                    Ok(the_one(self.listed(Which::All).await?, wanted))
                }
                found => Ok(found),
            }
        }
        .boxed()
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<EngineContainer>, SourceError>> {
        self.listed(Which::All).boxed()
    }

    fn may_have_a_process(&self, row: &Container) -> bool {
        !has_ended(row)
    }

    /// Those of the same pod.
    fn relatives<'a>(
        &'a self,
        row: &'a Container,
    ) -> BoxFuture<'a, Result<Vec<EngineContainer>, SourceError>> {
        async move {
            let Some(sandbox) = sandbox_of(row) else { return Ok(Vec::new()) };
            let others = self.listed(Which::OfPod(sandbox)).await?.into_iter();
            let others = others.filter(|other| other.row.id != row.id);
            let running = others.filter(|other| self.may_have_a_process(&other.row));
            let found = try_join_all(running.map(|other| self.inspected(other))).await?;
            Budget::all(self, found.into_iter().flatten())
        }
        .boxed()
    }

    fn events(&self) -> BoxFuture<'_, Result<Events, SourceError>> {
        watch::events(self).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        async { self.version().await.map(|_| ()) }.boxed()
    }
}
