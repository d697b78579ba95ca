//! Moments as a user writes them: as `docker events --since` takes them, and a time of day.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, ToSpan, ZonedDateTime};

const WANTED: &str = "use a time such as 02:10, 'yesterday 02:10', 2026-11-26T02:10 or \
    2026-11-26T02:10:00Z, seconds since 1970, or how long ago: 90s, 10m, 2h, 3d";

/// Milliseconds since the Unix epoch that `text` means, read now and here.
///
/// # Errors
/// What is no moment, in words; so is a date with a time that the clock showed twice on it, or never, with the two
/// instants that may be meant.
pub fn parse(text: &str) -> Result<u64, String> {
    let now = i64::try_from(host::now()).unwrap_or(i64::MAX);
    let now = Timestamp::from_millisecond(now).map_err(|error| error.to_string())?;
    let at = read(text.trim(), &now.to_zoned_datetime(TimeZone::system()))?;
    u64::try_from(at.as_millisecond()).map_err(|_| "it is before 1970".to_owned())
}

fn read(text: &str, now: &ZonedDateTime) -> Result<Timestamp, String> {
    if text == "now" {
        return Ok(now.timestamp());
    }
    let instant = || of_epoch(text).or_else(|| text.parse().ok()).or_else(|| ago(text, now));
    let clock = || of_day(text, now).or_else(|| local(text, now));
    instant().map(Ok).or_else(clock).unwrap_or_else(|| Err(WANTED.to_owned()))
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
fn of_day(text: &str, now: &ZonedDateTime) -> Option<Result<Timestamp, String>> {
    let (day, time) = text.rsplit_once(' ').unwrap_or(("", text));
    let time = of_hour(time)?;
    let today = now.date();
    match day.trim() {
        "yesterday" => Some(zoned(today.checked_sub(1.day()).ok()?.to_datetime(time), now)),
        "today" => Some(zoned(today.to_datetime(time), now)),
        "" => last(time, now).map(Ok),
        _ => None,
    }
}

/// The latest instant at which the clock showed this time of day, and that is not after `now`.
fn last(time: Time, now: &ZonedDateTime) -> Option<Timestamp> {
    // The clock may have been put back over midnight since; and where it was put forward a day may have no such time,
    // or a calendar no such day.
    const DAYS: std::ops::RangeInclusive<i64> = -1..=3;
    DAYS.filter_map(|ago| now.date().checked_sub(ago.days()).ok()).find_map(|date: Date| {
        let at = date.to_datetime(time);
        let instants = match now.time_zone().to_ambiguous_timestamp(at).offset() {
            AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
            AmbiguousOffset::Fold { before, after } => [Some(after), Some(before)],
            AmbiguousOffset::Gap { .. } => [None, None],
        };
        let mut instants = instants.into_iter().flatten().filter_map(|by| by.to_timestamp(at).ok());
        instants.find(|at| *at <= now.timestamp())
    })
}

/// `02:10` or `02:10:30`; more only with a date.
fn of_hour(text: &str) -> Option<Time> {
    let is_time =
        text.contains(':') && text.bytes().all(|b| b.is_ascii_digit() || b":.".contains(&b));
    text.parse().ok().filter(|_| is_time)
}

/// A date with or without a time, in the time zone that is set here.
fn local(text: &str, now: &ZonedDateTime) -> Option<Result<Timestamp, String>> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.contains('-') {
        return None;
    }
    let at: DateTime = text.parse().ok()?;
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        // A day that has no 00:00 begins later, and one that has two with the first.
        let begins = at.to_zoned_datetime(now.time_zone().clone()).ok()?;
        return Some(Ok(begins.timestamp()));
    }
    Some(zoned(at, now))
}

