//! `GET /v1/events`: server-sent events (HTML Living Standard, section 9.2).
//!
//! A client has no queue here, only the number of the event it has seen last. One that reads
//! slowly holds nothing up; when the events it still needs are forgotten it gets a `reset`
//! with everything, as one that comes for the first time. What it has not taken yet is at most one
//! `reset` with what is owed, or a few events: hyper asks for no more while it has 16 KiB of them. Each is
//! written once for all clients, and counts against those that have not taken it.

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
use crate::http::until::Until;
use crate::places::Owner;
use crate::shared_texts::SharedTexts;
use crate::state::renderings::Part;
use crate::state::{NextEvent, Published, State};

/// A comment after so much silence, so that either side notices when the other is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// After so long, in milliseconds, a client whose connection broke is to come again. The head of the
/// answer goes out with it, so it is said at once.
const RETRY: &str = "retry: 1000\n\n";

/// `GET /v1/events[?from=now]`.
pub(crate) async fn events(
    Extract(daemon): Extract<Arc<Daemon>>,
    Extension(owner): Extension<Owner>,
    Extension(until): Extension<Until>,
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
    Ok(respond(reader.events(), until))
}

/// A stream of events, which goes on until its client has to show another token.
pub(super) fn respond(
    events: impl Stream<Item = Bytes> + Send + 'static,
    until: Until,
) -> Response {
    let first = stream::iter([Bytes::from_static(RETRY.as_bytes())]);
    let body = Body::from_stream(first.chain(alive(events, until)).map(Ok::<_, Infallible>));
    let heads = [(CACHE_CONTROL, "no-store"), (CONTENT_TYPE, "text/event-stream")];
    (heads, body).into_response()
}

