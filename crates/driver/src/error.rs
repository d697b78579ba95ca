//! Why a call of an engine is refused: one line, which begins with the bridge or the network and names
//! what to do.

use host::ActError;
use model::SourceError;
use model::plan::PlanError;

use crate::options::OptionError;

/// What to do where a number is another's.
const FREE: &str = "without the option ofport a free one is chosen";

/// One line for the engine's user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DriverError(String);

impl DriverError {
    /// With these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into().replace(['\n', '\r'], " "))
    }

    /// The same about `what`.
    pub(crate) fn about(self, what: &str) -> Self {
        Self(format!("{what}: {}", self.0))
    }

    fn with_hint(words: &dyn std::fmt::Display, hint: Option<String>) -> Self {
        let hint = hint.filter(|hint| !hint.is_empty());
        Self::new(hint.map_or_else(|| words.to_string(), |hint| format!("{words} ({hint})")))
    }
}

impl From<SourceError> for DriverError {
    fn from(error: SourceError) -> Self {
        let hint = error.hint.clone();
        Self::with_hint(&error, Some(hint))
    }
}

impl From<ActError> for DriverError {
    fn from(error: ActError) -> Self {
        Self::with_hint(&error, error.hint())
    }
}

impl From<PlanError> for DriverError {
    fn from(error: PlanError) -> Self {
        let hint = match &error {
            PlanError::NumberInUse { .. } => Some(FREE.to_owned()),
            PlanError::BadMac { .. } => Some("without --mac-address one is chosen".to_owned()),
            other => other.hint(),
        };
        Self::with_hint(&error, hint)
    }
}

impl From<OptionError> for DriverError {
    fn from(error: OptionError) -> Self {
        Self::new(error.to_string())
    }
}
