//! Docker as one of the engines.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model::identity::UNKNOWN_STORE;
use model::snapshot::{Container, EngineName};
use model::{SourceError, query};

use super::networks::NetworkAnswer;
use super::read::{Docker, Info, Version, listed};
use super::relatives::are_relatives;
use crate::engine::budget::Budget;
use crate::engine::inspected::{HELD_OF_ONE, Inspected};
use crate::engine::rest::can_name_a_container;
use crate::engine::{Engine, EngineContainer, EngineNetwork, Events, Peer};
use crate::identity::remembered::Remembered;
use crate::transport::HttpError;

/// Podman also has events of other types, which say nothing about containers.
const EVENTS_OF_CONTAINERS: &str = "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D";

/// Whether an id names the place of an engine's containers: earlier versions kept Docker's `ID` alone. Whose place it
/// is may be known the next time.
fn is_of_a_place(id: &str) -> bool {
    id.contains(":/") && !id.ends_with(UNKNOWN_STORE)
}

impl Engine for Docker {
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

    fn id(&self) -> BoxFuture<'_, Result<Option<String>, SourceError>> {
        async {
            let process = self.0.listener();
            let remembered = process.and_then(|pid| Remembered::of(pid, super::KIND.programs));
            let kept = remembered.as_ref().and_then(Remembered::read);
            if let Some(id) = kept.filter(|id| is_of_a_place(id)) {
                return Ok(Some(id));
            }
            let info = self.0.get::<Info>("/info").await?;
            let id = info.lasting_id(self.peer(), &self.address());
            if let (Some(remembered), Some(id)) = (remembered, &id)
                && is_of_a_place(id)
            {
                remembered.write(id);
            }
            Ok(id)
        }
        .boxed()
    }

    fn network<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<EngineNetwork>, SourceError>> {
        async move {
            if !can_name_a_container(id) {
                return Ok(None);
            }
            match self.0.http.get::<NetworkAnswer>(&format!("/networks/{id}")).await {
                Ok(answer) => Ok(Some(answer.into())),
                Err(HttpError::Refused { status: 404, .. }) => Ok(None),
                Err(error) => Err(self.0.source_error(&error)),
            }
        }
        .boxed()
    }

    fn networks(&self) -> BoxFuture<'_, Result<Vec<EngineNetwork>, SourceError>> {
        async {
            let answer: Vec<NetworkAnswer> = self.0.get("/networks").await?;
            Ok(answer.into_iter().map(EngineNetwork::from).collect())
        }
        .boxed()
    }

    /// The API version the daemon speaks, and its own version.
    fn version(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        async {
            let version: Version = self.0.get("/version").await?;
            Ok(format!("{}, API {}", version.version, version.api_version))
        }
        .boxed()
    }

    fn inspect<'a>(
        &'a self,
        wanted: &'a str,
    ) -> BoxFuture<'a, Result<Option<EngineContainer>, SourceError>> {
        let wanted = query::without_slash(wanted);
        async move {
            if !can_name_a_container(wanted) {
                return Ok(None);
            }
            match self.0.http.get_within(&format!("/containers/{wanted}/json"), HELD_OF_ONE).await {
                Ok(answer) => Ok(Some(Inspected::found(answer))),
                Err(HttpError::Refused { status: 404, .. }) => Ok(None),
                Err(HttpError::Refused { .. }) if self.is_ambiguous(wanted).await => Ok(None),
                Err(error) => Err(self.0.source_error(&error)),
            }
        }
        .boxed()
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<EngineContainer>, SourceError>> {
        async {
            let rows = self.summaries().await?;
            Ok(rows.into_iter().map(listed).collect())
        }
        .boxed()
    }

    /// Podman calls a container `created` although its process and namespace are there.
    fn may_have_a_process(&self, row: &Container) -> bool {
        !matches!(row.state.as_str(), "exited" | "dead")
    }

    /// Told by `--network container:ID`, from one to the next.
    fn relatives<'a>(
        &'a self,
        row: &'a Container,
    ) -> BoxFuture<'a, Result<Vec<EngineContainer>, SourceError>> {
        async move {
            let listed = self.list().await?;
            let all: Vec<_> = listed.iter().map(|other| &other.row).collect();
            let shares = |other: &&&Container| are_relatives(&all, row, other);
            let mut relatives = Vec::new();
            let mut budget = Budget::default();
            for other in all.iter().filter(shares).filter(|other| other.id != row.id) {
                if let Some(found) = self.inspect(&other.id.0).await? {
                    budget.add(self, &found.row)?;
                    relatives.push(found);
                }
            }
            Ok(relatives)
        }
        .boxed()
    }

    fn events(&self) -> BoxFuture<'_, Result<Events, SourceError>> {
        self.0.events(EVENTS_OF_CONTAINERS).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        self.0.ping("/_ping").boxed()
    }
}
