//! What happens to containers, as the Docker Engine API tells it.

use model::ids::ContainerId;
use serde::Deserialize;

use crate::transport::{Http, HttpError, Lines};

/// Podman also has events of other types, which say nothing about containers.
const OF_CONTAINERS: &str = "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D";

/// Fewer than Docker keeps for somebody who is slow: 1,024. It drops what is beyond that, and
/// does not say so (moby, `daemon/events` and `pkg/pubsub`). More than these were still to be
/// heard then.
const KEPT: usize = 1000;

/// What happens from now on.
pub(crate) struct Events {
    lines: Lines,
    /// How many were heard since the containers were listed.
    heard: usize,
}

impl Events {
    pub(super) async fn of(http: &Http) -> Result<Self, HttpError> {
        Ok(Self { lines: http.lines(OF_CONTAINERS).await?, heard: 0 })
    }

    /// Waits for the next one; none when the daemon tells no more. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<Option<Said>, HttpError> {
        let Some(line) = self.lines.next().await? else { return Ok(None) };
        self.heard += 1;
        serde_json::from_slice(&line).map_err(HttpError::Json)
    }

    /// Whether something may have been dropped since the containers were listed.
    pub(crate) fn may_lack_some(&self) -> bool {
        self.heard >= KEPT
    }

    /// Notes that the containers are going to be listed.
    pub(crate) fn begin_anew(&mut self) {
        self.heard = 0;
    }
}

/// One of `GET /events`, as far as it is used.
#[derive(Deserialize)]
pub(super) struct Said {
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

impl Said {
    /// Whom it is about, if it can change what is seen of that container.
    pub(super) fn about(self) -> Option<ContainerId> {
        const IDLE: [&str; 9] =
            ["exec_", "health_", "attach", "detach", "resize", "top", "export", "copy", "archive"];
        let idle = IDLE.iter().any(|idle| self.action.starts_with(idle));
        self.actor.filter(|_| !idle).map(|actor| ContainerId(actor.id.into()))
    }
}
