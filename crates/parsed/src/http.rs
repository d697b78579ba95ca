//! What clients ask a daemon, and what a daemon answers.

use std::hint::black_box;

use report::v1::{
    FleetAttachment, FleetEvent, FleetHost, FleetMatch, FleetPort, FleetStatus, Mesh,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::is_bounded;

/// How much is held of an answer, in bytes.
const HELD: usize = 1 << 20;

/// Reads the query of a request.
///
/// # Panics
/// A refusal is longer than what is refused.
pub fn query(bytes: &[u8]) {
    let (taken, refusals) = daemon::parsing::query_in(&String::from_utf8_lossy(bytes));
    assert!(taken <= 6);
    // Each path says why, and may quote all of it.
    is_bounded(refusals.iter().map(String::len).sum(), bytes, 64);
}

/// Reads the values of headers, a line each, as those of every header that is read.
///
/// # Panics
/// A tag is had that the client did not name.
pub fn headers(bytes: &[u8]) {
    let values: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
    let Some(heads) = daemon::parsing::heads_in(&values) else { return };
    black_box((heads.refused, heads.has_token, heads.takes_gzip));
    if let Some(tag) = heads.had {
        let is_named = |value: &&[u8]| value.windows(tag.len()).any(|part| part == tag);
        assert!(values.iter().any(is_named) || tag == b"\"boot-7\"", "{tag:?}");
    }
    if heads.has_token {
        assert!(values.first().is_some_and(|value| value.ends_with(b"secret")));
    }
}

/// Reads an answer to what is no request.
///
/// # Panics
/// What goes out instead is no answer.
pub fn malformed(bytes: &[u8]) {
    let Some(instead) = daemon::parsing::explained(bytes) else { return };
    is_bounded(instead.len(), bytes, 4);
    assert!(instead.starts_with(b"HTTP/1.1 4"));
    let again = daemon::parsing::explained(&instead);
    assert!(again.is_none(), "it is explained once more");
}

/// Reads a stream of a daemon's events however it is chopped, where the first byte says how; and what comes
/// as an answer at once.
///
/// # Panics
/// How it is chopped changes the lines, or what was read is written as something else.
pub fn answers(bytes: &[u8]) {
    let Some((step, stream)) = bytes.split_first().filter(|(_, stream)| stream.len() < HELD) else {
        return;
    };
    let whole = host::parsing::lines_in(stream, stream.len());
    let chopped = host::parsing::lines_in(stream, usize::from(*step));
    assert_eq!(whole, chopped, "how a stream is chopped changes its lines");
    for line in whole.0 {
        if let Some(Some(json)) = client::parsing::event_in(&line) {
            is_read_again::<FleetEvent>(json);
        }
    }
    is_read_again::<FleetStatus>(stream);
    is_read_again::<Vec<FleetHost>>(stream);
    is_read_again::<Vec<FleetAttachment>>(stream);
    is_read_again::<Vec<FleetMatch>>(stream);
    is_read_again::<Vec<FleetPort>>(stream);
    is_read_again::<Vec<Mesh>>(stream);
    let words = host::parsing::refusal(stream);
    is_bounded(words.len(), stream, 4);
    let _ = host::read_recording_of_peer("the daemon", stream);
}

fn is_read_again<T>(json: &[u8])
where
    T: DeserializeOwned + PartialEq + std::fmt::Debug + Serialize,
{
    let Ok(read) = bounded::from_slice::<T>(json, HELD) else { return };
    let Ok(text) = serde_json::to_vec(&read) else { panic!("{read:?} cannot be written") };
    match serde_json::from_slice::<T>(&text) {
        Ok(again) => assert_eq!(again, read, "it is read as another one"),
        Err(error) => panic!("what was written cannot be read: {error}"),
    }
}
