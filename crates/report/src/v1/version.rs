//! Which build of the tool this is.

use serde::Serialize;

/// A build of docker-ovs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Version {
    /// The release, as in `0.1.0`.
    pub version: &'static str,
    /// The commit it was built from, 12 hexadecimal digits; `unknown` where that was not told.
    pub commit: &'static str,
    /// When that commit was made, RFC 3339, UTC; `unknown` where that was not told.
    pub date: &'static str,
}
