//! What an engine is called that has no id of its own: after where it keeps its containers. A path alone does
//! not tell that, as it leads elsewhere from another mount namespace (`mount_namespaces(7)`), a container's
//! for one: it names the place that this machine's first process has there. Numbers of devices and inodes
//! would, but not for longer than until the next start of the machine.

use std::path::Path;

use model::identity::UNKNOWN_STORE;
use rustix::fs::{AtFlags, CWD, Stat, fstat, statat};

use super::engine::{answering, engine_name};
use super::process::Process;
use crate::engine::Peer;

/// The process whose paths are those that are meant.
const FIRST: u32 = 1;

/// The lasting id of an engine of this kind that keeps its containers at `path`, and is asked at `address`, of
/// which a connection tells `peer`: `podman:/var/lib/containers/storage`. What has another place at that path is
/// called after its process as well, and what cannot be told proves nothing by what it lacks.
pub(crate) fn id(kind: &str, path: &str, peer: Peer, address: &str) -> String {
    // A relay's own paths tell nothing of what it passes on to.
    let engine = process(answering(peer, address));
    let engine = engine.filter(|process| engine_name(process).is_some());
    let own = match peer {
        Peer::Files => ours(path),
        _ => engine.as_ref().and_then(|engine| seen_by(engine, path)),
    };
    let is_own = |seen: &Stat| own.as_ref().is_some_and(|own| super::process::is_same(own, seen));
    if meant(path).as_ref().is_some_and(is_own) {
        return format!("{kind}:{path}");
    }
    // What is started for a question ends soon, and the next one is another process: who listens for it lasts.
    let has_it = |listener: &Process| seen_by(listener, path).as_ref().is_some_and(is_own);
    let lasting = process(peer).filter(has_it).or(engine).filter(|_| own.is_some());
    lasting.and_then(|process| process.mark()).map_or_else(
        || format!("{kind}:{path}{UNKNOWN_STORE}"),
        |mark| format!("{kind}:{path}@{mark}"),
    )
}

fn process(peer: Peer) -> Option<Process> {
    match peer {
        Peer::Process(pid) if pid != 0 => Process::open(pid).ok(),
        _ => None,
    }
}

/// What the first process has at a path; what this program has there where that one may not be looked at.
fn meant(path: &str) -> Option<Stat> {
    match Process::open(FIRST).and_then(|first| first.find(Path::new(path))) {
        Ok(found) => fstat(found).ok(),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => ours(path),
        Err(_) => None,
    }
}

fn ours(path: &str) -> Option<Stat> {
    statat(CWD, path, AtFlags::empty()).ok()
}

