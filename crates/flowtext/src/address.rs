//! Ethernet and IP addresses as they stand in a text.

use std::net::{IpAddr, Ipv4Addr};

use crate::word::is_word;

/// Whether what stands at `at` is the rest of an address: a group of its digits and a colon stand
/// before it, or two colons. A key, as `addr:`, is no group.
pub(crate) fn goes_on(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let Some(before) = before.strip_suffix(b":") else { return false };
    let word = before.iter().rev().take(5).take_while(|byte| is_word(**byte));
    let digits = word.clone().filter(|byte| byte.is_ascii_hexdigit()).count();
    word.count() == digits && digits <= 4 && (digits > 0 || before.ends_with(b":"))
}

/// The Ethernet address that stands at `at` and ends there: more groups would be an IPv6 address.
pub(crate) fn mac(text: &[u8], at: usize) -> Option<[u8; 6]> {
    let digits = text.get(at..at + 17)?;
    let mut mac = [0; 6];
    for (byte, group) in mac.iter_mut().zip(digits.chunks(3)) {
        let (high, low) = (hex(*group.first()?)?, hex(*group.get(1)?)?);
        if group.get(2).is_some_and(|mark| *mark != b':') {
            return None;
        }
        *byte = high << 4 | low;
    }
    let rest = text.get(at + 17..).unwrap_or_default();
    let goes_on = match rest {
        [b':', next, ..] => next.is_ascii_hexdigit() || *next == b':',
        [next, ..] => next.is_ascii_alphanumeric(),
        [] => false,
    };
    (!goes_on).then_some(mac)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The IPv4 address that stands at `at`, and where it ends. tcpdump(1) writes a port after a fifth
/// dot.
pub(crate) fn ipv4(text: &[u8], at: usize) -> Option<(IpAddr, usize)> {
    let rest = text.get(at..)?;
    if !rest.first()?.is_ascii_digit() {
        return None;
    }
    let mut dots = 0;
    let ends = |byte: &u8| {
        dots += usize::from(*byte == b'.');
        !(byte.is_ascii_digit() || *byte == b'.') || dots > 3
    };
    let length = rest.iter().take(16).position(ends).unwrap_or(rest.len().min(16));
    let text = std::str::from_utf8(rest.get(..length)?).ok()?;
    let text = text.strip_suffix('.').unwrap_or(text);
    let after = rest.get(text.len());
    let end = at + text.len();
    let goes_on = match after {
        Some(b'-') => !ends_at_hyphen(rest.get(text.len() + 1..).unwrap_or_default()),
        after => after.is_some_and(|byte| is_word(*byte) && *byte != b'.'),
    };
    if goes_on {
        return None;
    }
    let ip = text.parse().ok()?;
    Some((IpAddr::V4(ip), end))
}

/// Whether the hyphen before `rest` is of an arrow (`->`), or of a range up to one more IPv4 address.
fn ends_at_hyphen(rest: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let length = rest.iter().take(16).position(|byte| !is_part(byte)).unwrap_or(rest.len());
    let other = std::str::from_utf8(rest.get(..length).unwrap_or_default());
    rest.starts_with(b">") || other.is_ok_and(|other| other.parse::<Ipv4Addr>().is_ok())
}

/// The IPv6 address that stands at `at`, and where it ends. Where a colon follows it, that is no part
/// of it.
pub(crate) fn ipv6(text: &[u8], at: usize) -> Option<(IpAddr, usize)> {
    let rest = text.get(at..)?;
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b':';
    let length = rest.iter().take(40).position(|byte| !is_part(byte)).unwrap_or(rest.len());
    let text = std::str::from_utf8(rest.get(..length)?).ok()?;
    let address = text.parse().ok().map(|ip| (ip, length)).or_else(|| {
        let shorter = text.strip_suffix(':').filter(|text| !text.ends_with(':'))?;
        shorter.parse().ok().map(|ip| (ip, shorter.len()))
    });
    let (ip, length) = address?;
    Some((IpAddr::V6(ip), at + length))
}
