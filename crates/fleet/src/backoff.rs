//! How long to wait before etcd is asked again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use model::backoff::Backoff;

/// The first pause; each one doubles it.
const FIRST: Duration = Duration::from_millis(500);
/// The longest one.
const LONGEST: Duration = Duration::from_secs(10);

/// Pauses that grow. Each is shortened by up to half by chance, so that hosts that lost etcd together do
/// not come back together.
#[derive(Debug)]
pub(crate) struct SpreadBackoff(Backoff);

impl Default for SpreadBackoff {
    fn default() -> Self {
        Self(Backoff::new(FIRST, LONGEST))
    }
}

impl SpreadBackoff {
    /// All went well: the next pause is a short one again.
    pub(crate) fn reset(&mut self) {
        self.0.reset();
    }

    /// The next pause.
    pub(crate) fn pause(&mut self) -> Duration {
        let whole = self.0.pause();
        // The standard library's hash keys are the system's random numbers.
        let chance = RandomState::new().hash_one(whole) % 512;
        let share = f64::from(u32::try_from(chance).unwrap_or(0)) / 1024.0;
        whole.mul_f64(1.0 - share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound_and_differ() {
        let mut backoff = SpreadBackoff::default();
        let pauses: Vec<_> = (0..20).map(|_| backoff.pause()).collect();
        assert!(pauses[0] <= FIRST && pauses[0] >= FIRST / 2);
        assert!(pauses.iter().all(|pause| *pause <= LONGEST));
        assert!(pauses[19] >= LONGEST / 2);
        let again: std::collections::BTreeSet<_> = (0..20).map(|_| backoff.pause()).collect();
        assert!(again.len() > 1);
        backoff.reset();
        assert!(backoff.pause() <= FIRST);
    }
}
