//! Which requests are answered by TCP: not those of a browser that another page led here.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State as Extract};
use axum::http::header::{AUTHORIZATION, CONNECTION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;
use tracing::warn;

use crate::http::error::ApiError;
use crate::http::throttle::Throttle;

/// What a request by TCP must show.
#[derive(Debug)]
pub(crate) struct AccessPolicy {
    address: SocketAddr,
    /// With a token, the Host header does not matter.
    token: Option<Arc<str>>,
    refusals: Throttle,
}

/// Lets a request in, or answers it.
pub(crate) async fn check(
    Extract(policy): Extract<Arc<AccessPolicy>>,
    request: Request,
    next: Next,
) -> Response {
    match policy.admit(request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => {
            if let Some(times) = policy.refusals.happened() {
                let (method, path) = (request.method(), request.uri().path());
                warn!("refused {times} requests, the last {method} {path}: {}", error.message());
            }
            let mut answer = error.into_response();
            // Who is refused has no use for the connection, and keeps a place with it.
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            answer
        }
    }
}

impl AccessPolicy {
    pub(crate) fn new(address: SocketAddr, token: Option<Arc<str>>) -> Self {
        Self { address, token, refusals: Throttle::default() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn wants_token(&self) -> bool {
        self.token.is_some()
    }

    fn admit(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        if ![Method::GET, Method::HEAD].contains(method) {
            let why = "over TCP one may only read";
            return Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, why));
        }
        match &self.token {
            Some(token) => check_token(token, headers),
            None => self.check_host(uri, headers),
        }
    }

    /// Against DNS rebinding: a page of `evil.example`, whose name suddenly means this
    /// machine, still sends that name.
    fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let named = headers.get(HOST).and_then(|host| host.to_str().ok());
        let named = uri.authority().map(Authority::as_str).or(named);
        let own = named.is_some_and(|named| self.is_own_name(host_of(named)));
        let why = "this server answers to localhost and its own address only (Host header)";
        let refused = || ApiError::new(StatusCode::MISDIRECTED_REQUEST, why);
        if own { Ok(()) } else { Err(refused()) }
    }

    fn is_own_name(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address: Option<IpAddr> = bare.parse().ok();
        host.eq_ignore_ascii_case("localhost")
            || address.is_some_and(|ip| ip.is_loopback() || ip == self.address.ip())
    }
}

/// `HOST[:PORT]` without the port, which a tunnel may have changed.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn check_token(token: &str, headers: &HeaderMap) -> Result<(), ApiError> {
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
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_admitted() {
        let policy = AccessPolicy::new("192.0.2.1:9653".parse().unwrap(), None);
        let admits = |host: &'static str| {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            policy.admit(&Method::GET, &Uri::from_static("/"), &headers).is_ok()
        };
        for good in ["localhost", "LOCALHOST:1", "127.0.0.1:9653", "[::1]:9653", "127.9.9.9"] {
            assert!(admits(good), "{good}");
        }
        assert!(admits("192.0.2.1"));
        for bad in ["", "evil.example", "localhost.evil.example:9653", "192.0.2.2", "127.0.0.1.x"] {
            assert!(!admits(bad), "{bad}");
        }
        assert!(policy.admit(&Method::GET, &Uri::from_static("/"), &HeaderMap::new()).is_err());
        let absolute = Uri::from_static("http://evil.example/");
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]);
        assert!(policy.admit(&Method::GET, &absolute, &headers).is_err());
        assert!(policy.admit(&Method::POST, &Uri::from_static("/"), &headers).is_err());
    }

    #[test]
    fn with_a_token_nothing_else_opens() {
        let policy = AccessPolicy::new("192.0.2.1:9653".parse().unwrap(), Some("secret".into()));
        let admits = |header: Option<&'static str>| {
            let header = header.map(|value| (AUTHORIZATION, HeaderValue::from_static(value)));
            let headers = header.into_iter().collect();
            policy.admit(&Method::GET, &Uri::from_static("/"), &headers).is_ok()
        };
        assert!(admits(Some("Bearer secret")) && admits(Some("bearer secret")));
        for bad in ["", "Bearer", "Bearer ", "Bearer secre", "Bearer secrett", "Basic secret"] {
            assert!(!admits(Some(bad)), "{bad}");
        }
        assert!(!admits(None));
    }
}
