//! How much memory is taken for what an engine says of its containers, all together.

use model::snapshot::Container;
use model::{SourceError, SourceErrorKind};

use super::{Engine, EngineContainer};

/// The most that is held, in bytes: some twenty thousand containers with many labels.
const MAX_BYTES: usize = 32 << 20;

/// What a container takes beside its texts, in bytes, and what a label does with its two allocations, of which
/// the smallest is 32 bytes for a text of 24 at most.
const ROW: usize = size_of::<Container>();
const LABEL: usize = 2 * (size_of::<String>() + 24);

/// Counts containers as they come.
#[derive(Default)]
pub(crate) struct Budget(usize);

impl Budget {
    /// Counts one more.
    ///
    /// # Errors
    /// [`SourceErrorKind::Unusable`]: it is too much together.
    pub(crate) fn add(&mut self, engine: &dyn Engine, row: &Container) -> Result<(), SourceError> {
        self.count(engine, size(row))
    }

    /// Counts what is held to find them, in bytes.
    ///
    /// # Errors
    /// As [`Budget::add`].
    pub(crate) fn count(&mut self, engine: &dyn Engine, bytes: usize) -> Result<(), SourceError> {
        self.0 = self.0.saturating_add(bytes);
        if self.0 <= MAX_BYTES {
            return Ok(());
        }
        let why = format!("its containers and labels take more than {} MiB", MAX_BYTES >> 20);
        Err(SourceError::new(SourceErrorKind::Unusable, engine.what(), why))
    }

    /// The same of those that were found.
    pub(crate) fn all(
        engine: &dyn Engine,
        found: impl IntoIterator<Item = EngineContainer>,
    ) -> Result<Vec<EngineContainer>, SourceError> {
        let mut budget = Self::default();
        found.into_iter().map(|one| budget.add(engine, &one.row).map(|()| one)).collect()
    }
}

fn size(row: &Container) -> usize {
    let labels = row.labels.iter().map(|(key, value)| key.len() + value.len() + LABEL);
    let texts = row.id.0.len() + row.name.len() + row.state.len() + row.network_mode.len();
    ROW + texts + labels.sum::<usize>()
}
