//! Who answers for an engine, and how that numbers processes.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use model::identity::{SourceIdentity, World};
use model::snapshot::Container;
use model::{SourceError, SourceErrorKind};
use rustix::io::Errno;

use super::process::Process;
use crate::engine::kinds::KINDS;
use crate::engine::{Engine, EngineContainer, Peer};
use crate::failure;

/// The first process of a machine or of a user, which listens for what it starts when that is asked: an engine,
/// or a relay to one elsewhere.
const FIRST: [&str; 2] = ["systemd", "init"];

/// What a process is called as an engine. Any other one may be a relay to an engine elsewhere.
pub(super) fn engine_name(process: &Process) -> Option<String> {
    let is_engine = |name: &str| KINDS.iter().any(|kind| kind.programs.contains(&name));
    process.names().find(|name| is_engine(name))
}

/// Whether a process listens for others: who asks its socket is told of it, and not of who answers.
fn is_first(process: &Process) -> bool {
    process.names().any(|name| FIRST.contains(&&*name))
}

/// Who answers at the socket of this address, of which a connection tells `peer`. For the first process an engine
/// does that has its listening socket open as well; without one it is not told.
pub(super) fn answering(peer: Peer, address: &str) -> Peer {
    let Peer::Process(pid) = peer else { return peer };
    let Some(first) = Process::open(pid).ok().filter(is_first) else { return peer };
    let path = Path::new(address.strip_prefix("unix://").unwrap_or(address));
    let engine = first.shares_listener(path, |process| engine_name(process).is_some());
    engine.map_or(Peer::Untold, |engine| Peer::Process(engine.pid()))
}

const HINT: &str = "run docker-ovs in the engine's PID namespace, as with docker run --pid=host";

/// How an engine numbers processes.
pub(crate) enum Pids {
    /// As this program does, or that is not told. Each container has to be proven either way.
    Ours,
    /// In a PID namespace within this program's.
    Within(Inner),
    /// In one that this program does not see.
    Unseen(SourceError),
}

impl Pids {
    /// As the process behind the engine's socket does.
    pub(crate) fn of(engine: &dyn Engine) -> Self {
        let unseen = |why: String| {
            Self::Unseen(SourceError::new(SourceErrorKind::Unusable, engine.what(), why).hint(HINT))
        };
        match engine.peer() {
            Peer::Untold | Peer::Network | Peer::Files => Self::Ours,
            Peer::Process(0) => unseen(
                "it runs in a PID namespace that this program does not see: its process ids mean \
                 nothing here"
                    .to_owned(),
            ),
            Peer::Process(pid) => match Process::open(pid).and_then(Inner::of) {
                Ok(Some(inner)) => Self::Within(inner),
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                    unseen(error.to_string())
                }
                // Else it has ended, or may not be looked at.
                Ok(None) | Err(_) => Self::Ours,
            },
        }
    }

    /// Puts this program's numbers into the rows. Where one cannot be had, the row says why. One that says
    /// so already was not told by the engine: what is in it is old, and is this program's.
    pub(crate) fn translate(&self, found: &mut [EngineContainer]) {
        let is_told = |row: &Container| row.pid.is_some() && row.netns_error.is_none();
        let running = found.iter_mut().filter(|found| is_told(&found.row));
        match self {
            Self::Ours => {}
            Self::Unseen(why) => running.for_each(|found| {
                found.row.netns_error.get_or_insert_with(|| why.clone());
            }),
            Self::Within(inner) => {
                let (ours, missed) = inner.processes();
                for found in running {
                    let Some(there) = found.row.pid.take() else { continue };
                    found.row.pid = ours.get(&there).copied();
                    if found.row.pid.is_none() {
                        let why = inner.not_seen(found, there, missed.as_ref());
                        found.row.netns_error.get_or_insert(why);
                    }
                }
            }
        }
    }
}

/// A PID namespace within this program's.
pub(crate) struct Inner {
    engine: Process,
    /// Which of a process's numbers is the one there.
    depth: usize,
}

impl Inner {
    /// That of the engine, unless it is this program's.
    fn of(engine: Process) -> io::Result<Option<Self>> {
        if engine.shares_our_pids()? {
            return Ok(None);
        }
        let depth = engine.numbers()?.len() - 1;
        Ok(Some(Self { engine, depth }))
    }

    /// This program's numbers of the processes there, by the numbers they have there; and why some may be
    /// missing.
    fn processes(&self) -> (BTreeMap<u32, u32>, Option<io::Error>) {
        let mut ours = BTreeMap::new();
        let mut missed = None;
        let every = match std::fs::read_dir("/proc") {
            Ok(every) => every,
            Err(error) => return (ours, Some(error)),
        };
        for entry in every {
            let number = entry.map(|entry| entry.file_name().to_str()?.parse().ok());
            let there = number.and_then(|pid| pid.map_or(Ok(None), |pid| self.number_there(pid)));
            match there {
                Ok(pair) => ours.extend(pair),
                // It has ended meanwhile.
                Err(error) if has_ended(&error) => {}
                Err(error) => missed = Some(error),
            }
        }
        (ours, missed)
    }

