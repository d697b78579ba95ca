//! The framer: any chopping of a stream gives the same messages, within bounds.

use docker_ovs_jsonrpc::{FrameError, Framer, Limits};
use proptest::prelude::*;

fn messages(framer: &mut Framer) -> Result<Vec<Vec<u8>>, FrameError> {
    let mut taken = Vec::new();
    while let Some(message) = framer.take()? {
        taken.push(message.to_vec());
    }
    Ok(taken)
}

/// Pushes `stream` cut at `cuts`, taking after each piece.
fn chopped(stream: &[u8], cuts: &[usize]) -> Result<Vec<Vec<u8>>, FrameError> {
    let mut framer = Framer::new();
    let mut taken = Vec::new();
    let mut rest = stream;
    for cut in cuts {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        framer.push(piece);
        taken.extend(messages(&mut framer)?);
        rest = after;
    }
    framer.push(rest);
    taken.extend(messages(&mut framer)?);
    Ok(taken)
}

#[test]
fn two_messages_in_one_read_and_one_in_many() {
    let stream = br#"{"a":"}\"]{"} {"b":[{},"\\"]}"#;
    let expected = vec![br#"{"a":"}\"]{"}"#.to_vec(), br#"{"b":[{},"\\"]}"#.to_vec()];
    assert_eq!(chopped(stream, &[]).unwrap(), expected);
    assert_eq!(chopped(stream, &vec![1; stream.len()]).unwrap(), expected);
}

#[test]
fn a_partial_message_is_not_taken() {
    let mut framer = Framer::new();
    framer.push(b" {\"a\":1");
    assert_eq!(framer.take(), Ok(None));
    assert!(framer.is_inside_message());
    framer.push(b"}\n ");
    assert_eq!(framer.take(), Ok(Some(&b"{\"a\":1}"[..])));
    assert_eq!(framer.take(), Ok(None));
    assert!(!framer.is_inside_message());
}

#[test]
fn what_is_no_object_is_refused_and_stays_refused() {
    let mut framer = Framer::new();
    framer.push(b"{}HTTP/1.1");
    assert!(framer.take().unwrap().is_some());
    assert_eq!(framer.take(), Err(FrameError::NotAnObject(b'H')));
    framer.push(b"{}");
    assert_eq!(framer.take(), Err(FrameError::NotAnObject(b'H')));
}

#[test]
fn nesting_and_length_are_limited_before_the_message_ends() {
    let limits = Limits { message: 10, depth: 3 };
    let mut framer = Framer::with_limits(limits);
    framer.push(b"{\"[[\":[[");
    assert!(framer.take().unwrap().is_none());
    framer.push(b"[");
    assert_eq!(framer.take(), Err(FrameError::TooDeep(3)));

    let mut framer = Framer::with_limits(limits);
    framer.push(b"   {\"56789\"}{\"5678901234");
    assert_eq!(framer.take().unwrap().map(<[u8]>::len), Some(9));
    assert_eq!(framer.take(), Err(FrameError::TooLong(10)));
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let text = prop::collection::vec(
        prop::sample::select(vec!["\"", "\\", "{", "}", "[", "]", "é", "\n", "x"]),
        0..6,
    )
    .prop_map(|parts| serde_json::Value::from(parts.concat()));
    let leaf = prop_oneof![Just(serde_json::Value::Null), any::<i64>().prop_map(Into::into), text];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-c\"\\\\{}]{0,3}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_chopping_gives_the_same_messages(
        values in prop::collection::vec(json(), 0..5),
        gap in "[ \t\r\n]{0,3}",
        cuts in prop::collection::vec(0usize..40, 0..40),
    ) {
        let expected: Vec<Vec<u8>> =
            values.iter().map(|value| serde_json::json!({ "m": value }).to_string().into_bytes()).collect();
        let stream = expected.join(gap.as_bytes());
        prop_assert_eq!(chopped(&stream, &cuts).unwrap(), expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_chopping_does_not_matter(
        stream in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\"\\ ".to_vec())], 0..200),
        cuts in prop::collection::vec(0usize..20, 0..20),
    ) {
        prop_assert_eq!(chopped(&stream, &cuts), chopped(&stream, &[]));
    }
}
