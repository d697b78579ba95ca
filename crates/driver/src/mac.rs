//! Hardware addresses that stay: made of what an interface is, not drawn.

use std::hash::Hasher;

use fnv::FnvHasher;
use model::ids::Mac;

/// What the address of an interface follows from: the `who` of a segment, which is the `vlans` of a bridge of a
/// switch. Bridges of several hosts are one segment, so the switch is told by what its database calls itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a> {
    pub(crate) system: Option<&'a str>,
    pub(crate) bridge: &'a str,
    pub(crate) vlans: &'a str,
    pub(crate) who: &'a str,
}

/// So many addresses are tried at most: more than a bridge has ports.
const ATTEMPTS: u32 = 70_000;

/// The address that was `kept` for it, else the first one that follows from the words: none that is taken by
/// another one of the segment. For the same words the same one, as long as that is free.
pub(crate) fn choose(kept: Option<Mac>, words: Words<'_>, is_taken: impl Fn(Mac) -> bool) -> Mac {
    let derived = (0..ATTEMPTS).map(|attempt| derived(words, attempt));
    let free = kept.into_iter().chain(derived).find(|mac| !is_taken(*mac));
    free.unwrap_or_else(|| self::derived(words, 0))
}

/// One address of these words; locally administered, one station's (IEEE 802, section 8.2).
fn derived(words: Words<'_>, attempt: u32) -> Mac {
    let Words { system, bridge, vlans, who } = words;
    let mut hash = FnvHasher::default();
    for word in [system.unwrap_or_default(), bridge, vlans, who] {
        hash.write(word.as_bytes());
        // No word has this byte, so that two words are not one.
        hash.write_u8(0xff);
    }
    hash.write(&attempt.to_be_bytes());
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

    fn of<'a>(vlans: &'a str, who: &'a str) -> Words<'a> {
        Words { system: Some("s1"), bridge: "br0", vlans, who }
    }

    fn first(words: Words<'_>) -> Mac {
        choose(None, words, |_| false)
    }

    #[test]
    fn the_same_words_give_the_same_address_and_others_another() {
        assert_eq!(first(of("10", "192.0.2.2")), first(of("10", "192.0.2.2")));
        let all: BTreeSet<_> = (0..5000).map(|n| first(of("", &format!("web{n}"))).0).collect();
        assert_eq!(all.len(), 5000);
        let attempts: BTreeSet<_> = (0..5000).map(|n| derived(of("", "web"), n).0).collect();
        assert_eq!(attempts.len(), 5000);
        assert_ne!(first(of("1", "0x")), first(of("10", "x")));
        assert!(first(of("", "x")).identifies());
    }

    /// In a mesh hosts have bridges of one name, and containers too.
    #[test]
    fn another_switch_gives_a_name_another_address() {
        let other = Words { system: Some("s2"), ..of("", "web") };
        let unknown = Words { system: None, ..of("", "web") };
        let all: BTreeSet<_> = [of("", "web"), other, unknown].map(|of| first(of).0).into();
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn what_another_one_has_is_passed_over_and_what_was_kept_comes_first() {
        let words = of("", "web");
        let own = first(words);
        let second = choose(None, words, |mac| mac == own);
        assert_ne!(second, own);
        assert_eq!(choose(Some(second), words, |_| false), second, "it has its own again");
        assert_eq!(choose(Some(second), words, |mac| mac == second), own);
        let third = choose(Some(second), words, |mac| mac == second || mac == own);
        assert!(![own, second].contains(&third));
    }
}
