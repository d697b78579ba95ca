//! A recorded Snapshot, and all that is made of one.

use model::query::QueryError;
use model::who::{WhoQuery, who};
use model::{Look, anonymise};
use report::graph::{Scene, dot, mermaid, svg};
use report::{Format, Wanted, list, printable_lines, render, v1, views};

/// The longest table, CSV or JSON of a look: so many bytes for each of its snapshot, and room for a
/// header.
const TIMES: usize = 400;
const HEADER: usize = 4096;

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
            is_bounded(&text, bytes);
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
    }
    let _: Result<(), QueryError> = look.require_all(&[]).and_then(|()| look.require_whole());
}

/// A terminal obeys nothing of it.
fn is_printable(text: &str) {
    assert!(printable_lines(text) == text, "it is not printable: {text:?}");
}

/// Output is bounded by input.
fn is_bounded(text: &str, input: &[u8]) {
    let most = HEADER + input.len() * TIMES;
    assert!(text.len() <= most, "{} bytes of a snapshot of {}", text.len(), input.len());
}
