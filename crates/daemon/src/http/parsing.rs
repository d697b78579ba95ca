//! Heads of requests, and answers to what is none, read from any bytes.

use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, AUTHORIZATION, HOST, IF_NONE_MATCH, InvalidHeaderValue};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::auth::{AccessPolicy, check_token};
use super::{conditional, encoding, malformed};

/// What a value says, as that of whichever header it is read.
#[derive(Debug)]
pub struct Heads {
    /// With which status a request with this Host is refused at a TCP address.
    pub refused: Option<u16>,
    /// Whether it shows the token `secret`.
    pub has_token: bool,
    /// Whether a packed answer is taken.
    pub takes_gzip: bool,
    /// The tag that the client has, where the answer has the tag `"boot-7"`.
    pub had: Option<Vec<u8>>,
}

/// Reads the values as those of each header that is read. None where they are no values.
pub fn heads_in(values: &[&[u8]]) -> Option<Heads> {
    let values: Result<Vec<_>, InvalidHeaderValue> =
        values.iter().map(|value| HeaderValue::from_bytes(value)).collect();
    let values = values.ok()?;
    let of = |name: HeaderName| {
        let mut headers = HeaderMap::new();
        for value in &values {
            headers.append(name.clone(), value.clone());
        }
        headers
    };
    let policy = AccessPolicy::of_address(([127, 0, 0, 1], 9653).into(), None);
    let mut request = Request::new(());
    *request.headers_mut() = of(HOST);
    let refused = policy.refuse(&mut request).map(|answer| answer.status().as_u16());
    let tag = HeaderValue::from_static("\"boot-7\"");
    let had = conditional::had(&of(IF_NONE_MATCH), Some(&tag));
    Some(Heads {
        refused,
        has_token: check_token("secret", &of(AUTHORIZATION)).is_ok(),
        takes_gzip: encoding::takes_gzip(&of(ACCEPT_ENCODING)),
        had: had.map(|tag| tag.as_bytes().to_vec()),
    })
}

/// The answer that goes out instead of a refusal that is not ours; none where `written` goes out as it is.
pub fn explained(written: &[u8]) -> Option<Vec<u8>> {
    malformed::explained(written).map(|answer| answer.to_vec())
}