/// When the clock showed this. Where that was twice, or never, either of two instants may be meant, an hour from each
/// other mostly: which one is not guessed.
fn zoned(at: DateTime, now: &ZonedDateTime) -> Result<Timestamp, String> {
    let instant = |by: Offset| by.to_timestamp(at).map_err(|error| error.to_string());
    // By the offset that is in force there.
    let written = |by: Offset, shown: Offset| {
        instant(by).map(|instant| instant.display_with_offset(shown).to_string())
    };
    match now.time_zone().to_ambiguous_timestamp(at).offset() {
        AmbiguousOffset::Unambiguous { offset } => instant(offset),
        AmbiguousOffset::Fold { before, after } => {
            let first = written(before, before)?;
            let second = written(after, after)?;
            Err(format!("the clock showed it twice, as it was put back: use {first} or {second}"))
        }
        AmbiguousOffset::Gap { before, after } => {
            let earlier = written(after, before)?;
            let later = written(before, after)?;
            Err(format!(
                "the clock never showed it, as it was put forward: use {earlier} or {later}"
            ))
        }
    }
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
            assert_eq!(read(text, &now()), Ok(at), "{text}");
        }
        for bad in ["", "x", "25:00", "2", "02:10:", "2026-13-01", "tomorrow 02:10", "-3", "2026"] {
            assert_eq!(read(bad, &now()), Err(WANTED.to_owned()), "{bad}");
        }
    }

    /// Now, in a time zone by its rule (tzset(3)).
    fn at(now: &str, zone: &str) -> ZonedDateTime {
        let at: Timestamp = now.parse().unwrap();
        at.to_zoned_datetime(TimeZone::posix(zone).unwrap())
    }

    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
    /// The clock is put from 24:00 back to 23:00, and forward from 00:00 to 01:00.
    const AT_MIDNIGHT: &str = "<-03>3<-02>,M11.1.0/0,M2.3.0/0";

    /// 2026-10-25 has 02:00 to 03:00 twice, and 2026-03-29 never.
    #[test]
    fn a_time_of_day_is_the_last_time_that_the_clock_showed_it() {
        for (now, text, expected) in [
            // Before the second time, in it, and later.
            ("2026-10-25T00:40:00Z", "02:30", "2026-10-25T00:30:00Z"),
            ("2026-10-25T01:20:00Z", "02:30", "2026-10-25T00:30:00Z"),
            ("2026-10-25T01:40:00Z", "02:30", "2026-10-25T01:30:00Z"),
            ("2026-10-25T11:00:00Z", "02:30", "2026-10-25T01:30:00Z"),
            ("2026-10-26T01:00:00Z", "02:30", "2026-10-25T01:30:00Z"),
            ("2026-10-25T00:10:00Z", "02:30", "2026-10-24T00:30:00Z"),
            ("2026-10-25T01:10:00Z", "02:10", "2026-10-25T01:10:00Z"),
            // The day has no such time.
            ("2026-03-29T10:00:00Z", "02:10", "2026-03-28T01:10:00Z"),
            ("2026-03-30T00:00:00Z", "02:10", "2026-03-28T01:10:00Z"),
            ("2026-03-30T00:10:00Z", "02:10", "2026-03-30T00:10:00Z"),
            ("2026-03-29T10:00:00Z", "03:10", "2026-03-29T01:10:00Z"),
            ("2026-03-29T10:00:00Z", "01:10", "2026-03-29T00:10:00Z"),
        ] {
            let told: Timestamp = expected.parse().unwrap();
            assert_eq!(read(text, &at(now, BERLIN)), Ok(told), "{text} at {now}");
        }
        for (now, text, expected) in [
            // 2026-02-14 has 23:00 to 24:00 twice.
            ("2026-02-15T02:20:00Z", "23:30", "2026-02-15T01:30:00Z"),
            ("2026-02-15T02:40:00Z", "23:30", "2026-02-15T02:30:00Z"),
            ("2026-02-15T12:00:00Z", "23:30", "2026-02-15T02:30:00Z"),
            // 2026-11-01 begins at 01:00, and so does the day by its date.
            ("2026-11-01T12:00:00Z", "00:30", "2026-10-31T03:30:00Z"),
            ("2026-11-01T12:00:00Z", "2026-11-01", "2026-11-01T03:00:00Z"),
        ] {
            let told: Timestamp = expected.parse().unwrap();
            assert_eq!(read(text, &at(now, AT_MIDNIGHT)), Ok(told), "{text} at {now}");
        }
    }

    /// What is meant is not guessed, and can be said.
    #[test]
    fn a_date_with_a_time_that_is_twice_or_never_is_refused() {
        for (now, text, why, [one, other]) in [
            (
                "2026-10-26T10:00:00Z",
                "2026-10-25T02:30",
                "twice",
                ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"],
            ),
            (
                "2026-10-26T10:00:00Z",
                "yesterday 02:30",
                "twice",
                ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"],
            ),
            (
                "2026-10-25T10:00:00Z",
                "today 02:30:05",
                "twice",
                ["2026-10-25T02:30:05+02:00", "2026-10-25T02:30:05+01:00"],
            ),
            (
                "2026-03-30T10:00:00Z",
                "2026-03-29 02:10",
                "never",
                ["2026-03-29T01:10:00+01:00", "2026-03-29T03:10:00+02:00"],
            ),
            (
                "2026-03-30T10:00:00Z",
                "yesterday 02:10",
                "never",
                ["2026-03-29T01:10:00+01:00", "2026-03-29T03:10:00+02:00"],
            ),
        ] {
            let now = at(now, BERLIN);
            let told = read(text, &now).unwrap_err();
            assert!(told.contains(why), "{told}");
            assert!(told.ends_with(&format!("{one} or {other}")), "{told}");
            for instant in [one, other] {
                assert_eq!(read(instant, &now), Ok(instant.parse().unwrap()));
            }
        }
        let now = at("2026-10-26T10:00:00Z", BERLIN);
        for (text, expected) in [
            ("2026-10-25T01:59:59", "2026-10-24T23:59:59Z"),
            ("2026-10-25T03:00", "2026-10-25T02:00:00Z"),
            ("yesterday 01:30", "2026-10-24T23:30:00Z"),
            ("2026-10-25", "2026-10-24T22:00:00Z"),
        ] {
            let told: Timestamp = expected.parse().unwrap();
            assert_eq!(read(text, &now), Ok(told), "{text}");
        }
    }
}
