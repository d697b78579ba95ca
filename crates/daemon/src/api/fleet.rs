//! The paths below /v1/fleet: what is known of all hosts of the fleet, and how old it is.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use fleet::Fleet;
use futures_util::{Stream, StreamExt, stream};
use model::filter::Filter;
use model::who::WhoQuery;
use report::v1;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::events::alive;
use crate::api::params::{only, wanted};
use crate::api::written;
use crate::daemon::Daemon;
use crate::http::error::ApiError;
use crate::http::extract::{NoQuery, Pairs, Path};
use crate::http::places::Owner;
use crate::state::json;

type Here = Extract<Arc<Daemon>>;

impl Daemon {
    /// The fleet that this host is of.
    pub(crate) fn fleet(&self) -> Result<Arc<Fleet>, ApiError> {
        let none = || {
            let why = "this daemon is of no fleet: docker ovs serve --etcd URL makes it of one";
            ApiError::new(StatusCode::NOT_FOUND, why)
        };
        self.fleet.clone().ok_or_else(none)
    }

    /// The same, where rows of other hosts are asked for.
    fn mirror(&self) -> Result<Arc<Fleet>, ApiError> {
        let fleet = self.fleet()?;
        if fleet.mirrors() {
            return Ok(fleet);
        }
        let why =
            "this daemon keeps no rows of other hosts (--fleet-mirror=off): ask one that does";
        Err(ApiError::new(StatusCode::NOT_FOUND, why))
    }
}

/// `GET /v1/fleet`.
pub(crate) async fn status(
    Extract(daemon): Here,
    _: NoQuery,
) -> Result<Json<v1::FleetStatus>, ApiError> {
    Ok(Json(daemon.fleet()?.status()))
}

/// `GET /v1/fleet/hosts`.
pub(crate) async fn hosts(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let fleet = daemon.fleet()?;
    let work = daemon.requests.turn(owner).await;
    Ok(written(work.text(move || Ok(json(&fleet.hosts()))).await?))
}

/// `GET /v1/fleet/meshes`.
pub(crate) async fn meshes(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let fleet = daemon.fleet()?;
    let work = daemon.requests.turn(owner).await;
    Ok(written(work.text(move || Ok(json(&fleet.meshes()))).await?))
}

/// `GET /v1/fleet/attachments[?host=][&container=][&bridge=][&vlan=][&status=]`.
pub(crate) async fn attachments(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    let fleet = daemon.mirror()?;
    let asked = FleetRequest::read(pairs)?;
    let work = daemon.requests.turn(owner).await;
    Ok(written(work.text(move || Ok(json(&asked.rows(&fleet)))).await?))
}

/// `GET /v1/fleet/ports`, narrowed as attachments are.
pub(crate) async fn ports(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    let fleet = daemon.mirror()?;
    let asked = FleetRequest::read(pairs)?;
    let text = daemon.requests.turn(owner).await.text(move || {
        let rows = asked.rows(&fleet).into_iter();
        let ports = rows.filter_map(Option::<v1::FleetPort>::from);
        Ok(json(&ports.collect::<Vec<_>>()))
    });
    Ok(written(text.await?))
}

/// `GET /v1/fleet/who/{what}`.
pub(crate) async fn who(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    Path(what): Path<String>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let fleet = daemon.mirror()?;
    let query = WhoQuery::from(what.as_str());
    if matches!(query, WhoQuery::Ifindex(_)) {
        return Err(ApiError::bad_request("an ifindex is of one host only: ask there"));
    }
    let work = daemon.requests.turn(owner).await;
    Ok(written(work.text(move || Ok(json(&fleet.who(&query)))).await?))
}

/// Which rows are asked for.
struct FleetRequest {
    host: Option<String>,
    filters: Vec<Filter>,
}

impl FleetRequest {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, ApiError> {
        let (hosts, pairs): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(key, _)| key == "host");
        let host = only("host", hosts)?;
        if pairs.iter().any(|(key, _)| key == "all") {
            let why = "all= is of one host: hosts do not tell others of orphaned ports";
            return Err(ApiError::bad_request(why));
        }
        let filters = wanted(pairs)?.filters;
        if filters.iter().any(Filter::needs_labels) {
            return Err(ApiError::bad_request("labels are not told to other hosts"));
        }
        Ok(Self { host, filters })
    }

    fn rows(&self, fleet: &Fleet) -> Vec<v1::FleetAttachment> {
        let mut rows = fleet.attachments(self.host.as_deref());
        report::retain(&mut rows, &self.filters, |row| &row.attachment);
        rows
    }
}

/// `GET /v1/fleet/events`: server-sent events, from now on. One called `reset` says that some were not
/// sent: who keeps rows has to list them again.
pub(crate) async fn events(Extract(daemon): Here) -> Result<Response, ApiError> {
    let fleet = daemon.mirror()?;
    let reader = Reader { events: fleet.events(), stopped: daemon.stopped.clone() };
    let first = stream::iter([Bytes::from_static(b"retry: 1000\n\n")]);
    let body = Body::from_stream(first.chain(alive(reader.all())).map(Ok::<_, Infallible>));
    let heads = [(CACHE_CONTROL, "no-store"), (CONTENT_TYPE, "text/event-stream")];
    Ok((heads, body).into_response())
}

struct Reader {
    events: broadcast::Receiver<Arc<v1::FleetEvent>>,
    stopped: watch::Receiver<bool>,
}

impl Reader {
    fn all(self) -> impl Stream<Item = Bytes> + Send + 'static {
        stream::unfold(self, |mut reader| async move {
            let event = tokio::select! {
                event = reader.events.recv() => event,
                _ = reader.stopped.wait_for(|stopped| *stopped) => return None,
            };
            let text = match event {
                Ok(event) => format!("data: {}\n\n", json(&*event)),
                Err(RecvError::Lagged(_)) => "event: reset\ndata: {}\n\n".to_owned(),
                Err(RecvError::Closed) => return None,
            };
            Some((text.into(), reader))
        })
    }
}
