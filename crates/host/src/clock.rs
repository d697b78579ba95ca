//! The wall clock: for stamps on what is told and on what is kept. Nothing waits for it, and
//! nothing is told apart by it, for it may be set.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch; 0 where the clock is set to before that.
#[allow(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
