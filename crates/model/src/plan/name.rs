//! Names of links.

use super::PlanError;
use crate::ids::HOST_END;

/// So many hexadecimal digits follow in them.
const DIGITS: usize = 8;
/// Longest name in bytes (`IFNAMSIZ` less its NUL).
const LONGEST: usize = 15;

/// Why no link can have this name: the kernel refuses it (`dev_valid_name`, net/core/dev.c), would
/// choose a number for it, or means something else by it. None where one can.
pub fn why_not_a_name(name: &str) -> Option<&'static str> {
    let odd = |c: char| matches!(c, '/' | ':' | '%') || c.is_whitespace() || c.is_control();
    match name {
        "" => Some("it is empty"),
        "." | ".." => Some("it means a directory"),
        "all" | "default" => Some("the kernel means all links by it"),
        _ if name.len() > LONGEST => Some("it is longer than 15 bytes"),
        _ if name.contains(odd) => Some("one of / : % or white space is in it"),
        _ => None,
    }
}

/// Refuses what no link can be called.
pub(super) fn check(name: &str) -> Result<(), PlanError> {
    match why_not_a_name(name) {
        Some(why) => Err(PlanError::NotAName { name: name.to_owned(), why }),
        None => Ok(()),
    }
}

/// Whether we gave the name: the prefix and [`DIGITS`].
pub(super) fn is_generated(name: &str) -> bool {
    let generated = name.strip_prefix(HOST_END).unwrap_or_default();
    generated.len() == DIGITS && generated.bytes().all(|b| b.is_ascii_hexdigit())
}

/// What the kernel's refusals call a link by, before its index.
const LINK: &str = "link ";

/// A text without the digits of the names that we gave, and of the indexes that the kernel gave, for what is told of
/// two attempts to be compared: each makes a link of its own.
pub fn without_generated(text: &str) -> String {
    let of_name = |part: &str| {
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits == DIGITS { DIGITS } else { 0 }
    };
    let of_index = |part: &str| part.bytes().take_while(u8::is_ascii_digit).count();
    without(&without(text, HOST_END, of_name), LINK, of_index)
}

/// A text without as many bytes behind each `mark` as `generated` says of what follows.
fn without(text: &str, mark: &str, generated: impl Fn(&str) -> usize) -> String {
    let mut parts = text.split(mark);
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        told.push_str(mark);
        told.push_str(part.get(generated(part)..).unwrap_or_default());
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_indexes_that_were_given_lose_their_digits() {
        for (text, told) in [
            ("", ""),
            ("dov-0123abcd", "dov-"),
            ("no dov-0123abcd on br0; dov-ffffffff stays", "no dov- on br0; dov- stays"),
            ("dov-0123abcd:dov-00000000é", "dov-:dov-é"),
            ("dov-0123abc dov-0123abcde dov-", "dov-0123abc dov-0123abcde dov-"),
            ("veth1 é dov-é", "veth1 é dov-é"),
            ("no route by link 12: link 7é is down", "no route by link : link é is down"),
            ("link eth0 1, uplink", "link eth0 1, uplink"),
        ] {
            assert_eq!(without_generated(text), told);
        }
    }
}
