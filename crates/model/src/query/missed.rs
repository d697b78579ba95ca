//! What a list would leave out without a word.

use std::collections::HashMap;

use crate::filter::{Filter, Filters};
use crate::ids::{Name, NetnsId};
use crate::resolve::Clashes;
use crate::snapshot::{Container, EngineName, Namespace, Snapshot};
use crate::source_error::{SourceError, SourceErrorKind};

use super::{QueryError, TOLD, not_inspected, not_read};

/// Makes sure that a list of the interfaces of all containers that `filters` may let through misses
/// none: a script takes what is not listed for not connected. What does not run has no interfaces,
/// and of what ended during the look none is missed.
///
/// # Errors
/// [`QueryError::Incomplete`], which names those whose interfaces could not be read.
pub fn require_all(snapshot: &Snapshot, filters: &[Filter]) -> Result<(), QueryError> {
    let filters = Filter::among(filters, snapshot.containers_called());
    let missed = all_missed(snapshot);
    let asked = missed.filter(|(engine, row, _)| Filters(&filters).may_pass(engine, row));
    incomplete(asked.map(|(_, row, why)| (row.name.to_string(), why)))
}

/// What containers that may run are called that no list has, as their interfaces could not be read.
pub fn unlisted(snapshot: &Snapshot) -> Vec<Name> {
    let clashes = Clashes::of(snapshot);
    let missed = all_missed(snapshot);
    missed
        .map(|(engine, row, _)| clashes.qualified(engine, row).unwrap_or_else(|| row.name.clone()))
        .collect()
}

/// The containers whose interfaces could not be read, and why not.
fn all_missed(snapshot: &Snapshot) -> impl Iterator<Item = (&EngineName, &Container, SourceError)> {
    let read: HashMap<_, _> = snapshot.kernel.rows().iter().map(|row| (row.id, row)).collect();
    let all = snapshot.containers_by_engine();
    all.filter_map(move |(engine, row)| Some((engine, row, missed(row, &read)?)))
}

/// Makes sure that nothing was overlooked where nothing was found: neither a container nor a
/// namespace with a name of its own.
///
/// # Errors
/// [`QueryError::Incomplete`].
pub fn require_whole(snapshot: &Snapshot) -> Result<(), QueryError> {
    require_all(snapshot, &[])?;
    let named = snapshot.kernel.rows().iter().filter(|row| !row.names.is_empty());
    let unread = named.filter_map(|row| Some((row.id.called(&row.names), unread(row)?)));
    incomplete(unread)
}

fn incomplete(mut missed: impl Iterator<Item = (String, SourceError)>) -> Result<(), QueryError> {
    let Some((name, why)) = missed.next() else { return Ok(()) };
    let names: Vec<_> = std::iter::once(name).chain(missed.map(|(name, _)| name)).collect();
    let more = names.len().saturating_sub(TOLD);
    Err(QueryError::Incomplete { names: names.into_iter().take(TOLD).collect(), more, why })
}

/// Why the interfaces of a container were not read, if it may have some.
fn missed(row: &Container, read: &HashMap<NetnsId, &Namespace>) -> Option<SourceError> {
    let may_run = row.is_alive() || matches!(row.state.as_str(), "running" | "paused");
    if !may_run || row.on_host_network() {
        return None;
    }
    match (&row.netns_error, row.netns) {
        (Some(why), _) if why.kind == SourceErrorKind::Gone => None,
        (Some(why), _) => Some(why.clone()),
        (None, Some(netns)) => match read.get(&netns) {
            Some(home) => unread(home),
            None => Some(not_read(netns)),
        },
        (None, None) if row.unread => {
            Some(not_inspected(row, "its network namespace has not been read yet"))
        }
        (None, None) => Some(not_inspected(row, "its network namespace is not known yet")),
    }
}

fn unread(home: &Namespace) -> Option<SourceError> {
    home.source_error.clone().filter(|why| why.kind != SourceErrorKind::Gone)
}
