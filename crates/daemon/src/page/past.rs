//! The page as of a moment: the picture of then, and which moments there are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use journal::{Beside, Past};
use report::graph::{Fit, Scene};
use report::v1;
use serde::Serialize;

use crate::api::history::{self, moment};
use crate::api::params::only;
use crate::daemon::Daemon;
use crate::http::error::ApiError;
use crate::http::extract::Pairs;
use crate::page;

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
    Pairs(pairs): Pairs,
) -> Result<Json<Moments>, ApiError> {
    let now = host::now();
    let at = only("at", pairs)?.map_or(Ok(now), |at| moment(&at))?;
    let reason = match history::folder(&daemon) {
        Ok(folder) => {
            let read = daemon.history.pool.run(move || read(&folder, at, now));
            match read.await? {
                Ok(moments) => return Ok(Json(moments)),
                Err(error) => history::unreadable(&error).message().to_owned(),
            }
        }
        Err(none) => none.message().to_owned(),
    };
    Ok(Json(Moments { now, reason: Some(reason), ..Moments::default() }))
}

fn read(folder: &std::path::Path, at: u64, now: u64) -> std::io::Result<Moments> {
    let past = Past::open(folder, now)?;
    let Beside { before, after } = past.beside(at)?;
    let known: Vec<_> = past.known().into_iter().map(|span| [span.from, span.until]).collect();
    // How it was when a daemon began is what it was before the first change that this one saw.
    let begins = || known.iter().map(|[from, _]| *from);
    let before = begins().filter(|from| *from < at).max().max(before);
    let after = begins().filter(|from| *from > at).chain(after).min();
    Ok(Moments { now, reason: None, known, before, after })
}

/// The part of the page that changes, as it was at `at`. Where that is not known it says so, and has no
/// picture.
pub(super) async fn figure(daemon: &Daemon, at: u64, fit: Fit) -> Result<String, ApiError> {
    let then = match history::snapshot_at(daemon, at).await {
        Ok(then) => then,
        Err(unknown) => {
            let host = daemon.state()?.snapshot.host.clone();
            return Ok(page::unknown(&host, unknown.message()));
        }
    };
    let written = daemon.pool.run(move || {
        let scene = Scene::fitted(&model::resolve(&then), None, fit);
        page::fragment(&scene, &v1::sources(&then))
    });
    written.await
}
