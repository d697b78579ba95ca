//! The paths of the page: the whole of it, its files, and what changes in it.

use std::sync::Arc;

use axum::extract::{Extension, State as Extract};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use report::graph::{Density, Fit};

use crate::api::history::moment;
use crate::api::params::once;
use crate::daemon::Daemon;
use crate::http::answer::answer;
use crate::http::error::ApiError;
use crate::http::extract::{Pairs, Path};
use crate::http::{conditional, encoding};
use crate::page::{self, POLICY, past};
use crate::places::Owner;
use crate::state::renderings::Part;
use crate::turns::CountedText;

const HTML: &str = "text/html; charset=utf-8";

/// `GET /`.
pub(crate) async fn page(
    Extract(daemon): Extract<Arc<Daemon>>,
    Extension(owner): Extension<Owner>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    daemon.shared(Part::Page, owner, &headers, |text, _| html(text)).await
}

/// `GET /figure?width=…&density=…`: the part of the page that changes. Written only if there was a
/// new look since; with `at=` as of then.
pub(crate) async fn figure(
    Extract(daemon): Extract<Arc<Daemon>>,
    Extension(owner): Extension<Owner>,
    headers: HeaderMap,
    Pairs(pairs): Pairs,
) -> Result<Response, ApiError> {
    let PictureRequest { fit, at } = PictureRequest::read(&pairs)?;
    if let Some(at) = at {
        return past::figure(&daemon, owner, at, fit).await;
    }
    let now = daemon.state()?.marks.tag.clone();
    if let Some(tag) = conditional::had(&headers, now.as_ref()) {
        return Ok(conditional::not_modified(tag));
    }
    // There are so many sizes that one client may be the only one that asks for most of them.
    let work = daemon.requests.turn(owner).await;
    let rendered = daemon.rendered(Part::Figure(fit)).await?;
    let (text, is_packed) = rendered.body(&headers, &daemon.pool).await?;
    let mut answer = html(work.hold(text).await);
    conditional::mark(&mut answer, rendered.marks.tag);
    encoding::mark(&mut answer, is_packed);
    Ok(answer)
}

/// What a picture is to be of.
struct PictureRequest {
    /// `width=` in CSS pixels, and `density=`.
    fit: Fit,
    /// `at=`: as of then, in milliseconds since the Unix epoch.
    at: Option<u64>,
}

impl PictureRequest {
    fn read(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let (mut wide, mut dense, mut at) = (None, None, None);
        for (key, value) in pairs {
            match key.as_str() {
                "width" => once(&mut wide, key, width(value)?)?,
                "density" => once(&mut dense, key, density(value)?)?,
                "at" => once(&mut at, key, moment(value)?)?,
                _ => return Err(ApiError::bad_request(format!("{key:?} means nothing here"))),
            }
        }
        let fit = Fit { width: wide, density: dense.unwrap_or(Density::Auto) };
        Ok(Self { fit: fit.rounded(), at })
    }
}

fn width(value: &str) -> Result<u32, ApiError> {
    value.parse().map_err(|_| ApiError::bad_request("width= is a number of pixels"))
}

fn density(value: &str) -> Result<Density, ApiError> {
    match value {
        "auto" => Ok(Density::Auto),
        "labels" => Ok(Density::Labels),
        "dense" => Ok(Density::Dense),
        _ => Err(ApiError::bad_request("density is auto, labels or dense")),
    }
}

/// `GET /page/{version}/{*name}`: a file that the page loads. What is under its path never changes, so that a
/// browser that has given up half of them has the rest when it asks again (RFC 8246).
pub(crate) async fn file(
    Path((version, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found(format!("there is no {name} of version {version}"));
    let (kind, text) = page::FILES.get(&version, &name).ok_or_else(missing)?;
    let kept = "private, max-age=31536000, immutable";
    let heads = [(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, kept)];
    Ok((heads, text).into_response())
}

/// HTML.
pub(super) fn html(text: CountedText) -> Response {
    guarded(answer(HTML, text))
}

/// A sentence in HTML, which is as short on every host.
pub(super) fn sentence(text: String) -> Response {
    guarded(([(CONTENT_TYPE, HTML)], text).into_response())
}

fn guarded(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &[(&str, &str)]) -> Option<Fit> {
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        PictureRequest::read(&query.iter().map(pair).collect::<Vec<_>>())
            .ok()
            .map(|asked| asked.fit)
    }

    #[test]
    fn windows_of_nearly_the_same_width_share_a_picture() {
        let wide = |width: &str| of(&[("width", width), ("density", "dense")]);
        assert_eq!(wide("1049"), wide("1030"));
        assert_ne!(wide("1049"), wide("400"));
        assert_eq!(wide("0"), wide("256"));
        assert_eq!(wide("4294967295"), wide("4096"));
        assert_eq!(of(&[]), Some(page::FIRST));
    }

    #[test]
    fn a_picture_of_no_size_is_refused() {
        assert_eq!(of(&[("width", "400"), ("width", "500")]), None);
        assert_eq!(of(&[("at", "9999999999999999")]), None);
        for query in [("width", ""), ("width", "-1"), ("density", "x"), ("height", "1")] {
            assert_eq!(of(&[query]), None, "{query:?}");
        }
    }
}
