//! Why a `--format` cannot be used.

use std::fmt;

/// A format that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError(String);

impl FormatError {
    pub(crate) fn new(message: String) -> Self {
        Self(message)
    }

    pub(crate) fn template(text: &str, why: &impl fmt::Display) -> Self {
        Self(format!("cannot use the template {text:?}: {why}"))
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FormatError {}
