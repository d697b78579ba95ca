//! Which bridge a word or a filter means.

use super::QueryError;
use super::sources::incomplete_switch;
use crate::NamedBridge;
use crate::filter::Filter;
use crate::resolve::answering;
use crate::snapshot::Snapshot;
use crate::source_error::{SourceError, SourceErrorKind};
use crate::switch::{Bridge, SwitchSource};

/// Finds a bridge, or a fake bridge upon one, by its exact name.
///
/// # Errors
/// [`QueryError::NoSuchBridge`], or [`QueryError::SourceUnavailable`] when the switch could not be asked.
pub fn bridge<'a>(snapshot: &'a Snapshot, wanted: &str) -> Result<NamedBridge<'a>, QueryError> {
    if let Some(found) = NamedBridge::find(snapshot, wanted) {
        return Ok(found);
    }
    if let Some(source_error) = incomplete_switch(snapshot) {
        return Err(QueryError::SourceUnavailable(source_error.clone()));
    }
    let names = |bridge: &Bridge| {
        let fakes = bridge.fake_bridges.iter().map(|fake| fake.name.to_string());
        std::iter::once(bridge.name.to_string()).chain(fakes).collect::<Vec<_>>()
    };
    let mut have: Vec<_> = snapshot.bridges().flat_map(names).collect();
    have.sort();
    have.dedup();
    let by = snapshot.ovsdb().is_none_or(|rows| rows.absence().is_some());
    let fakes_unknown = by && !snapshot.switch.is_empty();
    Err(QueryError::NoSuchBridge { wanted: wanted.to_owned(), have, fakes_unknown })
}

/// Makes sure that every bridge that `filters` name is there.
///
/// # Errors
/// As [`bridge`].
pub fn filtered_bridges(snapshot: &Snapshot, filters: &[Filter]) -> Result<(), QueryError> {
    filters.iter().filter_map(Filter::bridge).try_for_each(|name| bridge(snapshot, name).map(drop))
}

/// Makes sure that the source that answers tells what `filters` look at: VLANs are in the database
/// alone.
///
/// # Errors
/// [`QueryError::SourceUnavailable`].
pub fn filtered_vlans(snapshot: &Snapshot, filters: &[Filter]) -> Result<(), QueryError> {
    let source = answering(snapshot).map_or(SwitchSource::Ovsdb, |(source, _)| source);
    if source == SwitchSource::Ovsdb || !filters.iter().any(Filter::needs_vlans) {
        return Ok(());
    }
    let why = "it tells no VLANs, which --filter vlan looks at";
    let untold = SourceError::new(SourceErrorKind::Unusable, source.to_string(), why);
    Err(QueryError::SourceUnavailable(untold.hint("the source ovsdb tells them")))
}
