//! What neither a plan nor a link that is made can know by itself: names, MACs and the time.

use std::hash::{BuildHasher, RandomState};

use model::ids::Mac;
use model::plan::{Generated, HOST_END};

use crate::clock::now;

/// A random number: the keys of the standard library's hash maps come from the operating system's
/// source of them.
pub fn random() -> u64 {
    RandomState::new().hash_one(())
}

/// A name and a MAC address that are not in use, and the time.
pub(crate) fn generate() -> Generated {
    let random = random();
    let [_, _, mac @ .., last] = random.rotate_left(20).to_be_bytes();
    Generated {
        // 32 random bits; should a link have the name all the same, the kernel refuses it.
        host_end: format!("{HOST_END}{:08x}", random >> 32),
        // Locally administered, one station's (IEEE 802, section 8.2).
        mac: Mac([0x02, mac[0], mac[1], mac[2], mac[3], last]),
        now: now() / 1000,
    }
}
