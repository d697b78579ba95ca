//! Answers that are a text, and how each counts against the client that it is for.
//!
//! What depends on the host may be large, and a client may ask for it and take nothing: such a text goes
//! out as [`CountedText`] alone, which only comes with room that its client has for it. There is no
//! other way to answer JSON; a test here knows every place that makes an answer of anything else.

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::json::json;
use crate::turns::CountedText;

const JSON: &str = "application/json";

/// An answer of this media type.
pub(crate) fn answer(kind: &'static str, text: CountedText) -> Response {
    (kind_of(kind), text.into_bytes()).into_response()
}

/// An answer of JSON.
pub(crate) fn json_answer(text: CountedText) -> Response {
    answer(JSON, text)
}

/// JSON that is as short on every host, however much there is on it. It is not counted.
pub(crate) fn short_json<T: Serialize>(report: &T) -> Response {
    (kind_of(JSON), json(report)).into_response()
}

fn kind_of(kind: &'static str) -> [(axum::http::HeaderName, HeaderValue); 1] {
    [(CONTENT_TYPE, HeaderValue::from_static(kind))]
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    /// The sources of the daemon, each without its tests.
    fn product(folder: &Path, all: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                product(&path, all);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let product = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                all.push((path, product));
            }
        }
    }

    fn uses(what: &str) -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut all = Vec::new();
        product(&root, &mut all);
        let with = all.iter().flat_map(|(path, text)| {
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            std::iter::repeat_n(name, text.matches(what).count())
        });
        let mut with: Vec<_> = with.collect();
        with.sort();
        with
    }

    /// A place that is added here may answer no more on a host of thousands of containers than on any other,
    /// however often one client asks for it and takes nothing.
    #[test]
    fn every_answer_of_a_length_that_depends_on_the_host_is_counted() {
        assert_eq!(uses("Json("), [""; 0], "what axum writes is not counted");
        // Streams, whose parts are counted one by one.
        assert_eq!(uses("Body::"), ["api/events.rs"]);
        let answers = [
            "api/events.rs",
            // Here.
            "http/answer.rs",
            "http/answer.rs",
            // Refusals, and what has no body.
            "http/auth.rs",
            "http/conditional.rs",
            // Files that are linked in, and a sentence.
            "page/routes.rs",
            "page/routes.rs",
        ];
        assert_eq!(uses("into_response()"), answers);
        let short = [
            // Numbers of a fleet.
            "api/fleet.rs",
            // That no history is kept.
            "api/history.rs",
            // That there was no look yet.
            "api/mod.rs",
            // Refusals.
            "http/error.rs",
            // Why there is no past.
            "page/past.rs",
        ];
        assert_eq!(uses("short_json("), short);
    }
}
