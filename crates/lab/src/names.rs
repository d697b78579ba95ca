//! Names that no other test and no user has.

use std::sync::atomic::{AtomicUsize, Ordering};

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A name of at most 15 bytes, the limit of link names: `kind`, cut to four letters, this
/// process and a number.
pub fn unique(kind: &str) -> String {
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let kind: String = kind.chars().take(4).collect();
    format!("do{kind}{:x}n{next:x}", std::process::id() & 0xf_ffff)
}
