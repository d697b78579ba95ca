//! Why something could not be had: what failed, why, and what to do.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::told::{LONGEST, boundary, excerpt};

/// One failure, told so that a person can act on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[error("{what}: {why}")]
pub struct SourceError {
    /// What kind of failure this is.
    pub kind: SourceErrorKind,
    /// What failed: the thing and its address, as in `Docker at unix:///var/run/docker.sock`.
    pub what: String,
    /// Why, in the words of the source.
    pub why: String,
    /// What to do about it; empty when there is nothing sensible to say.
    #[serde(default, skip_serializing_if = "String::is_empty", alias = "remedy")]
    pub hint: String,
}

/// The kinds of failure that a program may want to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceErrorKind {
    /// A privilege is missing.
    Denied,
    /// No server answers at that address.
    Unreachable,
    /// A server is there, but did not answer in time.
    TimedOut,
    /// An answer came that cannot be understood.
    Garbled,
    /// The request itself makes no sense here.
    Unusable,
    /// It was there a moment ago.
    Gone,
    /// What listens there is another service.
    NotServed,
    /// This system has no descriptor, memory or thread left to ask with: of the source nothing is known.
    Exhausted,
}

/// The beginning of what is written to it.
struct Excerpt(String);

impl fmt::Write for Excerpt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LONGEST.saturating_sub(self.0.len());
        let fitting = text.get(..boundary(text, room)).unwrap_or_default();
        self.0.push_str(fitting);
        if fitting.len() < text.len() {
            self.0.push('…');
            return Err(fmt::Error);
        }
        Ok(())
    }
}

impl SourceError {
    /// A failure of `what` because of `why`.
    ///
    /// Both may hold the words of a peer: of what is longer than a sentence the beginning is told.
    pub fn new(kind: SourceErrorKind, what: impl Into<String>, why: impl fmt::Display) -> Self {
        let mut told = Excerpt(String::new());
        // It refuses what is too much, and then has the beginning.
        let _ = write!(told, "{why}");
        Self { kind, what: excerpt(what), why: told.0, hint: String::new() }
    }

    /// The same, with what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, SourceError, SourceErrorKind};

    #[test]
    fn the_words_of_a_peer_are_told_only_as_far_as_people_read() {
        let flood = "é".repeat(1 << 20);
        let error = SourceError::new(SourceErrorKind::Garbled, flood.clone(), &flood);
        for told in [&error.what, &error.why] {
            assert!(told.len() <= LONGEST + '…'.len_utf8() && told.ends_with("é…"), "{told}");
        }
        let short = SourceError::new(SourceErrorKind::Garbled, "it", format_args!("{}!", "no"));
        assert_eq!(short.to_string(), "it: no!");
    }
}
