//! A recorded Snapshot, and all that is made of one.

use std::sync::LazyLock;

use model::query::QueryError;
use model::who::{WhoQuery, who};
use model::{Look, anonymise};
use report::graph::{Scene, dot, mermaid, svg};
use report::{Format, Wanted, list, printable_lines, render, v1, views};
use traffic::End;

use crate::is_bounded;

/// The longest table, CSV or JSON of a look: so many bytes for each of its snapshot.
const TIMES: usize = 400;

/// Reads a Snapshot, resolves it and lays out what follows.
///
/// # Panics
/// What is laid out is not printable, or longer than its input allows.
pub fn snapshot(bytes: &[u8]) {
    let Ok(snapshot) = host::read_recording("the corpus", bytes) else { return };
    let _ = anonymise(&snapshot);
    let look = Look::new(snapshot);
    let rows = list(&look.snapshot, &look.wiring, &Wanted { all: true, ..Wanted::default() });
    let ports: Vec<_> = look.wiring.ports.iter().map(v1::Port::from).collect();
    for format in [Format::Table, Format::Csv, Format::Json] {
        let texts =
            [render(&format, &views::LIST_ALL, &rows), render(&format, &views::PORTS, &ports)];
        for text in texts.into_iter().flatten() {
            is_bounded(text.len(), bytes, TIMES);
            if format != Format::Json {
                is_printable(&text);
            }
        }
    }
    let scene = Scene::new(&look.wiring, None);
    for text in [svg(&scene), dot(&scene), mermaid(&scene)] {
        is_printable(&text);
    }
    for query in ["3", "br0:1", "02:00:00:00:00:01", "192.0.2.1", "eth0", "ifindex:2"] {
        let _ = who(&look.snapshot, &look.wiring, &WhoQuery::from(query));
        let _ = End::find(&look, query, None);
    }
    let _: Result<(), QueryError> = look.require_all(&[]).and_then(|()| look.require_whole());
}

/// A terminal obeys nothing of it.
fn is_printable(text: &str) {
    assert!(printable_lines(text) == text, "it is not printable: {text:?}");
}

/// A host with containers on two bridges.
static HOST: LazyLock<Option<Look>> = LazyLock::new(|| {
    let text = include_bytes!("../../cli/tests/scenes/article.json");
    host::read_recording("the scene", text).ok().map(Look::new)
});

/// Reads the ends of a trace, a line each, on a host that is always the same.
///
/// # Panics
/// An address names another one, or what is told is longer than its words allow.
pub fn ends(bytes: &[u8]) {
    let Some(look) = &*HOST else { panic!("the scene cannot be read") };
    let text = String::from_utf8_lossy(bytes);
    let mut near: Option<End> = None;
    for word in text.lines().take(16) {
        match End::find(look, word, near.as_ref()) {
            Ok(end) => {
                if let Ok(ip) = word.parse() {
                    assert_eq!(end.bound_to, Some(ip));
                }
                assert!(end.port.is_none() || end.bridge().is_some(), "{word}");
                near = Some(end);
            }
            Err(error) => is_bounded(error.to_string().len(), bytes, 16),
        }
    }
}
