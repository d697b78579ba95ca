//! Why a request has no answer: a status, and JSON that says what to do.

use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use model::SourceError;
use model::query::QueryError;
use report::v1;
use tracing::debug;

use crate::http::answer::short_json;

/// An error, as JSON `{"message": …}` like the Docker Engine's.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    body: v1::Error,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, body: v1::Error { message: message.into(), hint: None } }
    }

    /// What the client is told.
    pub(crate) fn message(&self) -> &str {
        &self.body.message
    }

    /// 400: the request makes no sense.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 404: there is no such thing.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 500: the daemon is ending, or what was at work on the answer failed.
    pub(crate) fn ended() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer was not finished")
    }

    /// 503: the first look has not ended yet.
    pub(crate) fn not_ready() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the first look has not ended yet")
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let status = match &error {
            QueryError::NoSuchContainer { .. }
            | QueryError::NoSuchInterface { .. }
            | QueryError::NoSuchBridge { .. }
            | QueryError::NoSuchNetns { .. }
            | QueryError::UnknownNetns { .. } => StatusCode::NOT_FOUND,
            QueryError::AmbiguousContainer { .. } | QueryError::AmbiguousName { .. } => {
                StatusCode::BAD_REQUEST
            }
            QueryError::NotRunning { .. } => StatusCode::CONFLICT,
            QueryError::SourceUnavailable(_) | QueryError::Incomplete { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        let body = v1::Error { message: error.to_string(), hint: error.hint() };
        Self { status, body }
    }
}

impl From<SourceError> for ApiError {
    fn from(source_error: SourceError) -> Self {
        Self::from(QueryError::SourceUnavailable(source_error))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        debug!("answered {}: {}", self.status, self.body.message);
        let mut answer = short_json(&self.body);
        *answer.status_mut() = self.status;
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 15.5.2: the answer names the scheme.
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}
