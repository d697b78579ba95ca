//! Podman as one of the engines.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use model::ids::name;
use model::snapshot::{Container, EngineName};
use model::{SourceError, query};
use tokio::time::sleep;

use super::read::{Listed, Podman};
use crate::engine::inspected::Inspected;
use crate::engine::rest::can_name_a_container;
use crate::engine::{Engine, EngineContainer, Event, Events, Peer};
use crate::identity::process::Process;
use crate::identity::store;

/// Of containers alone: what happens to a pod happens to its containers.
const EVENTS_OF_CONTAINERS: &str =
    "/v5.0.0/libpod/events?stream=true&filters=%7B%22type%22%3A%5B%22container%22%5D%7D";

/// How often containers are listed where Podman keeps no events (`events_logger="none"`).
const LIST_EVERY: Duration = Duration::from_secs(2);

impl Podman {
    /// The row of a container. What holds a pod's namespaces is called as the pod is: its own name is
    /// made of the pod's id, and shown nowhere else.
    async fn found(&self, inspected: Inspected) -> Result<EngineContainer, SourceError> {
        let pod = inspected.pod.clone().filter(|pod| inspected.is_infra && !pod.is_empty());
        let mut found = inspected.found();
        if let Some(pod) = pod
            && let Some(pod) = self.pod(&pod).await?
        {
            found.row.name = name(&pod.name);
        }
        self.note_host_network(&mut found.row);
        Ok(found)
    }

    fn all_found(&self, listed: Vec<Listed>) -> Vec<EngineContainer> {
        let mut found: Vec<_> = listed.into_iter().map(Listed::found).collect();
        for found in &mut found {
            self.note_host_network(&mut found.row);
        }
        found
    }

    /// Which network it has is told by the namespace, not by the words that it was made with: a
    /// pod's containers say nothing of the pod's network.
    fn note_host_network(&self, row: &mut Container) {
        let Peer::Process(engine) = self.peer() else { return };
        let Some(pid) = row.pid.filter(|_| engine != 0) else { return };
        let of = |pid| Process::open(pid).and_then(|process| process.netns_file()).ok();
        match (of(pid), of(engine)) {
            (Some(own), Some(host)) if own == host => "host".clone_into(&mut row.network_mode),
            (Some(_), Some(_)) if row.on_host_network() => row.network_mode.clear(),
            _ => {}
        }
    }
}

impl Engine for Podman {
    fn kind(&self) -> EngineName {
        EngineName(super::KIND.name.into())
    }

    fn address(&self) -> String {
        self.0.address()
    }

    fn what(&self) -> String {
        self.0.what()
    }

    fn peer(&self) -> Peer {
        self.0.peer()
    }

    /// Podman has no id of its own: what lasts of it is where it keeps its containers.
    fn id(&self) -> BoxFuture<'_, Result<Option<String>, SourceError>> {
        async {
            let root = self.info().await?.store.graph_root;
            let root = Some(root).filter(|root| !root.is_empty());
            Ok(root.map(|root| store::id("podman", &root, self.peer(), &self.address())))
        }
        .boxed()
    }

    fn version(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        async { Ok(self.info().await?.version.version) }.boxed()
    }

    /// A pod's name means the container that holds its namespaces.
    fn inspect<'a>(
        &'a self,
        wanted: &'a str,
    ) -> BoxFuture<'a, Result<Option<EngineContainer>, SourceError>> {
        let wanted = query::without_slash(wanted);
        async move {
            if !can_name_a_container(wanted) {
                return Ok(None);
            }
            // At once: most often it is neither's, and another engine's answer waits for that.
            let (container, pod) = tokio::join!(self.container(wanted), self.pod(wanted));
            let inspected = match (container?, pod?) {
                (Some(inspected), _) => Some(inspected),
                (None, Some(pod)) if !pod.infra.is_empty() => self.container(&pod.infra).await?,
                (None, _) => None,
            };
            match inspected {
                Some(inspected) => Ok(Some(self.found(inspected).await?)),
                None => Ok(None),
            }
        }
        .boxed()
    }

    /// With their processes: that spares a question about each.
    fn list(&self) -> BoxFuture<'_, Result<Vec<EngineContainer>, SourceError>> {
        async { Ok(self.all_found(self.all().await?)) }.boxed()
    }

    fn list_near<'a>(
        &'a self,
        wanted: &'a str,
    ) -> BoxFuture<'a, Result<Vec<EngineContainer>, SourceError>> {
        let wanted = query::without_slash(wanted);
        async move {
            // It may be the beginning of several ids, whose names are nothing like it.
            let may_begin_an_id = wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
            let parts = query::parts_of_near_names(wanted)
                .filter(|_| can_name_a_container(wanted) && !may_begin_an_id);
            if let Some(parts) = parts
                && let Ok(listed) = self.all_with(&parts).await
            {
                return Ok(self.all_found(listed));
            }
            self.list().await
        }
        .boxed()
    }

    fn events(&self) -> BoxFuture<'_, Result<Events, SourceError>> {
        async {
            if self.info().await?.host.event_logger != "none" {
                return self.0.events(EVENTS_OF_CONTAINERS).await;
            }
            let listings = stream::repeat(()).then(async |()| {
                sleep(LIST_EVERY).await;
                Ok(Event::Missed)
            });
            Ok(listings.boxed())
        }
        .boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        self.0.ping("/v5.0.0/libpod/_ping").boxed()
    }
}
