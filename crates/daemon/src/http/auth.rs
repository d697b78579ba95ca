//! Which requests are answered, by which way in: not those of a browser that another page led here.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{ALLOW, AUTHORIZATION, CONNECTION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;
use tracing::warn;

use crate::http::access::Access;
use crate::http::credentials::Credentials;
use crate::http::error::ApiError;
use crate::http::throttle::Throttle;
use crate::http::until::Until;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a request must show.
#[derive(Debug)]
pub(crate) struct AccessPolicy {
    /// By TCP: the address that is listened on.
    address: Option<SocketAddr>,
    /// With a token, the Host header does not matter.
    credentials: Option<Arc<Credentials>>,
    refusals: Throttle,
}

impl AccessPolicy {
    /// For the unix socket: who may connect, may ask.
    pub(crate) fn of_socket() -> Self {
        Self { address: None, credentials: None, refusals: Throttle::default() }
    }

    /// For a TCP address.
    pub(crate) fn of_address(address: SocketAddr, credentials: Option<Arc<Credentials>>) -> Self {
        Self { address: Some(address), credentials, refusals: Throttle::default() }
    }

    pub(crate) fn wants_token(&self) -> bool {
        self.credentials.is_some()
    }

    /// The answer to a request that is not let in. One that is let in is marked with its way.
    pub(crate) fn refuse<B>(&self, request: &mut Request<B>) -> Option<Response> {
        match self.admit(request) {
            Err(error) => Some(self.refused(request, error)),
            Ok(until) => {
                let extensions = request.extensions_mut();
                extensions.insert(self.access());
                extensions.insert(until);
                None
            }
        }
    }

    fn refused<B>(&self, request: &Request<B>, error: ApiError) -> Response {
        if let Some(times) = self.refusals.happened() {
            let method = request.method();
            let path = request.uri().path();
            warn!("refused {times} requests, the last {method} {path}: {}", error.message());
        }
        let mut answer = error.into_response();
        // Who is refused has no use for the connection, and keeps a place with it.
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        answer
    }

    fn access(&self) -> Access {
        match (self.address, &self.credentials) {
            (Some(_), None) => Access::Public,
            (None, _) | (Some(_), Some(_)) => Access::Private,
        }
    }

    /// Until when what is asked for may go on.
    fn admit<B>(&self, request: &Request<B>) -> Result<Until, ApiError> {
        let uri = request.uri();
        let headers = request.headers();
        let host = the_host(request.version(), headers)?;
        let Some(address) = self.address else { return Ok(Until::default()) };
        is_not_led_here(headers)?;
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let why = "over TCP one may only read";
            return Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, why));
        }
        match &self.credentials {
            Some(credentials) => {
                let token = credentials.token();
                check_token(&token.borrow(), headers)?;
                Ok(Until::token_changes(token))
            }
            None => check_host(address, uri, host).map(|()| Until::default()),
        }
    }
}

/// The one Host that a request has; none that is allowed by HTTP/1.0 only (RFC 9112, section 3.2).
fn the_host(version: Version, headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let mut lines = headers.get_all(HOST).iter();
    let bad = |why: &str| Err(ApiError::bad_request(format!("{why} (RFC 9112, section 3.2)")));
    let host = match (lines.next(), lines.next()) {
        (None, _) if version < Version::HTTP_11 => return Ok(None),
        (None, _) => return bad("the request has no Host"),
        (Some(_), Some(_)) => return bad("the request has more than one Host"),
        (Some(host), None) => host.to_str().unwrap_or("@"),
    };
    let is_one = |host: &str| !host.contains('@') && host.parse::<Authority>().is_ok();
    if host.is_empty() || is_one(host) { Ok(Some(host)) } else { bad("Host names no host") }
}

/// A browser says whose page asks (Fetch Metadata Request Headers): ours, or none where a user typed
/// the address. Another page learns nothing, not even that there is a daemon.
fn is_not_led_here(headers: &HeaderMap) -> Result<(), ApiError> {
    let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    if site.is_none_or(|site| [&b"same-origin"[..], b"none"].contains(&site)) {
        return Ok(());
    }
    let why = "a page of another site may not ask (Sec-Fetch-Site)";
    Err(ApiError::new(StatusCode::FORBIDDEN, why))
}

/// Against DNS rebinding: a page of `evil.example`, whose name suddenly means this machine, still
/// sends that name.
fn check_host(address: SocketAddr, uri: &Uri, host: Option<&str>) -> Result<(), ApiError> {
    let named = uri.authority().map(Authority::as_str).or(host);
    let own = named.is_some_and(|named| is_own_name(address.ip(), host_of(named)));
    let why = "this server answers to localhost and its own address only (Host header)";
    let refused = || ApiError::new(StatusCode::MISDIRECTED_REQUEST, why);
    if own { Ok(()) } else { Err(refused()) }
}

