//! What a test can be told of: it may end the program between two steps, or change the host there.

use std::fmt;
use std::sync::Arc;

/// Follows the steps of plans as they are taken.
pub trait StepObserver: Send + Sync {
    /// So many steps were taken, of all plans of one command together; called before the first one
    /// too. The next step begins when this returns.
    fn taken(&self, steps: usize);

    /// Whether [`StepObserver::taken`] must be called for this number of steps: two steps that are
    /// otherwise taken together are then taken one after the other.
    fn needs(&self, steps: usize) -> bool;
}

/// The observer of a host, if it has one.
#[derive(Clone, Default)]
pub(crate) struct Observer(pub(crate) Option<Arc<dyn StepObserver>>);

impl Observer {
    pub(super) fn taken(&self, steps: usize) {
        if let Some(observer) = &self.0 {
            observer.taken(steps);
        }
    }

    pub(super) fn needs(&self, steps: usize) -> bool {
        self.0.as_ref().is_some_and(|observer| observer.needs(steps))
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observer({})", self.0.is_some())
    }
}
