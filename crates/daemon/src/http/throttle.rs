//! One line a minute about what a client can bring about as often as it likes.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const PAUSE: Duration = Duration::from_secs(60);

/// Counts what happens, and says when it may be told.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<Since>);

#[derive(Debug, Default)]
struct Since {
    told: Option<Instant>,
    untold: u64,
}

impl Throttle {
    /// It happened once more: how often since it was told, when it may be told again.
    pub(crate) fn happened(&self) -> Option<u64> {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.untold += 1;
        if since.told.is_some_and(|told| told.elapsed() < PAUSE) {
            return None;
        }
        since.told = Some(Instant::now());
        Some(std::mem::take(&mut since.untold))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_time_and_then_once_a_minute() {
        let throttle = Throttle::default();
        assert_eq!(throttle.happened(), Some(1));
        assert_eq!((throttle.happened(), throttle.happened()), (None, None));
        advance(PAUSE).await;
        assert_eq!(throttle.happened(), Some(3));
        assert_eq!(throttle.happened(), None);
    }
}
