//! One process, held by its folder in proc(5): what is read of it is of that very process, even
//! where another one has its number by now.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::OnceLock;

use netns::Netns;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, Stat, fstat, open, openat, readlinkat, statat};
use rustix::io::Errno;

use super::rooted_path::find_below;

/// So many ancestors of a process are looked at.
const MAX_ANCESTORS: usize = 100;

/// A process of this program's PID namespace, or of one below it.
#[derive(Debug)]
pub(crate) struct Process {
    pid: u32,
    folder: OwnedFd,
}

/// What was asked of a process; none where it has ended or may not be looked at.
///
/// # Errors
/// There was no descriptor or no memory left to look at it: nothing follows about it.
pub(crate) fn seen<T>(asked: io::Result<T>) -> io::Result<Option<T>> {
    match asked {
        Err(error) if netns::is_exhausted(&error) => Err(error),
        asked => Ok(asked.ok()),
    }
}

/// Every process that may be looked at.
///
/// # Errors
/// As [`seen`], of all or of one.
pub(crate) fn every_process() -> io::Result<impl Iterator<Item = io::Result<Process>>> {
    let entries = std::fs::read_dir("/proc")?.collect::<io::Result<Vec<_>>>()?;
    let pids = entries.into_iter().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(pids.filter_map(|pid| seen(Process::open(pid)).transpose()))
}

impl Process {
    /// The process that has the number `pid` now.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is none, [`io::ErrorKind::PermissionDenied`] where
    /// /proc hides it; [`io::ErrorKind::Unsupported`] where /proc numbers processes otherwise than
    /// this program's own calls do.
    pub(crate) fn open(pid: u32) -> io::Result<Self> {
        if !proc_is_ours() {
            let why = "/proc is mounted for another PID namespace than this program's";
            return Err(io::Error::new(io::ErrorKind::Unsupported, why));
        }
        let how = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        // The kernel opens a folder that it hides for nothing but its path: only a question about it is refused, as if
        // there were no such process.
        let folder = open(format!("/proc/{pid}"), how, Mode::empty());
        match folder.and_then(|folder| fstat(&folder).map(|_| folder)) {
            Ok(folder) => Ok(Self { pid, folder }),
            Err(Errno::NOENT) if !Path::new("/proc/self").exists() => {
                Err(io::Error::new(io::ErrorKind::Unsupported, "/proc is not mounted"))
            }
            Err(Errno::NOENT) if netns::is_hidden(pid) => {
                Err(io::ErrorKind::PermissionDenied.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Names this process among all that this machine ever had, as `PID NAMESPACE-PID-START-BOOT`: a number is
    /// used again, but not by processes of one start (`starttime` of `proc_pid_stat(5)`) of one boot.
    pub(crate) fn mark(&self) -> Option<String> {
        let pids = std::fs::metadata("/proc/self/ns/pid").ok()?.ino();
        let row = self.read("stat").ok()?;
        let row = String::from_utf8_lossy(&row);
        // The name in parentheses may hold anything.
        let start = row.rsplit_once(')')?.1.split_whitespace().nth(19)?;
        let boot = files::read_text(Path::new("/proc/sys/kernel/random/boot_id")).ok()?;
        let boot = boot.trim().replace('-', "");
        Some(format!("{pids}-{}-{start}-{boot}", self.pid()))
    }

    /// Whether the process that [`Process::mark`] names lives, in this PID namespace.
    pub(crate) fn lives(mark: &str) -> bool {
        let pid = mark.split('-').nth(1).and_then(|pid| pid.parse().ok());
        let process = pid.and_then(|pid| Self::open(pid).ok());
        process.and_then(|process| process.mark()).is_some_and(|now| now == mark)
    }

    /// The user it runs as: the owner of its folder, whatever else of it is hidden (proc(5)).
    pub(crate) fn user(&self) -> Option<u32> {
        rustix::fs::fstat(&self.folder).ok().map(|folder| folder.st_uid)
    }

    /// Its network namespace.
    pub(crate) fn netns(&self) -> Result<Netns, netns::Error> {
        Netns::of_open_process(&self.folder, self.pid)
    }

    /// What tells its network namespace: device and inode, without holding it open.
    pub(crate) fn netns_file(&self) -> io::Result<(u64, u64)> {
        let stat = statat(&self.folder, "ns/net", AtFlags::empty())?;
        Ok((stat.st_dev, stat.st_ino))
    }

    /// One of its files.
    pub(crate) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        files::read_at(&self.folder, Path::new(name))
    }

    /// What it calls itself, and may call itself as it likes; empty where it has ended.
    pub(crate) fn comm(&self) -> String {
        self.seen_comm().unwrap_or_default()
    }

    /// The same.
    ///
    /// # Errors
    /// As [`seen`].
    pub(crate) fn seen_comm(&self) -> io::Result<String> {
        let comm = seen(self.read("comm"))?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&comm).trim_end().to_owned())
    }

    /// What it calls itself, and the program that it runs. One alone is not enough: Podman that a user
    /// runs starts itself once more by `/proc/self/exe`, and is called `exe` by some versions.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.comm()).chain(std::iter::once_with(|| self.program()).flatten())
    }

