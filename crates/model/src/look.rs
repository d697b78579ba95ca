//! What was observed together with what follows from it: the two always travel as one.

use std::borrow::Cow;
use std::sync::Arc;

use crate::NamedBridge;
use crate::filter::Filter;
use crate::ids::NetnsId;
use crate::query::{self, QueryError, Subject};
use crate::snapshot::{Container, Namespace, Observed, Snapshot};
use crate::switch::SwitchSource;
use crate::target::{NamedInterface, Target};
use crate::wiring::{Attachment, Wiring};

/// A Snapshot and the Wiring that [`crate::resolve`] made of it. Copies share both.
#[derive(Clone, Debug)]
pub struct Look {
    /// The rows.
    pub snapshot: Arc<Snapshot>,
    /// What they mean together.
    pub wiring: Arc<Wiring>,
    /// The namespace that was opened for the question, where that named one directly.
    opened: Option<NetnsId>,
}

impl Look {
    /// Resolves `snapshot`.
    pub fn new(snapshot: impl Into<Arc<Snapshot>>) -> Self {
        let snapshot = snapshot.into();
        let wiring = Arc::new(crate::resolve(&snapshot));
        Self { snapshot, wiring, opened: None }
    }

    /// The same, of a question that named a namespace directly, which was opened for it.
    pub fn with_opened(self, opened: Option<NetnsId>) -> Self {
        Self { opened, ..self }
    }

    /// The container that `wanted` names, as [`query::container`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn container(&self, wanted: &str) -> Result<&Container, QueryError> {
        query::container(&self.snapshot, wanted)
    }

    /// The bridge or fake bridge called `wanted`, as [`query::bridge`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn bridge(&self, wanted: &str) -> Result<NamedBridge<'_>, QueryError> {
        query::bridge(&self.snapshot, wanted)
    }

    /// The container or namespace that a question is about, as [`query::subject`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn subject(&self, target: &Target) -> Result<Subject<'_>, QueryError> {
        match self.opened.and_then(|id| self.namespace(id)) {
            Some(opened) => Ok(Subject::Namespace(opened)),
            None => query::subject(&self.snapshot, target),
        }
    }

    /// The container or namespace that words name, and the interface of it that they name, if they name one: as
    /// [`NamedInterface::readings`].
    ///
    /// # Errors
    /// [`QueryError`], of the reading that says more.
    pub fn named<'a, 'w>(
        &'a self,
        words: impl Into<NamedInterface<'w>>,
    ) -> Result<(Subject<'a>, Option<&'w str>), QueryError> {
        query::named(words.into(), |target| self.subject(target))
    }

    /// The row of a namespace that was read.
    pub fn namespace(&self, id: NetnsId) -> Option<&Namespace> {
        self.snapshot.namespace(id)
    }

    /// The attachments of a container or namespace, as [`query::attachments`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn attachments_of(&self, subject: Subject<'_>) -> Result<Vec<&Attachment>, QueryError> {
        query::attachments(&self.snapshot, &self.wiring, subject)
    }

    /// The same as answers to a question about `bridge`, where one is named: what fits elsewhere
    /// does not make them ambiguous.
    ///
    /// # Errors
    /// [`QueryError`], also for a bridge that is not there.
    pub fn attachments_on(
        &self,
        subject: Subject<'_>,
        bridge: Option<&str>,
    ) -> Result<Vec<Cow<'_, Attachment>>, QueryError> {
        let found = self.attachments_of(subject)?;
        bridge.map_or(Ok(()), |bridge| self.bridge(bridge).map(drop))?;
        Ok(found.into_iter().map(|found| found.on_bridge(&self.wiring, bridge)).collect())
    }

    /// Makes sure that all three kinds of source were seen, as [`query::require_sources`].
    ///
    /// # Errors
    /// [`QueryError::SourceUnavailable`] for the first that is missing.
    pub fn require_sources(&self) -> Result<(), QueryError> {
        query::require_sources(&self.snapshot)
    }

    /// Makes sure that a list of interfaces misses none, as [`query::require_all`].
    ///
    /// # Errors
    /// [`QueryError::Incomplete`].
    pub fn require_all(&self, filters: &[Filter]) -> Result<(), QueryError> {
        query::require_all(&self.snapshot, filters)
    }

    /// Makes sure that nothing was overlooked, as [`query::require_whole`].
    ///
    /// # Errors
    /// [`QueryError::Incomplete`].
    pub fn require_whole(&self) -> Result<(), QueryError> {
        query::require_whole(&self.snapshot)
    }

    /// Makes sure that this switch source answered, as [`query::switch`].
    ///
    /// # Errors
    /// [`QueryError::SourceUnavailable`].
    pub fn switch(&self, source: SwitchSource) -> Result<(), QueryError> {
        query::switch(&self.snapshot, source)
    }

    /// The engines that could not be asked whether they have a container too that these words mean, a sentence each:
    /// none where the words, as a full id or a name with its engine, mean the one that was found alone.
    pub fn silent_engines<'w>(&self, words: impl Into<NamedInterface<'w>>) -> Vec<String> {
        let words: NamedInterface<'w> = words.into();
        let found = |(word, _)| Some((word, self.container(word).ok()?));
        let found = words.readings().find_map(found);
        let rivals = |(word, found)| query::silent_rivals(&self.snapshot, found, word);
        found.map(rivals).unwrap_or_default()
    }

    /// The engines that could not be asked for the containers in a namespace, a sentence each.
    pub fn untold_tenants(&self) -> impl Iterator<Item = String> {
        let incomplete = self.snapshot.engines.values().filter_map(Observed::incompleteness);
        incomplete.map(|why| format!("{why}: whether its containers are there is not known"))
    }

    /// What could not be seen, a sentence each.
    pub fn remarks(&self) -> Vec<String> {
        self.wiring.source_errors.iter().map(ToString::to_string).collect()
    }
}
