//! What others recorded, and what the daemon kept.

use std::hint::black_box;

use journal::{Delta, LONGEST, Records};

/// Reads a recording of any kind: a database's file, an archive, what a command printed.
///
/// # Panics
/// What is read cannot be written and read again.
pub fn recording(bytes: &[u8]) {
    let Ok(recording) = recorded::parse_any(bytes) else { return };
    black_box(model::resolve(&recording.snapshot));
    let Ok(text) = serde_json::to_vec(&recording.snapshot) else {
        panic!("what was read cannot be written")
    };
    let again = host::read_recording("it", &text);
    assert_eq!(again.ok().as_ref(), Some(&recording.snapshot), "it is read as another one");
}

/// Reads the head of a segment of a journal, records, and what changed by them.
///
/// # Panics
/// A head is written as another one, or a record is longer than what there is.
pub fn journal(bytes: &[u8]) {
    if let Some((head, rest)) = journal::parsing::segment_head(bytes) {
        assert!(bytes.ends_with(rest), "what follows is not the end");
        let again = journal::parsing::segment_head(&head);
        assert_eq!(again, Some((head.clone(), &[][..])), "it is written as another one");
    }
    let name = String::from_utf8_lossy(bytes);
    if let Some(again) = journal::parsing::segment_name(&name) {
        assert_eq!(again, name, "a file has another name");
    }
    let mut records = Records::of(bytes);
    for record in records.by_ref() {
        assert!(
            record.payload.len() <= bytes.len().min(LONGEST),
            "it is longer than what there is"
        );
        black_box(serde_json::from_slice::<Delta>(record.payload).is_ok());
    }
    assert!(bytes.ends_with(records.rest()), "what is left is not the end");
    // What a record says, without the checksum that stands before it.
    black_box(serde_json::from_slice::<Delta>(bytes).is_ok());
}
