//! When everything is looked through.

use std::time::Duration;

use tokio::time::Instant;

/// So often everything is looked through.
pub(super) const ROUND: Duration = Duration::from_secs(30);

/// When everything was last looked through. What was seen then has been seen for a whole [`ROUND`] at the
/// next time, so that a round is counted from the end of one to the begin of the next.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    ended: Option<Instant>,
}

impl Rounds {
    /// How long until the next one is due; whatever happens in between does not put it off.
    pub(super) fn left(&self) -> Duration {
        self.ended.map_or(Duration::ZERO, |ended| ROUND.saturating_sub(ended.elapsed()))
    }

    pub(super) fn is_due(&self) -> bool {
        self.left().is_zero()
    }

    /// All was looked through just now.
    pub(super) fn end(&mut self) {
        self.ended = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_happens_within_a_round_does_not_put_the_next_one_off() {
        let mut rounds = Rounds::default();
        assert!(rounds.is_due(), "the first is due at once");
        rounds.end();
        let seen = Instant::now();
        for _ in 0..29 {
            advance(Duration::from_secs(1)).await;
            assert!(!rounds.is_due());
        }
        assert_eq!(rounds.left(), Duration::from_secs(1));
        advance(rounds.left()).await;
        assert!(rounds.is_due() && seen.elapsed() >= ROUND);
        // A machine that slept.
        advance(ROUND * 3).await;
        assert!(rounds.is_due());
        rounds.end();
        assert_eq!(rounds.left(), ROUND);
    }
}
