//! `GET /v1/history`: what was kept of the past.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, State as Extract};
use axum::http::StatusCode;
use axum::response::Response;
use journal::{LAG, Moment, Past, Unknown};
use model::Snapshot;
use model::moment::rfc3339;
use model::timeline::Event;
use model::who::{WhoQuery, is_about, is_tenant_about};
use report::v1;
use tokio::time::sleep;

use crate::api::params::once;
use crate::daemon::Daemon;
use crate::http::answer::{json_answer, short_json};
use crate::http::error::ApiError;
use crate::http::extract::Pairs;
use crate::json::json;
use crate::places::Owner;
use crate::turns::CountedText;

/// So many events are in one answer,
const MAX_EVENTS: usize = 10_000;
/// unless they are longer than this, in bytes of JSON.
const MAX_BYTES: usize = 16 << 20;

/// `GET /v1/history?since=&until=&what=`.
pub(crate) async fn history(
    Extract(daemon): Extract<Arc<Daemon>>,
    Extension(owner): Extension<Owner>,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    let asked = HistoryRequest::read(pairs)?;
    // Of nothing that is kept nothing is known.
    let Ok(folder) = folder(&daemon) else {
        return Ok(short_json(&v1::History::new(std::iter::empty(), Vec::new(), false)));
    };
    let work = daemon.history.requests.turn(owner).await;
    Ok(json_answer(work.text(move || Ok(json(&told(&folder, &asked)?))).await?))
}

/// What is asked for.
pub(crate) struct HistoryRequest {
    since: u64,
    until: u64,
    what: Option<String>,
}

impl HistoryRequest {
    pub(crate) fn read(pairs: Vec<(String, String)>) -> Result<Self, ApiError> {
        let (mut since, mut until, mut what) = (None, None, None);
        for (key, value) in pairs {
            match key.as_str() {
                "since" => once(&mut since, &key, moment(&value)?)?,
                "until" => once(&mut until, &key, moment(&value)?)?,
                "what" => once(&mut what, &key, value)?,
                _ => {
                    let message = format!("{key:?} means nothing here: use since, until and what");
                    return Err(ApiError::bad_request(message));
                }
            }
        }
        Ok(Self { since: since.unwrap_or_default(), until: until.unwrap_or(u64::MAX), what })
    }
}

/// A moment in a URL: RFC 3339, or milliseconds since the Unix epoch.
pub(crate) fn moment(text: &str) -> Result<u64, ApiError> {
    model::moment::parse(text).ok_or_else(|| {
        let wanted =
            "use RFC 3339, as in 2026-11-26T02:10:00Z, or milliseconds since 1970, not after 9999";
        ApiError::bad_request(format!("{text:?} is no moment: {wanted}"))
    })
}

/// Where the journal is.
///
/// # Errors
/// This daemon keeps none.
pub(crate) fn folder(daemon: &Daemon) -> Result<PathBuf, ApiError> {
    let kept = daemon.history.settings.as_ref().map(|settings| settings.folder.clone());
    kept.ok_or_else(|| ApiError::not_found("this daemon keeps no history"))
}

fn told(folder: &std::path::Path, asked: &HistoryRequest) -> Result<v1::History, ApiError> {
    let past = Past::open(folder, host::now()).map_err(|error| unreadable(&error))?;
    let query = asked.what.as_deref().map(|word| (word, WhoQuery::from(word)));
    let mut answer = HistoryPage::default();
    let take = |event: Event| {
        let is_asked = query.as_ref().is_none_or(|(word, query)| is_about(&event, word, query));
        let word = asked.what.as_deref();
        !is_asked
            || answer.take(v1::Event::told(&event, |of, who| {
                word.is_none_or(|word| is_tenant_about(of, who, word))
            }))
    };
    past.events(asked.since, asked.until, take).map_err(|error| unreadable(&error))?;
    let HistoryPage { events, is_more, .. } = answer;
    let known = past.known_between(asked.since, asked.until).into_iter();
    let known = known.map(|span| (span.from, span.until));
    Ok(v1::History::new(known, events, is_more))
}

/// As many of the events that are asked for as one answer has.
#[derive(Default)]
struct HistoryPage {
    events: Vec<v1::Event>,
    /// As JSON.
    bytes: usize,
    /// Whether there are others.
    is_more: bool,
}

impl HistoryPage {
    /// Takes an event; whether it did, so that another one may follow.
    fn take(&mut self, event: v1::Event) -> bool {
        self.is_more = self.is_full();
        if !self.is_more {
            self.bytes += json(&event).len();
            self.events.push(event);
        }
        !self.is_more
    }

