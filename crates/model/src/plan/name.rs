//! Names of links.

use super::PlanError;

/// What the names begin with that we give to links of the host.
pub const PREFIX: &str = "dov-";
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

/// Whether we gave the name: the prefix and eight hexadecimal digits.
pub(super) fn is_generated(name: &str) -> bool {
    let generated = name.strip_prefix(PREFIX).unwrap_or_default();
    generated.len() == 8 && generated.bytes().all(|b| b.is_ascii_hexdigit())
}
