//! The engines of this host that are not asked: which containers they have, who they are, and no
//! more. What one engine has not got may be another's.
//!
//! They are found where such engines listen by themselves, and where a process of theirs was told
//! to listen.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use model::SourceError;
use model::identity::SourceIdentity;
use model::snapshot::{Container, OtherEngine};

use super::{Configured, Engine, Found, docker};
use crate::deadline::Deadline;
use crate::identity::{self, process::Process};

/// Where engines listen that speak Docker's API: dockerd(8), podman-system-service(1).
const SOCKETS: [&str; 2] = ["/run/docker.sock", "/run/podman/podman.sock"];
/// The same of engines that users run for themselves, below `/run/user/UID`.
const OF_USERS: [&str; 2] = ["docker.sock", "podman/podman.sock"];
const USERS: &str = "/run/user";
/// What the processes of such engines call themselves (proc_pid_comm(5)).
const PROGRAMS: [&str; 2] = ["dockerd", "podman"];
/// So many containers of one are looked at.
const WITNESSES: usize = 4;

/// The containers of every engine with a socket on this host that is not among `asked`.
pub(crate) async fn containers(asked: &[Configured], due: Deadline) -> Vec<OtherEngine> {
    let asked = asked.iter().filter_map(socket_of).filter_map(|path| file(&path));
    let mut known: BTreeSet<_> = asked.collect();
    let mut others = sockets();
    // One socket may have several paths.
    others.retain(|path| file(path).is_some_and(|file| known.insert(file)));
    join_all(others.into_iter().map(|path| list(path, due))).await
}

async fn list(path: PathBuf, due: Deadline) -> OtherEngine {
    let engine = docker::at(&path);
    let listed = due.hold(|| engine.what(), engine.list()).await;
    let id = due.hold(|| engine.what(), engine.id()).await.ok().flatten();
    let identity = match &listed {
        Ok(found) => Some(identity(engine.as_ref(), found, due).await),
        Err(_) => None,
    };
    let rows = |found: Vec<Found>| found.into_iter().map(|found| found.row).collect();
    let containers: Result<Vec<Container>, SourceError> = listed.map(rows);
    OtherEngine { address: engine.address(), id, identity, containers: containers.into() }
}

/// Who answers. Where that alone does not tell, some of its containers are looked at: their
/// processes may prove that it is this host's.
async fn identity(engine: &dyn Engine, found: &[Found], due: Deadline) -> SourceIdentity {
    let identity = identity::engine::identify(engine, &[]);
    if identity.world.is_here() {
        return identity;
    }
    let running =
        found.iter().filter(|found| engine.may_have_a_process(&found.row)).take(WITNESSES);
    let seen = running.map(|found| due.hold(|| engine.what(), engine.inspect(&found.row.id.0)));
    let seen = join_all(seen).await.into_iter().filter_map(|seen| seen.ok().flatten());
    identity::engine::identify(engine, &seen.collect::<Vec<_>>())
}

fn sockets() -> Vec<PathBuf> {
    let users = std::fs::read_dir(USERS).into_iter().flatten().flatten();
    let of_users = users.flat_map(|user| OF_USERS.map(|socket| user.path().join(socket)));
    SOCKETS.iter().map(PathBuf::from).chain(of_users).chain(of_processes()).collect()
}

/// Where processes that call themselves engines were told to listen, as `dockerd --host
/// unix:///PATH` or `podman system service unix:///PATH`, and do. Nothing is connected to for that:
/// a name proves nothing, and a socket may start what listens behind it.
fn of_processes() -> Vec<PathBuf> {
    let every = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = every.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let processes = pids.filter_map(|pid| Process::open(pid).ok());
    let engines = processes.filter(|process| PROGRAMS.contains(&&*process.comm()));
    // Within a container its paths are of another file system, and it calls itself as it likes.
    let engines = engines.filter(Process::shares_our_root);
    engines.flat_map(|engine| named_sockets(&engine)).collect()
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

fn socket_of(configured: &Configured) -> Option<PathBuf> {
    let address = configured.engine().ok()?.address();
    address.strip_prefix("unix://").map(PathBuf::from)
}

/// What tells a file: its device and its inode, whatever path leads there.
fn file(path: &Path) -> Option<(u64, u64)> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}
