//! What proves that a process or a namespace is a container's: the engine's own handle on the namespace, or the
//! cgroup of that very process, or its parent.

use std::path::Path;

use model::ids::NetnsId;
use model::snapshot::Sandbox;
use model::{SourceError, SourceErrorKind};
use netns::Netns;
use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

use super::{Pinned, gone};
use crate::engine::{Engine, EngineContainer, Peer};
use crate::identity::process::Process;
use crate::{failure, kernel};

/// What proves that a process or a namespace is a container's.
pub(super) struct Proof<'e> {
    engine: &'e dyn Engine,
    /// The user who runs the engine, where that is neither root nor the caller: what it says may be
    /// about the containers of others.
    user: Option<u32>,
}

impl<'e> Proof<'e> {
    pub(super) fn of(engine: &'e dyn Engine) -> Self {
        let process = match engine.peer() {
            Peer::Process(pid) => Process::open(pid).ok(),
            Peer::Untold | Peer::Network | Peer::Files => None,
        };
        let caller = rustix::process::geteuid().as_raw();
        let user = process.and_then(|process| process.user());
        let user = user.filter(|user| ![0, caller].contains(user));
        Self { engine, user }
    }

    /// Opens the namespace of a container's process, or where it has none the one that the engine
    /// has a handle on; none when there is neither.
    pub(super) fn pin(&self, found: &EngineContainer) -> Option<Result<Pinned, SourceError>> {
        let Some(pid) = found.row.pid else { return self.pin_handle(found) };
        let what = || format!("the network namespace of {} (process {pid})", found.row.name);
        let process = match Process::open(pid) {
            Ok(process) => process,
            Err(_) if !is_proc_there() => return Some(Err(no_proc(what()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Some(Err(gone(found)));
            }
            Err(error) => return Some(Err(failure::of_io(what(), &error, "run as root"))),
        };
        // What cannot be opened for want of descriptors or memory is not gone.
        let opened = process.netns().map_err(|error| {
            if error.is_gone() { gone(found) } else { kernel::source_error(what(), &error) }
        });
        Some(opened.map(|netns| {
            let id = kernel::id(&netns);
            let key = found.sandbox.as_deref().filter(|path| self.is_handle(path));
            let handle = key.is_some_and(|path| leads_to(path, id));
            let proven = handle || self.is_process_of(&process, found);
            let other = key.filter(|_| proven && !handle && self.is_path_ours());
            let left = other.and_then(|path| left(path, id));
            Pinned { netns, id, said: None, proven, left }
        }))
    }

    /// A sandbox without a process of its own: what it has is its namespace.
    fn pin_handle(&self, found: &EngineContainer) -> Option<Result<Pinned, SourceError>> {
        let path = found.sandbox.as_deref()?;
        let what = || format!("the network namespace of {} ({})", found.row.name, path.display());
        if !self.is_handle(path) || !self.is_path_ours() {
            let why = "its engine does not prove that this path is its";
            return Some(Err(SourceError::new(SourceErrorKind::Unusable, what(), why)
                .hint("run docker-ovs where the engine runs")));
        }
        let opened = Netns::open(path).map_err(|error| {
            if error.is_gone() { gone(found) } else { kernel::source_error(what(), &error) }
        });
        Some(opened.map(|netns| {
            let id = kernel::id(&netns);
            Pinned { netns, id, said: None, proven: true, left: None }
        }))
    }

    /// Whether a path may be the engine's own handle on a namespace. Every Docker calls its host's
    /// own `default`, which tells none from another; what a user's engine says of a path proves
    /// nothing, for it may be another's; and one by way of a process is that process's number once more.
    fn is_handle(&self, path: &Path) -> bool {
        self.user.is_none() && !path.ends_with("default") && !is_of_a_process(path)
    }

    /// Whether the engine's paths are this program's: its process is seen, and has the same root.
    fn is_path_ours(&self) -> bool {
        let Peer::Process(pid) = self.engine.peer() else { return false };
        Process::open(pid).is_ok_and(|process| process.shares_our_root())
    }

    /// By its cgroup; a process of a user's engine must be below a user namespace whose root is that user.
    fn is_process_of(&self, process: &Process, found: &EngineContainer) -> bool {
        if let Some(user) = self.user {
            return process.is_below_user(user);
        }
        let has_started = |parent| self.engine.has_started(&found.row, parent);
        process.is_in_cgroup_of(|cgroups| self.engine.names_in_cgroups(&found.row, cgroups))
            || process.parent().is_some_and(has_started)
    }
}

/// Whether a path leads to a file that is mounted nowhere, as `/proc/PID/ns/net` does by whatever links: it
/// is there as long as the process is, and a program that knows the number can name it. A kernel before 5.8 does not
/// tell (`STATX_ATTR_MOUNT_ROOT` of statx(2)); there what such a link says cannot be followed as a path.
fn is_of_a_process(path: &Path) -> bool {
    let Ok(file) = statx(CWD, path, AtFlags::empty(), StatxFlags::BASIC_STATS) else {
        return false;
    };
    if file.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT) {
        return !file.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
    }
    path.canonicalize().map_or(true, |path| path.starts_with("/proc"))
}

/// The namespace that the handle leads to, where the process has another one.
fn left(path: &Path, id: NetnsId) -> Option<(Sandbox, Netns)> {
    let netns = Netns::open(path).ok().filter(|netns| kernel::id(netns) != id)?;
    let key = path.to_string_lossy().into_owned();
    Some((Sandbox { key, netns: kernel::id(&netns) }, netns))
}

/// The handle is a bind mount of the namespace: the same inode, or it proves nothing.
fn leads_to(path: &Path, id: NetnsId) -> bool {
    rustix::fs::stat(path).is_ok_and(|stat| stat.st_dev == id.dev && stat.st_ino == id.ino)
}

/// Whether proc(5) is mounted, so that a process that is not there has ended.
fn is_proc_there() -> bool {
    Path::new("/proc/self").exists()
}

fn no_proc(what: String) -> SourceError {
    SourceError::new(SourceErrorKind::Unreachable, what, "/proc is not mounted")
        .hint("mount -t proc proc /proc, or give the container that this runs in the host's")
}