    /// As [`Self::names`].
    ///
    /// # Errors
    /// As [`seen`].
    pub(crate) fn seen_names(&self) -> io::Result<Vec<String>> {
        Ok(std::iter::once(self.seen_comm()?).chain(self.program()).collect())
    }

    /// The name of the file that it runs; none where it has ended, or this may not be read.
    fn program(&self) -> Option<String> {
        let path = readlinkat(&self.folder, "exe", Vec::new()).ok()?;
        program_name(&path.to_string_lossy()).map(str::to_owned)
    }

    /// The words it was started with; none where it has ended.
    pub(crate) fn words(&self) -> Vec<String> {
        self.seen_words().unwrap_or_default()
    }

    /// The same.
    ///
    /// # Errors
    /// As [`seen`].
    pub(crate) fn seen_words(&self) -> io::Result<Vec<String>> {
        let words = seen(self.read("cmdline"))?.unwrap_or_default();
        let words = words.split(|byte| *byte == 0).filter(|word| !word.is_empty());
        Ok(words.map(|word| String::from_utf8_lossy(word).into_owned()).collect())
    }

    /// Finds what is at a path of its own mount namespace, as it would: held by a descriptor that is for nothing
    /// but looking at it.
    pub(crate) fn find(&self, path: &Path) -> io::Result<OwnedFd> {
        let how = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(&self.folder, "root", how, Mode::empty())?;
        find_below(&root, path)
    }

    /// Its numbers, from this program's PID namespace down to its own (`NSpid` of
    /// proc_pid_status(5)).
    pub(crate) fn numbers(&self) -> io::Result<Vec<u32>> {
        let status = self.read("status")?;
        let numbers = numbers(&String::from_utf8_lossy(&status));
        numbers.ok_or_else(|| io::Error::new(io::ErrorKind::Unsupported, "no NSpid in its status"))
    }

    /// Whether paths mean the same to it, but for what is mounted over them.
    pub(crate) fn shares_our_root(&self) -> bool {
        let roots =
            (statat(CWD, "/", AtFlags::empty()), statat(&self.folder, "root", AtFlags::empty()));
        matches!(roots, (Ok(own), Ok(its)) if is_same(&own, &its))
    }

    /// The process it is a child of; none where it has ended, or that is outside of what is seen.
    pub(crate) fn parent(&self) -> Option<u32> {
        let status = self.read("status").ok()?;
        let status = String::from_utf8_lossy(&status);
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        parent.trim().parse().ok().filter(|pid| *pid != 0)
    }

