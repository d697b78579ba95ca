//! The engines of this host that are not asked: which containers they have, and no more. What
//! one engine has not got may be another's.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use model::SourceError;
use model::snapshot::{Container, OtherEngine};

use super::{Configured, docker};
use crate::deadline::Deadline;

/// Where engines listen that speak Docker's API: dockerd(8), podman-system-service(1).
const SOCKETS: [&str; 2] = ["/run/docker.sock", "/run/podman/podman.sock"];
/// The same of engines that users run for themselves, below `/run/user/UID`.
const OF_USERS: [&str; 2] = ["docker.sock", "podman/podman.sock"];
const USERS: &str = "/run/user";

/// The containers of every engine with a socket on this host that is not among `asked`.
pub(crate) async fn containers(asked: &[Configured], due: Deadline) -> Vec<OtherEngine> {
    let asked: Vec<_> = asked.iter().filter_map(socket_of).filter_map(|path| file(&path)).collect();
    let others = sockets().into_iter().filter(|path| {
        let same = file(path);
        same.is_some_and(|same| !asked.contains(&same))
    });
    join_all(others.map(|path| list(path, due))).await
}

async fn list(path: PathBuf, due: Deadline) -> OtherEngine {
    let engine = docker::at(&path);
    let listed = due.hold(|| engine.what(), engine.list()).await;
    let rows = |found: Vec<super::Found>| found.into_iter().map(|found| found.row).collect();
    let containers: Result<Vec<Container>, SourceError> = listed.map(rows);
    let id = due.hold(|| engine.what(), engine.id()).await.ok().flatten();
    OtherEngine { address: engine.address(), id, containers: containers.into() }
}

fn sockets() -> Vec<PathBuf> {
    let users = std::fs::read_dir(USERS).into_iter().flatten().flatten();
    let of_users = users.flat_map(|user| OF_USERS.map(|socket| user.path().join(socket)));
    SOCKETS.iter().map(PathBuf::from).chain(of_users).collect()
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
