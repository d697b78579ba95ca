//! All paths.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::routing::get;

use crate::daemon::Daemon;
use crate::http::error::ApiError;
use crate::{api, metrics, page};

/// What the daemon answers to.
pub(crate) fn routes(daemon: Arc<Daemon>) -> Router {
    Router::new()
        .route("/v1/attachments", get(api::attachments))
        .route("/v1/attachments/{container}", get(api::attachments_of))
        .route("/v1/bridges", get(api::bridges))
        .route("/v1/bridges/{bridge}/ports", get(api::ports))
        .route("/v1/bridges/{bridge}/ports/{ofport}", get(api::port))
        .route("/v1/wiring", get(api::wiring))
        .route("/v1/history", get(api::history::history))
        .route("/v1/snapshot", get(api::snapshot))
        .route("/v1/events", get(api::events::events))
        .route("/v1/fleet", get(api::fleet::status))
        .route("/v1/fleet/hosts", get(api::fleet::hosts))
        .route("/v1/fleet/attachments", get(api::fleet::attachments))
        .route("/v1/fleet/ports", get(api::fleet::ports))
        .route("/v1/fleet/who/{what}", get(api::fleet::who))
        .route("/v1/fleet/meshes", get(api::fleet::meshes))
        .route("/v1/fleet/events", get(api::fleet::events))
        .route("/v1/rates", get(api::traffic::rates))
        .route("/v1/trace", get(api::traffic::packet))
        .route("/", get(page::routes::page))
        .route("/fleet", get(page::fleet::page))
        .route("/figure", get(page::routes::figure))
        .route("/moments", get(page::past::moments))
        .route("/page/{version}/{*name}", get(page::routes::file))
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(api::health))
        .fallback(nothing)
        .method_not_allowed_fallback(read_only)
        .with_state(daemon)
}

async fn nothing(uri: Uri) -> ApiError {
    ApiError::not_found(format!("there is nothing at {}", uri.path()))
}

async fn read_only() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "one may only read")
}
