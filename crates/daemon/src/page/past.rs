//! The page as of a moment: the picture of then, and which moments there are.

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
use crate::http::places::Owner;
use crate::page;
use crate::page::routes::{html, sentence};
use crate::state::json;

/// Which moments can be shown. All are in milliseconds since the Unix epoch, as JavaScript has them.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Moments {
    /// The time by this host's clock.
    now: u64,
    /// Why there are none.
    reason: Option<String>,
    /// The spans that are known, in the order in which they were kept: from, until.
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
    Ok(Moments { now, reason: None, known, before, after })
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
