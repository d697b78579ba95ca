//! What requests say, read from any words: for fuzzing and its corpora.

use axum::extract::Query;
use axum::http::Uri;

use crate::api::fleet::FleetRequest;
use crate::api::history::HistoryRequest;
use crate::api::params::{SnapshotOf, only, wanted};
use crate::api::traffic::params::trace;
use crate::http::error::ApiError;

pub use crate::http::parsing::{Heads, explained, heads_in};

/// Reads a query as that of every path; how many take it, and why the others do not.
pub fn query_in(text: &str) -> (usize, Vec<String>) {
    let Ok(uri) = format!("/?{text}").parse::<Uri>() else { return (0, Vec::new()) };
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(&uri) else {
        return (0, Vec::new());
    };
    let read: [Result<(), ApiError>; 6] = [
        wanted(pairs.clone()).map(drop),
        SnapshotOf::read(&pairs).map(drop),
        only("from", pairs.clone()).map(drop),
        HistoryRequest::read(pairs.clone()).map(drop),
        FleetRequest::read(pairs.clone()).map(drop),
        trace(pairs).map(drop),
    ];
    let refusals: Vec<_> =
        read.iter().filter_map(|read| Some(read.as_ref().err()?.message().to_owned())).collect();
    (read.len() - refusals.len(), refusals)
}
