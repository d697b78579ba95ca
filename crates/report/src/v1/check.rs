//! A line of a check-up.

use model::health;
use serde::Serialize;

use super::Verdict;

/// One line of a check-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Check {
    /// What was checked.
    pub check: String,
    /// Where.
    pub target: String,
    /// What it came to.
    pub verdict: Verdict,
    /// What was found, or why it failed.
    pub detail: String,
    /// What to do.
    pub hint: String,
}

impl From<&health::Check> for Check {
    fn from(check: &health::Check) -> Self {
        Self {
            check: check.name.clone(),
            target: check.target.clone(),
            verdict: Verdict::from(check.verdict),
            detail: check.detail.clone(),
            hint: check.hint.clone(),
        }
    }
}

impl From<health::Verdict> for Verdict {
    fn from(verdict: health::Verdict) -> Self {
        match verdict {
            health::Verdict::Ok => Self::Ok,
            health::Verdict::Note => Self::Note,
            health::Verdict::Fail => Self::Fail,
        }
    }
}
