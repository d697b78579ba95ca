//! Which names links can have.

use crate::Error;
use crate::socket::LONGEST_NAME;

/// What the kernel takes for white space though ASCII does not (lib/ctype.c).
const LATIN_SPACE: u8 = 0xa0;
const VERTICAL_TAB: u8 = 0x0b;

/// The name as an attribute holds it, or why no link can have it. As `dev_valid_name` of the
/// kernel has it (net/core/dev.c), and without `%`, which asks it to choose a number.
pub(crate) fn valid_name(name: &str) -> Result<Vec<u8>, Error> {
    let odd = |byte: u8| byte.is_ascii_whitespace() || [VERTICAL_TAB, LATIN_SPACE].contains(&byte);
    let why = match name {
        "" => "it is empty",
        "." | ".." => "it means a directory",
        _ if name.len() > LONGEST_NAME => "it is longer than 15 bytes",
        _ if name.contains('\0') => "a NUL is in it",
        _ if name.contains(['/', ':', '%']) => "one of / : % is in it",
        _ if name.bytes().any(odd) => "white space is in it",
        _ => return Ok([name.as_bytes(), &[0]].concat()),
    };
    Err(Error::Name { name: name.to_owned(), why })
}
