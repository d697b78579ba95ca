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

/// A text without the digits of the names that we gave, for what is told of two attempts to be compared.
pub fn without_generated(text: &str) -> String {
    let mut parts = text.split(HOST_END);
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        told.push_str(HOST_END);
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        told.push_str(if digits == DIGITS { part.get(DIGITS..).unwrap_or_default() } else { part });
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_were_given_lose_their_digits() {
        for (text, told) in [
            ("", ""),
            ("dov-0123abcd", "dov-"),
            ("no dov-0123abcd on br0; dov-ffffffff stays", "no dov- on br0; dov- stays"),
            ("dov-0123abcd:dov-00000000é", "dov-:dov-é"),
            ("dov-0123abc dov-0123abcde dov-", "dov-0123abc dov-0123abcde dov-"),
            ("veth1 é dov-é", "veth1 é dov-é"),
        ] {
            assert_eq!(without_generated(text), told);
        }
    }
}
