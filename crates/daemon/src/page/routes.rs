//! The paths of the page: the whole of it, its files, and what changes in it.

use std::sync::Arc;

use axum::extract::{Path, State as Extract};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use report::graph::Scene;
use report::v1::sources;

use crate::api::tag;
use crate::daemon::Daemon;
use crate::http::error::ApiError;
use crate::page::{self, POLICY};
use crate::state::State;

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// `GET /`.
pub(crate) async fn page(Extract(daemon): Extract<Arc<Daemon>>) -> Result<Response, ApiError> {
    let state = daemon.state()?;
    Ok(part(HTML, page::page(&scene(&state), &sources(&state.snapshot))))
}

/// `GET /figure`: the part of the page that changes. Written only if there was a new look since.
pub(crate) async fn figure(
    Extract(daemon): Extract<Arc<Daemon>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let state = daemon.state()?;
    let tag = tag(&daemon, &state);
    if tag.is_some() && headers.get(IF_NONE_MATCH) == tag.as_ref() {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let mut answer = part(HTML, page::fragment(&scene(&state), &sources(&state.snapshot)));
    answer.headers_mut().extend(tag.map(|tag| (ETAG, tag)));
    Ok(answer)
}

/// `GET /page.css`.
pub(crate) async fn style() -> Response {
    part("text/css; charset=utf-8", page::style())
}

/// `GET /page.js`.
pub(crate) async fn script() -> Response {
    part(JAVASCRIPT, page::SCRIPT)
}

/// `GET /script/{module}`.
pub(crate) async fn module(Path(module): Path<String>) -> Result<Response, ApiError> {
    let found = page::MODULES.iter().find(|(name, _)| *name == module);
    let missing = || ApiError::not_found(format!("there is no module {module}"));
    found.map(|(_, text)| part(JAVASCRIPT, *text)).ok_or_else(missing)
}

fn scene(state: &State) -> Scene {
    Scene::new(&state.wiring, None)
}

fn part(kind: &'static str, body: impl IntoResponse) -> Response {
    let heads =
        [(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-cache")];
    (heads, body).into_response()
}
