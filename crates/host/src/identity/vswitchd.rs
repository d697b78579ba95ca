//! Which process ovs-vswitchd is.
//!
//! It holds a lock on its PID file for as long as it lives (`lib/daemon-unix.c` of Open vSwitch):
//! the kernel knows which process that is, as this program's PID namespace numbers it. Where locks
//! tell nothing, as across overlayfs or after the file was replaced, its control socket does.

use std::io;
use std::path::Path;

use model::{SourceError, SourceErrorKind};
use netns::Netns;
use rustix::fd::AsFd;
use rustix::process::{Flock, FlockOffsetType, FlockType, Pid, fcntl_getlk};

use super::peer;
use super::process::Process;
use crate::failure;

const NAME: &str = "ovs-vswitchd";

/// More control sockets than that are no folder of Open vSwitch's.
const MAX_SOCKETS: usize = 64;

/// ovs-vswitchd, with its network namespace held open.
pub(crate) struct Vswitchd {
    pub(crate) process: Process,
    pub(crate) netns: Netns,
    /// What shows that it is this process.
    pub(crate) evidence: String,
}

/// Why it is not known which process ovs-vswitchd is, or which network namespace it lives in.
pub(crate) struct Unidentified {
    /// The process, where at least that is known.
    pub(crate) pid: Option<u32>,
    pub(crate) why: SourceError,
}

/// The ovs-vswitchd whose PID file and control socket are in `rundir`. To be called in a tokio
/// runtime; waits for nothing.
pub(crate) fn identify(rundir: &Path) -> Result<Vswitchd, Unidentified> {
    let (pid, evidence) = find(rundir).map_err(|why| Unidentified { pid: None, why })?;
    let unidentified = |why| Unidentified { pid: Some(pid), why };
    let process = Process::open(pid).map_err(|error| unidentified(not_read(pid, &error)))?;
    let netns = process.netns().map_err(|error| {
        let what = format!("the network namespace of {NAME} (process {pid})");
        unidentified(failure::of_netns(what, &error))
    })?;
    Ok(Vswitchd { process, netns, evidence })
}

/// Its PID, and what shows that.
fn find(rundir: &Path) -> Result<(u32, String), SourceError> {
    let path = rundir.join(format!("{NAME}.pid"));
    let holder = files::open(&path).and_then(|file| lock_holder(&file));
    match holder {
        Ok(Holder::Seen(pid)) => {
            return Ok((pid, format!("it holds the lock of {}", path.display())));
        }
        Ok(Holder::Unseen) => {
            return Err(unseen(&format!("who holds the lock of {}", path.display())));
        }
        Ok(Holder::None) | Err(_) => {}
    }
    match listening(rundir) {
        Listening::One(pid, socket) => Ok((pid, format!("it listens at {socket}"))),
        Listening::Unseen(socket) => Err(unseen(&format!("who listens at {socket}"))),
        Listening::Several => Err(SourceError::new(
            SourceErrorKind::Unusable,
            NAME,
            format!("several of them listen in {}", rundir.display()),
        )),
        Listening::None => Err(not_running(rundir, &path, &holder)),
    }
}

enum Holder {
    Seen(u32),
    Unseen,
    None,
}

/// Who holds the lock. A lock for reading does not count: each user who may read a file
/// may have one.
fn lock_holder(file: impl AsFd) -> io::Result<Holder> {
    let wanted = Flock {
        typ: FlockType::ReadLock,
        offset_type: FlockOffsetType::Set,
        start: 0,
        length: 0,
        pid: None,
    };
    let Some(lock) = fcntl_getlk(file, &wanted)? else { return Ok(Holder::None) };
    // No number: a PID namespace that is not seen. A negative one: a lock of no process.
    let pid = lock.pid.map_or(0, Pid::as_raw_pid);
    Ok(match u32::try_from(pid) {
        Ok(0) => Holder::Unseen,
        Ok(pid) => Holder::Seen(pid),
        Err(_) => Holder::None,
    })
}

enum Listening {
    One(u32, String),
    Unseen(String),
    Several,
    None,
}

/// Who listens at a control socket, `ovs-vswitchd.PID.ctl`. Those of earlier ones may lie about.
fn listening(rundir: &Path) -> Listening {
    let entries = std::fs::read_dir(rundir).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(|path| is_control_socket(path));
    let mut found = Listening::None;
    for path in paths.take(MAX_SOCKETS) {
        let Ok(pid) = peer::listener(&path) else { continue };
        let socket = path.display().to_string();
        let next = match pid {
            0 => Listening::Unseen(socket),
            // A relay to a switch elsewhere is another program.
            pid if Process::open(pid).is_ok_and(|process| process.comm() == NAME) => {
                Listening::One(pid, socket)
            }
            _ => continue,
        };
        found = match found {
            Listening::None => next,
            _ => return Listening::Several,
        };
    }
    found
}

fn is_control_socket(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let middle = name.strip_prefix(NAME).and_then(|rest| rest.strip_suffix(".ctl"));
    middle.is_some_and(|middle| middle.starts_with('.'))
}

fn unseen(who: &str) -> SourceError {
    let why = format!("{who} is in a PID namespace that this program does not see");
    SourceError::new(SourceErrorKind::Unusable, NAME, why)
        .hint("run docker-ovs in a PID namespace that has both, as with docker run --pid=host")
}

fn not_running(rundir: &Path, path: &Path, holder: &io::Result<Holder>) -> SourceError {
    let path = path.display();
    let (kind, why) = match holder {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            (SourceErrorKind::Unreachable, format!("it does not run: there is no {path}"))
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            (SourceErrorKind::Denied, format!("{path} may not be read"))
        }
        Err(error) => (
            SourceErrorKind::Unusable,
            format!("{path} does not tell which process it is: {error}"),
        ),
        Ok(_) => {
            let why = format!("it does not run: no process holds the lock of {path}");
            (SourceErrorKind::Unreachable, why)
        }
    };
    let source_error = SourceError::new(kind, NAME, why);
    if kind == SourceErrorKind::Denied {
        return source_error.hint(failure::access(rundir, "root may read it"));
    }
    let folder = rundir.display();
    source_error.hint(format!(
        "is Open vSwitch running, with its sockets in {folder}? --db or OVS_RUNDIR names another place"
    ))
}

fn not_read(pid: u32, error: &io::Error) -> SourceError {
    crate::failure::of_io(format!("{NAME} (process {pid})"), error, "run as root")
}
