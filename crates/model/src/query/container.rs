//! Which container a word means.

use super::near::near;
use super::sources::missing_engine;
use super::{QueryError, told};
use crate::identity::Identities;
use crate::ids::{Name, is_local_id, without_slash};
use crate::one_container::{Run, is_surely_told_twice, is_told_twice};
use crate::resolve::Clashes;
use crate::snapshot::{Container, EngineName, Observed, Snapshot};

/// Whether two rows tell of one container.
type IsOne = fn(&Identities, Run<'_>, Run<'_>) -> bool;

/// Finds a container as Docker does: by full id, then name, then unambiguous id prefix. Before
/// any of them the engine may stand, as in `docker:web`. What users run for themselves is meant only
/// where no engine of the host has one of that name: they may call theirs as they like.
///
/// # Errors
/// [`QueryError::NoSuchContainer`], [`QueryError::AmbiguousContainer`],
/// [`QueryError::AmbiguousName`] when several engines have one of that name, or
/// [`QueryError::SourceUnavailable`] when no engine could be asked.
pub fn container<'a>(snapshot: &'a Snapshot, wanted: &str) -> Result<&'a Container, QueryError> {
    container_by(snapshot, wanted, is_told_twice)
}

/// The same, by what tells whether two rows are of one container.
fn container_by<'a>(
    snapshot: &'a Snapshot,
    wanted: &str,
    is_one: IsOne,
) -> Result<&'a Container, QueryError> {
    let (engines, wanted) = engines_of(snapshot.engines.keys(), wanted);
    let all = snapshot.containers_by_engine().filter(|(engine, _)| engines.contains(engine));
    let (of_users, of_host): (Vec<_>, Vec<_>) =
        all.partition(|(engine, _)| engine.user().is_some());
    for runs in [of_host, of_users] {
        if let Some(found) =
            one_of(&runs, wanted, |one, other| is_one(&snapshot.identities, one, other))?
        {
            return Ok(found);
        }
    }
    Err(no_such_container(snapshot, &engines, wanted))
}

/// The same for a verb that acts: it takes no container of a name that another engine may have too. A full id
/// is of one container alone, unless it is unique in its engine only, as in `web@lxc`, which another engine of
/// the kind may have too; and a word with its engine means no other. Engines that did not tell what they call
/// themselves count as two there.
///
/// # Errors
/// As [`container`]; [`QueryError::SourceUnavailable`] where such an engine was silent, or has not answered since it
/// told what is known of it.
pub fn certain_container<'a>(
    snapshot: &'a Snapshot,
    wanted: &str,
) -> Result<&'a Container, QueryError> {
    let found = container_by(snapshot, wanted, is_surely_told_twice);
    let (engines, _) = match &found {
        Ok(found) => rivals_of(snapshot, found, wanted),
        Err(QueryError::NoSuchContainer { .. }) => engines_of(snapshot.engines.keys(), wanted),
        Err(_) => return found,
    };
    let mut told = engines.iter().filter_map(|engine| snapshot.engines.get(*engine));
    // What a stale list lacks may be there by now.
    let stale = told.find_map(Observed::staleness);
    match missing_engine(snapshot, &engines).or(stale) {
        Some(source_error) => Err(QueryError::SourceUnavailable(source_error.clone())),
        None => found,
    }
}

/// The engines of which one may have another container that `wanted` means as well as `found`, as
/// [`certain_container`] has it, and the words without their engine.
fn rivals_of<'a, 'w>(
    snapshot: &'a Snapshot,
    found: &Container,
    wanted: &'w str,
) -> (Vec<&'a EngineName>, &'w str) {
    let (mut engines, words) = engines_of(snapshot.engines.keys(), wanted);
    let own = snapshot.engine_of(found);
    if *found.id.0 == *words {
        let is_local = is_local_id(words);
        engines.retain(|engine| is_local && own.is_some_and(|own| own.kind() == engine.kind()));
    }
    if own.is_some_and(|engine| engine.user().is_none()) {
        engines.retain(|engine| engine.user().is_none());
    }
    (engines, words)
}

/// The engines that told a part or nothing, and may have another container that `wanted` means as well as `found`: a
/// sentence each.
pub(crate) fn silent_rivals(snapshot: &Snapshot, found: &Container, wanted: &str) -> Vec<String> {
    let (engines, words) = rivals_of(snapshot, found, wanted);
    // The beginning of an id may be what another one is called.
    let what = if *found.name == *without_slash(words) { "that name" } else { "that name or id" };
    let all = engines.into_iter().filter_map(|engine| snapshot.engines.get(engine));
    let incomplete = all.filter_map(Observed::incompleteness);
    incomplete.map(|why| format!("{why}: whether it has one of {what} too is not known")).collect()
}

