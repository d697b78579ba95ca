//! Content codings (RFC 9110, section 8.4): what is written once for all is packed once for all that
//! take it so, as every browser does.

use std::io::Write;

use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Less than that, in bytes, is sent as it is.
pub(crate) const LEAST: usize = 16 * 1024;

/// Whether `Accept-Encoding` (RFC 9110, section 12.5.3) takes gzip: by name, or by `*` where it is not
/// named; and not with a weight of nothing.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let codings: Vec<_> = lines.flat_map(|line| line.split(',')).map(coding).collect();
    let weight = |wanted: &[&str]| {
        let is = |name: &str| wanted.iter().any(|wanted| name.eq_ignore_ascii_case(wanted));
        codings.iter().find(|(name, _)| is(name)).map(|(_, taken)| *taken)
    };
    weight(&["gzip", "x-gzip"]).or_else(|| weight(&["*"])).unwrap_or(false)
}

/// The name of a coding, and whether it is taken at all.
fn coding(text: &str) -> (&str, bool) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    let nothing = |weight: &str| weight.parse().is_ok_and(|weight: f32| weight <= 0.0);
    (name, !weight.is_some_and(nothing))
}

/// The text, packed. A little is gained by packing it better, and time is lost at each look.
pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let _ = packed.write_all(text);
    packed.finish().unwrap_or_default()
}

/// Tells that an answer depends on which codings are taken, and that it is packed. Its tag is a weak
/// one then: the same in other bytes (section 8.8.1).
pub(crate) fn mark(answer: &mut Response, is_packed: bool) {
    let headers = answer.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if !is_packed {
        return;
    }
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let weak = headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(|tag| format!("W/{tag}"));
    if let Some(weak) = weak.and_then(|weak| HeaderValue::try_from(weak).ok()) {
        headers.insert(ETAG, weak);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn is_taken(lines: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_static(line));
        }
        takes_gzip(&headers)
    }

    #[test]
    fn gzip_is_taken_by_name_or_by_any() {
        for taken in [
            &["gzip"][..],
            &["gzip, deflate, br, zstd"],
            &["br;q=1.0, GZIP;q=0.8"],
            &["deflate", "x-gzip"],
            &["*"],
            &["identity, *;q=0.5"],
            &["gzip ; q=0.001"],
        ] {
            assert!(is_taken(taken), "{taken:?}");
        }
    }

    #[test]
    fn what_is_not_named_or_weighs_nothing_is_not_taken() {
        for other in [
            &[][..],
            &[""],
            &["identity"],
            &["br, deflate"],
            &["gzip;q=0"],
            &["gzip;q=0.000, *"],
            &["*;q=0"],
            &["gzipped"],
        ] {
            assert!(!is_taken(other), "{other:?}");
        }
    }

    #[test]
    fn what_is_packed_is_the_text() {
        let text = "<svg>jack</svg>".repeat(5000);
        let packed = gzip(text.as_bytes());
        assert!(packed.len() < text.len() / 10);
        let mut again = String::new();
        flate2::read::GzDecoder::new(&*packed).read_to_string(&mut again).unwrap();
        assert_eq!(again, text);
    }
}
