//! JSON of a peer that is not trusted, read into no more memory than is allowed.
//!
//! A bound on the length of a message is none on what is made of it: `{"a":""}` is eight bytes long,
//! and as an entry of a map of strings it takes a hundred. So what is held is counted while it is
//! read: the size of each element of a list and of a map, and each text. What a type leaves out
//! costs nothing.
//!
//! ```
//! # use docker_ovs_bounded::from_slice;
//! let held: Vec<String> = from_slice(b"[\"a\", \"b\"]", 1 << 10)?;
//! assert_eq!(held, ["a", "b"]);
//! assert!(from_slice::<Vec<String>>("[\"\"]".repeat(1).as_bytes(), 8).is_err());
//! # Ok::<(), serde_json::Error>(())
//! ```
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test panics to fail"
    )
)]

mod access;
mod deserializer;
mod visitor;

use std::cell::Cell;

use serde::de::{Deserialize, Error};

use deserializer::Metered;

/// What an allocation costs beyond what is asked for, in bytes.
const ALLOCATION: usize = 16;

/// Reads a value of which no more than `limit` bytes are held, about: texts and elements count, and
/// a little for each allocation.
///
/// # Errors
/// It is not JSON, not of the shape that is asked for, or too much.
pub fn from_slice<'de, T: Deserialize<'de>>(
    json: &'de [u8],
    limit: usize,
) -> Result<T, serde_json::Error> {
    from_slice_counted(json, limit).map(|(value, _)| value)
}

/// The same, with how many bytes are held of the value: for several that are held beside each other.
///
/// # Errors
/// As [`from_slice`].
pub fn from_slice_counted<'de, T: Deserialize<'de>>(
    json: &'de [u8],
    limit: usize,
) -> Result<(T, usize), serde_json::Error> {
    let meter = Meter { left: Cell::new(limit), limit };
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = T::deserialize(Metered { inner: &mut reader, meter: &meter, of: Of::Collection })?;
    reader.end()?;
    Ok((value, limit.saturating_sub(meter.left.get())))
}

/// The same of a text.
///
/// # Errors
/// As [`from_slice`].
pub fn from_str<'de, T: Deserialize<'de>>(
    json: &'de str,
    limit: usize,
) -> Result<T, serde_json::Error> {
    from_slice(json.as_bytes(), limit)
}

/// What an error of a value that is too much begins with.
const TOO_MUCH: &str = "more is in it than the ";

/// Whether a value was not read because it is too much.
pub fn is_too_much(error: &serde_json::Error) -> bool {
    error.is_data() && error.to_string().starts_with(TOO_MUCH)
}

/// How much may still be held.
struct Meter {
    left: Cell<usize>,
    limit: usize,
}

impl Meter {
    /// Counts something that is held from now on.
    fn hold<E: Error>(&self, bytes: usize) -> Result<(), E> {
        let left = self.left.get().checked_sub(bytes);
        let left = left.ok_or_else(|| {
            E::custom(format_args!("{TOO_MUCH}{} bytes that are held", self.limit))
        })?;
        self.left.set(left);
        Ok(())
    }

    /// Counts a text, with its allocation.
    fn hold_text<E: Error>(&self, bytes: usize) -> Result<(), E> {
        self.hold(bytes.saturating_add(ALLOCATION))
    }
}

/// What the entries of a map are.
#[derive(Clone, Copy)]
enum Of {
    /// Fields of a struct: they lie within what was counted already.
    Struct,
    /// Entries of a collection, which has room for each.
    Collection,
}
