//! What happens to containers, as the Docker Engine API tells it.

use futures_util::{StreamExt, stream};
use model::ids::ContainerId;
use model::{SourceError, SourceErrorKind};
use serde::Deserialize;

use super::read::{Docker, can_name_a_container};
use crate::engine::{Engine, Event, Events};
use crate::transport::{HttpError, Lines};

/// Podman also has events of other types, which say nothing about containers.
const OF_CONTAINERS: &str = "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D";

/// Fewer than Docker keeps for a slow client: 1,024. It drops what is beyond that, and
/// does not say so (moby, `daemon/events` and `pkg/pubsub`). After so many events the containers
/// are listed again.
const LIST_AFTER: usize = 1000;

/// What happens to containers from now on.
pub(super) async fn events(docker: &Docker) -> Result<Events, SourceError> {
    let lines = docker.http.lines(OF_CONTAINERS).await;
    let events = EventStream {
        lines: lines.map_err(|error| docker.source_error(&error))?,
        docker: docker.clone(),
        count: 0,
    };
    Ok(stream::try_unfold(events, async |mut events| {
        let event = events.next().await?;
        Ok(Some((event, events)))
    })
    .boxed())
}

/// The stream of events.
struct EventStream {
    docker: Docker,
    lines: Lines,
    /// How many there were since the containers were listed.
    count: usize,
}

impl EventStream {
    async fn next(&mut self) -> Result<Event, SourceError> {
        if self.count >= LIST_AFTER {
            self.count = 0;
            return Ok(Event::Missed);
        }
        let line = self.lines.next().await.map_err(|error| self.docker.source_error(&error))?;
        let ended = || {
            SourceError::new(
                SourceErrorKind::Gone,
                self.docker.what(),
                "its stream of events ended",
            )
        };
        let line = line.ok_or_else(ended)?;
        self.count += 1;
        let message: Result<EventMessage, _> = serde_json::from_slice(&line);
        let message = message.map_err(|error| self.docker.source_error(&HttpError::Json(error)))?;
        Ok(message.about().map_or(Event::Idle, Event::Changed))
    }
}

/// One of `GET /events`, as far as it is used.
#[derive(Deserialize)]
struct EventMessage {
    #[serde(rename = "Action", default)]
    action: String,
    #[serde(rename = "Actor")]
    actor: Option<Actor>,
}

#[derive(Deserialize)]
struct Actor {
    #[serde(rename = "ID")]
    id: String,
}

impl EventMessage {
    /// The container it is about, if it can change what is seen of that container.
    fn about(self) -> Option<ContainerId> {
        const IDLE: [&str; 9] =
            ["exec_", "health_", "attach", "detach", "resize", "top", "export", "copy", "archive"];
        let idle = IDLE.iter().any(|idle| self.action.starts_with(idle));
        let named = self.actor.filter(|actor| can_name_a_container(&actor.id));
        named.filter(|_| !idle).map(|actor| ContainerId(actor.id.into()))
    }
}
