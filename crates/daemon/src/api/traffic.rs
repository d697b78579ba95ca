//! The paths of traffic: rates of all ports, and the trace of a packet.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use livetraffic::TraceError;
use model::SourceErrorKind;
use model::query::QueryError;
use traffic::{EndError, PacketKind};

use self::params::trace;
use crate::daemon::Daemon;
use crate::http::access::Access;
use crate::http::answer::json_answer;
use crate::http::error::ApiError;
use crate::http::extract::{NoQuery, Pairs};
use crate::json::json;
use crate::places::Owner;

pub(crate) mod params;

type Here = Extract<Arc<Daemon>>;

/// `GET /v1/rates`: what `docker ovs top` shows.
pub(crate) async fn rates(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    Ok(json_answer(daemon.rates(owner).await?))
}

/// `GET /v1/trace?from=…&to=…`: what `docker ovs trace` tells. A packet in the client's own words is
/// for vswitchd to read, so it is taken only where it is known who asks.
pub(crate) async fn packet(
    Extract(daemon): Here,
    Extension(access): Extension<Access>,
    Extension(owner): Extension<Owner>,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    let wanted = trace(pairs)?;
    let is_raw = matches!(wanted.kind, PacketKind::Raw(_));
    if is_raw && access == Access::Public {
        let why = "raw= is taken over the unix socket, or with the token";
        return Err(ApiError::new(StatusCode::FORBIDDEN, why));
    }
    let traced = daemon.trace(wanted, owner).await?;
    let (turn, rows) = traced.map_err(|error| match error {
        // What vswitchd refuses of a packet in the client's words is the client's to mend.
        TraceError::Query(QueryError::SourceUnavailable(error))
            if is_raw && error.kind == SourceErrorKind::Unusable =>
        {
            ApiError::bad_request(error.to_string())
        }
        error => error.into(),
    })?;
    let work = daemon.requests.turn(owner).await;
    let text = work.text(move || {
        let text = json(&rows);
        // Only now the client may have another one.
        drop(turn);
        Ok(text)
    });
    Ok(json_answer(text.await?))
}

impl From<TraceError> for ApiError {
    fn from(error: TraceError) -> Self {
        match error {
            TraceError::Query(error) | TraceError::End(EndError::Query(error)) => error.into(),
            TraceError::End(EndError::Other(why)) => Self::not_found(why),
            TraceError::NoPort(_) | TraceError::Several(_) | TraceError::Patch(_) => {
                Self::new(StatusCode::CONFLICT, error.to_string())
            }
        }
    }
}
