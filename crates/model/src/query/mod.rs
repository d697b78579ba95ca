//! Which container, which bridge, which attachments were asked for.

mod bridge;
mod container;
mod missed;
mod near;
mod sources;
mod subject;

use std::borrow::Cow;

use crate::ids::NetnsId;
use crate::resolve::Clashes;
use crate::snapshot::{Container, Snapshot};
use crate::source_error::{SourceError, SourceErrorKind};
use crate::wiring::{Attachment, Wiring};

pub use crate::ids::without_slash;
pub use crate::query_error::QueryError;
pub use bridge::{bridge, filtered_bridges, filtered_vlans};
pub(crate) use container::silent_rivals;
pub use container::{called, certain_container, container, engines_of};
pub use missed::{require_all, require_whole, unlisted};
pub use near::parts_of_near_names;
use sources::missing_switch;
pub use sources::{not_asked, require_sources, switch};
pub use subject::{Subject, named, subject};

/// At most so many near names or candidates are told.
const TOLD: usize = 8;

fn told(names: impl Iterator<Item = String>) -> Vec<String> {
    names.take(TOLD).collect()
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

/// Of the attachments of a container or namespace the one that is called `interface`, by any of its names, where one is
/// named; `of` is how the question calls the container.
///
/// # Errors
/// [`QueryError::NoSuchInterface`]: it has others.
pub fn of_interface<'a>(
    mut found: Vec<Cow<'a, Attachment>>,
    interface: Option<&str>,
    of: &str,
) -> Result<Vec<Cow<'a, Attachment>>, QueryError> {
    let Some(wanted) = interface else { return Ok(found) };
    let have: Vec<_> = found.iter().map(|found| found.link.name.to_string()).collect();
    found.retain(|found| found.link.all_names().any(|name| name == wanted));
    if found.is_empty() && !have.is_empty() {
        let of = of.strip_suffix(wanted).and_then(|of| of.strip_suffix(':')).unwrap_or(of);
        let of = of.to_owned();
        let wanted = wanted.to_owned();
        return Err(QueryError::NoSuchInterface { of, wanted, have });
    }
    Ok(found)
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
        _ => not_running(snapshot, container),
    }
}

fn not_running(snapshot: &Snapshot, container: &Container) -> QueryError {
    let engine = snapshot.engine_of(container);
    let called = engine.and_then(|engine| Clashes::of(snapshot).qualified(engine, container));
    QueryError::NotRunning {
        called: called.as_ref().unwrap_or(&container.name).to_string(),
        name: container.name.to_string(),
        engine: engine.cloned(),
        state: container.state.clone(),
    }
}
