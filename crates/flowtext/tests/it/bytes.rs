//! Any bytes pass, whatever pieces they come in, and nothing of them is lost.

use std::net::IpAddr;

use docker_ovs_flowtext::{
    Action, Found, Header, Labels, Scanner, Style, follow, parse_fdb, parse_flows, parse_trace,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{annotated, in_pieces, with};

/// Words that mean something here, and what stands between them.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        prop::sample::select(vec![
            "in_port=",
            "output:",
            "actions=",
            "actions:",
            "resubmit(",
            "3",
            "LOCAL",
            "0x3",
            ",",
            ")",
            "(",
            "\n",
            " ",
            "load:",
            "->NXM_OF_IN_PORT[]",
            "learn(",
            "members:",
            "bridge(\"flw1\")",
            "\"flw-a\"",
            "\"",
            "Datapath actions: ",
            "Flow: ",
            "port  3: rx pkts=",
            "3(flwv1): addr:",
            "02:42:ac:11:00:03",
            "10.0.0.2",
            "fd00::2",
            "::",
            "  7  02:00:00:00:00:02  1",
            "clone(",
            "    ",
            "system@ovs-system:",
            "system@ovs-system: hit:0 missed:0\n  flw1:\n",
            "flwv1 3/2: (system)",
            "  7  5  239.1.1.1  9",
            "  port 3: flwv1",
            "\x1b[36m",
            "\x1b[m\x1b[K",
            "\x1b[",
            "\n+",
            "\n-",
            "Bridge   Port  VLAN  MAC                Age\n",
            "flw1     7     0  02:00:00:00:00:02    3",
            "continuation.actions=",
        ])
        .prop_map(|word| word.as_bytes().to_vec()),
        vec(any::<u8>(), 0..6),
    ];
    vec(word, 0..60).prop_map(|words| words.concat())
}

fn styles() -> impl Strategy<Value = Style> {
    (any::<bool>(), any::<bool>()).prop_map(|(macs, ips)| Style { macs, ips, ..Style::default() })
}

/// Has the same label for everything.
struct All;

impl Labels for All {
    fn of_port(&self, _: Option<&str>, _: &[u8]) -> Option<&str> {
        Some("all")
    }

    fn dp_port(&self, _: Option<&str>, _: &[u8]) -> Option<&str> {
        Some("all")
    }

    fn port_name(&self, _: &[u8]) -> Option<&str> {
        Some("all")
    }

    fn mac(&self, _: [u8; 6]) -> Option<&str> {
        Some("all")
    }

    fn ip(&self, _: IpAddr) -> Option<&str> {
        Some("all")
    }
}

/// Takes the labels out, at the places that the scanner tells.
fn without_labels(text: &[u8], annotated: &[u8], style: &Style) -> Vec<u8> {
    let mut places = Vec::new();
    Scanner::new(style.macs, style.ips).scan(text, |place| places.push(place));
    let mut out = Vec::new();
    let mut rest = annotated;
    let mut done = 0;
    for place in places {
        assert!(done <= place.start && place.start <= place.end && place.end <= text.len());
        let (copied, after) = rest.split_at(place.end - done);
        out.extend_from_slice(copied);
        done = place.end;
        let is_port = !matches!(
            place.found,
            Found::Bridge
                | Found::FirstBridge
                | Found::PassBegins
                | Found::PassBridge
                | Found::Forked
                | Found::Resumed
                | Found::BridgeEnds
                | Found::Datapath
                | Found::DatapathEnds
        );
        rest = if is_port { after.strip_prefix(b"<all>").unwrap() } else { after };
    }
    out.extend_from_slice(rest);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn taking_the_labels_out_gives_the_text_back(text in text(), style in styles()) {
        prop_assert_eq!(without_labels(&text, &with(All, &text, text.len(), &style), &style), text);
    }

    #[test]
    fn pieces_of_any_size_give_the_same(text in text(), style in styles(), size in 1usize..40) {
        prop_assert_eq!(in_pieces(&text, size, &style), annotated(&text, &style));
    }

    #[test]
    fn every_text_can_be_read(text in text()) {
        let text = String::from_utf8_lossy(&text);
        for flow in parse_flows(&text) {
            prop_assert!(text.contains(flow.matches) && text.contains(flow.actions));
            flow.fields();
            flow.action_list().iter().for_each(|action| drop(action.ports()));
        }
        parse_fdb(&text).count();
        parse_trace(&text);
        Action::list(&text);
        follow(&text, Header::default());
    }
}

#[test]
fn a_line_without_an_end_is_held_in_little_memory() {
    let block = b"output:3,drop,".repeat(5000);
    let mut annotator = docker_ovs_flowtext::Annotator::new(crate::Kinds, Style::default());
    let (mut out, mut taken, mut given, mut marked) = (Vec::new(), 0, 0, 0);
    for _ in 0..200 {
        annotator.push(&block, &mut out);
        taken += block.len();
        marked += out.windows(3).filter(|window| window == b"<o>").count();
        given += out.len();
        out.clear();
        assert!(taken + 3 * marked - given < 1 << 20, "more than a megabyte is held");
    }
    annotator.finish(&mut out);
    marked += out.windows(3).filter(|window| window == b"<o>").count();
    given += out.len();
    assert_eq!((marked, given), (200 * 5000, taken + 3 * marked), "the line goes on after a cut");
}

#[test]
fn a_word_without_an_end_passes() {
    let word = vec![b'x'; 1 << 20];
    assert_eq!(in_pieces(&word, 4096, &Style::default()), word);
    let quoted = [b"output:\"", &word[..]].concat();
    assert_eq!(in_pieces(&quoted, 4096, &Style::default()), quoted);
}
