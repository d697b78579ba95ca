//! Container engines: whatever can list containers with the PID of their first process.
//!
//! A new engine is one folder beside [`docker`] that implements [`Engine`], and its line in
//! [`kinds`]; [`discovery`] finds those that are there. What look and watch do with any of them is in
//! [`ask`], [`netns`] and [`watch`].

pub(crate) mod ask;
pub(crate) mod budget;
mod containerd;
mod cri;
pub(crate) mod discovery;
pub(crate) mod docker;
#[cfg(test)]
mod fake_grpc;
mod grpc_errors;
mod grpc_items;
mod incus;
pub(crate) mod inspected;
mod inspections;
mod introspection;
pub(crate) mod kinds;
pub(crate) mod known;
mod late;
mod listed;
mod lxc;
pub(crate) mod netns;
mod networks;
mod nspawn;
mod oci;
pub(crate) mod others;
#[doc(hidden)]
pub mod parsing;
mod podman;
mod rest;
pub(crate) mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use ipnet::IpNet;
use model::ids::ContainerId;
use model::snapshot::{Container, EngineName};
use model::{SourceError, SourceErrorKind};

use late::Lateness;

use crate::deadline::Deadline;
use crate::identity::cgroup::cgroup_is_of;

/// The names of the kinds of engine that there are.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    kinds::KINDS.into_iter().map(|kind| kind.name)
}

/// A container, and where its engine says its namespace can be checked.
#[derive(Clone, Debug)]
pub struct EngineContainer {
    /// The row; `netns` is filled in by the look.
    pub row: Container,
    /// The engine's own handle on the namespace, a file that is a bind mount of it
    /// (`NetworkSettings.SandboxKey` of the Docker Engine API). Where the row has no process it is
    /// the namespace of what is in the row, and so it is none of what has stopped.
    pub sandbox: Option<PathBuf>,
}

/// A network of an engine, and who is on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineNetwork {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its endpoints by id.
    pub endpoints: BTreeMap<String, EngineEndpoint>,
    /// Its ranges of addresses.
    pub subnets: Vec<IpNet>,
}

/// Who has an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineEndpoint {
    /// Full id of the container; none as long as it has not joined.
    pub container: Option<String>,
    /// Name of the container.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// What an engine says of its containers while they are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something about this container may be seen differently now.
    Changed(ContainerId),
    /// Something that changes nothing; a sign of life.
    Idle,
    /// Events may have been dropped: the containers are to be listed again.
    Missed,
}

/// What happens from some moment on; it ends when the engine tells no more.
pub type Events = BoxStream<'static, Result<Event, SourceError>>;

/// Who answers for an engine, as far as the connection to it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// That is not told, or nothing answered yet.
    Untold,
    /// A process behind a network address, which is not told.
    Network,
    /// None: what it says is read from files of this machine, and from the processes of containers.
    Files,
    /// The process that listens at its socket; 0 for one in a PID namespace that this program does
    /// not see.
    Process(u32),
}

/// What look and watch need of a container engine. Each call may be under way several times at
/// once; no call waits for ever by itself if the engine is well, but a call about one container
/// may take as long as that container takes to start.
pub trait Engine: Send + Sync {
    /// Its kind, as `--engine` names it.
    fn kind(&self) -> EngineName;

    /// Where it listens: `unix:///var/run/docker.sock`.
    fn address(&self) -> String;

    /// How messages call it, with its address: `Docker at unix:///var/run/docker.sock`.
    fn what(&self) -> String;

    /// Who answered last.
    fn peer(&self) -> Peer {
        Peer::Untold
    }

