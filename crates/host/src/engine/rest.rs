//! What engines have in common that are asked by HTTP and JSON: the Docker Engine API and libpod.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use model::ids::ContainerId;
use model::{SourceError, SourceErrorKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::discovery::user_of;
use super::{Event, Events, Peer};
use crate::failure;
use crate::identity::peer::listener;
use crate::transport::{Endpoint, Http, HttpError, Lines};

/// Fewer than Docker keeps for a slow client: 1,024. It drops what is beyond that, and
/// does not say so (moby, `daemon/events` and `pkg/pubsub`). After so many events the containers
/// are listed again.
const LIST_AFTER: usize = 1000;

/// The longest replies of a user's engine, and what is held of one, in bytes: some thousand
/// containers. There may be many users.
const LONGEST_OF_USER: usize = 2 << 20;
const HELD_OF_USER: usize = 4 << 20;

/// A client of one engine.
#[derive(Clone)]
pub(super) struct Rest {
    pub(super) http: Arc<Http>,
    /// How messages call the engine: `Docker`.
    name: &'static str,
    /// What to do where there is no such socket, and where it may not be used.
    hints: Hints,
}

/// What to do about an engine that cannot be asked.
#[derive(Clone, Copy)]
pub(super) struct Hints {
    /// There is no such socket.
    pub(super) missing: &'static str,
    /// Who may use it.
    pub(super) denied: &'static str,
}

impl Rest {
    pub(super) fn new(name: &'static str, endpoint: Endpoint, hints: Hints) -> Self {
        let of_user = matches!(&endpoint, Endpoint::Unix(path) if user_of(path).is_some());
        let http = Http::new(endpoint);
        let http = if of_user { http.within(LONGEST_OF_USER, HELD_OF_USER) } else { http };
        Self { http: Arc::new(http), name, hints }
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, SourceError> {
        self.http.get(path).await.map_err(|error| self.source_error(&error))
    }

    pub(super) fn address(&self) -> String {
        self.http.endpoint().to_string()
    }

    pub(super) fn what(&self) -> String {
        format!("{} at {}", self.name, self.http.endpoint())
    }

    pub(super) fn peer(&self) -> Peer {
        match (self.http.endpoint(), self.http.peer()) {
            (Endpoint::Tcp(_), _) => Peer::Network,
            (Endpoint::Unix(_), None) => Peer::Untold,
            (Endpoint::Unix(_), Some(pid)) => Peer::Process(pid),
        }
    }

    /// The process that listens at the engine's socket now; none where that is not told.
    pub(super) fn listener(&self) -> Option<u32> {
        match self.http.endpoint() {
            Endpoint::Tcp(_) => None,
            Endpoint::Unix(path) => listener(path).ok(),
        }
    }

    /// Ends with any answer: each is a sign of life.
    pub(super) async fn ping(&self, path: &str) -> Result<(), SourceError> {
        match self.http.bytes(path).await {
            Ok(_) | Err(HttpError::Refused { .. }) => Ok(()),
            Err(error) => Err(self.source_error(&error)),
        }
    }

    /// What happens to containers from now on: a line of JSON each.
    pub(super) async fn events(&self, path: &str) -> Result<Events, SourceError> {
        let lines = self.http.lines(path).await.map_err(|error| self.source_error(&error))?;
        let events = EventStream { lines, engine: self.clone(), count: 0 };
        Ok(stream::try_unfold(events, async |mut events| {
            let event = events.next().await?;
            Ok(Some((event, events)))
        })
        .boxed())
    }

    pub(super) fn source_error(&self, error: &HttpError) -> SourceError {
        let what = self.what();
        match error {
            HttpError::Connect(error) if error.kind() == std::io::ErrorKind::NotFound => {
                SourceError::new(SourceErrorKind::Unreachable, what, "there is no such socket")
                    .hint(self.hints.missing)
            }
            // Not the same as none: what runs containers may have run some, and they live on.
            HttpError::Connect(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                SourceError::new(SourceErrorKind::Gone, what, "connection refused")
                    .hint("nothing listens at its socket: is the daemon running?")
            }
            HttpError::Broken(error) if error.is_incomplete_message() => {
                SourceError::new(SourceErrorKind::Gone, what, "it closed the connection")
            }
            HttpError::Refused { status: 403, message } => {
                SourceError::new(SourceErrorKind::Denied, what, message)
                    .hint("a socket proxy must allow GET on /containers")
            }
            // What the engine has not got itself was told apart already: it has no such API.
            HttpError::Refused { status: 404, message } => {
                SourceError::new(SourceErrorKind::Unusable, what, format!("status 404: {message}"))
                    .hint(
                        "another kind of engine may listen there: --engine KIND=ADDRESS says which",
                    )
            }
            _ => failure::of_chain(what, error, self.hints.denied),
        }
    }
}

/// The engines' own rule is `[a-zA-Z0-9][a-zA-Z0-9_.-]*`; anything else would change the URL.
pub(super) fn can_name_a_container(wanted: &str) -> bool {
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    wanted.bytes().all(inside) && wanted.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// The stream of events.
struct EventStream {
    engine: Rest,
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
        let line = self.lines.next().await.map_err(|error| self.engine.source_error(&error))?;
        let ended = || {
            let why = "its stream of events ended";
            SourceError::new(SourceErrorKind::Gone, self.engine.what(), why)
        };
        let line = line.ok_or_else(ended)?;
        self.count += 1;
        let about = about(&line).map_err(|error| self.engine.source_error(&HttpError::Json(error)));
        Ok(about?.map_or(Event::Idle, Event::Changed))
    }
}

/// The container that an event is about, if it is about one.
pub(super) fn about(line: &[u8]) -> Result<Option<ContainerId>, serde_json::Error> {
    Ok(serde_json::from_slice::<EventMessage>(line)?.about())
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
        let idle = IDLE.iter().any(|idle| self.action.starts_with(idle)) || self.action == "exec";
        let named = self.actor.filter(|actor| can_name_a_container(&actor.id));
        named.filter(|_| !idle).map(|actor| ContainerId(actor.id.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::can_name_a_container;

    #[test]
    fn words_that_would_change_the_url_name_no_container() {
        for word in ["", "../info", "a/b", "a?all=1", "-x", ".", "a b", "ü"] {
            assert!(!can_name_a_container(word), "{word:?}");
        }
        assert!(can_name_a_container("web_1.test-2"));
    }
}
