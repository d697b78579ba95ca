//! Points in time, all written alike.

use std::time::{Duration, UNIX_EPOCH};

/// Milliseconds since the Unix epoch as RFC 3339: UTC, with milliseconds.
pub fn rfc3339(milliseconds: u64) -> String {
    let at = UNIX_EPOCH + Duration::from_millis(milliseconds);
    humantime::format_rfc3339_millis(at).to_string()
}

/// The same read: RFC 3339 in UTC, or milliseconds since the Unix epoch.
pub fn moment(text: &str) -> Option<u64> {
    if let Ok(milliseconds) = text.parse() {
        return Some(milliseconds);
    }
    let at = humantime::parse_rfc3339(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(at.as_millis()).ok()
}
