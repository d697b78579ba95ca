//! Hardware addresses that stay: made of what an interface is, not drawn.

use std::hash::Hasher;

use fnv::FnvHasher;
use model::ids::Mac;

/// The address of an interface that is the `who` of a segment, which is the `vlans` of a bridge: for
/// the same words the same one. Locally administered, one station's (IEEE 802, section 8.2).
pub(crate) fn derived(bridge: &str, vlans: &str, who: &str) -> Mac {
    let mut hash = FnvHasher::default();
    for word in [bridge, vlans, who] {
        hash.write(word.as_bytes());
        // No word has this byte, so that two words are not one.
        hash.write_u8(0xff);
    }
    // FNV's low bits change least with the last byte.
    let mixed = hash.finish() ^ (hash.finish() >> 24);
    let [_, _, _, tail @ ..] = mixed.to_be_bytes();
    let mut mac = [0x02; 6];
    mac.iter_mut().skip(1).zip(tail).for_each(|(to, byte)| *to = byte);
    Mac(mac)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_words_give_the_same_address_and_others_another() {
        assert_eq!(derived("br0", "10", "192.0.2.2"), derived("br0", "10", "192.0.2.2"));
        let all: BTreeSet<_> =
            (0..5000).map(|n| derived("br0", "", &format!("web{n}")).0).collect();
        assert_eq!(all.len(), 5000);
        assert_ne!(derived("br0", "1", "0x"), derived("br0", "10", "x"));
        assert!(derived("br0", "", "x").identifies());
    }
}