fn is_own_name(own: IpAddr, host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address: Option<IpAddr> = bare.parse().ok();
    host.eq_ignore_ascii_case("localhost")
        || address.is_some_and(|ip| ip.is_loopback() || ip == own)
}

/// `HOST[:PORT]` without the port, which a tunnel may have changed.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

pub(super) fn check_token(token: &str, headers: &HeaderMap) -> Result<(), ApiError> {
    let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    let given = match given.split_at_checked(7) {
        Some((scheme, given)) if scheme.eq_ignore_ascii_case(b"bearer ") => given,
        _ => &[],
    };
    // It takes as long whatever differs, so that time tells nothing of the token but its length.
    if given.ct_eq(token.as_bytes()).into() {
        return Ok(());
    }
    let why = "show the token: Authorization: Bearer TOKEN";
    Err(ApiError::new(StatusCode::UNAUTHORIZED, why))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(uri: &str, headers: &[(HeaderName, &str)]) -> Request {
        let mut request = Request::get(uri).body(Body::empty()).unwrap();
        for (name, value) in headers {
            request.headers_mut().append(name, value.parse().unwrap());
        }
        request
    }

    fn status(policy: &AccessPolicy, request: &Request) -> Option<u16> {
        let refused = policy.admit(request).err();
        refused.map(|error| error.into_response().status().as_u16())
    }

    fn at(address: &str) -> AccessPolicy {
        AccessPolicy::of_address(address.parse().unwrap(), None)
    }

    #[test]
    fn only_names_of_this_machine_are_admitted() {
        let policy = at("192.0.2.1:9653");
        let of = |host: &str| status(&policy, &request("/", &[(HOST, host)]));
        for good in ["localhost", "LOCALHOST:1", "127.0.0.1:9653", "[::1]:9653", "127.9.9.9"] {
            assert_eq!(of(good), None, "{good}");
        }
        assert_eq!(of("192.0.2.1"), None);
        for bad in ["", "evil.example", "localhost.evil.example:9653", "192.0.2.2", "127.0.0.1.x"] {
            assert_eq!(of(bad), Some(421), "{bad}");
        }
        let absolute = request("http://evil.example/", &[(HOST, "localhost")]);
        assert_eq!(status(&policy, &absolute), Some(421));
        let mut post = request("/", &[(HOST, "localhost")]);
        *post.method_mut() = Method::POST;
        assert_eq!(status(&policy, &post), Some(405));
    }

    #[test]
    fn a_request_has_one_host_by_whatever_way_it_comes() {
        for policy in [at("127.0.0.1:1"), AccessPolicy::of_socket()] {
            let of = |headers: &[(HeaderName, &str)]| status(&policy, &request("/", headers));
            assert_eq!(of(&[(HOST, "localhost")]), None);
            for bad in [
                &[][..],
                &[(HOST, "localhost"), (HOST, "localhost")],
                &[(HOST, "localhost"), (HOST, "")],
                &[(HOST, "me@localhost")],
                &[(HOST, "localhost, localhost")],
                &[(HOST, "local host")],
                &[(HOST, "http://localhost")],
                &[(HOST, "localhost/x")],
            ] {
                assert_eq!(of(bad), Some(400), "{bad:?}");
            }
            let mut old = request("/", &[]);
            *old.version_mut() = Version::HTTP_10;
            assert_ne!(status(&policy, &old), Some(400), "HTTP/1.0 needs none");
        }
    }

    #[test]
    fn a_page_of_another_site_may_not_ask() {
        let policy = at("127.0.0.1:1");
        let of = |site: &str| {
            status(&policy, &request("/", &[(HOST, "localhost"), (SEC_FETCH_SITE, site)]))
        };
        assert_eq!((of("same-origin"), of("none")), (None, None));
        for site in ["cross-site", "same-site", "", "x"] {
            assert_eq!(of(site), Some(403), "{site:?}");
        }
    }

    #[test]
    fn with_a_token_nothing_else_opens() {
        let admits = |header: Option<&'static str>| {
            let headers = header.map(|value| (AUTHORIZATION, HeaderValue::from_static(value)));
            check_token("secret", &headers.into_iter().collect()).is_ok()
        };
        assert!(admits(Some("Bearer secret")) && admits(Some("bearer secret")));
        for bad in ["", "Bearer", "Bearer ", "Bearer secre", "Bearer secrett", "Basic secret"] {
            assert!(!admits(Some(bad)), "{bad}");
        }
        assert!(!admits(None));
    }
}
