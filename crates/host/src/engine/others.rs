//! The engines of this host that are not asked: which containers they have, who they are, and no
//! more. What one engine has not got may be another's.
//!
//! They are found where such engines listen by themselves, and where a process of theirs was told
//! to listen.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::join_all;
use model::SourceError;
use model::identity::SourceIdentity;
use model::snapshot::{Container, OtherEngine};

use super::discovery::{Place, file, found, place_of};
use super::kinds::{EngineKind, KINDS};
use super::{Configured, Engine, EngineContainer};
use crate::deadline::Deadline;
use crate::identity::process::{Process, every_process};
use crate::{failure, identity};

/// So many containers of one are looked at.
const WITNESSES: usize = 4;
/// Where processes are found (proc(5)).
const PROC: &str = "/proc";

/// The engines of this host that are not among those that are asked.
pub(super) struct Others {
    /// Those with a socket on this host.
    pub(super) found: Vec<Arc<dyn Engine>>,
    /// Those that listen at a path where this program sees no file: it was removed, or this program has another folder
    /// there, as `/tmp` and `/home` of a service with `PrivateTmp=` and `ProtectHome=` (systemd.exec(5)). They cannot be
    /// asked, and may have anything.
    pub(super) unseen: Vec<Arc<dyn Engine>>,
}

/// The containers of every engine with a socket on this host that is not among `asked`.
pub(crate) async fn containers(asked: &[Configured], due: Deadline) -> Vec<OtherEngine> {
    let Others { found, unseen } = match engines(asked) {
        Ok(others) => others,
        Err(why) => return vec![unknown(why)],
    };
    join_all(found.into_iter().chain(unseen).map(|engine| list(engine, due))).await
}

/// In the place of engines that could not be looked for: one that has not answered may have anything.
fn unknown(why: SourceError) -> OtherEngine {
    OtherEngine { address: PROC.to_owned(), id: None, identity: None, containers: Err(why).into() }
}

/// The engines with a socket on this host that are not among `asked`.
///
/// # Errors
/// There was no descriptor or no memory left to look for them.
pub(super) fn engines(asked: &[Configured]) -> Result<Others, SourceError> {
    let asked = asked.iter().filter_map(|asked| place_of(asked.engine.as_deref().ok()?));
    let by_itself = found().into_iter().filter_map(|place| {
        let engine = (place.kind.open)(&place.path.to_string_lossy()).ok()?;
        Some(engine)
    });
    let processes = engine_processes()
        .map_err(|error| failure::of_io(format!("engines in {PROC}"), &error, "run as root"))?;
    Ok(others(asked.collect(), by_itself, &processes))
}

