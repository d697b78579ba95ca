//! Chance that can be had again: a scene is built from a seed, which is printed.

use std::hash::{BuildHasher, RandomState};

/// xorshift64: a test needs variety, not randomness.
pub(crate) struct Dice(u64);

impl Dice {
    /// From the seed in the environment variable `name`, or a new one, which is printed.
    pub(crate) fn seeded(name: &str) -> Self {
        let seed = std::env::var(name).ok().and_then(|text| text.parse().ok());
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one("a scene") | 1);
        println!("{name}={seed}");
        Self(seed)
    }

    /// A number below `sides`.
    pub(crate) fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    /// Others for one operation: how often it throws them changes nothing for the next ones.
    pub(crate) fn apart(&mut self) -> Self {
        self.throw(1);
        let mut apart = Self(self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        apart.throw(1);
        apart
    }
}
