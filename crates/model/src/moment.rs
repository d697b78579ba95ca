//! Points in time, all written and read alike: RFC 3339, UTC. No clock is read here.

use std::time::{Duration, UNIX_EPOCH};

/// The end of the year 9999, in milliseconds since the Unix epoch: RFC 3339 has no notation for what
/// comes later.
pub const LAST: u64 = 253_402_300_799_999;

/// Milliseconds since the Unix epoch as RFC 3339: UTC, with milliseconds. What is later than [`LAST`],
/// which only a program that counts in other units can say, is written as that.
#[allow(clippy::disallowed_methods, reason = "what it cannot write is kept from it here")]
pub fn rfc3339(milliseconds: u64) -> String {
    let since = Duration::from_millis(milliseconds.min(LAST));
    let at = UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH);
    humantime::format_rfc3339_millis(at).to_string()
}

/// The same read, by a question: RFC 3339 in UTC, or milliseconds since the Unix epoch; none where it is
/// neither, or later than [`LAST`].
pub fn parse(text: &str) -> Option<u64> {
    let of_date = || {
        let at = humantime::parse_rfc3339(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
        u64::try_from(at.as_millis()).ok()
    };
    let milliseconds = text.parse().ok().or_else(of_date)?;
    (milliseconds <= LAST).then_some(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_can_be_written() {
        let end = "9999-12-31T23:59:59.999Z";
        let expected = [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_795_000_000_123, "2026-11-18T11:06:40.123Z"),
            (LAST - 1, "9999-12-31T23:59:59.998Z"),
            (LAST, end),
            (LAST + 1, end),
            (9_999_999_999_999_999, end),
            (i64::MAX as u64, end),
            (u64::MAX, end),
        ];
        for (at, written) in expected {
            assert_eq!(rfc3339(at), written, "{at}");
        }
    }

    #[test]
    fn what_is_later_than_can_be_written_is_no_moment_of_a_question() {
        assert_eq!(parse("1795000000123"), Some(1_795_000_000_123));
        assert_eq!(parse("2026-11-18T11:06:40.123Z"), Some(1_795_000_000_123));
        assert_eq!(parse("9999-12-31T23:59:59.999Z"), Some(LAST));
        assert_eq!(parse(&LAST.to_string()), Some(LAST));
        for bad in ["", "x", "-1", "253402300800000", "9999999999999999", "18446744073709551615"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        for bad in
            ["18446744073709551616", "10000-01-01T00:00:00Z", "2026-11-18", "1969-12-31T23:59:59Z"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
