//! Which namespace a container is in: from a PID to a namespace, without being fooled by a PID that
//! was recycled, or that is a number of another PID namespace.
//!
//! The process is opened first, then its namespace, which pins it, and only then it is checked that
//! it is the container's: by the engine's own handle on the namespace, or by the cgroup of that very
//! process. An engine that names the process once more proves nothing. A sandbox that has no process
//! is its handle.

use std::path::Path;

use futures_util::{StreamExt, stream};
use model::ids::NetnsId;
use model::snapshot::{Container, Sandbox};
use model::{SourceError, SourceErrorKind};
use netns::Netns;
use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

use super::ask::IN_FLIGHT;
use super::{Engine, EngineContainer, Peer};
use crate::deadline::Deadline;
use crate::identity::engine::Pids;
use crate::identity::process::Process;
use crate::{failure, kernel};

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
    let (proof, host) = (Proof::of(engine), HostNetns::read());
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

/// What proves that a process or a namespace is a container's.
struct Proof<'e> {
    engine: &'e dyn Engine,
    /// The user who runs the engine, where that is neither root nor the caller: what it says may be
    /// about the containers of others.
    user: Option<u32>,
}

impl<'e> Proof<'e> {
    fn of(engine: &'e dyn Engine) -> Self {
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
    fn pin(&self, found: &EngineContainer) -> Option<Result<Pinned, SourceError>> {
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

    /// By its cgroup; a process of a user's engine must be in a user namespace of that user.
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
/// is there as long as the process is, and whoever knows the number can name it. A kernel before 5.8 does not
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

/// The network namespace of this host.
struct HostNetns {
    /// Its first process's, where that may be looked at.
    first: Option<NetnsId>,
    /// This program's, which may have been given another one.
    own: Option<NetnsId>,
}

impl HostNetns {
    fn read() -> Self {
        let of = |pid| {
            let (dev, ino) = Process::open(pid).and_then(|process| process.netns_file()).ok()?;
            Some(NetnsId { dev, ino })
        };
        Self { first: of(1), own: of(std::process::id()) }
    }

    /// Says in a row whether the container has the host's network. That is told by the namespace, and not by the
    /// words that it was made with: one that joins another container's says nothing of what that one has.
    fn note_in(&self, row: &mut Container, netns: NetnsId) {
        let here = Some(netns);
        if here == self.first {
            "host".clone_into(&mut row.network_mode);
        } else if row.on_host_network() && here != self.own {
            // Its engine's host is a container, or a user's namespace: it has what that one has.
            row.network_mode.clear();
        }
    }
}

/// Whether proc(5) is mounted, so that a process that is not there has ended.
fn is_proc_there() -> bool {
    Path::new("/proc/self").exists()
}

fn no_proc(what: String) -> SourceError {
    SourceError::new(SourceErrorKind::Unreachable, what, "/proc is not mounted")
        .hint("mount -t proc proc /proc, or give the container that this runs in the host's")
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::ids::ContainerId;

    use super::*;

    fn noted(host: &HostNetns, mode: &str, netns: NetnsId) -> String {
        let mut row = Container {
            id: ContainerId("c".into()),
            name: "c".into(),
            state: "running".to_owned(),
            pid: Some(7),
            netns: None,
            netns_error: None,
            unread: false,
            sandbox: None,
            network_mode: mode.to_owned(),
            labels: BTreeMap::new(),
        };
        host.note_in(&mut row, netns);
        row.network_mode
    }

    #[test]
    fn what_has_the_hosts_namespace_is_on_the_hosts_network_whatever_it_was_made_with() {
        let [first, own, other] = [1, 2, 3].map(|ino| NetnsId { dev: 4, ino });
        let host = HostNetns { first: Some(first), own: Some(own) };
        for mode in ["host", "container:h", "ns:/proc/1/ns/net", ""] {
            assert_eq!(noted(&host, mode, first), "host", "{mode}");
        }
        assert_eq!(noted(&host, "host", other), "", "it is its engine's host");
        for mode in ["container:h", "bridge", ""] {
            assert_eq!(noted(&host, mode, other), mode);
            // This program may be in a container's namespace itself.
            assert_eq!(noted(&host, mode, own), mode);
        }
        assert_eq!(noted(&host, "host", own), "host");
        let unseen = HostNetns { first: None, own: Some(own) };
        for (mode, netns, told) in
            [("host", own, "host"), ("host", other, ""), ("container:h", own, "container:h")]
        {
            assert_eq!(noted(&unseen, mode, netns), told);
        }
    }

    #[test]
    fn the_namespace_of_the_first_process_is_the_hosts() {
        let host = HostNetns::read();
        let Ok(first) = Netns::of_process(1) else { return };
        assert_eq!(host.first, Some(kernel::id(&first)));
    }
}
