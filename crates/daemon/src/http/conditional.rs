//! Conditional requests (RFC 9110, section 13): what a client has already is not sent again.

use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::encoding;

/// The tag by which `If-None-Match` says that the client has what `tag` is of: `*`, or a list with it, by
/// the weak comparison (section 13.1.2). It is weak where it is so in the list, as that of a packed answer is.
pub(crate) fn had(headers: &HeaderMap, tag: Option<&HeaderValue>) -> Option<HeaderValue> {
    let tag = tag?.to_str().ok()?;
    let lines = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut lines = lines.map(|line| line.trim_matches([' ', '\t']));
    let listed = lines.find_map(|line| match line {
        "*" => Some(tag),
        list => tags(list).find(|listed| listed.trim_start_matches(WEAK) == tag),
    });
    listed.and_then(|listed| HeaderValue::from_str(listed).ok())
}

/// The mark of a weak tag (section 8.8.3).
const WEAK: &str = "W/";

/// Each entity tag of a list. What follows something else than a tag is no list any more.
fn tags(mut line: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        line = line.trim_start_matches([' ', '\t', ',']);
        let opaque = line.strip_prefix(WEAK).unwrap_or(line);
        let end = line.len() - opaque.len() + opaque.strip_prefix('"')?.find('"')? + 2;
        let (tag, rest) = line.split_at_checked(end)?;
        line = rest;
        Some(tag)
    })
}

/// 304 (section 15.4.5), with the tag of the answer that the client has, and what that depends on.
pub(crate) fn not_modified(tag: HeaderValue) -> Response {
    let mut answer = StatusCode::NOT_MODIFIED.into_response();
    mark(&mut answer, Some(tag));
    encoding::mark(&mut answer, false);
    answer
}

/// Gives an answer its tag.
pub(crate) fn mark(answer: &mut Response, tag: Option<HeaderValue>) {
    answer.headers_mut().extend(tag.map(|tag| (ETAG, tag)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_had(lines: &[&'static str]) -> bool {
        listed(lines).is_some()
    }

    fn listed(lines: &[&'static str]) -> Option<HeaderValue> {
        let lines = lines.iter().map(|line| (IF_NONE_MATCH, HeaderValue::from_static(line)));
        let mut headers = HeaderMap::new();
        lines.for_each(|(name, value)| {
            headers.append(name, value);
        });
        had(&headers, Some(&HeaderValue::from_static("\"boot-7\"")))
    }

    #[test]
    fn a_client_is_told_the_tag_that_it_has() {
        for (lines, tag) in [
            ("W/\"boot-7\"", "W/\"boot-7\""),
            ("\"boot-7\"", "\"boot-7\""),
            ("\"boot-6\", W/\"boot-7\"", "W/\"boot-7\""),
            ("*", "\"boot-7\""),
        ] {
            assert_eq!(listed(&[lines]).unwrap(), tag);
        }
    }

    #[test]
    fn a_list_a_weak_tag_and_any_are_as_good_as_the_tag() {
        for had in [
            &["\"boot-7\""][..],
            &["W/\"boot-7\""],
            &["*"],
            &[" * "],
            &["\"boot-6\", \"boot-7\""],
            &["\"boot-6\",W/\"boot-7\""],
            &["\"a,b\" ,, \"boot-7\""],
            &["\"x\"", "\"boot-7\""],
        ] {
            assert!(is_had(had), "{had:?}");
        }
    }

    #[test]
    fn what_is_no_list_with_the_tag_is_not() {
        for other in [
            &[][..],
            &[""],
            &["boot-7"],
            &["\"boot-70\""],
            &["\"boot-7"],
            &["\"*\""],
            &["*, x"],
            &["\"a\" x \"boot-7\""],
            &["w/\"boot-7\""],
            &["\"W/\"boot-7\""],
        ] {
            assert!(!is_had(other), "{other:?}");
        }
    }
}
