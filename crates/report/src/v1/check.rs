//! A line of a check-up.

use serde::Serialize;

/// One line of a check-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Check {
    /// What was checked.
    pub check: String,
    /// Where.
    pub target: String,
    /// `ok`, `note` or `FAIL`.
    pub verdict: String,
    /// What was found, or why it failed.
    pub detail: String,
    /// What to do.
    pub remedy: String,
}

impl From<&model::health::Check> for Check {
    fn from(check: &model::health::Check) -> Self {
        Self {
            check: check.name.clone(),
            target: check.target.clone(),
            verdict: check.verdict.to_string(),
            detail: check.detail.clone(),
            remedy: check.remedy.clone(),
        }
    }
}
