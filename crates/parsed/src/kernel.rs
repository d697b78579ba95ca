//! What the kernel says: netlink, and files of proc(5).

use std::hint::black_box;

use crate::is_bounded;

/// Reads netlink messages and their rows.
pub fn netlink(bytes: &[u8]) {
    black_box(netns::parsing::rows_in(bytes));
}

/// Reads answers of nftables.
///
/// # Panics
/// What is told is more than what came.
pub fn nftables(bytes: &[u8]) {
    let (chains, errors) = nftables::parsing::answers_in(bytes);
    is_bounded(chains.iter().map(String::len).sum(), bytes, 4);
    assert!(errors <= bytes.len());
}

/// Reads tables of sockets, cgroups, numbers and maps of a process.
///
/// # Panics
/// A socket is told that does not stand there.
pub fn procfs(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(netns::parsing::packet_sockets_in(&text).len() <= text.lines().count());
    let files = host::parsing::process_files(&text);
    for path in &files.sockets {
        assert!(path.is_absolute(), "{}", path.display());
    }
    assert!(files.others <= 8 + 4 * text.len(), "{} things", files.others);
    black_box(host::parsing::cgroups("web", &text));
}
