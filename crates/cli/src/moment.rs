//! Moments as a user writes them: as `docker events --since` takes them, and a time of day.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};

const WANTED: &str = "use a time such as 02:10, 'yesterday 02:10', 2026-11-26T02:10 or \
    2026-11-26T02:10:00Z, seconds since 1970, or how long ago: 90s, 10m, 2h, 3d";

/// Milliseconds since the Unix epoch that `text` means, read now and here.
///
/// # Errors
/// What is no moment, in words.
pub fn parse(text: &str) -> Result<u64, String> {
    let now = i64::try_from(host::now()).unwrap_or(i64::MAX);
    let now = Timestamp::from_millisecond(now).map_err(|error| error.to_string())?;
    let at = read(text.trim(), &now.to_zoned_datetime(TimeZone::system())).ok_or(WANTED)?;
    u64::try_from(at.as_millisecond()).map_err(|_| "it is before 1970".to_owned())
}

fn read(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    if text == "now" {
        return Some(now.timestamp());
    }
    of_epoch(text)
        .or_else(|| text.parse().ok())
        .or_else(|| ago(text, now))
        .or_else(|| of_day(text, now))
        .or_else(|| local(text, now))
}

/// Seconds since 1970, as Docker takes them: with a fraction or without.
fn of_epoch(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.len() < 6 || !digits(seconds) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let nanoseconds = format!("{fraction:0<9}").parse().ok()?;
    Timestamp::new(seconds.parse().ok()?, nanoseconds).ok()
}

/// `10m`, `1h30m`, with or without `ago`.
fn ago(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    let span = humantime::parse_duration(text.strip_suffix("ago").unwrap_or(text).trim()).ok()?;
    let milliseconds = i64::try_from(span.as_millis()).ok()?;
    let at = now.timestamp().as_millisecond().checked_sub(milliseconds)?;
    Timestamp::from_millisecond(at).ok()
}

/// A time of day: the last one there was, unless the day is said.
fn of_day(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    let (day, time) = text.rsplit_once(' ').unwrap_or(("", text));
    let time = of_hour(time)?;
    let today = now.date();
    let yesterday = today.checked_sub(1.day()).ok()?;
    let at = |date: Date| zoned(date.to_datetime(time), now);
    match day.trim() {
        "yesterday" => at(yesterday),
        "today" => at(today),
        "" => at(today).filter(|at| *at <= now.timestamp()).or_else(|| at(yesterday)),
        _ => None,
    }
}

/// `02:10` or `02:10:30`; more only with a date.
fn of_hour(text: &str) -> Option<Time> {
    let is_time =
        text.contains(':') && text.bytes().all(|b| b.is_ascii_digit() || b":.".contains(&b));
    text.parse().ok().filter(|_| is_time)
}

/// A date with or without a time, in the time zone that is set here.
fn local(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.contains('-') {
        return None;
    }
    let at: DateTime = text.parse().ok()?;
    zoned(at, now)
}

fn zoned(at: DateTime, now: &ZonedDateTime) -> Option<Timestamp> {
    Some(at.to_zoned_datetime(now.time_zone().clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> ZonedDateTime {
        let at: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        at.to_zoned_datetime(TimeZone::fixed(jiff::tz::offset(1)))
    }

    #[test]
    fn moments_are_what_docker_takes_and_a_time_of_day() {
        let expected = [
            ("now", "2026-11-26T12:00:00Z"),
            ("02:10", "2026-11-26T01:10:00Z"),
            ("02:10:30", "2026-11-26T01:10:30Z"),
            ("12:59", "2026-11-26T11:59:00Z"),
            ("13:01", "2026-11-25T12:01:00Z"),
            ("yesterday 02:10", "2026-11-25T01:10:00Z"),
            ("today 14:00", "2026-11-26T13:00:00Z"),
            ("2026-11-20T02:10", "2026-11-20T01:10:00Z"),
            ("2026-11-20 02:10:05", "2026-11-20T01:10:05Z"),
            ("2026-11-20", "2026-11-19T23:00:00Z"),
            ("2026-11-20T02:10:00Z", "2026-11-20T02:10:00Z"),
            ("2026-11-20T02:10:00+05:00", "2026-11-19T21:10:00Z"),
            ("2h", "2026-11-26T10:00:00Z"),
            ("1h30m ago", "2026-11-26T10:30:00Z"),
            ("3d", "2026-11-23T12:00:00Z"),
            ("1378216169", "2013-09-03T13:49:29Z"),
            ("1378216169.25", "2013-09-03T13:49:29.25Z"),
        ];
        for (text, at) in expected {
            let at: Timestamp = at.parse().unwrap();
            assert_eq!(read(text, &now()), Some(at), "{text}");
        }
        for bad in ["", "x", "25:00", "2", "02:10:", "2026-13-01", "tomorrow 02:10", "-3", "2026"] {
            assert_eq!(read(bad, &now()), None, "{bad}");
        }
    }
}
