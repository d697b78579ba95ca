//! Which namespace a container is in: from a PID to a namespace, without being fooled by a PID that
//! was recycled.
//!
//! The namespace is opened first, which pins it, and only then it is checked that it
//! is still the container's: by Docker's own handle on it, or by asking the engine again.

use std::path::Path;

use futures_util::{StreamExt, stream};
use model::ids::NetnsId;
use model::{SourceError, SourceErrorKind};
use netns::Netns;

use super::ask::IN_FLIGHT;
use super::{Engine, Found};
use crate::deadline::Deadline;
use crate::kernel;

/// Says in each row which namespace its process is in, or why that cannot be known. The
/// namespaces are held open; what keeps them keeps them alive.
pub(crate) async fn settle(
    engine: &dyn Engine,
    due: Deadline,
    found: &mut [Found],
) -> Vec<(usize, Pinned)> {
    let pinned = pin_all(found);
    let refuted = confirm(engine, due, found, &pinned).await;
    refute(found, refuted);
    pinned
}

/// Opens the namespace of every container that has a process, and says so in its row. Where it is
/// known already that this cannot be had, what is in the row is old.
pub(crate) fn pin_all(found: &mut [Found]) -> Vec<(usize, Pinned)> {
    let mut pinned = Vec::new();
    let settled = |found: &Found| found.row.netns_error.is_some();
    for (i, found) in found.iter_mut().enumerate().filter(|(_, found)| !settled(found)) {
        match pin(found) {
            None => {}
            Some(Ok(pin)) => {
                found.row.netns = Some(pin.id);
                pinned.push((i, pin));
            }
            Some(Err(source_error)) => found.row.netns_error = Some(source_error),
        }
    }
    pinned
}

/// Asks the engine again about those whose namespace could not be proven to be theirs, and
/// takes it from those that have another process now.
pub(crate) async fn confirm(
    engine: &dyn Engine,
    due: Deadline,
    found: &[Found],
    pinned: &[(usize, Pinned)],
) -> Vec<(usize, SourceError)> {
    let doubtful = pinned.iter().filter(|(_, pin)| !pin.proven).map(|(i, _)| *i);
    let doubtful: Vec<_> = doubtful.collect();
    let asked = stream::iter(doubtful).map(|i| async move {
        let again = due.hold(|| engine.what(), engine.inspect(&found[i].row.id.0)).await;
        let verdict = again.and_then(|again| reconfirm(&found[i], again.as_ref()));
        verdict.err().map(|source_error| (i, source_error))
    });
    asked.buffered(IN_FLIGHT).filter_map(std::future::ready).collect().await
}

pub(crate) fn refute(found: &mut [Found], refuted: Vec<(usize, SourceError)>) {
    for (i, source_error) in refuted {
        found[i].row.netns = None;
        found[i].row.netns_error = Some(source_error);
    }
}

/// A namespace that is held open, so that its identity cannot be reused.
pub(crate) struct Pinned {
    pub(crate) netns: Netns,
    pub(crate) id: NetnsId,
    /// Whether Docker's handle proves that it is the container's.
    proven: bool,
}

/// Opens the namespace of a container's process; none when there is no process.
fn pin(found: &Found) -> Option<Result<Pinned, SourceError>> {
    let pid = found.row.pid?;
    let what = || format!("the network namespace of {} (process {pid})", found.row.name);
    let opened =
        Netns::of_process(pid).map_err(|error| match kernel::source_error(what(), &error) {
            source_error if source_error.kind == SourceErrorKind::Unreachable => gone(found),
            source_error => source_error,
        });
    Some(opened.map(|netns| {
        let id = kernel::id(&netns);
        let proven = found.sandbox.as_deref().is_some_and(|path| leads_to(path, id));
        Pinned { netns, id, proven }
    }))
}

/// The handle is a bind mount of the namespace: the same inode, or it proves nothing.
fn leads_to(path: &Path, id: NetnsId) -> bool {
    rustix::fs::stat(path).is_ok_and(|stat| stat.st_dev == id.dev && stat.st_ino == id.ino)
}

/// Whether a second answer of the engine still names the process that was pinned.
fn reconfirm(first: &Found, again: Option<&Found>) -> Result<(), SourceError> {
    if again.is_some_and(|again| again.row.id == first.row.id && again.row.pid == first.row.pid) {
        return Ok(());
    }
    Err(gone(first))
}

fn gone(found: &Found) -> SourceError {
    let what = format!("container {}", found.row.name);
    SourceError::new(SourceErrorKind::Gone, what, "it stopped or restarted during the look")
        .hint("ask again")
}
