//! What a check-up of the host found.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What: `docker`, `ovsdb`, `vswitchd`, `privileges`, `namespace`, `datapath`, `identity`, `ports`,
    /// `checksums`, `others`, `driver`.
    pub name: String,
    /// Where: an address, or what it is about.
    pub target: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, or why it failed.
    pub detail: String,
    /// What to do; empty when nothing.
    pub hint: String,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, with a limit worth knowing.
    Note,
    /// Does not work; answers that need it fail.
    Fail,
}

impl Verdict {
    /// Whether something is amiss.
    pub fn is_bad(self) -> bool {
        self == Self::Fail
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Fail => "FAIL",
        })
    }
}
