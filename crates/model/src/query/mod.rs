//! Which container, which bridge, which attachments were asked for.

mod missed;
mod near;
mod subject;

use crate::NamedBridge;
use crate::filter::Filter;
use crate::ids::{Name, NetnsId};
use crate::resolve::{Clashes, answering};
use crate::snapshot::{Container, Engine, Observed, Snapshot};
use crate::source_error::{SourceError, SourceErrorKind};
use crate::switch::{Bridge, SwitchSource};
use crate::wiring::{Attachment, Wiring};

pub use crate::query_error::QueryError;
pub use missed::{require_all, require_whole};
use near::near;
pub use near::parts_of_near_names;
pub use subject::{Subject, subject};

/// At most so many near names or candidates are told.
const TOLD: usize = 8;

/// The name of a container as its user gives it, where the API, and so `docker inspect`, has a
/// slash before it: `/web` is `web`.
pub fn without_slash(wanted: &str) -> &str {
    wanted.strip_prefix('/').unwrap_or(wanted)
}

/// Finds a container as Docker does: by full id, then name, then unambiguous id prefix. Before
/// any of them the engine may stand, as in `docker:web`. What users run for themselves is meant only
/// where no engine of the host has one of that name: they may call theirs as they like.
///
/// # Errors
/// [`QueryError::NoSuchContainer`], [`QueryError::AmbiguousContainer`],
/// [`QueryError::AmbiguousName`] when several engines have one of that name, or
/// [`QueryError::SourceUnavailable`] when no engine could be asked.
pub fn container<'a>(snapshot: &'a Snapshot, wanted: &str) -> Result<&'a Container, QueryError> {
    let (engines, wanted) = engines_of(snapshot.engines.keys(), wanted);
    let all = snapshot.containers_by_engine().filter(|(engine, _)| engines.contains(engine));
    let (of_users, of_host): (Vec<_>, Vec<_>) =
        all.partition(|(engine, _)| engine.user().is_some());
    for runs in [of_host, of_users] {
        if let Some(found) = one_of(&runs, wanted)? {
            return Ok(found);
        }
    }
    Err(no_such_container(snapshot, &engines, wanted))
}

/// The same for a verb that acts: it takes no container of a name that another engine may have too. A full id
/// is of one container alone, and a word with its engine means no other.
///
/// # Errors
/// As [`container`]; [`QueryError::SourceUnavailable`] where such an engine was silent.
pub fn certain_container<'a>(
    snapshot: &'a Snapshot,
    wanted: &str,
) -> Result<&'a Container, QueryError> {
    let found = container(snapshot, wanted)?;
    let (mut engines, words) = engines_of(snapshot.engines.keys(), wanted);
    if *found.id.0 == *words {
        return Ok(found);
    }
    let mut all = snapshot.containers_by_engine().filter(|(_, row)| row.id == found.id);
    if all.any(|(engine, _)| engine.user().is_none()) {
        engines.retain(|engine| engine.user().is_none());
    }
    match missing_engine(snapshot, &engines) {
        Some(source_error) => Err(QueryError::SourceUnavailable(source_error.clone())),
        None => Ok(found),
    }
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

/// A container, and the engine that runs it.
type Run<'a> = (&'a Engine, &'a Container);

fn one_of<'a>(runs: &[Run<'a>], wanted: &str) -> Result<Option<&'a Container>, QueryError> {
    if let Some((_, exact)) = runs.iter().find(|(_, row)| *row.id.0 == *wanted) {
        return Ok(Some(exact));
    }
    let name = without_slash(wanted);
    let named: Vec<_> = runs.iter().filter(|(_, row)| *row.name == *name).collect();
    if let Some((_, first)) = named.first() {
        // One engine may be asked in two ways.
        if named.iter().all(|(_, row)| row.id == first.id) {
            return Ok(Some(first));
        }
        return Err(QueryError::AmbiguousName {
            wanted: wanted.to_owned(),
            candidates: told(named.iter().map(|(engine, _)| format!("{engine}:{name}"))),
        });
    }
    let begun: Vec<_> =
        runs.iter().map(|(_, row)| *row).filter(|row| is_prefix(wanted, row)).collect();
    match begun.first() {
        None => Ok(None),
        Some(first) if begun.iter().all(|row| row.id == first.id) => Ok(Some(first)),
        Some(_) => Err(QueryError::AmbiguousContainer {
            wanted: wanted.to_owned(),
            candidates: told(begun.iter().map(|row| format!("{} ({})", row.id.short(), row.name))),
        }),
    }
}

/// The engines among `known` that `wanted` may mean, and the name without them. Before it an engine
/// may stand as it is called, as in `podman@1000:web`, or, where none is called so, its kind, which
/// means all of that kind.
pub fn engines_of<'e, 'w>(
    known: impl Iterator<Item = &'e Engine>,
    wanted: &'w str,
) -> (Vec<&'e Engine>, &'w str) {
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

/// Why a container may be one that is not known: an engine that is asked did not answer, unless it
/// is none that was named, and not there at all; or it told some of its containers.
fn missing_engine<'a>(snapshot: &'a Snapshot, asked: &[&Engine]) -> Option<&'a SourceError> {
    if let Some(why) = asked.iter().find_map(|engine| partly(snapshot.engines.get(*engine)?)) {
        return Some(why);
    }
    let mut absent = asked
        .iter()
        .filter_map(|engine| Some((*engine, snapshot.engines.get(*engine)?.absence()?)));
    let all = absent.clone().count() == asked.len();
    let counts = |(engine, why): &(&Engine, &SourceError)| {
        all || snapshot.named_engines.contains(engine) || why.kind != SourceErrorKind::Unreachable
    };
    absent.find(counts).map(|(_, why)| why)
}

