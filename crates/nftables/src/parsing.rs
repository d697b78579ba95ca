//! What the kernel sends, read from any bytes: for fuzzing and its corpora.

use crate::bytes::{errors, messages};
use crate::forward::dropping;

/// Reads `bytes` as netlink messages: the chains that drop what is forwarded, and how many errors there are.
pub fn answers_in(bytes: &[u8]) -> (Vec<String>, usize) {
    let chains = messages(bytes).filter_map(|message| dropping(message.body)).collect();
    (chains, errors(bytes).len())
}
