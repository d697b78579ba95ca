//! Why a request has no answer: a status, and JSON that says what to do.

use axum::Json;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use model::Trouble;
use model::query::QueryError;
use serde::Serialize;

/// A refusal, as JSON `{"message": …}` like the Docker Engine's.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    said: Said,
}

#[derive(Debug, Serialize)]
struct Said {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, said: Said { message: message.into(), remedy: None } }
    }

    /// The question makes no sense.
    pub(crate) fn unclear(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// There is no such thing.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// Nothing is known yet.
    pub(crate) fn early() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the first look has not ended yet")
    }
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        let status = match &error {
            QueryError::NoSuchContainer { .. } | QueryError::NoSuchBridge { .. } => {
                StatusCode::NOT_FOUND
            }
            QueryError::AmbiguousContainer { .. } | QueryError::AmbiguousName { .. } => {
                StatusCode::BAD_REQUEST
            }
            QueryError::NotRunning { .. } => StatusCode::CONFLICT,
            QueryError::Blind(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        let said = Said { message: error.to_string(), remedy: error.remedy() };
        Self { status, said }
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Self::from(QueryError::Blind(trouble))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut answer = (self.status, Json(self.said)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 15.5.2, wants it said how.
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}
