//! Names that are met again and again, and how long one may be.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A name that is met again and again: shared, not copied.
pub type Name = Arc<str>;

/// The longest name that is kept, in bytes: as that of a file (`NAME_MAX`), and more than the 15
/// bytes of a link. The database and engines set no limit, and a name is told in every row.
pub const LONGEST_NAME: usize = 255;

/// What the names begin with that we give to links of the host.
pub const HOST_END: &str = "dov-";

/// What stands where a longer name was cut.
const ELLIPSIS: char = '…';

/// Digits of what tells names apart that begin alike.
const DIGEST: usize = 16;

/// A name, cut where it is longer than [`LONGEST_NAME`]: its beginning, an ellipsis, and a digest
/// of the whole, so that two names do not become one.
pub fn name(text: &str) -> Name {
    if text.len() <= LONGEST_NAME {
        return text.into();
    }
    let room = LONGEST_NAME - ELLIPSIS.len_utf8() - DIGEST;
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let beginning = text.get(..end).unwrap_or_default();
    let mut digest = rustc_hash::FxHasher::default();
    text.hash(&mut digest);
    format!("{beginning}{ELLIPSIS}{:0DIGEST$x}", digest.finish()).into()
}

/// Whether [`name`] cut it.
pub fn is_cut(name: &str) -> bool {
    let long = name.len() > LONGEST_NAME - ELLIPSIS.len_utf8() - DIGEST;
    let digest = name.rsplit_once(ELLIPSIS).map(|(_, digest)| digest);
    let is_digest =
        |text: &str| text.len() == DIGEST && text.bytes().all(|b| b.is_ascii_hexdigit());
    long && digest.is_some_and(is_digest)
}
