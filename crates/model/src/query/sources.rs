//! Which sources have to have answered before a question can be.

use super::QueryError;
use crate::resolve::answering;
use crate::snapshot::{Container, EngineName, Observed, Snapshot};
use crate::source_error::{SourceError, SourceErrorKind};
use crate::switch::SwitchSource;

/// Why a container may be one that is not known: an engine that is asked did not answer, unless it
/// is none that was named, and not there at all; or it told some of its containers.
pub(super) fn missing_engine<'a>(
    snapshot: &'a Snapshot,
    asked: &[&EngineName],
) -> Option<&'a SourceError> {
    let asked = asked.iter().copied();
    let all: Vec<_> = asked.filter_map(|engine| snapshot.engines.get_key_value(engine)).collect();
    first_missing(snapshot, &all, |why| why.kind != SourceErrorKind::Unreachable)
}

/// What is missing of what an engine told.
pub(super) fn partly(rows: &Observed<Container>) -> Option<&SourceError> {
    rows.incompleteness().filter(|_| rows.absence().is_none())
}

/// Why the list of all containers is not to be had: an engine that was named did not answer, none did,
/// or one could not be asked at all. Another one that does not answer is a source that is stale, and told
/// with what there is.
pub(super) fn missing_engines(snapshot: &Snapshot) -> Option<&SourceError> {
    let all: Vec<_> = snapshot.engines.iter().collect();
    first_missing(snapshot, &all, |why| why.kind == SourceErrorKind::Exhausted)
}

/// Why one of `engines` told a part or nothing: one that was named, any if none of them answered, or one
/// whose reason `counts`.
fn first_missing<'a>(
    snapshot: &Snapshot,
    engines: &[(&EngineName, &'a Observed<Container>)],
    counts: impl Fn(&SourceError) -> bool,
) -> Option<&'a SourceError> {
    if let Some(why) = engines.iter().find_map(|(_, rows)| partly(rows)) {
        return Some(why);
    }
    let absent = engines.iter().filter_map(|(engine, rows)| Some((*engine, rows.absence()?)));
    let absent: Vec<_> = absent.collect();
    let all = absent.len() == engines.len();
    let counts = |engine: &EngineName, why: &SourceError| {
        all || snapshot.named_engines.contains(engine) || counts(why)
    };
    absent.into_iter().find(|(engine, why)| counts(engine, why)).map(|(_, why)| why)
}

/// Makes sure that a whole look saw all three kinds of source, and all that each has.
///
/// # Errors
/// [`QueryError::SourceUnavailable`] for the first that is missing, or told a part.
pub fn require_sources(snapshot: &Snapshot) -> Result<(), QueryError> {
    let missing = missing_engines(snapshot)
        .or(snapshot.kernel.incompleteness())
        .or(incomplete_switch(snapshot));
    missing.map_or(Ok(()), |source_error| Err(QueryError::SourceUnavailable(source_error.clone())))
}

/// Makes sure that the switch source `source` answered.
///
/// # Errors
/// [`QueryError::SourceUnavailable`], also for a source that was not taken.
pub fn switch(snapshot: &Snapshot, source: SwitchSource) -> Result<(), QueryError> {
    match snapshot.switch.get(&source) {
        None => Err(QueryError::SourceUnavailable(not_asked(source))),
        Some(rows) => rows.absence().map_or(Ok(()), |source_error| {
            Err(QueryError::SourceUnavailable(source_error.clone()))
        }),
    }
}

/// A source of the switch that a look did not ask.
pub fn not_asked(source: SwitchSource) -> SourceError {
    let why = "the snapshot was taken without it";
    SourceError::new(SourceErrorKind::Unreachable, source.to_string(), why)
}

/// Why there may be bridges and ports that are not known.
pub(super) fn incomplete_switch(snapshot: &Snapshot) -> Option<&SourceError> {
    answering(snapshot)?.1.incompleteness()
}

/// Why no switch source answered.
pub(super) fn missing_switch(snapshot: &Snapshot) -> Option<&SourceError> {
    let absent = || snapshot.switch.values().filter_map(Observed::absence);
    absent().next().filter(|_| absent().count() == snapshot.switch.len())
}
