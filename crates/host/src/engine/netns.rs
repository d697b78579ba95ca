//! Which namespace a container is in: from a PID to a namespace, without being fooled by a PID that
//! was recycled, or that is a number of another PID namespace.
//!
//! The process is opened first, then its namespace, which pins it, and only then it is checked that
//! it is the container's: by the engine's own handle on the namespace, or by the cgroup of that very
//! process. An engine that names the process once more proves nothing. A sandbox that has no process
//! is its handle.

mod host;
mod proof;

use futures_util::{StreamExt, stream};
use model::ids::NetnsId;
use model::snapshot::Sandbox;
use model::{SourceError, SourceErrorKind};
use netns::Netns;

use super::ask::IN_FLIGHT;
use super::{Engine, EngineContainer};
use crate::deadline::Deadline;
use crate::identity::engine::Pids;
use host::HostNetns;
use proof::Proof;

/// Says in each row which namespace its process is in, or why that cannot be known. The
/// namespaces are held open; what keeps them keeps them alive.
pub(crate) async fn find_namespaces(
    engine: &dyn Engine,
    due: Deadline,
    found: &mut [EngineContainer],
) -> Vec<(usize, Pinned)> {
    let pinned = pin_all(engine, found);
    let refuted = confirm(engine, due, found, &pinned).await;
    refute(found, refuted);
    pinned
}

/// Opens the namespace of every container that has a process, and says so in its row. Where it is
/// known already that this cannot be had, what is in the row is old.
pub(crate) fn pin_all(engine: &dyn Engine, found: &mut [EngineContainer]) -> Vec<(usize, Pinned)> {
    let said: Vec<_> = found.iter().map(|found| found.row.pid).collect();
    Pids::of(engine).translate(found);
    let proof = Proof::of(engine);
    let host = HostNetns::read();
    let mut pinned = Vec::new();
    let all = found.iter_mut().zip(said).enumerate();
    for (i, (found, said)) in all.filter(|(_, (found, _))| found.row.netns_error.is_none()) {
        match proof.pin(found) {
            None => {}
            Some(Ok(pin)) => {
                found.row.netns = Some(pin.id);
                // One that has left its own namespace still has the interfaces there.
                if pin.left.is_none() {
                    host.note_in(&mut found.row, pin.id);
                }
                let left = pin.left.as_ref().map(|(sandbox, _)| sandbox.clone());
                let alone = found.sandbox.as_ref().filter(|_| found.row.pid.is_none());
                let alone = alone.map(|path| Sandbox {
                    key: path.to_string_lossy().into_owned(),
                    netns: pin.id,
                });
                found.row.sandbox = left.or(alone);
                pinned.push((i, Pinned { said, ..pin }));
            }
            Some(Err(source_error)) => found.row.netns_error = Some(source_error),
        }
    }
    pinned
}

/// Asks the engine again about those whose process could not be proven to be theirs: it stopped
/// meanwhile, or it is not known which process it has. Either way the namespace is not theirs.
pub(crate) async fn confirm(
    engine: &dyn Engine,
    due: Deadline,
    found: &[EngineContainer],
    pinned: &[(usize, Pinned)],
) -> Vec<(usize, SourceError)> {
    let doubtful = pinned.iter().filter(|(_, pin)| !pin.proven);
    let doubtful: Vec<_> = doubtful.map(|(i, pin)| (*i, pin.said)).collect();
    let asked = stream::iter(doubtful).map(|(i, said)| async move {
        let first = found.get(i)?;
        let again = due.hold(|| engine.what(), engine.inspect(&first.row.id.0)).await;
        let why = match again {
            Ok(Some(again)) if again.row.id == first.row.id && again.row.pid == said => {
                unproven(first)
            }
            Ok(_) => gone(first),
            Err(why) => not_told(why),
        };
        Some((i, why))
    });
    let answers: Vec<_> = asked.buffered(IN_FLIGHT).collect().await;
    answers.into_iter().flatten().collect()
}

pub(crate) fn refute(found: &mut [EngineContainer], refuted: Vec<(usize, SourceError)>) {
    for (i, source_error) in refuted {
        let Some(EngineContainer { row, .. }) = found.get_mut(i) else { continue };
        (row.netns, row.sandbox, row.netns_error) = (None, None, Some(source_error));
    }
}

/// A namespace that is held open, so that its identity cannot be reused.
pub(crate) struct Pinned {
    pub(crate) netns: Netns,
    pub(crate) id: NetnsId,
    /// The process by the number that the engine gave.
    said: Option<u32>,
    /// Whether the kernel proves that it is the container's.
    proven: bool,
    /// Where the engine's handle leads to another one.
    pub(crate) left: Option<(Sandbox, Netns)>,
}

fn unproven(found: &EngineContainer) -> SourceError {
    let pid = found.row.pid.unwrap_or_default();
    let why = format!(
        "nothing proves that process {pid} is its: neither the engine's handle on its network \
         namespace leads there, nor does the process's cgroup name it"
    );
    SourceError::new(SourceErrorKind::Unusable, format!("container {}", found.row.name), why)
        .hint("is its engine on this machine? pid:N and netns:NAME ask without an engine")
}

/// An engine that is gone leaves open what became of its containers.
fn not_told(why: SourceError) -> SourceError {
    match why.kind {
        SourceErrorKind::Gone => SourceError { kind: SourceErrorKind::Unreachable, ..why },
        _ => why,
    }
}

fn gone(found: &EngineContainer) -> SourceError {
    let what = format!("container {}", found.row.name);
    SourceError::new(SourceErrorKind::Gone, what, "it stopped or restarted during the look")
        .hint("ask again")
}
