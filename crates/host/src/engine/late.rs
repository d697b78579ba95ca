//! Engines that did not answer a look in time. A program that looks again and again would wait for one that hangs each
//! time as long as it may take: it is asked apart from the looks then, which wait for it a moment only, and tell that it
//! is late.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::sleep;

use super::Engine;
use crate::deadline::within;

/// So long a look waits for one that was late: what answers again is most often there by then.
const LATE_WITHIN: Duration = Duration::from_millis(500);

/// So long one that was late is waited for apart from the looks.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// The pause before it is asked again.
const RETRY: Duration = Duration::from_secs(5);

/// Whether an engine was late, as all looks of this program know it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lateness(Arc<AtomicBool>);

impl Lateness {
    /// How long a look waits for it; none where it was not late.
    pub(super) fn within(&self) -> Option<Duration> {
        self.0.load(Ordering::Relaxed).then_some(LATE_WITHIN)
    }

    /// Notes how a look went. From the first one on that it was late for, it is asked apart from these until it answers.
    pub(super) fn note(&self, engine: &Arc<dyn Engine>, is_late: bool) {
        let was_late = self.0.swap(is_late, Ordering::Relaxed);
        if is_late && !was_late {
            tokio::spawn(ask_until_it_answers(Arc::clone(engine), Arc::downgrade(&self.0)));
        }
    }
}

/// Asks for what a look asks first, until that is answered in time, with whatever: also an error is no silence. Ends as
/// well where a look had an answer meanwhile, or no one is left that may look.
async fn ask_until_it_answers(engine: Arc<dyn Engine>, late: Weak<AtomicBool>) {
    loop {
        let has_answered = within(ANSWERS_WITHIN, engine.list()).await.is_ok();
        let Some(late) = late.upgrade().filter(|late| late.load(Ordering::Relaxed)) else { return };
        if has_answered {
            late.store(false, Ordering::Relaxed);
            return;
        }
        drop(late);
        sleep(RETRY).await;
    }
}
