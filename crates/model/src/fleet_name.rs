//! The names of hosts, fleets and meshes, which are parts of keys.

/// The longest name of a host, fleet or mesh, in bytes.
pub const LONGEST_NAME: usize = 63;

/// Whether `name` can be that of a host, a fleet or a mesh: letters, digits, `.`, `_` and `-`, of which
/// the first is a letter or a digit.
pub fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    first && name.len() <= LONGEST_NAME && name.bytes().all(known)
}
