//! `GET /v1/events`: server-sent events (HTML Living Standard, section 9.2).
//!
//! A client has no queue here, only the number of the event it has seen last. One that reads
//! slowly holds nothing up; when the events it still needs are forgotten it gets a `reset`
//! with everything, as one that comes for the first time. What it has not taken yet is at most one
//! `reset`, which all clients of a look share and which is held against it, or [`BATCH`] events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, State as Extract};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::api::EVENT_ID;
use crate::api::params::only;
use crate::daemon::Daemon;
use crate::http::error::ApiError;
use crate::http::extract::Pairs;
use crate::http::places::Owner;
use crate::state::renderings::Part;
use crate::state::{NumberedEvent, Published, State, json};

/// A comment after so much silence, so that either side notices when the other is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// After so long, in milliseconds, a client whose connection broke is to come again. The head of the
/// answer goes out with it, so it is said at once.
const RETRY: &str = "retry: 1000\n\n";
/// At most so many events are taken from the log at once.
const BATCH: usize = 64;

/// `GET /v1/events[?from=now]`.
pub(crate) async fn events(
    Extract(daemon): Extract<Arc<Daemon>>,
    Extension(owner): Extension<Owner>,
    headers: HeaderMap,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    let from_now = match only("from", pairs)?.as_deref() {
        None => false,
        Some("now") => true,
        Some(_) => return Err(ApiError::bad_request("from is now, or not given")),
    };
    let seen = headers.get(EVENT_ID).and_then(|id| id.to_str().ok());
    let seen = match seen {
        Some(id) => position(&daemon.published, id),
        None if from_now => Some(daemon.state()?.last),
        None => None,
    };
    let reader = Reader {
        changes: daemon.published.follow(),
        stopped: daemon.stopped.clone(),
        daemon: daemon.clone(),
        owner,
        seen,
        owed: None,
    };
    Ok(respond(reader.events()))
}

fn respond(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let first = stream::iter([Bytes::from_static(RETRY.as_bytes())]);
    let body = Body::from_stream(first.chain(alive(events)).map(Ok::<_, Infallible>));
    let heads = [(CACHE_CONTROL, "no-store"), (CONTENT_TYPE, "text/event-stream")];
    (heads, body).into_response()
}

/// The events, and a comment wherever there is none for long.
pub(super) fn alive(
    events: impl Stream<Item = Bytes> + Send + 'static,
) -> impl Stream<Item = Bytes> + Send {
    stream::unfold(Box::pin(events), |mut events| async move {
        match timeout(HEARTBEAT, events.next()).await {
            Ok(next) => next.map(|event| (event, events)),
            Err(_) => Some((Bytes::from_static(b":\n\n"), events)),
        }
    })
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
    owner: Owner,
    seen: Option<u64>,
    /// What was owed at the last `reset`, which is told next.
    owed: Option<Bytes>,
}

impl Reader {
    /// All that comes, until the daemon stops.
    fn events(self) -> impl Stream<Item = Bytes> + Send + 'static {
        stream::unfold(self, Self::next)
    }

    /// The next events; none when the daemon stops.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        loop {
            if *self.stopped.borrow_and_update() {
                return None;
            }
            self.changes.mark_unchanged();
            if let Some(owed) = self.owed.take() {
                return Some((owed, self));
            }
            if let Some(events) = self.unseen().await {
                return Some((events, self));
            }
            tokio::select! {
                _ = self.changes.changed() => {}
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
            }
        }
    }

    /// What this client has not seen yet.
    async fn unseen(&mut self) -> Option<Bytes> {
        let published = &self.daemon.published;
        published.now()?;
        let Some(events) = self.seen.and_then(|seen| published.since(seen, BATCH)) else {
            return self.reset().await;
        };
        self.seen = Some(events.last()?.number);
        let mut text = String::new();
        for event in &events {
            numbered(&mut text, &published.boot, event);
        }
        Some(text.into())
    }

    /// Everything, for one that has seen nothing yet, or not all that is forgotten.
    async fn reset(&mut self) -> Option<Bytes> {
        let share = tokio::select! {
            share = self.daemon.shares.turn(self.owner) => share,
            _ = self.stopped.wait_for(|stopped| *stopped) => return None,
        };
        // There was a look, so only the daemon's end is a reason for none.
        let reset = self.daemon.rendered(Part::Reset).await.ok()?;
        self.seen = Some(reset.last);
        // Afterwards: what becomes owed from here on is told by an event that comes later.
        let owed = self.daemon.restores.owed();
        self.owed = (!owed.is_empty()).then(|| unnumbered("owed", &json(&owed)).into());
        tokio::select! {
            text = share.hold(reset.text) => Some(text),
            _ = self.stopped.wait_for(|stopped| *stopped) => None,
        }
    }
}

/// An event that is no change, and has no number.
fn unnumbered(name: &str, json: &str) -> String {
    format!("event: {name}\ndata: {json}\n\n")
}

/// One event, by the name and with the data that it has.
fn numbered(text: &mut String, boot: &str, numbered: &NumberedEvent) {
    let NumberedEvent { number, event } = numbered;
    if let Some(name) = event.name {
        text.extend(["event: ", name, "\n"]);
    }
    text.extend([&format!("id: {boot}-{number}\ndata: "), &*event.json, "\n\n"]);
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use tokio::time::sleep;

    use super::*;
    use crate::state::Event;

    async fn text(answer: Response) -> String {
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn written(name: Option<&'static str>, number: u64, json: &str) -> String {
        let mut text = String::new();
        let event = Event { name, json: json.into() };
        numbered(&mut text, "a", &NumberedEvent { number, event });
        text
    }

    #[test]
    fn events_are_written_with_name_id_and_one_line_of_json() {
        assert_eq!(written(Some("sources"), 3, "[]"), "event: sources\nid: a-3\ndata: []\n\n");
        assert_eq!(written(None, 4, "{}"), "id: a-4\ndata: {}\n\n");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_filled_with_comments() {
        let late = async {
            sleep(HEARTBEAT * 5 / 2).await;
            written(None, 1, "[]").into()
        };
        let answer = respond(stream::once(late));
        let expected = "retry: 1000\n\n:\n\n:\n\nid: a-1\ndata: []\n\n";
        assert_eq!(text(answer).await, expected);
    }
}