    /// The number that a process has there, if it lives there or further within.
    fn number_there(&self, pid: u32) -> io::Result<Option<(u32, u32)>> {
        let process = Process::open(pid)?;
        let numbers = process.numbers()?;
        let Some(there) = numbers.get(self.depth) else { return Ok(None) };
        let pair = Some((*there, pid));
        if process.shares_pids_of(&self.engine) {
            return Ok(pair);
        }
        // The first process of a namespace within has its parent outside of that.
        let Some(parent) = process.parent() else { return Ok(None) };
        Ok(pair.filter(|_| Process::open(parent).is_ok_and(|up| up.shares_pids_of(&self.engine))))
    }

    /// Why it is not among what is seen. Where that may not be all, it may be there.
    fn not_seen(
        &self,
        found: &EngineContainer,
        pid: u32,
        missed: Option<&io::Error>,
    ) -> SourceError {
        if let Some(error) = missed {
            let what = format!("process {pid} of container {}, seen from here", found.row.name);
            return failure::of_io(what, error, "run as root");
        }
        let why = format!(
            "its engine (process {}) runs in another PID namespace, and what is process {pid} there is \
             not seen from here",
            self.engine.pid()
        );
        SourceError::new(SourceErrorKind::Gone, format!("container {}", found.row.name), why)
            .hint("ask again")
    }
}

/// Whether a process is not there any more.
fn has_ended(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        || error.raw_os_error() == Some(Errno::SRCH.raw_os_error())
}

/// Who answers for `engine`; its containers, where they were read, may prove that it is here.
pub(crate) fn identify(engine: &dyn Engine, found: &[EngineContainer]) -> SourceIdentity {
    let pid = match engine.peer() {
        Peer::Process(pid) if pid != 0 => Some(pid),
        _ => None,
    };
    SourceIdentity { user: user(engine), ..SourceIdentity::new(pid, world(engine, found)) }
}

/// The user who runs it, if that is not root: whose process listens, wherever that does. A relay may be
/// anyone's.
fn user(engine: &dyn Engine) -> Option<u32> {
    let Peer::Process(pid) = engine.peer() else { return None };
    let is_told = |process: &Process| engine_name(process).is_some() || is_first(process);
    let process = Process::open(pid).ok().filter(is_told)?;
    process.user().filter(|user| *user != 0)
}

fn world(engine: &dyn Engine, found: &[EngineContainer]) -> World {
    match (Pids::of(engine), engine.peer()) {
        (Pids::Unseen(why), _) => return World::Elsewhere { why: why.why },
        (Pids::Within(inner), _) => {
            let pid = inner.engine.pid();
            let evidence = format!(
                "process {pid} listens at its socket, in another PID namespace, whose processes are seen"
            );
            return World::Here { evidence };
        }
        (Pids::Ours, Peer::Process(pid)) => {
            let name = Process::open(pid).ok().as_ref().and_then(engine_name);
            if let Some(name) = name {
                return World::Here {
                    evidence: format!("process {pid} ({name}) listens at its socket"),
                };
            }
        }
        (Pids::Ours, Peer::Files) => {
            let evidence =
                format!("its containers are files of this machine, {}", engine.address());
            return World::Here { evidence };
        }
        (Pids::Ours, _) => {}
    }
    let proven =
        found.iter().filter_map(|found| Some((found, Process::open(found.row.pid?).ok()?)));
    let mut proven = proven.filter(|(found, process)| {
        process.is_in_cgroup_of(|cgroups| engine.names_in_cgroups(&found.row, cgroups))
    });
    if let Some((found, process)) = proven.next() {
        let (pid, name) = (process.pid(), &found.row.name);
        return World::Here { evidence: format!("process {pid} is in the cgroup of its {name}") };
    }
    not_proven(engine)
}

/// What is known of an engine by its socket alone where neither who listens there nor a container tells.
fn not_proven(engine: &dyn Engine) -> World {
    match (engine.peer(), answering(engine.peer(), &engine.address())) {
        (Peer::Process(first), Peer::Process(pid)) if first != pid => World::Here {
            evidence: format!(
                "process {pid} has its socket open, at which process {first} listens"
            ),
        },
        (Peer::Network, _) => World::Elsewhere {
            why: format!(
                "it is asked at {}, and no process here is a container of its",
                engine.address()
            ),
        },
        (Peer::Process(pid), _) => World::Unknown {
            why: format!(
                "process {pid}, which listens at its socket, may pass on to another machine"
            ),
        },
        (Peer::Untold | Peer::Files, _) => {
            World::Unknown { why: "its socket does not tell who listens".to_owned() }
        }
    }
}
