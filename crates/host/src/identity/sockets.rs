//! The sockets that a process has open, and which of them listen at a path.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, fstat, open, readlinkat, statat};

use super::process::{Process, is_same, seen};

impl Process {
    /// The paths of the unix sockets that it listens at, as it named them; empty where it has ended
    /// or may not be looked at.
    ///
    /// # Errors
    /// As [`seen`].
    pub(crate) fn unix_sockets(&self) -> io::Result<BTreeSet<PathBuf>> {
        let table = format!("/proc/{}/net/unix", self.pid());
        let listening = seen(unix_listeners(Path::new(&table)))?.unwrap_or_default();
        let inodes = listening.iter().map(|(inode, _)| *inode).collect();
        let own = seen(opened_by(self.pid(), &inodes))?.unwrap_or_default();
        let own = listening.into_iter().filter(|(inode, _)| own.contains(inode));
        Ok(own.map(|(_, path)| path).collect())
    }

    /// Another process that has the socket open at which this one listens by `path`, a path of this program's,
    /// and that `is_it`: one that it has handed the socket to. None where that may not be looked at.
    pub(crate) fn shares_listener(
        &self,
        path: &Path,
        is_it: impl Fn(&Self) -> bool,
    ) -> Option<Self> {
        let file = statat(CWD, path, AtFlags::empty()).ok()?;
        let is_file = |at: &PathBuf| {
            let its = self.find(at).ok().and_then(|found| fstat(found).ok());
            its.is_some_and(|its| is_same(&its, &file))
        };
        let table = format!("/proc/{}/net/unix", self.pid());
        let listening = unix_listeners(Path::new(&table)).ok()?;
        // It may be mounted here under another name: only most often is what is called otherwise another one.
        let canonical = path.canonicalize().ok()?;
        let (named, others): (Vec<_>, Vec<_>) =
            listening.into_iter().partition(|(_, at)| at.file_name() == canonical.file_name());
        let of = |rows: Vec<(u64, PathBuf)>| -> BTreeSet<u64> {
            rows.into_iter().filter(|(_, at)| is_file(at)).map(|(inode, _)| inode).collect()
        };
        let named = of(named);
        let listening = if named.is_empty() { of(others) } else { named };
        if opened_by(self.pid(), &listening).ok()?.is_empty() {
            return None;
        }
        let every = || {
            let every = std::fs::read_dir("/proc").into_iter().flatten().flatten();
            every.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        };
        // What it handed the socket to is most often a child; Podman of a user starts itself once more.
        let pids = self.children().into_iter().chain(std::iter::once_with(every).flatten());
        let others = pids.filter(|pid| *pid != self.pid());
        let mut others = others.filter_map(|pid| Self::open(pid).ok()).filter(is_it);
        let has_it = |sockets: BTreeSet<u64>| !sockets.is_empty();
        others.find(|other| opened_by(other.pid(), &listening).is_ok_and(has_it))
    }

    /// What its first thread has started; none on kernels that do not tell (`CONFIG_PROC_CHILDREN`).
    fn children(&self) -> Vec<u32> {
        let row = self.read(&format!("task/{}/children", self.pid())).unwrap_or_default();
        let row = String::from_utf8_lossy(&row);
        row.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
    }
}

/// The sockets that listen, of a table that has all there are, those of clients too.
fn unix_listeners(table: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut listening = Vec::new();
    for row in files::lines(table)? {
        listening.extend(unix_listener(&String::from_utf8_lossy(&row?)));
    }
    Ok(listening)
}

/// Those of these sockets, by their inodes, that a process has open (proc_pid_fd(5)). What it opened
/// last is looked at first, and no more than is needed to find them all: a switch has a descriptor or
/// two for each port.
///
/// # Errors
/// It has ended, or this may not be read: that takes CAP_SYS_PTRACE where it is another user's.
pub(crate) fn opened_by(pid: u32, sockets: &BTreeSet<u64>) -> io::Result<BTreeSet<u64>> {
    let mut found = BTreeSet::new();
    each_socket(pid, |inode| {
        if sockets.contains(&inode) {
            found.insert(inode);
        }
        found.len() < sockets.len()
    })?;
    Ok(found)
}

/// All sockets that a process has open, by their inodes.
///
/// # Errors
/// As [`opened_by`].
pub(crate) fn sockets_of(pid: u32) -> io::Result<BTreeSet<u64>> {
    let mut all = BTreeSet::new();
    each_socket(pid, |inode| {
        all.insert(inode);
        true
    })?;
    Ok(all)
}

