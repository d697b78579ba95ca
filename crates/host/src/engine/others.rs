//! The engines of this host that are not asked: which containers they have, who they are, and no
//! more. What one engine has not got may be another's.
//!
//! They are found where such engines listen by themselves, and where a process of theirs was told
//! to listen.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::join_all;
use model::SourceError;
use model::identity::SourceIdentity;
use model::snapshot::{Container, OtherEngine};

use super::discovery::{found, place_of};
use super::kinds::{EngineKind, KINDS};
use super::{Configured, Engine, EngineContainer};
use crate::deadline::Deadline;
use crate::identity::{self, process::Process};

/// So many containers of one are looked at.
const WITNESSES: usize = 4;

/// The containers of every engine with a socket on this host that is not among `asked`.
pub(crate) async fn containers(asked: &[Configured], due: Deadline) -> Vec<OtherEngine> {
    join_all(engines(asked).into_iter().map(|engine| list(engine, due))).await
}

/// The engines with a socket on this host that are not among `asked`.
pub(super) fn engines(asked: &[Configured]) -> Vec<Arc<dyn Engine>> {
    let asked = asked.iter().filter_map(|asked| place_of(asked.engine.as_deref().ok()?));
    let mut known: BTreeSet<_> = asked.collect();
    let by_itself = found().into_iter().filter_map(|place| {
        let engine = (place.kind.open)(&place.path.to_string_lossy()).ok()?;
        Some(engine)
    });
    let mut others: Vec<_> = by_itself.chain(of_processes()).collect();
    // One socket may have several paths.
    others.retain(|engine| place_of(engine.as_ref()).is_some_and(|place| known.insert(place)));
    others
}

async fn list(engine: Arc<dyn Engine>, due: Deadline) -> OtherEngine {
    let listed = due.hold(|| engine.what(), engine.list()).await;
    let id = due.hold(|| engine.what(), engine.id()).await.ok().flatten();
    let identity = match &listed {
        Ok(found) => Some(identity(engine.as_ref(), found, due).await),
        Err(_) => None,
    };
    let row = |found: EngineContainer| Container { pid: None, ..found.row };
    let rows = |found: Vec<EngineContainer>| found.into_iter().map(row).collect();
    let containers: Result<Vec<Container>, SourceError> = listed.map(rows);
    OtherEngine { address: engine.address(), id, identity, containers: containers.into() }
}

/// Who answers. Where that alone does not tell, some of its containers are looked at: their
/// processes may prove that it is this host's.
async fn identity(engine: &dyn Engine, found: &[EngineContainer], due: Deadline) -> SourceIdentity {
    let identity = identity::engine::identify(engine, found);
    if identity.world.is_here() {
        return identity;
    }
    let running =
        found.iter().filter(|found| engine.may_have_a_process(&found.row)).take(WITNESSES);
    let seen = running.map(|found| due.hold(|| engine.what(), engine.inspect(&found.row.id.0)));
    let seen = join_all(seen).await.into_iter().filter_map(|seen| seen.ok().flatten());
    identity::engine::identify(engine, &seen.collect::<Vec<_>>())
}

/// Where processes that call themselves engines were told to listen, as `dockerd --host
/// unix:///PATH` or `podman system service unix:///PATH`, and do. Nothing is connected to for that:
/// a name proves nothing, and a socket may start what listens behind it.
fn of_processes() -> Vec<Arc<dyn Engine>> {
    let every = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = every.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let processes = pids.filter_map(|pid| Process::open(pid).ok());
    let engines = processes.filter_map(|process| {
        let names: Vec<_> = process.names().collect();
        let has = |kind: &&EngineKind| names.iter().any(|name| kind.programs.contains(&&**name));
        let kind = KINDS.into_iter().find(has)?;
        Some((kind, process))
    });
    // Within a container its paths are of another file system, and it calls itself as it likes.
    let engines = engines.filter(|(_, process)| process.shares_our_root());
    let sockets = engines.flat_map(|(kind, process)| {
        named_sockets(&process).into_iter().map(move |path| (kind, path))
    });
    sockets.filter_map(|(kind, path)| (kind.open)(&path.to_string_lossy()).ok()).collect()
}

fn named_sockets(engine: &Process) -> Vec<PathBuf> {
    let words = engine.words();
    let named = words.iter().filter_map(|word| Some(word.split_once("unix://")?.1));
    let mut named: Vec<_> = named.map(PathBuf::from).filter(|path| path.is_absolute()).collect();
    if !named.is_empty() {
        let listening = engine.unix_sockets();
        named.retain(|path| listening.contains(path));
    }
    named
}
