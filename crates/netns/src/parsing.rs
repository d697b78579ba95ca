//! What the kernel sends, read from any bytes: for fuzzing and its corpora.

use crate::message::messages;
use crate::route::routes;
use crate::rows::{address, link, nsid};

/// Reads `bytes` as netlink messages, and each of their bodies as every kind of row; how many rows
/// there are.
pub fn rows_in(bytes: &[u8]) -> usize {
    let bodies = messages(bytes).map_while(Result::ok).map(|message| message.body);
    bodies.map(rows).sum()
}

fn rows(body: &[u8]) -> usize {
    let found = [link(body).is_some(), address(body).is_some(), nsid(body).is_some()];
    found.into_iter().filter(|found| *found).count() + routes(body).map_or(0, |all| all.len())
}
