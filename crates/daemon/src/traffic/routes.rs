//! The paths of traffic: rates of all ports, and the trace of a packet.

use std::sync::Arc;

use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use livetraffic::TraceError;
use model::SourceErrorKind;
use model::query::QueryError;
use report::v1;
use traffic::{EndError, PacketKind};

use super::params::trace;
use crate::daemon::Daemon;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::http::extract::{NoQuery, Pairs};
use crate::http::places::Owner;

type Here = Extract<Arc<Daemon>>;

/// `GET /v1/rates`: what `docker ovs top` shows.
pub(crate) async fn rates(
    Extract(daemon): Here,
    Extension(owner): Extension<Owner>,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let json = daemon.rates(owner).await?;
    Ok(([(CONTENT_TYPE, "application/json")], json).into_response())
}

/// `GET /v1/trace?from=…&to=…`: what `docker ovs trace` tells. A packet in the client's own words is
/// for vswitchd to read, so it is taken only where it is known who asks.
pub(crate) async fn packet(
    Extract(daemon): Here,
    Extension(access): Extension<Access>,
    Extension(owner): Extension<Owner>,
    Pairs(pairs): Pairs,
) -> Result<Json<Vec<v1::Trace>>, ApiError> {
    let wanted = trace(pairs)?;
    let is_raw = matches!(wanted.kind, PacketKind::Raw(_));
    if is_raw && access == Access::Public {
        let why = "raw= is taken over the unix socket, or with the token";
        return Err(ApiError::new(StatusCode::FORBIDDEN, why));
    }
    let traced = daemon.trace(&wanted, owner).await;
    traced.map(Json).map_err(|error| match error {
        // What vswitchd refuses of a packet in the client's words is the client's to mend.
        TraceError::Query(QueryError::SourceUnavailable(error))
            if is_raw && error.kind == SourceErrorKind::Unusable =>
        {
            ApiError::bad_request(error.to_string())
        }
        error => error.into(),
    })
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
