//! What was observed together with what follows from it: the two always travel as one.

use std::sync::Arc;

use crate::ids::NetnsId;
use crate::query::{self, QueryError, Target};
use crate::snapshot::{Container, Namespace, Snapshot};
use crate::switch::{Bridge, Via};
use crate::wiring::{Attachment, Wiring};

/// A Snapshot and the Wiring that [`crate::resolve`] made of it. Copies share both.
#[derive(Clone, Debug)]
pub struct Look {
    /// The rows.
    pub snapshot: Arc<Snapshot>,
    /// What they mean together.
    pub wiring: Arc<Wiring>,
}

impl Look {
    /// Resolves `snapshot`.
    pub fn new(snapshot: impl Into<Arc<Snapshot>>) -> Self {
        let snapshot = snapshot.into();
        let wiring = Arc::new(crate::resolve(&snapshot));
        Self { snapshot, wiring }
    }

    /// The container that `wanted` names, as [`query::container`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn container(&self, wanted: &str) -> Result<&Container, QueryError> {
        query::container(&self.snapshot, wanted)
    }

    /// The bridge called `wanted`, as [`query::bridge`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn bridge(&self, wanted: &str) -> Result<&Bridge, QueryError> {
        query::bridge(&self.snapshot, wanted)
    }

    /// The container or namespace that `wanted` names, as [`query::target`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn target(&self, wanted: &str) -> Result<Target<'_>, QueryError> {
        query::target(&self.snapshot, wanted)
    }

    /// The row of a namespace that was read.
    pub fn namespace(&self, id: NetnsId) -> Option<&Namespace> {
        self.snapshot.namespace(id)
    }

    /// The attachments of a container or namespace, as [`query::attachments`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn attachments_of(&self, target: Target<'_>) -> Result<Vec<&Attachment>, QueryError> {
        query::attachments(&self.snapshot, &self.wiring, target)
    }

    /// Makes sure that all three kinds of source were seen, as [`query::sighted`].
    ///
    /// # Errors
    /// [`QueryError::Blind`] for the first that is missing.
    pub fn sighted(&self) -> Result<(), QueryError> {
        query::sighted(&self.snapshot)
    }

    /// Makes sure that this switch source answered, as [`query::switch`].
    ///
    /// # Errors
    /// [`QueryError::Blind`].
    pub fn switch(&self, via: Via) -> Result<(), QueryError> {
        query::switch(&self.snapshot, via)
    }

    /// What could not be seen, a sentence each.
    pub fn remarks(&self) -> Vec<String> {
        self.wiring.troubles.iter().map(ToString::to_string).collect()
    }
}
