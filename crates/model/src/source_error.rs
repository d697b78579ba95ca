//! Why something could not be had: what failed, why, and what to do.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

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
}

impl SourceError {
    /// A failure of `what` because of `why`.
    pub fn new(kind: SourceErrorKind, what: impl Into<String>, why: impl fmt::Display) -> Self {
        Self { kind, what: what.into(), why: why.to_string(), hint: String::new() }
    }

    /// The same, with what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}
