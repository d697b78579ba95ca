//! What a request says, read so that a refusal is JSON as every other one.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::http::error::ApiError;

/// The pairs of a query, in order; the same key may come again.
#[derive(Debug)]
pub(crate) struct Pairs(pub(crate) Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Pairs {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = Query::from_request_parts(parts, state).await;
        let refused = |error: QueryRejection| ApiError::new(error.status(), error.body_text());
        read.map(|Query(pairs)| Self(pairs)).map_err(refused)
    }
}

/// No query: there is nothing to choose.
#[derive(Debug)]
pub(crate) struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Pairs(pairs) = Pairs::from_request_parts(parts, state).await?;
        match pairs.first() {
            None => Ok(Self),
            Some((key, _)) => {
                Err(ApiError::bad_request(format!("{key:?} means nothing here; there is no query")))
            }
        }
    }
}

/// The variable parts of a path.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        let refused = |error: PathRejection| ApiError::new(error.status(), error.body_text());
        read.map(|axum::extract::Path(read)| Self(read)).map_err(refused)
    }
}