    /// The lasting id that it has of itself, if it has one; that may cost it some milliseconds.
    fn id(&self) -> BoxFuture<'_, Result<Option<String>, SourceError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// One of its networks by id, with what is on it; none when it has no such network.
    fn network<'a>(
        &'a self,
        _id: &'a str,
    ) -> BoxFuture<'a, Result<Option<EngineNetwork>, SourceError>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// All its networks, without what is on them; none where its networks have no driver of ours.
    fn networks(&self) -> BoxFuture<'_, Result<Vec<EngineNetwork>, SourceError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Its version, for `doctor`.
    fn version(&self) -> BoxFuture<'_, Result<String, SourceError>>;

    /// One container by name or id, with its process; none when the engine knows no single such
    /// container.
    fn inspect<'a>(
        &'a self,
        wanted: &'a str,
    ) -> BoxFuture<'a, Result<Option<EngineContainer>, SourceError>>;

    /// Whether cgroups (`/proc/PID/cgroup`, cgroups(7)) are those of this container: that proves
    /// that a process is its. By default they end in its full id of 64 digits.
    fn names_in_cgroups(&self, row: &Container, cgroups: &str) -> bool {
        cgroup_is_of(cgroups, &row.id.0)
    }

    /// Whether the process `parent`, whose child a container's first process is, has put it there: that
    /// proves it, too.
    fn has_started(&self, _row: &Container, _parent: u32) -> bool {
        false
    }

    /// All containers, stopped ones too. Their processes need not be told, where
    /// [`Engine::may_have_a_process`] says of which ones they are to be asked for.
    fn list(&self) -> BoxFuture<'_, Result<Vec<EngineContainer>, SourceError>>;

    /// Those whose names may be near to `wanted`, or whose ids begin so, and maybe others: for an engine
    /// that takes long to list them all.
    fn list_near<'a>(
        &'a self,
        _wanted: &'a str,
    ) -> BoxFuture<'a, Result<Vec<EngineContainer>, SourceError>> {
        self.list()
    }

    /// Whether a container that [`Engine::list`] gave without its process may have one, so that it
    /// is worth an inspection. By default the list has told it.
    fn may_have_a_process(&self, _row: &Container) -> bool {
        false
    }

    /// The other containers in the network namespace of `row`. By default those listed whose
    /// processes are in it.
    fn relatives<'a>(
        &'a self,
        row: &'a Container,
    ) -> BoxFuture<'a, Result<Vec<EngineContainer>, SourceError>> {
        Box::pin(listed::in_same_namespace(self, row))
    }

    /// What happens to containers from now on.
    fn events(&self) -> BoxFuture<'_, Result<Events, SourceError>>;

    /// Ends as soon as the engine has given a sign of life.
    fn ping(&self) -> BoxFuture<'_, Result<(), SourceError>>;
}

/// So long is waited for the engine that a user runs.
const OF_USER_WITHIN: Duration = Duration::from_secs(2);

/// An engine that is to be asked.
#[derive(Clone)]
pub(crate) struct Configured {
    /// What it is called, in a Snapshot and before a container's name: its kind, and where it is if
    /// it is not the first of that.
    pub(crate) name: EngineName,
    /// Why it cannot be asked, if its options make no sense.
    pub(crate) engine: Result<Arc<dyn Engine>, SourceError>,
    /// Whether the caller named it: then its absence is an error.
    pub(crate) named: bool,
    /// Whether it was late before, whichever look asked it.
    late: Lateness,
}

impl Configured {
    pub(crate) fn new(
        name: EngineName,
        engine: Result<Arc<dyn Engine>, SourceError>,
        named: bool,
    ) -> Self {
        Self { name, engine, named, late: Lateness::default() }
    }

    pub(crate) fn of(engine: Arc<dyn Engine>) -> Self {
        Self::new(engine.kind(), Ok(engine), false)
    }

    /// When its answer is due: no user's engine holds up what the host's have said, nor does one again that was late.
    pub(crate) fn due(&self, due: Deadline) -> Deadline {
        if self.named {
            return due;
        }
        let of_user = self.name.user().map(|_| OF_USER_WITHIN);
        self.late.within().or(of_user).map_or(due, |within| due.or_after(within))
    }

    /// Notes whether it was late with all that it has. One that is named is waited for each time.
    pub(crate) fn note_answer<T>(&self, said: &Result<T, SourceError>) {
        if let (Ok(engine), false) = (&self.engine, self.named) {
            let is_late = |why: &SourceError| why.kind == SourceErrorKind::TimedOut;
            self.late.note(engine, said.as_ref().is_err_and(is_late));
        }
    }

    /// Whether it was found as one of a user who is not logged in any more: their folder went with the last of
    /// their sessions (pam_systemd(8)), and what listened there too.
    pub(crate) fn has_left(&self) -> bool {
        let folder = self.name.user().filter(|_| !self.named).map(discovery::folder_of);
        folder.is_some_and(|folder| folder.try_exists().is_ok_and(|exists| !exists))
    }

    /// Whether there is no such engine on this host, and nothing says that there should be: where no engine is found
    /// at all, Docker stands for those that might be there.
    pub(crate) fn is_absent(&self) -> bool {
        !self.named && self.engine().is_ok_and(discovery::is_absent)
    }

    pub(crate) fn engine(&self) -> Result<&dyn Engine, SourceError> {
        self.engine.as_ref().map(Arc::as_ref).map_err(Clone::clone)
    }
}

impl fmt::Debug for Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configured").field("name", &self.name).finish_non_exhaustive()
    }
}

/// By full id, then name, then the beginning of an id that only one has.
pub(crate) fn the_one(mut rows: Vec<EngineContainer>, wanted: &str) -> Option<EngineContainer> {
    let exact = |found: &EngineContainer| *found.row.id.0 == *wanted || *found.row.name == *wanted;
    let begun = |found: &EngineContainer| !wanted.is_empty() && found.row.id.0.starts_with(wanted);
    let at = rows.iter().position(exact).or_else(|| {
        let mut begun = (0..rows.len()).filter(|i| rows.get(*i).is_some_and(begun));
        begun.next().filter(|_| begun.next().is_none())
    })?;
    Some(rows.swap_remove(at))
}

/// Whether it is a whole id, as Docker and Kubernetes' runtimes make them: 256 bits in hexadecimal.
fn is_full_id(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}