fn seen_by(process: &Process, path: &str) -> Option<Stat> {
    fstat(process.find(Path::new(path)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixListener;
    use std::process::{Child, Stdio};

    use super::*;

    /// With mounts of its own.
    const UNSHARE: [&str; 2] = ["unshare", "--mount"];

    /// What calls itself an engine, as far as its program's name tells, with mounts of its own.
    struct EngineName(Child);

    impl EngineName {
        /// In `folder`, after this script.
        fn start(folder: &Path, program: &str, script: &str) -> Self {
            Self::start_by(&UNSHARE, Stdio::null(), folder, program, script)
        }

        /// With what these words give it, and this as its standard input.
        fn start_by(by: &[&str], stdin: Stdio, folder: &Path, program: &str, script: &str) -> Self {
            let copy = folder.join(program);
            if !copy.exists() {
                std::fs::copy("/bin/sleep", &copy).unwrap();
            }
            let (ready, run) = (folder.join("ready"), copy.display());
            let _ = std::fs::remove_file(&ready);
            let script = format!("{script}\n: > \"$T/ready\"\nexec {run} 600");
            let mut shell = lab::program(by[0]);
            let shell = shell.args(&by[1..]).args(["sh", "-ec", &script]).env("T", folder);
            let engine = Self(shell.stdin(stdin).spawn().unwrap());
            lab::wait_until("it has its mounts", || ready.exists());
            let process = Process::open(engine.0.id()).unwrap();
            lab::wait_until("it runs", || process.names().any(|name| name == program));
            engine
        }

        fn id(&self, path: &Path) -> String {
            id("podman", path.to_str().unwrap(), Peer::Process(self.0.id()), "unix:///none/such")
        }
    }

    impl Drop for EngineName {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    #[test]
    fn one_path_in_two_mount_namespaces_is_two_stores() {
        if !lab::program("unshare").args(["--mount", "true"]).status().unwrap().success() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let path = folder.join("storage");
        std::fs::create_dir(&path).unwrap();
        let bare = format!("podman:{}", path.display());
        let usual = EngineName::start(folder, "podman", "");
        assert_eq!(usual.id(&path), bare);
        let again =
            EngineName::start(folder, "podman", "mount --bind \"$T/storage\" \"$T/storage\"");
        assert_eq!(again.id(&path), bare, "it is the same folder, however it is mounted");
        let mount = "mount -t tmpfs none \"$T/storage\"";
        let others = [0, 1].map(|_| EngineName::start(folder, "podman", mount));
        let ids = others.each_ref().map(|other| other.id(&path));
        assert!(ids.iter().all(|id| id.starts_with(&format!("{bare}@"))), "{ids:?}");
        assert!(!ids.iter().any(|id| id.ends_with(UNKNOWN_STORE)), "{ids:?}");
        assert_ne!(ids[0], ids[1]);
        assert_eq!(others[0].id(&path), ids[0], "as long as it lives");
        // The first process listens for relays, too: its own paths tell nothing.
        for (program, mount) in [("relay", mount), ("systemd", ""), ("init", "")] {
            let relay = EngineName::start(folder, program, mount);
            assert_eq!(relay.id(&path), format!("{bare}{UNKNOWN_STORE}"), "{program}");
        }
    }

    /// As systemd of a container starts Podman by its socket.
    #[test]
    fn what_is_started_for_each_question_is_called_after_who_listens_for_it() {
        if !lab::program("unshare").args(["--mount", "true"]).status().unwrap().success() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (path, at) = (folder.join("storage"), folder.join("podman.sock"));
        std::fs::create_dir(&path).unwrap();
        let socket = UnixListener::bind(&at).unwrap();
        let start = |by: &[&str], program: &str, script: &str| {
            let socket = socket.as_fd().try_clone_to_owned().unwrap();
            EngineName::start_by(by, socket.into(), folder, program, script)
        };
        let mount = "mount -t tmpfs none \"$T/storage\"";
        let systemd = start(&UNSHARE, "systemd", mount);
        let told = || {
            let peer = Peer::Process(systemd.0.id());
            id("podman", path.to_str().unwrap(), peer, at.to_str().unwrap())
        };
        assert!(told().ends_with(UNKNOWN_STORE), "nothing answers: {}", told());
        let id_of = |by: &[&str], script: &str| {
            let _podman = start(by, "podman", script);
            told()
        };
        let its_mounts = format!("--mount=/proc/{}/ns/mnt", systemd.0.id());
        let ids = [0, 1].map(|_| id_of(&["nsenter", &its_mounts], ""));
        assert_eq!(ids[0], ids[1]);
        // What has yet another place there is none that who listens tells of.
        let others = [0, 1].map(|_| id_of(&UNSHARE, mount));
        assert!(others[0] != others[1] && !others.contains(&ids[0]), "{ids:?} {others:?}");
        assert!(!ids.iter().chain(&others).any(|id| id.ends_with(UNKNOWN_STORE)), "{ids:?}");
    }

    #[test]
    fn what_does_not_tell_its_process_proves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        for peer in [Peer::Network, Peer::Untold, Peer::Process(0), Peer::Process(u32::MAX >> 1)] {
            assert_eq!(id("podman", path, peer, ""), format!("podman:{path}{UNKNOWN_STORE}"));
        }
        assert_eq!(id("lxc", path, Peer::Files, path), format!("lxc:{path}"));
        let none = folder.path().join("none");
        let none = none.to_str().unwrap();
        assert_eq!(id("lxc", none, Peer::Files, none), format!("lxc:{none}{UNKNOWN_STORE}"));
    }
}