/// Of the engines that are found and those that processes listen for, each that is at none of the `known` places, once.
fn others(
    mut known: BTreeSet<Place>,
    by_itself: impl Iterator<Item = Arc<dyn Engine>>,
    processes: &[EngineProcess],
) -> Others {
    let named = processes.iter().flat_map(EngineProcess::engines);
    let mut found: Vec<_> = by_itself.chain(named).collect();
    // One socket may have several paths.
    found.retain(|engine| place_of(engine.as_ref()).is_some_and(|place| known.insert(place)));
    let files: BTreeSet<_> = known.into_iter().map(|(_, file)| file).collect();
    let unseen = processes.iter().filter(|process| process.is_unseen(&files));
    let unseen = unseen.filter_map(|process| process.engines().into_iter().next());
    // A process that it has started may have its socket open as well.
    let mut addresses = BTreeSet::new();
    let unseen = unseen.filter(|engine| addresses.insert(engine.address())).collect();
    Others { found, unseen }
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

/// A process that calls itself an engine and was told where to listen, as `dockerd --host unix:///PATH` or
/// `podman system service unix:///PATH`, and does. Nothing is connected to for that: a name proves nothing, and a
/// socket may start what listens behind it.
struct EngineProcess {
    kind: &'static EngineKind,
    /// Where it was told to listen, and does.
    named: Vec<PathBuf>,
    /// Wherever it listens, also at what the service manager has passed on.
    listening: BTreeSet<PathBuf>,
    /// Whether it is root's: what a user's engine has counts for nothing.
    is_roots: bool,
}

impl EngineProcess {
    /// None of a process that calls itself otherwise, or was not told where to listen.
    ///
    /// # Errors
    /// As [`seen`](crate::identity::process::seen).
    fn of(process: &Process) -> io::Result<Option<Self>> {
        let called = process.seen_names()?;
        let has = |kind: &&EngineKind| called.iter().any(|name| kind.programs.contains(&&**name));
        let Some(kind) = KINDS.into_iter().find(has) else { return Ok(None) };
        // Within a container its paths are of another file system, and it calls itself as it likes.
        if !process.shares_our_root() {
            return Ok(None);
        }
        let words = process.seen_words()?;
        let named = words.iter().filter_map(|word| Some(word.split_once("unix://")?.1));
        let mut named: Vec<_> =
            named.map(PathBuf::from).filter(|path| path.is_absolute()).collect();
        if named.is_empty() {
            return Ok(None);
        }
        let listening = process.unix_sockets()?;
        named.retain(|path| listening.contains(path));
        Ok(Some(Self { kind, named, listening, is_roots: process.user() == Some(0) }))
    }

    /// What listens where it was told to.
    fn engines(&self) -> Vec<Arc<dyn Engine>> {
        let open = |path: &PathBuf| (self.kind.open)(&path.to_string_lossy()).ok();
        self.named.iter().filter_map(open).collect()
    }

    /// Whether it is an engine of the host that is at none of these files.
    fn is_unseen(&self, files: &BTreeSet<(u64, u64)>) -> bool {
        let is_known = |path: &PathBuf| file(path).is_some_and(|file| files.contains(&file));
        self.is_roots && !self.listening.iter().any(is_known)
    }
}

fn engine_processes() -> io::Result<Vec<EngineProcess>> {
    let all = every_process()?.map(|process| EngineProcess::of(&process?));
    all.filter_map(Result::transpose).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use super::*;
    use crate::engine::docker;

    /// A dockerd of root's that was told to listen at the first of these, and listens at all.
    fn dockerd(paths: &[&Path]) -> EngineProcess {
        let all = || paths.iter().map(|path| path.to_path_buf());
        EngineProcess {
            kind: &docker::KIND,
            named: all().take(1).collect(),
            listening: all().collect(),
            is_roots: true,
        }
    }

    /// How many are found, and how many are known of that cannot be asked.
    fn counted(known: BTreeSet<Place>, processes: &[EngineProcess]) -> (usize, usize) {
        let others = others(known, std::iter::empty(), processes);
        (others.found.len(), others.unseen.len())
    }

    #[test]
    fn an_engine_that_listens_where_no_file_is_seen_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let (there, hidden) = (folder.path().join("there"), folder.path().join("hidden"));
        let _listener = UnixListener::bind(&there).unwrap();
        let told = |paths: &[&Path]| counted(BTreeSet::new(), &[dockerd(paths)]);
        assert_eq!(told(&[&there]), (1, 0));
        assert_eq!(told(&[&hidden]), (0, 1));
        assert_eq!(told(&[&hidden, &there]), (0, 1), "what is there may be for something else");
        let asked = BTreeSet::from([(false, file(&there).unwrap())]);
        let of_asked = [dockerd(&[&there]), dockerd(&[&hidden, &there])];
        assert_eq!(counted(asked, &of_asked), (0, 0), "it is asked, if by another path");
        let twice = [dockerd(&[&hidden]), dockerd(&[&hidden])];
        assert_eq!(counted(BTreeSet::new(), &twice), (0, 1));
        let of_user = EngineProcess { is_roots: false, ..dockerd(&[&hidden]) };
        assert_eq!(counted(BTreeSet::new(), &[of_user]), (0, 0));
        assert_eq!(counted(BTreeSet::new(), &[dockerd(&[])]), (0, 0), "it does not listen yet");
    }

    #[tokio::test]
    async fn what_an_engine_has_that_is_not_seen_is_not_known() {
        let folder = tempfile::tempdir().unwrap();
        let hidden = folder.path().join("hidden");
        let others = others(BTreeSet::new(), std::iter::empty(), &[dockerd(&[&hidden])]);
        let engine = others.unseen.first().unwrap();
        assert!(engine.networks().await.is_err());
        let row = list(engine.clone(), Deadline::after(lab::patience())).await;
        assert!(row.containers.source_error().is_some(), "{row:?}");
        assert!(!row.is_users() && !row.is_elsewhere(), "{row:?}");
    }
}
