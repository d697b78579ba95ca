//! Points in time, all written alike.

use std::time::{Duration, UNIX_EPOCH};

/// Milliseconds since the Unix epoch as RFC 3339: UTC, with milliseconds.
pub fn rfc3339(milliseconds: u64) -> String {
    let at = UNIX_EPOCH + Duration::from_millis(milliseconds);
    humantime::format_rfc3339_millis(at).to_string()
}