/// The events, and a comment wherever there is none for long.
fn alive(
    events: impl Stream<Item = Bytes> + Send + 'static,
    until: Until,
) -> impl Stream<Item = Bytes> + Send {
    stream::unfold((Box::pin(events), until), |(mut events, mut until)| async move {
        let next = tokio::select! {
            biased;
            () = until.is_over() => return None,
            next = timeout(HEARTBEAT, events.next()) => next,
        };
        match next {
            Ok(next) => next.map(|event| (event, (events, until))),
            Err(_) => Some((Bytes::from_static(b":\n\n"), (events, until))),
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

    /// What this client has not seen yet. Its turn comes first: who waits for it keeps no event that is
    /// forgotten meanwhile.
    async fn unseen(&mut self) -> Option<Bytes> {
        let last = self.daemon.published.now()?.last;
        if self.seen == Some(last) {
            return None;
        }
        let share = self.unless_stopped(self.daemon.events_shares.turn(self.owner)).await?;
        let after = |seen| self.daemon.published.after(seen);
        match self.seen.map_or(NextEvent::Forgotten, after) {
            NextEvent::Known(event) => {
                let text = self.unless_stopped(share.hold(event.text)).await?;
                self.seen = Some(event.number);
                Some(text.into_bytes())
            }
            NextEvent::NoneYet => None,
            NextEvent::Forgotten => {
                drop(share);
                self.reset().await
            }
        }
    }

    /// Everything, for one that has seen nothing yet, or not all that is forgotten.
    async fn reset(&mut self) -> Option<Bytes> {
        let share = self.unless_stopped(self.daemon.shares.turn(self.owner)).await?;
        // There was a look, so only the daemon's end is a reason for none.
        let reset = self.daemon.rendered(Part::Reset).await.ok()?;
        let text = self.unless_stopped(share.hold(reset.text)).await?;
        // Afterwards: what becomes owed from here on is told by an event that comes later.
        let owed = match self.daemon.restores.owed().event() {
            Some(event) => Some(self.counted(&self.daemon.events_shares, event).await?),
            None => None,
        };
        (self.seen, self.owed) = (Some(reset.last), owed);
        Some(text.into_bytes())
    }

    /// A text that others get too, once this client has room for it.
    async fn counted(&self, shares: &SharedTexts, text: Bytes) -> Option<Bytes> {
        let share = self.unless_stopped(shares.turn(self.owner)).await?;
        Some(self.unless_stopped(share.hold(text)).await?.into_bytes())
    }

    /// What is waited for; none when the daemon stops.
    async fn unless_stopped<T>(&self, wait: impl Future<Output = T>) -> Option<T> {
        let mut stopped = self.stopped.clone();
        tokio::select! {
            done = wait => Some(done),
            _ = stopped.wait_for(|stopped| *stopped) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use axum::body::{BodyDataStream, to_bytes};
    use futures_util::FutureExt;
    use host::Origin;
    use model::{Look, Snapshot};
    use report::v1;
    use tokio::time::sleep;

    use super::*;
    use crate::api::health;
    use crate::settings::Build;
    use crate::state::{Event, NumberedEvent};

    async fn text(answer: Response) -> String {
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn written(name: Option<&'static str>, number: u64, json: &str) -> Bytes {
        let event = Event { name, json: json.to_owned() };
        NumberedEvent::new("a", number, &event).text
    }

    #[test]
    fn events_are_written_with_name_id_and_one_line_of_json() {
        assert_eq!(written(Some("sources"), 3, "[]"), "event: sources\nid: a-3\ndata: []\n\n");
        assert_eq!(written(None, 4, "{}"), "id: a-4\ndata: {}\n\n");
    }

    const CROWD: Owner = Owner::User(33);
    const KIB: usize = 1 << 10;
    const MIB: usize = 1 << 20;

    /// One that has looked at a host once.
    fn daemon() -> (watch::Sender<bool>, Arc<Daemon>) {
        let (stop, stopped) = watch::channel(false);
        let build = Build { version: "1", commit: "unknown", date: "unknown" };
        let text = include_str!("../../../cli/tests/scenes/article.json");
        let snapshot: Snapshot = serde_json::from_str(text).unwrap();
        let origin = Origin::recorded(snapshot.clone());
        let boot = "run".to_owned();
        let daemon = Daemon::new(origin, boot, Vec::new(), None, stopped, build, None);
        let look = Look::new(snapshot);
        let told = look.wiring.clone();
        drop(daemon.published.publish(look, told, Vec::new()));
        (stop, Arc::new(daemon))
    }

    fn tell(daemon: &Daemon, bytes: usize) {
        daemon.published.tell(&Event { name: None, json: "x".repeat(bytes) });
    }

    /// A stream that has seen so many events, or none at all, and has been told when to come again.
    async fn stream(daemon: &Arc<Daemon>, seen: Option<u64>) -> BodyDataStream {
        let mut headers = HeaderMap::new();
        headers.extend(seen.map(|seen| (EVENT_ID, format!("run-{seen}").parse().unwrap())));
        let (here, owner) = (Extract(daemon.clone()), Extension(CROWD));
        let answer = events(here, owner, Extension(Until::default()), headers, Pairs(Vec::new()));
        let mut stream = answer.await.unwrap().into_body().into_data_stream();
        assert_eq!(stream.next().await.unwrap().unwrap(), RETRY);
        stream
    }

    /// What comes at once, as hyper takes it of a client that takes nothing: until there are 16 KiB.
    async fn buffered(stream: &mut BodyDataStream) -> Vec<Bytes> {
        let (mut all, mut bytes) = (Vec::new(), 0);
        // A task that has done much is made to wait once, which is nothing of the stream's.
        tokio::task::yield_now().await;
        while bytes < 16 * KIB
            && let Some(Some(Ok(text))) = stream.next().now_or_never()
        {
            bytes += text.len();
            all.push(text);
        }
        all
    }

    /// How much memory all of them keep.
    fn kept(texts: &[Bytes]) -> usize {
        let each: BTreeMap<_, _> =
            texts.iter().map(|text| (text.as_ptr().addr(), text.len())).collect();
        each.values().sum()
    }

    #[tokio::test]
    async fn streams_that_take_no_events_share_them() {
        let (_stop, daemon) = daemon();
        for bytes in [64 * KIB, 100, 400 * KIB, 1000, 1000, MIB] {
            tell(&daemon, bytes);
        }
        let (mut streams, mut texts) = (Vec::new(), Vec::new());
        for n in 0..256 {
            let mut one = stream(&daemon, Some(n % 6)).await;
            let taken = buffered(&mut one).await;
            assert!(!taken.is_empty(), "{n}");
            texts.extend(taken);
            streams.push(one);
        }
        let log = 64 * KIB + 100 + 400 * KIB + 2000 + MIB;
        let kept = kept(&texts);
        assert!(kept < log + 100 * 6, "{kept} bytes of {log}");
    }

    #[tokio::test]
    async fn what_streams_do_not_take_is_bounded_also_of_what_is_forgotten() {
        let (_stop, daemon) = daemon();
        let (mut streams, mut texts) = (Vec::new(), Vec::new());
        for n in 0..256 {
            tell(&daemon, MIB);
            let mut one = stream(&daemon, Some(n)).await;
            texts.extend(buffered(&mut one).await);
            streams.push(one);
        }
        let held = kept(&texts);
        assert!((30 * MIB..=32 * MIB).contains(&held), "{held} bytes");
        // It is told more as soon as it has taken something.
        drop(texts);
        let mut told = 0;
        for one in &mut streams {
            told += buffered(one).await.len();
        }
        assert!(told > 1, "{told}");
    }

    #[tokio::test]
    async fn what_is_owed_is_written_once_for_all_streams() {
        let (_stop, daemon) = daemon();
        let row = |n: usize| v1::Owed {
            container: format!("container{n}"),
            id: "0".repeat(64),
            interface: "eth0".to_owned(),
            bridge: "br0".to_owned(),
            ofport: Some(1),
            since: "2026-01-01T00:00:00.000Z".to_owned(),
            reason: "vswitchd does not answer".to_owned(),
        };
        daemon.restores.owe((0..3000).map(row).collect(), &daemon.published);
        let (mut streams, mut texts) = (Vec::new(), Vec::new());
        for _ in 0..256 {
            let mut one = stream(&daemon, None).await;
            texts.push(one.next().await.unwrap().unwrap());
            texts.push(one.next().await.unwrap().unwrap());
            streams.push(one);
        }
        let owed = texts.iter().find(|text| text.starts_with(b"event: owed\ndata: [")).unwrap();
        let kept = kept(&texts);
        assert!(owed.len() > 500 * KIB && kept < 2 * owed.len(), "{kept} bytes");
        let mut answers = Vec::new();
        for _ in 0..256 {
            let answer = health(Extract(daemon.clone()), Extension(CROWD)).await;
            let mut body = answer.into_body().into_data_stream();
            answers.push(body.next().await.unwrap().unwrap());
        }
        let told: serde_json::Value = serde_json::from_slice(&answers[0]).unwrap();
        assert_eq!(told["Owed"].as_array().unwrap().len(), 3000);
        assert!(answers.iter().all(|text| text.as_ptr() == answers[0].as_ptr()));
        daemon.restores.owe(Vec::new(), &daemon.published);
        let answer = text(health(Extract(daemon.clone()), Extension(CROWD)).await);
        assert!(answer.await.contains("\"Owed\":[]"));
    }

    #[tokio::test]
    async fn a_stream_ends_where_its_client_has_to_show_another_token() {
        let token = watch::Sender::new(Arc::<str>::from("first"));
        let shown = token.subscribe();
        let events =
            stream::unfold(0, |n| async move { (n < 1).then_some((written(None, n, "{}"), 1)) });
        let never = stream::pending();
        let mut all = Box::pin(alive(events.chain(never), Until::token_changes(shown)));
        assert!(all.next().await.is_some());
        assert!(all.next().now_or_never().is_none());
        token.send_replace("second".into());
        assert!(all.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_filled_with_comments() {
        let late = async {
            sleep(HEARTBEAT * 5 / 2).await;
            written(None, 1, "[]")
        };
        let answer = respond(stream::once(late), Until::default());
        let expected = "retry: 1000\n\n:\n\n:\n\nid: a-1\ndata: []\n\n";
        assert_eq!(text(answer).await, expected);
    }
}
