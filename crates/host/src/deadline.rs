//! One time limit for everything that is waited for.

use std::future::Future;
use std::time::Duration;

use model::{Trouble, TroubleKind};
use tokio::time::Instant;

/// The moment by which an answer is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    due: Instant,
    allowed: Duration,
}

impl Deadline {
    /// `allowed` from now on.
    pub(crate) fn after(allowed: Duration) -> Self {
        Self { due: Instant::now() + allowed, allowed }
    }

    /// Waits for `answer`, but not beyond the deadline.
    ///
    /// # Errors
    /// What `answer` fails with, or [`TroubleKind::TimedOut`] about `what`.
    pub(crate) async fn hold<T>(
        self,
        what: impl Fn() -> String,
        answer: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        tokio::time::timeout_at(self.due, answer).await.unwrap_or_else(|_| {
            Err(late(what(), self.allowed)
                .remedy("is it hung or overloaded? --timeout SECONDS waits longer"))
        })
    }
}

/// The trouble of `what` with an answer that did not come in the time allowed.
pub(crate) fn late(what: String, allowed: Duration) -> Trouble {
    Trouble::new(TroubleKind::TimedOut, what, format!("no answer within {allowed:?}"))
}