    /// Whether the two are in one network namespace; false where that may not be looked at.
    pub(crate) fn shares_netns_of(&self, other: &Self) -> bool {
        matches!((self.netns_file(), other.netns_file()), (Ok(a), Ok(b)) if a == b)
    }

    /// Whether it is where its parent is: what puts it into a network namespace of its own stays
    /// behind.
    pub(crate) fn shares_netns_of_parent(&self) -> bool {
        let parent = self.parent().and_then(|parent| Self::open(parent).ok());
        parent.is_some_and(|parent| self.shares_netns_of(&parent))
    }

    /// Whether its cgroups (cgroups(7)) are those that `is_its` takes for a container's.
    pub(crate) fn is_in_cgroup_of(&self, is_its: impl Fn(&str) -> bool) -> bool {
        self.read("cgroup").is_ok_and(|text| is_its(&String::from_utf8_lossy(&text)))
    }

    /// Whether it was started within a user namespace (user_namespaces(7)) of this user's, whose root they are: of
    /// those that it and its ancestors are in, the outermost one below this program's. One that root made, as for a
    /// container that shares a folder with them, may have a number for this user too. False where some of that cannot
    /// be seen.
    pub(crate) fn is_below_user(&self, user: u32) -> bool {
        let Ok(own) = files::read(Path::new("/proc/self/uid_map")) else { return false };
        let mut ancestor: Option<Self> = None;
        let mut outermost: Option<String> = None;
        for _ in 0..MAX_ANCESTORS {
            let process = ancestor.as_ref().unwrap_or(self);
            let Ok(map) = process.read("uid_map") else { return false };
            if map == own {
                return outermost.is_some_and(|map| is_root_in(&map, user));
            }
            outermost = Some(String::from_utf8_lossy(&map).into_owned());
            ancestor = process.opened_parent();
            if ancestor.is_none() {
                return false;
            }
        }
        false
    }

    /// The process it is a child of, held open: it is its parent still, so that no other one has its number by now.
    fn opened_parent(&self) -> Option<Self> {
        let pid = self.parent()?;
        let parent = Self::open(pid).ok()?;
        (self.parent() == Some(pid)).then_some(parent)
    }

    /// Whether it numbers processes as this program does. Where its namespaces may not be
    /// looked at, its numbers tell.
    pub(crate) fn shares_our_pids(&self) -> io::Result<bool> {
        let own = statat(CWD, "/proc/self/ns/pid", AtFlags::empty())?;
        match self.pid_namespace() {
            Ok(its) => Ok(is_same(&own, &its)),
            Err(_) => Ok(self.numbers()?.len() == 1),
        }
    }

    /// Whether the two number processes alike.
    pub(crate) fn shares_pids_of(&self, other: &Self) -> bool {
        matches!((self.pid_namespace(), other.pid_namespace()), (Ok(a), Ok(b)) if is_same(&a, &b))
    }

    fn pid_namespace(&self) -> io::Result<Stat> {
        Ok(statat(&self.folder, "ns/pid", AtFlags::empty())?)
    }
}

/// Whether these are the same file.
pub(crate) fn is_same(a: &Stat, b: &Stat) -> bool {
    (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)
}

/// `/usr/bin/podman`, and ` (deleted)` after it where that file was replaced (proc(5)). In Nix a script
/// `podman` starts `.podman-wrapped`.
pub(super) fn program_name(path: &str) -> Option<&str> {
    let name = path.strip_suffix(" (deleted)").unwrap_or(path).rsplit('/').next()?;
    let wrapped = name.strip_prefix('.').and_then(|name| name.strip_suffix("-wrapped"));
    Some(wrapped.unwrap_or(name))
}

/// `NSpid: 24260 7`, with tabs between.
pub(super) fn numbers(status: &str) -> Option<Vec<u32>> {
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    let numbers = line.split_whitespace().map(|number| number.parse().ok());
    numbers.collect::<Option<Vec<_>>>().filter(|numbers| !numbers.is_empty())
}

