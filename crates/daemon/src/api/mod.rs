//! The paths under /v1: the same JSON as the command line prints.

pub(crate) mod events;
pub(crate) mod params;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State as Extract};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use model::Target;
use model::ids::OfPort;
use model::query::{self, QueryError};
use model::snapshot::Scope;
use model::switch::SwitchSource;
use model::wiring::{Attachment, SwitchPort};
use report::{list, v1};

use crate::api::params::{Pairs, only, switch_sources, wanted};
use crate::daemon::Daemon;
use crate::http::error::ApiError;
use crate::state::{State, json};

type Here = Extract<Arc<Daemon>>;

/// `GET /v1/attachments`. Unfiltered it is written once for each look.
pub(crate) async fn attachments(
    Extract(daemon): Here,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Result<Response, ApiError> {
    let state = daemon.require_sources()?;
    if !pairs.is_empty() {
        let wanted = wanted(pairs)?;
        query::filtered_vlans(&state.snapshot, &wanted.filters)?;
        query::filtered_bridges(&state.snapshot, &wanted.filters)?;
        return Ok(Json(list(&state.snapshot, &state.wiring, &wanted)).into_response());
    }
    let tag = tag(&daemon, &state);
    if tag.is_some() && headers.get(IF_NONE_MATCH) == tag.as_ref() {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let mut answer = whole(state.attachments());
    answer.headers_mut().extend(tag.map(|tag| (ETAG, tag)));
    Ok(answer)
}

/// Changes with every look, whether or not anything else did.
pub(crate) fn tag(daemon: &Daemon, state: &State) -> Option<HeaderValue> {
    let text = format!("\"{}-{}\"", daemon.published.boot, state.looks);
    HeaderValue::from_str(&text).ok()
}

fn whole(body: impl IntoResponse) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

/// `GET /v1/attachments/{container}`.
pub(crate) async fn attachments_of(
    Extract(daemon): Here,
    Path(container): Path<String>,
    Query(pairs): Query<Pairs>,
) -> Result<Json<Vec<v1::Attachment>>, ApiError> {
    let state = daemon.state()?;
    let unknown = |_| QueryError::NoSuchContainer { wanted: container.clone(), near: Vec::new() };
    let target = Target::parse(&container).map_err(unknown)?;
    let subject = query::subject(&state.snapshot, &target)?;
    let found = query::attachments(&state.snapshot, &state.wiring, subject)?;
    let bridge = only("bridge", pairs)?;
    if let Some(bridge) = &bridge {
        query::bridge(&state.snapshot, bridge)?;
    }
    let narrowed = |found: &Attachment| {
        v1::Attachment::of(&found.on_bridge(&state.wiring, bridge.as_deref()), subject)
    };
    let rows = found.into_iter().map(narrowed);
    let asked = |row: &v1::Attachment| bridge.as_ref().is_none_or(|bridge| row.is_on(bridge));
    Ok(Json(rows.filter(asked).collect()))
}

/// `GET /v1/bridges`.
pub(crate) async fn bridges(Extract(daemon): Here) -> Result<Json<Vec<v1::Bridge>>, ApiError> {
    let state = daemon.state()?;
    query::switch(&state.snapshot, SwitchSource::Ovsdb)?;
    Ok(Json(v1::Bridge::all(&state.snapshot)))
}

/// `GET /v1/bridges/{bridge}/ports`.
pub(crate) async fn ports(
    Extract(daemon): Here,
    Path(bridge): Path<String>,
) -> Result<Json<Vec<v1::Port>>, ApiError> {
    let state = daemon.state()?;
    query::bridge(&state.snapshot, &bridge)?;
    let here = state.wiring.ports.iter().filter(|row| row.is_on(&bridge));
    Ok(Json(here.map(v1::Port::from).collect()))
}

/// `GET /v1/bridges/{bridge}/ports/{ofport}`.
pub(crate) async fn port(
    Extract(daemon): Here,
    Path((bridge, ofport)): Path<(String, String)>,
) -> Result<Json<v1::CountedPort>, ApiError> {
    let state = daemon.state()?;
    query::bridge(&state.snapshot, &bridge)?;
    let number = number(&ofport)?;
    let on = |row: &&SwitchPort| row.is_on(&bridge) && row.port.ofport.assigned() == Some(number);
    let row = state.wiring.ports.iter().find(on);
    let row = row.ok_or_else(|| ApiError::not_found(format!("no port {ofport} on {bridge}")))?;
    let mut counted = daemon.statistics(Some(&row.port.iface)).await?;
    let statistics = counted.remove(&*row.port.iface).unwrap_or_default();
    Ok(Json(v1::CountedPort { port: v1::Port::from(row), statistics }))
}

fn number(text: &str) -> Result<OfPort, ApiError> {
    if text.eq_ignore_ascii_case("local") {
        return Ok(OfPort::LOCAL);
    }
    let invalid =
        |_| ApiError::bad_request(format!("{text:?} is no OpenFlow port: use 1-65534 or LOCAL"));
    text.parse().map(OfPort).map_err(invalid)
}

/// `GET /v1/wiring`.
pub(crate) async fn wiring(Extract(daemon): Here) -> Result<Response, ApiError> {
    Ok(whole(daemon.state()?.everything().to_string()))
}

/// `GET /v1/snapshot`: what is known, or with `source=` what these sources say now.
pub(crate) async fn snapshot(
    Extract(daemon): Here,
    Query(pairs): Query<Pairs>,
) -> Result<Response, ApiError> {
    let sources = switch_sources(&pairs)?;
    let known = daemon.state()?;
    if sources.iter().all(|source| known.snapshot.switch.contains_key(source)) {
        return Ok(whole(json(&*known.snapshot)));
    }
    let fresh = daemon.look(sources).await;
    debug_assert_eq!(fresh.scope, Scope::Everything);
    Ok(whole(json(&fresh)))
}

/// `GET /healthz`: 200 as soon as there was a first full look, 503 until then.
pub(crate) async fn health(Extract(daemon): Here) -> Response {
    let Ok(state) = daemon.state() else {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(v1::Health::starting())).into_response();
    };
    Json(v1::Health::new(&state.snapshot)).into_response()
}