/// Tells each socket that a process has open, as long as more are wanted.
fn each_socket(pid: u32, mut wants_more: impl FnMut(u64) -> bool) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = open(format!("/proc/{pid}/fd"), flags, Mode::empty())?;
    let files: Vec<_> = Dir::read_from(&folder)?.flatten().collect();
    for file in files.iter().rev() {
        // From the folder on: by its path each would be looked up in /proc anew.
        let Ok(target) = readlinkat(&folder, file.file_name(), Vec::new()) else { continue };
        let inode = target.to_str().ok().and_then(socket_inode);
        if inode.is_some_and(|inode| !wants_more(inode)) {
            break;
        }
    }
    Ok(())
}

/// `socket:[INODE]`.
pub(super) fn socket_inode(target: &str) -> Option<u64> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// `0000000000000000: 00000002 00000000 00010000 0001 01 20833 /run/docker.sock`: a stream that
/// listens (`__SO_ACCEPTCON` of linux/net.h), its inode and its path (`/proc/net/unix` of proc(5)).
pub(super) fn unix_listener(row: &str) -> Option<(u64, PathBuf)> {
    const LISTENING: &str = "00010000";
    const STREAM: &str = "0001";
    let mut rest = row;
    let mut next = || {
        let (field, more) = rest.trim_start().split_once(' ')?;
        rest = more;
        Some(field)
    };
    let [_, _, _, flags, kind, _, inode] =
        [next()?, next()?, next()?, next()?, next()?, next()?, next()?];
    let listens = flags == LISTENING && kind == STREAM && rest.starts_with('/');
    Some((inode.parse().ok().filter(|_| listens)?, rest.into()))
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::net::UnixListener;
    use std::path::{Path, PathBuf};
    use std::process::Child;

    use super::{Process, unix_listener, unix_listeners};

    /// A process that has this socket as its standard input.
    fn holder(socket: Option<&UnixListener>) -> Child {
        let stdin = socket.map(|socket| socket.as_fd().try_clone_to_owned().unwrap());
        let mut sleep = lab::program("sleep");
        let stdin = stdin.map_or_else(std::process::Stdio::null, |fd: OwnedFd| fd.into());
        let child = sleep.arg("600").stdin(stdin).spawn().unwrap();
        // Until then it has what this program has open.
        let process = Process::open(child.id()).unwrap();
        lab::wait_until("it is another program", || process.comm() == "sleep");
        child
    }

    #[test]
    fn who_was_handed_a_listening_socket_has_that_very_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (own, other) = (at("own"), at("other"));
        let sockets = [&own, &other].map(|path| UnixListener::bind(path).unwrap());
        std::os::unix::fs::symlink(&own, at("link")).unwrap();
        let listener = Process::open(std::process::id()).unwrap();
        let mut holders = [None, Some(&sockets[1]), Some(&sockets[0])].map(holder);
        let pids = holders.each_ref().map(Child::id);
        let found = |path: &Path, of: &[u32]| {
            let found = listener.shares_listener(path, |process| of.contains(&process.pid()));
            found.map(|process| process.pid())
        };
        assert_eq!(found(&own, &pids), Some(pids[2]));
        assert_eq!(found(&at("link"), &pids), Some(pids[2]));
        assert_eq!(found(&other, &pids), Some(pids[1]));
        assert_eq!(found(&own, &pids[..2]), None, "of another name");
        assert_eq!(found(&at("none"), &pids), None);
        // As what a container has mounted under another name.
        std::fs::hard_link(&own, at("mounted")).unwrap();
        assert_eq!(found(&at("mounted"), &pids), Some(pids[2]));
        for child in &mut holders {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn a_table_of_many_sockets_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("unix");
        let client =
            "0000000085407018: 00000003 00000000 00000000 0001 03 20833 /run/docker.sock\n";
        let listens = "0000000085407018: 00000002 00000000 00010000 0001 01 833 /run/x\n";
        for clients in [0, 10_000, 100_000] {
            std::fs::write(&table, client.repeat(clients) + listens).unwrap();
            let found = unix_listeners(&table).unwrap();
            assert_eq!(found, vec![(833, PathBuf::from("/run/x"))], "{clients}");
        }
        assert!(unix_listeners(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_row_tells_what_listens_by_its_path() {
        let row = |flags: &str, rest: &str| {
            format!("0000000085407018: 00000002 00000000 {flags} 0001 01 {rest}")
        };
        let at = |rest: &str| unix_listener(&row("00010000", rest));
        assert_eq!(at("10983640 /run/a b.sock"), Some((10_983_640, "/run/a b.sock".into())));
        assert_eq!(at("  833 /run/x"), Some((833, "/run/x".into())));
        assert_eq!(at("833 @abstract"), None);
        assert_eq!(at("833"), None);
        assert_eq!(unix_listener(&row("00000000", "833 /run/x")), None);
    }
}