/// What is missing of what an engine told.
fn partly(rows: &Observed<Container>) -> Option<&SourceError> {
    rows.incompleteness().filter(|_| rows.absence().is_none())
}

/// Why the list of all containers is not to be had: an engine that was named did not answer, none did,
/// or one could not be asked at all. Another one that does not answer is a source that is stale, and told
/// with what there is.
fn missing_engines(snapshot: &Snapshot) -> Option<&SourceError> {
    if let Some(why) = snapshot.engines.values().find_map(partly) {
        return Some(why);
    }
    let mut absent =
        snapshot.engines.iter().filter_map(|(engine, rows)| Some((engine, rows.absence()?)));
    let all = absent.clone().count() == snapshot.engines.len();
    let counts = |(engine, why): &(&Engine, &SourceError)| {
        let could_not_ask = why.kind == SourceErrorKind::Exhausted;
        all || could_not_ask || snapshot.named_engines.contains(*engine)
    };
    absent.find(counts).map(|(_, why)| why)
}

fn is_prefix(wanted: &str, row: &Container) -> bool {
    !wanted.is_empty() && row.id.0.starts_with(wanted)
}

fn no_such_container(snapshot: &Snapshot, engines: &[&Engine], wanted: &str) -> QueryError {
    if let Some(source_error) = missing_engine(snapshot, engines) {
        return QueryError::SourceUnavailable(source_error.clone());
    }
    let near = near(snapshot, engines, wanted);
    QueryError::NoSuchContainer { wanted: wanted.to_owned(), near }
}

fn told(names: impl Iterator<Item = String>) -> Vec<String> {
    names.take(TOLD).collect()
}

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

/// The attachments that a question is about.
///
/// # Errors
/// [`QueryError::NotRunning`], or [`QueryError::SourceUnavailable`] when its namespace or the switch
/// could not be read: an empty answer would be a guess.
pub fn attachments<'a>(
    snapshot: &Snapshot,
    wiring: &'a Wiring,
    target: Subject<'_>,
) -> Result<Vec<&'a Attachment>, QueryError> {
    let (netns, left) = match target {
        Subject::Container(row) if row.on_host_network() => return Ok(Vec::new()),
        Subject::Container(row) => (netns_of(snapshot, row)?, row.left()),
        Subject::Namespace(row) => (row.id, None),
    };
    let left = left.map(|sandbox| sandbox.netns);
    let home = snapshot.namespace(netns);
    let kernel = &snapshot.kernel;
    let unread = home.and_then(|ns| ns.source_error.as_ref());
    let unread = unread.or(kernel.absence()).or(kernel.staleness());
    match unread.or(missing_switch(snapshot)) {
        Some(source_error) => Err(QueryError::SourceUnavailable(source_error.clone())),
        None if home.is_none() => Err(QueryError::SourceUnavailable(not_read(netns))),
        None => {
            let theirs = |id: NetnsId| id == netns || Some(id) == left;
            Ok(wiring.attachments.iter().filter(|a| theirs(a.netns)).collect())
        }
    }
}

/// Where a host is followed, a container is heard of before its links are.
fn not_read(netns: NetnsId) -> SourceError {
    let what = format!("the network namespace {netns}");
    SourceError::new(SourceErrorKind::TimedOut, what, "it has not been read yet").hint("ask again")
}

fn not_inspected(container: &Container, why: &str) -> SourceError {
    let what = format!("container {}", container.name);
    SourceError::new(SourceErrorKind::TimedOut, what, why).hint("ask again")
}

/// The namespace of a container.
///
/// # Errors
/// [`QueryError::NotRunning`], or [`QueryError::SourceUnavailable`] when it could not be read.
pub fn netns_of(snapshot: &Snapshot, container: &Container) -> Result<NetnsId, QueryError> {
    container.netns.ok_or_else(|| no_namespace(snapshot, container))
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

/// Why there may be bridges and ports that are not known.
fn incomplete_switch(snapshot: &Snapshot) -> Option<&SourceError> {
    answering(snapshot)?.1.incompleteness()
}

/// Why no switch source answered.
fn missing_switch(snapshot: &Snapshot) -> Option<&SourceError> {
    let absent = || snapshot.switch.values().filter_map(Observed::absence);
    absent().next().filter(|_| absent().count() == snapshot.switch.len())
}

/// A row of an engine's list has no process: what is said to run may have one all the same.
fn no_namespace(snapshot: &Snapshot, container: &Container) -> QueryError {
    let source_error = container.netns_error.as_ref().or(snapshot.kernel.source_error());
    let runs = matches!(container.state.as_str(), "running" | "paused");
    match (container.pid, source_error) {
        (Some(_), Some(source_error)) => QueryError::SourceUnavailable(source_error.clone()),
        (_, None) if container.unread => QueryError::SourceUnavailable(not_inspected(
            container,
            "its network namespace has not been read yet",
        )),
        (Some(_), None) => QueryError::SourceUnavailable(not_inspected(
            container,
            "its network namespace has not been opened yet",
        )),
        (None, _) if runs => QueryError::SourceUnavailable(not_inspected(
            container,
            "it runs, and its engine has not told its process yet",
        )),
        _ => QueryError::NotRunning {
            name: container.name.to_string(),
            state: container.state.clone(),
        },
    }
}
