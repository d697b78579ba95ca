//! The page as of a moment: the picture of then, and which moments there are.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Extension, State as Extract};
use axum::response::Response;
use journal::{Beside, Past};
use model::Snapshot;
use report::graph::{Fit, Scene};
use report::v1;
use serde::Serialize;

use crate::api::history::{self, moment};
use crate::api::params::only;
use crate::daemon::Daemon;
use crate::history::History;
use crate::http::answer::{json_answer, short_json};
use crate::http::error::ApiError;
use crate::http::extract::Pairs;
use crate::json::json;
use crate::page;
use crate::page::routes::{html, sentence};
use crate::places::Owner;

/// So many spans are told at most.
const MAX_SPANS: usize = 200;

/// Which moments can be shown. All are in milliseconds since the Unix epoch, as JavaScript has them.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Moments {
    /// The time by this host's clock.
    now: u64,
    /// Why there are none.
    reason: Option<String>,
    /// The spans that are known, as they are drawn, in the order of time: from, until.
    known: Vec<[u64; 2]>,
    /// When something happened last before the moment, or was known first; and first after it.
    before: Option<u64>,
    after: Option<u64>,
}

/// `GET /moments[?at=TIME]`: what is known of the past, and the changes next to a moment.
pub(crate) async fn moments(
    Extract(daemon): Extract<Arc<Daemon>>,
    Extension(owner): Extension<Owner>,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    let now = host::now();
    let at = only("at", pairs)?.map_or(Ok(now), |at| moment(&at))?;
    let reason = match history::folder(&daemon) {
        Ok(folder) => {
            let work = daemon.history.requests.turn(owner).await;
            let kept = Arc::clone(&daemon.history);
            let read = move || match read(&kept, &folder, at, now) {
                Ok(moments) => Ok(json(&moments)),
                Err(error) => Err(history::unreadable(&error)),
            };
            match work.text(read).await {
                Ok(moments) => return Ok(json_answer(moments)),
                Err(why) => why.message().to_owned(),
            }
        }
        Err(none) => none.message().to_owned(),
    };
    Ok(short_json(&Moments { now, reason: Some(reason), ..Moments::default() }))
}

fn read(kept: &History, folder: &std::path::Path, at: u64, now: u64) -> std::io::Result<Moments> {
    let past = Past::open(folder, now)?;
    let Beside { before, after } = past.beside(at)?;
    let spans = kept.known(&past).into_iter();
    let known: Vec<_> = spans.map(|span| [span.from, span.until]).collect();
    // How it was when a daemon began is what it was before the first change that this one saw.
    let begins = || known.iter().map(|[from, _]| *from);
    let before = begins().filter(|from| *from < at).max().max(before);
    let after = begins().filter(|from| *from > at).chain(after).min();
    Ok(Moments { now, reason: None, known: drawn(known), before, after })
}

/// The spans in the order of time; those that meet are one. Of more than [`MAX_SPANS`] those are one that have
/// the narrowest gaps between them: a daemon that is started again and again has one for each start, and a
/// slider does not show more.
fn drawn(mut spans: Vec<[u64; 2]>) -> Vec<[u64; 2]> {
    spans.sort_unstable();
    let mut apart: Vec<[u64; 2]> = Vec::new();
    for [from, until] in spans {
        match apart.last_mut() {
            Some([_, end]) if from <= *end => *end = until.max(*end),
            _ => apart.push([from, until]),
        }
    }
    let behind = apart.iter().skip(1);
    let gaps = apart.iter().zip(behind).map(|([_, end], [from, _])| (from - end, *from));
    let mut gaps: Vec<_> = gaps.collect();
    gaps.sort_unstable_by_key(|gap| Reverse(*gap));
    let shown: BTreeSet<u64> = gaps.into_iter().take(MAX_SPANS - 1).map(|(_, from)| from).collect();
    let mut drawn: Vec<[u64; 2]> = Vec::new();
    for [from, until] in apart {
        match drawn.last_mut() {
            Some([_, end]) if !shown.contains(&from) => *end = until,
            _ => drawn.push([from, until]),
        }
    }
    drawn
}

/// The part of the page that changes, as it was at `at`. Where that is not known it says so, and has no
/// picture.
pub(super) async fn figure(
    daemon: &Daemon,
    owner: Owner,
    at: u64,
    fit: Fit,
) -> Result<Response, ApiError> {
    let write = move |then: Snapshot| {
        let scene = Scene::fitted(&model::resolve(&then), None, fit);
        page::fragment(&scene, &v1::sources(&then))
    };
    match history::of_then(daemon, owner, at, write).await {
        Ok(written) => Ok(html(written)),
        Err(unknown) => {
            let host = &daemon.state()?.snapshot.host;
            Ok(sentence(page::unknown(host, unknown.message())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_drawn_in_the_order_of_time_and_as_one_where_they_meet() {
        // The clock was set back.
        let known = vec![[50, 60], [10, 20], [20, 30], [12, 25], [70, 70]];
        assert_eq!(drawn(known), [[10, 30], [50, 60], [70, 70]]);
        assert_eq!(drawn(Vec::new()), [[0; 2]; 0]);
    }

    #[test]
    fn of_a_daemon_that_started_often_the_widest_gaps_are_drawn_and_nothing_is_left_out() {
        let starts = |gap: u64, from: u64, many: u64| {
            (0..many).map(move |start| [from + start * (10 + gap), from + start * (10 + gap) + 10])
        };
        let often = starts(1, 1_000_000, 500).chain(starts(900, 0, 150));
        let spans = drawn(often.collect());
        assert_eq!(spans.len(), MAX_SPANS);
        assert_eq!(spans[..150], starts(900, 0, 150).collect::<Vec<_>>());
        assert_eq!(spans.last().map(|[_, until]| *until), Some(1_000_000 + 499 * 11 + 10));
        // All gaps are alike.
        assert_eq!(drawn(starts(5, 0, 1000).collect()).len(), MAX_SPANS);
    }
}
