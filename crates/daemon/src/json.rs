//! How reports are written.

/// The JSON of a report. Its types are plain structs, which serde_json always can write.
pub(crate) fn json<T: serde::Serialize>(report: &T) -> String {
    serde_json::to_string(report).unwrap_or_default()
}
