//! Names that no other test and no user has.

use std::sync::atomic::{AtomicUsize, Ordering};

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// What all names of this process begin with, and no other's: seven bytes.
pub fn prefix() -> String {
    prefix_of(std::process::id())
}

/// The same of the process with this number, which may be over.
pub fn prefix_of(pid: u32) -> String {
    format!("do{:05x}", pid & 0xf_ffff)
}

/// A name of at most 15 bytes, the limit of link names: the [`prefix`], `kind` cut to four
/// letters, and a number.
pub fn unique(kind: &str) -> String {
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let kind: String = kind.chars().take(4).collect();
    format!("{}{kind}n{next:x}", prefix())
}
