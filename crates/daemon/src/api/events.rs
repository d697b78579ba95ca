//! `GET /v1/events`: server-sent events (HTML Living Standard, section 9.2).
//!
//! A client has no queue here, only the number of the event it has seen last. One that reads
//! slowly holds nothing up; when the events it still needs are forgotten it gets a `reset`
//! with everything, as one that comes for the first time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State as Extract};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::watch;

use crate::api::params::{Pairs, only};
use crate::daemon::Daemon;
use crate::http::error::ApiError;
use crate::state::{NumberedEvent, Published, State};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// A comment after so much silence, so that either side notices when the other is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// After so long a client whose connection broke is to come again.
const RETRY: Duration = Duration::from_secs(1);
/// At most so many events are taken from the log at once.
const BATCH: usize = 64;

/// `GET /v1/events[?from=now]`.
pub(crate) async fn events(
    Extract(daemon): Extract<Arc<Daemon>>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Result<Response, ApiError> {
    let from_now = match only("from", pairs)?.as_deref() {
        None => false,
        Some("now") => true,
        Some(_) => return Err(ApiError::bad_request("from is now, or not given")),
    };
    let seen = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let seen = match seen {
        Some(id) => position(&daemon.published, id),
        None if from_now => Some(daemon.state()?.last),
        None => None,
    };
    let reader = Reader {
        changes: daemon.published.follow(),
        stopped: daemon.stopped.clone(),
        daemon: daemon.clone(),
        seen,
    };
    Ok(([(CACHE_CONTROL, "no-store")], respond(reader.events())).into_response())
}

fn respond(events: impl Stream<Item = sse::Event> + Send + 'static) -> impl IntoResponse {
    // The head of the answer goes out with the first event, so there is one at once.
    let first = stream::iter([sse::Event::default().retry(RETRY)]);
    let events = first.chain(events).map(Ok::<_, Infallible>);
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}

/// The number in an id of ours; none if it is another run's, or no id at all.
fn position(published: &Published, id: &str) -> Option<u64> {
    let (boot, number) = id.rsplit_once('-')?;
    if boot == published.boot { number.parse().ok() } else { None }
}

struct Reader {
    changes: watch::Receiver<Option<Arc<State>>>,
    stopped: watch::Receiver<bool>,
    daemon: Arc<Daemon>,
    seen: Option<u64>,
}

impl Reader {
    /// All that comes, until the daemon stops.
    fn events(self) -> impl Stream<Item = sse::Event> + Send + 'static {
        stream::unfold(self, Self::next).flat_map(stream::iter)
    }

    /// The next events; none when the daemon stops.
    async fn next(mut self) -> Option<(Vec<sse::Event>, Self)> {
        loop {
            if *self.stopped.borrow_and_update() {
                return None;
            }
            self.changes.mark_unchanged();
            if let Some(events) = self.unseen() {
                return Some((events, self));
            }
            tokio::select! {
                _ = self.changes.changed() => {}
                _ = self.stopped.changed() => {}
            }
        }
    }

    /// What this client has not seen yet.
    fn unseen(&mut self) -> Option<Vec<sse::Event>> {
        let published = &self.daemon.published;
        let state = published.now()?;
        let Some(events) = self.seen.and_then(|seen| published.since(seen, BATCH)) else {
            self.seen = Some(state.last);
            return Some(vec![reset(&published.boot, &state)]);
        };
        self.seen = Some(events.last()?.number);
        Some(events.iter().map(|event| numbered(&published.boot, event)).collect())
    }
}

fn reset(boot: &str, state: &State) -> sse::Event {
    written(Some("reset"), boot, state.last, &state.everything())
}

fn numbered(boot: &str, numbered: &NumberedEvent) -> sse::Event {
    let event = &numbered.event;
    written(event.name, boot, numbered.number, &event.json)
}

fn written(name: Option<&str>, boot: &str, number: u64, json: &str) -> sse::Event {
    let event = name.map_or_else(sse::Event::default, |name| sse::Event::default().event(name));
    event.id(format!("{boot}-{number}")).data(json)
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use tokio::time::sleep;

    use super::*;

    async fn text(answer: Response) -> String {
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn events_are_written_with_name_id_and_one_line_of_json() {
        let events = [written(Some("reset"), "a", 3, "{}"), written(None, "a", 4, "[1]")];
        let expected = "retry: 1000\n\nevent: reset\nid: a-3\ndata: {}\n\nid: a-4\ndata: [1]\n\n";
        assert_eq!(text(respond(stream::iter(events)).into_response()).await, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_filled_with_comments() {
        let late = async {
            sleep(HEARTBEAT * 5 / 2).await;
            written(None, "a", 1, "[]")
        };
        let answer = respond(stream::once(late)).into_response();
        let expected = "retry: 1000\n\n:\n\n:\n\nid: a-1\ndata: []\n\n";
        assert_eq!(text(answer).await, expected);
    }
}
