//! Why a `--format` cannot be used.

use std::fmt;

/// A format that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    message: String,
    is_of_row: bool,
}

impl FormatError {
    pub(crate) fn new(message: String) -> Self {
        Self { message, is_of_row: false }
    }

    pub(crate) fn template(text: &str, why: &impl fmt::Display) -> Self {
        Self::new(format!("cannot use the template {text:?}: {why}"))
    }

    /// The same where it is a row that does not suit it, as by a value that is null.
    pub(crate) fn of_row(self) -> Self {
        Self { is_of_row: true, ..self }
    }

    /// Whether another row may suit the format.
    pub fn is_of_row(&self) -> bool {
        self.is_of_row
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FormatError {}