/// Every container, each as it is called: with its engine where the name alone means another one
/// too.
pub fn called(snapshot: &Snapshot) -> Vec<(Name, &Container)> {
    let clashes = Clashes::of(snapshot);
    let all = snapshot.containers_by_engine();
    let called = all.map(|(engine, row)| {
        (clashes.qualified(engine, row).unwrap_or_else(|| row.name.clone()), row)
    });
    called.collect()
}

/// Of the rows that may be meant: one engine may be asked in two ways, and two engines may each have one of an id.
fn one_of<'a>(
    runs: &[Run<'a>],
    wanted: &str,
    is_one: impl Fn(Run<'_>, Run<'_>) -> bool,
) -> Result<Option<&'a Container>, QueryError> {
    let name = without_slash(wanted);
    let with_id: Vec<_> = runs.iter().copied().filter(|(_, row)| *row.id.0 == *wanted).collect();
    let with_name = || runs.iter().copied().filter(|(_, row)| *row.name == *name).collect();
    let named: Vec<_> = if with_id.is_empty() { with_name() } else { with_id };
    if let Some(first) = living_first(&named) {
        if named.iter().all(|run| is_one(first, *run)) {
            return Ok(Some(first.1));
        }
        return Err(QueryError::AmbiguousName {
            wanted: wanted.to_owned(),
            candidates: told(named.iter().map(|(engine, _)| format!("{engine}:{name}"))),
        });
    }
    let begun: Vec<_> = runs.iter().copied().filter(|(_, row)| is_prefix(wanted, row)).collect();
    match living_first(&begun) {
        None => Ok(None),
        Some(first) if begun.iter().all(|run| is_one(first, *run)) => Ok(Some(first.1)),
        Some(_) => Err(QueryError::AmbiguousContainer {
            wanted: wanted.to_owned(),
            candidates: told(begun.iter().map(|(engine, row)| {
                // An id that two engines have tells none of both.
                let is_shared = begun.iter().any(|(other, theirs)| {
                    theirs.id == row.id && !is_one((engine, row), (other, theirs))
                });
                let of = if is_shared { format!("{engine}:") } else { String::new() };
                format!("{} ({of}{})", row.id.short(), row.name)
            })),
        }),
    }
}

/// The first that has a namespace, else the first: an engine may tell of a container that runs without saying where.
fn living_first<'a>(runs: &[Run<'a>]) -> Option<Run<'a>> {
    let living = runs.iter().find(|(_, row)| row.netns.is_some());
    living.or(runs.first()).copied()
}

/// The engines among `known` that `wanted` may mean, and the name without them. Before it an engine
/// may stand as it is called, as in `podman@1000:web`, or, where none is called so, its kind, which
/// means all of that kind.
pub fn engines_of<'e, 'w>(
    known: impl Iterator<Item = &'e EngineName>,
    wanted: &'w str,
) -> (Vec<&'e EngineName>, &'w str) {
    let all: Vec<_> = known.collect();
    let behind = |word: &str| wanted.strip_prefix(word)?.strip_prefix(':');
    let called = all.iter().find_map(|engine| Some((vec![*engine], behind(&engine.0)?)));
    let of_kind = || {
        let (kind, name) =
            all.iter().find_map(|engine| Some((engine.kind(), behind(engine.kind())?)))?;
        Some((all.iter().copied().filter(|one| one.kind() == kind).collect(), name))
    };
    called.or_else(of_kind).unwrap_or_else(|| (all.clone(), wanted))
}

fn is_prefix(wanted: &str, row: &Container) -> bool {
    !wanted.is_empty() && row.id.0.starts_with(wanted)
}

fn no_such_container(snapshot: &Snapshot, engines: &[&EngineName], wanted: &str) -> QueryError {
    if let Some(source_error) = missing_engine(snapshot, engines) {
        return QueryError::SourceUnavailable(source_error.clone());
    }
    let near = near(snapshot, engines, wanted);
    let answered = |engine: &EngineName| {
        snapshot.engines.get(engine).is_some_and(|rows| rows.absence().is_none())
    };
    let engines = engines.iter().filter(|engine| answered(engine));
    let engines = engines.map(|engine| EngineName::clone(engine)).collect();
    QueryError::NoSuchContainer { wanted: wanted.to_owned(), near, engines }
}
