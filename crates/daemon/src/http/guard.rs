//! The headers that every answer has.

use axum::http::header::{HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::Response;

/// Other people's words are in every answer: none may be taken for anything but what it is.
pub(crate) fn guard(answer: &mut Response) {
    const GUARDS: [(HeaderName, &str); 3] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    let guards = GUARDS.map(|(name, value)| (name, HeaderValue::from_static(value)));
    answer.headers_mut().extend(guards);
}