/// Whether the root of a map (`/proc/PID/uid_map`) of lines `INSIDE OUTSIDE COUNT` is this user outside.
pub(super) fn is_root_in(map: &str, user: u32) -> bool {
    let mut ranges = map.lines().filter_map(|line| {
        let mut words = line.split_whitespace().map(str::parse::<u32>);
        Some((words.next()?.ok()?, words.next()?.ok()?))
    });
    ranges.any(|range| range == (0, user))
}

/// A /proc of an outer PID namespace shows this program with several numbers. Where that cannot be
/// read there is no /proc, or the kernel is older than PID namespaces that can be told (4.1).
fn proc_is_ours() -> bool {
    static OURS: OnceLock<bool> = OnceLock::new();
    *OURS.get_or_init(|| {
        let status = files::read(Path::new("/proc/self/status")).unwrap_or_default();
        numbers(&String::from_utf8_lossy(&status)).is_none_or(|numbers| numbers.len() == 1)
    })
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::os::fd::AsRawFd;
    use std::path::Path;

    use super::{Process, every_process, is_root_in, numbers, program_name, seen};

    #[test]
    fn a_process_that_proc_hides_has_not_ended() {
        lab::need!(Root);
        lab::run_with_hidden_proc("identity::process::tests::proc_hides_others");
    }

    #[test]
    #[ignore = "the other test runs it"]
    fn proc_hides_others() {
        let Some(hidden) = lab::hidden_process() else { return };
        let kind = |pid| {
            let found = Process::open(pid).and_then(|process| process.find(Path::new("/")));
            found.map_err(|error| error.kind()).unwrap_err()
        };
        for pid in [1, hidden] {
            assert_eq!(kind(pid), ErrorKind::PermissionDenied, "{pid}");
        }
        assert_eq!(kind(u32::MAX >> 1), ErrorKind::NotFound);
        // What this program has at a path is what is meant where the first process is hidden.
        let store = crate::identity::store::id("lxc", "/tmp", crate::engine::Peer::Files, "/tmp");
        assert_eq!(store, "lxc:/tmp");
    }

    #[test]
    fn nothing_follows_where_there_is_no_room_to_look() {
        use rustix::io::Errno;
        let told = |errno: Errno| seen::<()>(Err(errno.into())).map_err(|error| error.kind());
        for none in [Errno::NOENT, Errno::SRCH, Errno::ACCESS] {
            assert_eq!(told(none), Ok(None), "{none}");
        }
        for full in [Errno::MFILE, Errno::NFILE, Errno::NOMEM] {
            assert!(told(full).is_err(), "{full}");
        }
        let own = std::process::id();
        let mut all = every_process().unwrap().map(Result::unwrap);
        assert!(all.any(|process| process.pid() == own));
    }

    #[test]
    fn a_map_tells_whose_user_namespace_it_is() {
        let map = "         0       1000          1\n         1     100000      65536\n";
        assert!(is_root_in(map, 1000) && !is_root_in(map, 100_000) && !is_root_in(map, 0));
        // Root's, in which the user has a number: as LXC's `raw.idmap`, or all of the host's.
        for map in ["0 1000000 1000\n1000 1000 1\n", "0 0 65536\n", "0 0 4294967295\n"] {
            assert!(!is_root_in(map, 1000), "{map}");
        }
        assert!(!is_root_in("", 0) && !is_root_in("0 x 1", 0));
    }

    #[test]
    fn a_process_is_of_the_user_who_is_root_in_its_user_namespace() {
        let unshare = ["--user", "--map-root-user"];
        if !lab::program("unshare").args(unshare).arg("true").status().unwrap().success() {
            return;
        }
        let own = Process::open(std::process::id()).unwrap();
        let user = own.user().unwrap();
        assert!(!own.is_below_user(user), "it is in none of its own");
        let mut child =
            lab::program("unshare").args(unshare).args(["sleep", "60"]).spawn().unwrap();
        let process = Process::open(child.id()).unwrap();
        lab::wait_until("it has its namespace", || process.is_below_user(user));
        assert!(!process.is_below_user(user + 1));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn numbers_go_from_the_outer_to_the_inner_namespace() {
        assert_eq!(numbers("Name:\tx\nNSpid:\t24260\t7\nThreads:\t1\n"), Some(vec![24260, 7]));
        for without in ["Name:\tx\n", "NSpid:\n", "NSpid:\tx\n"] {
            assert_eq!(numbers(without), None, "{without:?}");
        }
    }

    #[test]
    fn a_program_has_the_name_of_its_file() {
        assert_eq!(program_name("/usr/bin/podman"), Some("podman"));
        assert_eq!(program_name("/usr/sbin/dockerd (deleted)"), Some("dockerd"));
        assert_eq!(
            program_name("/nix/store/7x-moby/libexec/docker/.dockerd-wrapped"),
            Some("dockerd")
        );
    }

    /// As when a program starts itself by `/proc/self/exe`.
    #[test]
    fn a_process_has_the_name_of_its_program_whatever_it_calls_itself() {
        let folder = tempfile::tempdir().unwrap();
        let (program, exe) = (folder.path().join("podman"), folder.path().join("exe"));
        // By another program: what this one has open to be written, a child of another test has too for a moment, and
        // a file that may be written to is not started (execve(2), ETXTBSY).
        lab::run("cp", &["/bin/sleep", program.to_str().unwrap()]);
        std::os::unix::fs::symlink(&program, &exe).unwrap();
        let mut child = lab::program(exe.to_str().unwrap()).arg("60").spawn().unwrap();
        let process = Process::open(child.id()).unwrap();
        lab::wait_until("it runs", || process.comm() == "exe");
        assert_eq!(process.names().collect::<Vec<_>>(), ["exe", "podman"]);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// As on a distribution where /var/run is a link to /run, and a service has a /run of its own.
    #[test]
    fn links_of_a_process_are_followed_in_its_own_mounts() {
        let (folder, script) = (tempfile::tempdir().unwrap(), "mount -t tmpfs none \"$T/run\"\n");
        let ready = folder.path().join("ready");
        let script =
            format!("{script}echo inside > \"$T/run/file\"\n: > \"$T/ready\"\nexec sleep 60");
        let run = folder.path().join("run");
        std::fs::create_dir(&run).unwrap();
        std::fs::write(run.join("file"), "outside\n").unwrap();
        std::os::unix::fs::symlink(&run, folder.path().join("absolute")).unwrap();
        std::os::unix::fs::symlink("run", folder.path().join("relative")).unwrap();
        let unshare = ["--user", "--map-root-user", "--mount"];
        if !lab::program("unshare").args(unshare).arg("true").status().unwrap().success() {
            return;
        }
        let mut child = lab::program("unshare");
        let child = child.args(unshare).args(["sh", "-ec", &script]).env("T", folder.path());
        let mut child = child.spawn().unwrap();
        lab::wait_until("it has its mounts", || ready.exists());
        let process = Process::open(child.id()).unwrap();
        for way in ["absolute", "relative", "run"] {
            let found = process.find(&folder.path().join(way).join("file")).unwrap();
            // What is found is held, and may be opened again by its descriptor.
            let path = format!("/proc/self/fd/{}", found.as_raw_fd());
            assert_eq!(std::fs::read_to_string(path).unwrap(), "inside\n", "{way}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn this_program_numbers_processes_as_it_does() {
        let own = Process::open(std::process::id()).unwrap();
        assert!(own.shares_our_pids().unwrap() && own.shares_pids_of(&own));
        assert_eq!(own.numbers().unwrap(), [std::process::id()]);
        assert!(!own.words().is_empty() && !own.comm().is_empty());
        assert_eq!(Process::open(u32::MAX >> 1).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    }
}
