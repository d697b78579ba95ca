//! Names of links.

use super::PlanError;

/// What the names begin with that we give to links of the host.
pub const PREFIX: &str = "dov-";
/// Longest name in bytes (`IFNAMSIZ` less its NUL).
const LONGEST: usize = 15;

/// Refuses what the kernel would refuse as a link's name (`dev_valid_name`, net/core/dev.c),
/// and what would have it choose a number.
pub(super) fn check(name: &str) -> Result<(), PlanError> {
    let odd = |c: char| matches!(c, '/' | ':' | '%') || c.is_whitespace() || c.is_control();
    let why = match name {
        "" => "it is empty",
        "." | ".." => "it means a directory",
        "all" | "default" => "the kernel means all links by it",
        _ if name.len() > LONGEST => "it is longer than 15 bytes",
        _ if name.contains(odd) => "one of / : % or white space is in it",
        _ => return Ok(()),
    };
    Err(PlanError::NotAName { name: name.to_owned(), why })
}

/// Whether we gave the name: the prefix and eight hexadecimal digits.
pub(super) fn is_generated(name: &str) -> bool {
    let generated = name.strip_prefix(PREFIX).unwrap_or_default();
    generated.len() == 8 && generated.bytes().all(|b| b.is_ascii_hexdigit())
}
