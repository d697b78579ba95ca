//! `GET /v1/events`: server-sent events (HTML Living Standard, section 9.2).
//!
//! A client has no queue here, only the number of the event it has seen last. One that reads
//! slowly holds nothing up; when the events it still needs are forgotten it gets a `reset`
//! with everything, as one that comes for the first time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State as Extract};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::asked::{Pairs, only};
use crate::daemon::Daemon;
use crate::refusal::Refusal;
use crate::state::{Live, State, Told};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// A comment after so much silence, so that either side notices when the other is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// At most so many events are written at once.
const BATCH: usize = 64;

/// `GET /v1/events[?from=now]`.
pub(crate) async fn events(
    Extract(daemon): Extract<Arc<Daemon>>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Result<Response, Refusal> {
    let from_now = match only("from", pairs)?.as_deref() {
        None => false,
        Some("now") => true,
        Some(_) => return Err(Refusal::unclear("from is now, or not given")),
    };
    let seen = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let seen = match seen {
        Some(id) => position(&daemon.live, id),
        None if from_now => Some(daemon.state()?.last),
        None => None,
    };
    let reader = Reader {
        news: daemon.live.follow(),
        stopped: daemon.stopped.clone(),
        live: daemon.clone(),
        seen,
        greeted: false,
    };
    let body = Body::from_stream(stream::unfold(reader, Reader::next));
    Ok(([(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")], body).into_response())
}

/// The number in an id of ours; none if it is another run's, or no id at all.
fn position(live: &Live, id: &str) -> Option<u64> {
    let (boot, number) = id.rsplit_once('-')?;
    if boot == live.boot { number.parse().ok() } else { None }
}

struct Reader {
    news: watch::Receiver<Option<Arc<State>>>,
    stopped: watch::Receiver<bool>,
    live: Arc<Daemon>,
    seen: Option<u64>,
    greeted: bool,
}

impl Reader {
    /// The next piece of the stream; none when the daemon stops.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if !self.greeted {
            // The head of the answer goes out with the first piece, so there is one at once.
            self.greeted = true;
            return Some((Ok(Bytes::from_static(b"retry: 1000\n\n")), self));
        }
        let silence = Instant::now() + HEARTBEAT;
        loop {
            if *self.stopped.borrow_and_update() {
                return None;
            }
            self.news.mark_unchanged();
            if let Some(text) = self.news() {
                return Some((Ok(text.into()), self));
            }
            tokio::select! {
                _ = self.news.changed() => {}
                _ = self.stopped.changed() => {}
                () = sleep_until(silence) => {
                    return Some((Ok(Bytes::from_static(b":\n\n")), self));
                }
            }
        }
    }

    /// What this client has not seen yet.
    fn news(&mut self) -> Option<String> {
        let live = &self.live.live;
        let state = live.now()?;
        let Some(told) = self.seen.and_then(|seen| live.since(seen, BATCH)) else {
            self.seen = Some(state.last);
            return Some(reset(&live.boot, &state));
        };
        self.seen = Some(told.last()?.number);
        Some(told.iter().map(|told| event(&live.boot, told)).collect())
    }
}

fn reset(boot: &str, state: &State) -> String {
    written(Some("reset"), boot, state.last, &state.everything())
}

fn event(boot: &str, told: &Told) -> String {
    written(told.news.name, boot, told.number, &told.news.json)
}

/// JSON is one line: it has no line ends outside of strings, and escapes those within.
fn written(name: Option<&str>, boot: &str, number: u64, json: &str) -> String {
    let name = name.map(|name| format!("event: {name}\n")).unwrap_or_default();
    format!("{name}id: {boot}-{number}\ndata: {json}\n\n")
}
