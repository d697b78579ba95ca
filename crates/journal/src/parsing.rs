//! What stands in files, read from any bytes: for fuzzing and its corpora.

use std::path::Path;

use crate::segment::{self, SegmentHead};

/// The head of a segment as it would be written again, and what follows it.
pub fn segment_head(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (head, rest) = SegmentHead::read(bytes)?;
    Some((head.bytes(), rest))
}

/// The name of a segment's file as it would be called again; none of what is called otherwise.
pub fn segment_name(name: &str) -> Option<String> {
    let path = segment::path(Path::new(""), segment::number(name)?);
    Some(path.display().to_string())
}