    fn is_full(&self) -> bool {
        // Who asks again from the time of the last one on is not to be given the same events.
        let first = self.events.first().map(|event| &event.time);
        let goes_on = self.events.last().map(|event| &event.time) != first;
        self.events.len() >= MAX_EVENTS || (self.bytes >= MAX_BYTES && goes_on)
    }
}

/// What `write` makes of the host as it was at `at`, in milliseconds since the Unix epoch.
///
/// # Errors
/// No history is kept, or it does not know that moment.
pub(crate) async fn of_then(
    daemon: &Daemon,
    owner: Owner,
    at: u64,
    write: impl FnOnce(Snapshot) -> String + Send + 'static,
) -> Result<CountedText, ApiError> {
    let folder = folder(daemon)?;
    let now = host::now();
    if at <= now {
        // What was seen in the last second may be on its way to the disk.
        let settled = Duration::from_millis(at).saturating_add(LAG);
        sleep(settled.saturating_sub(Duration::from_millis(now))).await;
    }
    let text = daemon.history.requests.turn(owner).await.text(move || {
        let past = Past::open(&folder, host::now()).map_err(|error| unreadable(&error))?;
        let found = past.at(at).map_err(|error| unreadable(&error))?;
        let Moment { snapshot, .. } = found.map_err(|unknown| not_known(at, unknown))?;
        Ok(write(snapshot))
    });
    text.await
}

fn not_known(at: u64, unknown: Unknown) -> ApiError {
    let Unknown { before, after } = unknown;
    let told = |at: Option<u64>| at.map_or_else(|| "nothing".to_owned(), rfc3339);
    let at = rfc3339(at);
    let before = told(before);
    let after = told(after);
    let why = format!("{at} is not known: before it {before} is the last known, after it {after}");
    ApiError::not_found(why)
}

/// 503: the system's word on the journal.
pub(crate) fn unreadable(error: &std::io::Error) -> ApiError {
    let why = format!("the history cannot be read: {error}");
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, why)
}

#[cfg(test)]
mod tests {
    use model::timeline::Change;

    use super::*;

    /// An event of an attachment whose container has so long a name, in bytes.
    fn event(at: u64, length: usize) -> v1::Event {
        let text = include_str!("../../../cli/tests/scenes/article.json");
        let wiring = model::resolve(&serde_json::from_str(text).unwrap());
        let of = wiring.attachments[0].clone();
        let event = v1::Event::from(&Event { at, change: Change::Vanished(Box::new(of)) });
        v1::Event { container: "x".repeat(length), ..event }
    }

    fn at(at: u64, event: &v1::Event) -> v1::Event {
        v1::Event { time: rfc3339(at), ..event.clone() }
    }

    /// How many of the events are in an answer, and whether there are others.
    fn answered(mut events: impl Iterator<Item = v1::Event>) -> (usize, bool) {
        let mut answer = HistoryPage::default();
        let _ = events.all(|event| answer.take(event));
        (answer.events.len(), answer.is_more)
    }

    #[test]
    fn an_answer_is_bounded_in_events_and_in_bytes() {
        const MIB: usize = 1 << 20;
        let (short, long) = (event(0, 1), event(0, MIB));
        let many = |count: u64, of| answered((0..count).map(move |time| at(time, of)));
        assert_eq!(many(10_000, &short), (10_000, false));
        assert_eq!(many(10_001, &short), (10_000, true));
        assert_eq!(many(20, &long), (16, true));
        assert_eq!(many(16, &long), (16, false));
    }

    #[test]
    fn from_the_last_event_of_an_answer_on_there_are_others() {
        let long = event(7, 1 << 20);
        let of = |time: u64, count: usize| std::iter::repeat_n(at(time, &long), count);
        // What happened at one moment is told whole, and something behind it.
        assert_eq!(answered(of(7, 40)), (40, false));
        assert_eq!(answered(of(7, 40).chain(of(8, 2))), (41, true));
    }

    #[test]
    fn a_question_has_one_time_and_one_subject() {
        let read = |query: &[(&str, &str)]| {
            let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            HistoryRequest::read(query.iter().map(pair).collect())
        };
        let asked = read(&[("since", "5"), ("until", "7"), ("what", "web")]).unwrap();
        assert_eq!((asked.since, asked.until, asked.what.as_deref()), (5, 7, Some("web")));
        for key in ["since", "until", "what"] {
            assert!(read(&[(key, "5"), (key, "7")]).is_err(), "{key}");
        }
        for late in ["253402300800000", "9999999999999999", "18446744073709551615"] {
            assert!(
                read(&[("until", late)]).is_err() && read(&[("since", late)]).is_err(),
                "{late}"
            );
        }
    }
}
