//! What an engine is asked in a look, and what it said.

use model::SourceError;
use model::snapshot::EngineName;

use crate::deadline::Deadline;
use crate::engine::budget::Budget;
use crate::engine::netns::{Pinned, confirm, find_namespaces, pin_all, refute};
use crate::engine::{Configured, EngineContainer, ask};

pub(super) async fn containers(
    configured: &Configured,
    due: Deadline,
) -> Result<(Vec<EngineContainer>, Vec<Pinned>), SourceError> {
    let engine = configured.engine()?;
    let due = configured.due(due);
    let found = due.hold(|| engine.what(), ask::all(engine, &ask::ContainerRows::new())).await;
    configured.note_answer(&found);
    let mut found = found?;
    let pinned = find_namespaces(engine, due, &mut found).await;
    Ok((found, pinned.into_iter().map(|(_, pin)| pin).collect()))
}

pub(super) async fn inspect(
    configured: &Configured,
    due: Deadline,
    wanted: &str,
    tenants: bool,
) -> Result<Vec<EngineContainer>, SourceError> {
    let engine = configured.engine()?;
    let due = configured.due(due);
    let ask = async {
        let Some(found) = engine.inspect(wanted).await? else { return Ok(Vec::new()) };
        let relatives = if tenants { engine.relatives(&found.row).await? } else { Vec::new() };
        Budget::all(engine, std::iter::once(found).chain(relatives))
    };
    due.hold(|| engine.what(), ask).await
}

/// The containers whose names may be near to `wanted`, of which only the names are wanted.
pub(super) async fn list_near(
    configured: &Configured,
    due: Deadline,
    wanted: &str,
) -> Result<Vec<EngineContainer>, SourceError> {
    let engine = configured.engine()?;
    let due = configured.due(due);
    let mut listed = due.hold(|| engine.what(), engine.list_near(wanted)).await?;
    for found in &mut listed {
        (found.row.pid, found.sandbox) = (None, None);
    }
    Ok(listed)
}

/// What one engine said, with the namespaces held open that its containers are in.
pub(super) struct EngineAnswer<'h> {
    configured: &'h Configured,
    pub(super) found: Result<Vec<EngineContainer>, SourceError>,
    pinned: Vec<(usize, Pinned)>,
}

impl<'h> EngineAnswer<'h> {
    pub(super) fn of(
        (configured, mut found): (&'h Configured, Result<Vec<EngineContainer>, SourceError>),
    ) -> Self {
        let pinned = match (configured.engine(), &mut found) {
            (Ok(engine), Ok(found)) => pin_all(engine, found),
            _ => Vec::new(),
        };
        Self { configured, found, pinned }
    }

    pub(super) fn name(&self) -> &EngineName {
        &self.configured.name
    }

    /// The namespace of the container that is asked about.
    pub(super) fn home(&self) -> Option<&Pinned> {
        self.pinned.first().filter(|(i, _)| *i == 0).map(|(_, pin)| pin)
    }

    /// The same, after the engine was asked again where a namespace was not proven.
    pub(super) async fn confirmed(mut self, due: Deadline) -> Self {
        if let (Ok(engine), Ok(found)) = (self.configured.engine(), &mut self.found) {
            let refuted = confirm(engine, due, found, &self.pinned).await;
            refute(found, refuted);
        }
        self
    }

    pub(super) fn into_rows(self) -> (EngineName, Result<Vec<EngineContainer>, SourceError>) {
        (self.configured.name.clone(), self.found)
    }
}
