//! One time limit for everything that is waited for.

use std::future::{Future, pending};
use std::time::Duration;

use model::{SourceError, SourceErrorKind};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// What is waited longer than is allowed.
const GRACE: Duration = Duration::from_millis(100);

/// The moment by which an answer is due.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    due: Instant,
    allowed: Duration,
    /// Whether it is the user's, who may allow more.
    is_users: bool,
}

/// Waits until then; for ever where nothing is due. Cancel safe.
pub(crate) async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

impl Deadline {
    /// `allowed` from now on.
    pub fn after(allowed: Duration) -> Self {
        Self { due: Instant::now() + allowed, allowed, is_users: true }
    }

    /// The same, or `allowed` from now on if that is sooner, whatever the user allows.
    pub(crate) fn or_after(self, allowed: Duration) -> Self {
        let other = Self { is_users: false, ..Self::after(allowed) };
        if other.due < self.due { other } else { self }
    }

    /// Whether that moment has come.
    pub(crate) fn is_over(self) -> bool {
        Instant::now() >= self.due
    }

    /// Waits for `answer`, but not beyond the deadline.
    ///
    /// # Errors
    /// What `answer` fails with, or [`SourceErrorKind::TimedOut`] about `what`.
    pub async fn hold<T>(
        self,
        what: impl Fn() -> String,
        answer: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        by(self.due, answer).await.unwrap_or_else(|_| {
            let hint = if self.is_users {
                "is it hung or overloaded? --timeout SECONDS waits longer"
            } else {
                "is it hung or overloaded?"
            };
            Err(late(what(), self.allowed).hint(hint))
        })
    }
}

/// Waits for `answer`, but no longer than is allowed.
pub(crate) async fn within<T>(
    allowed: Duration,
    answer: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    by(Instant::now() + allowed, answer).await
}

/// A program that was held up itself finds the time over before it has read what came in time.
async fn by<T>(due: Instant, answer: impl Future<Output = T>) -> Result<T, Elapsed> {
    // Boxed, as each future around it would have room for it twice.
    let mut answer = Box::pin(answer);
    match timeout_at(due, &mut answer).await {
        Ok(answer) => Ok(answer),
        Err(_) => timeout(GRACE, answer).await,
    }
}

/// The error that `what` did not answer in the time allowed.
pub(crate) fn late(what: String, allowed: Duration) -> SourceError {
    SourceError::new(SourceErrorKind::TimedOut, what, format!("no answer within {allowed:?}"))
}
