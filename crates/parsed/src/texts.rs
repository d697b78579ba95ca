//! What Open vSwitch prints of flows.

use std::hint::black_box;

use flowtext::{
    Action, Annotator, Header, Labels, Pattern, Style, follow, parse_fdb, parse_fdb_statistics,
    parse_flows, parse_trace,
};

/// Has the same label for every port.
struct All;

impl Labels for All {
    fn of_port(&self, _: Option<&str>, _: &[u8]) -> Option<&str> {
        Some("o")
    }

    fn dp_port(&self, _: Option<&str>, _: &[u8]) -> Option<&str> {
        Some("d")
    }

    fn port_name(&self, _: &[u8]) -> Option<&str> {
        Some("n")
    }
}

/// Annotates a text, however it is chopped; the first byte says how.
///
/// # Panics
/// How it is chopped changes what is said, or something of it is lost.
pub fn annotate(bytes: &[u8]) {
    let Some((step, text)) = bytes.split_first() else { return };
    for style in [Style::default(), Style { macs: true, ips: true, ..Style::default() }] {
        let whole = annotated(text, text.len().max(1), &style);
        let chopped = annotated(text, usize::from(*step).max(1), &style);
        assert_eq!(whole, chopped, "how a text is chopped changes what is said");
        let labels = whole.len().saturating_sub(text.len());
        assert!(whole.len() >= text.len() && labels % 3 == 0, "something is lost");
    }
}

fn annotated(text: &[u8], step: usize, style: &Style) -> Vec<u8> {
    let mut annotator = Annotator::new(All, style.clone());
    let mut out = Vec::new();
    for piece in text.chunks(step) {
        annotator.push(piece, &mut out);
    }
    annotator.finish(&mut out);
    out
}

/// The longest pattern that is tried: what a user writes in it costs that user time alone.
const LONGEST: usize = 256;

/// Reads the first line as a pattern of ports, and annotates the other lines by it, however they are chopped.
///
/// # Panics
/// As [`annotate`].
pub fn pattern(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (Some(pattern), Some(text)) = (parts.next(), parts.next()) else { return };
    if pattern.len() > LONGEST {
        return;
    }
    let Ok(pattern) = String::from_utf8_lossy(pattern).parse::<Pattern>() else { return };
    let style = Style { patterns: vec![pattern], ..Style::default() };
    let whole = annotated(text, text.len().max(1), &style);
    assert_eq!(whole, annotated(text, 7, &style), "how a text is chopped changes what is said");
    let labels = whole.len().saturating_sub(text.len());
    assert!(whole.len() >= text.len() && labels % 3 == 0, "something is lost");
}

/// Takes flows, the MAC table, a trace and datapath actions apart.
///
/// # Panics
/// What is told of a flow does not stand in it.
pub fn flows(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for flow in parse_flows(&text).take(64) {
        assert!(flow.line.contains(flow.matches) && flow.line.contains(flow.actions));
        black_box(flow.fields());
        flow.action_list().iter().for_each(|action| drop(black_box(action.ports())));
    }
    black_box(Action::list(&text));
    black_box(parse_fdb(&text).count());
    black_box(parse_fdb_statistics(&text));
    black_box(parse_trace(&text));
    black_box(follow(&text, Header::default()));
}
