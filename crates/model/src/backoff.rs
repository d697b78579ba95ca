//! Pauses that grow: what fails is tried again after twice as long each time.

use std::time::Duration;

/// Pauses that double, from a first one up to a longest one. It waits for nothing itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// The next pause is `first`, and none is longer than `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// How long to wait now; the next time twice as long.
    pub fn pause(&mut self) -> Duration {
        self.pause_within(self.longest)
    }

    /// The same, where this pause and the next one are to be no longer than `longest`.
    pub fn pause_within(&mut self, longest: Duration) -> Duration {
        let pause = self.next.min(longest);
        self.next = pause.saturating_mul(2).min(longest);
        pause
    }

    /// All went well: the next pause is the first one again.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew() {
        let mut backoff = Backoff::new(secs(1), secs(10));
        for _ in 0..2 {
            let pauses: Vec<_> = (0..6).map(|_| backoff.pause()).collect();
            assert_eq!(pauses, [1, 2, 4, 8, 10, 10].map(secs));
            backoff.reset();
        }
        assert_eq!(Backoff::new(secs(5), secs(3)).pause(), secs(3), "never longer");
    }

    #[test]
    fn a_bound_of_one_pause_holds_at_once_and_no_longer_than_it_is_asked_for() {
        let mut backoff = Backoff::new(secs(1), secs(60));
        let bounds = [60, 60, 60, 60, 60, 10, 10, 60, 60, 60];
        let pauses = bounds.map(|longest| backoff.pause_within(secs(longest)));
        assert_eq!(pauses, [1, 2, 4, 8, 16, 10, 10, 10, 20, 40].map(secs));
    }
}
