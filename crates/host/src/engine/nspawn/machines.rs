//! Which containers run.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::SourceError;

use super::command_line::name_in;
use crate::failure;
use crate::identity::process::{Process, every_process, seen};
use crate::reader::{self, Reader};

/// Where images are by themselves.
const IMAGES: &str = "/var/lib/machines";
/// What the name of a file ends with that is a disk.
pub(super) const DISK: &str = ".raw";
/// The same of what is kept beside images: settings of systemd.nspawn(5), dm-verity's hashes, signatures and what was
/// downloaded.
const BESIDE: [&str; 10] = [
    ".nspawn",
    ".roothash",
    ".roothash.p7s",
    ".usrhash",
    ".usrhash.p7s",
    ".verity",
    ".sha256",
    ".gpg",
    ".xz",
    ".gz",
];
/// What its process calls itself.
const PROGRAM: &str = "systemd-nspawn";

/// The containers of this host.
#[derive(Clone, Debug)]
pub(super) struct Nspawn {
    /// The folder of systemd-machined's files, which need not be there.
    pub(super) path: PathBuf,
    /// Where they are listed while a reactor goes on.
    thread: Option<Arc<Reader>>,
}

/// The first process of each container by name; none of an image that does not run.
pub(super) type Machines = BTreeMap<String, Option<u32>>;

impl Nspawn {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, thread: None }
    }

    /// The same, listed on a thread of its own: without systemd-machined every process is looked at.
    pub(super) fn on_a_thread(&self) -> Result<Self, SourceError> {
        let thread = Some(Arc::new(Reader::start("nspawn", true)?));
        Ok(Self { path: self.path.clone(), thread })
    }

    pub(super) fn what(&self) -> String {
        format!("systemd-nspawn at {}", self.path.display())
    }

    /// All that run, and all images.
    pub(super) fn all(&self) -> Result<Machines, SourceError> {
        let failed = |error: io::Error| self.failed(&error);
        let all = images_in(Path::new(IMAGES)).map_err(failed)?;
        let mut all: Machines = all.into_iter().map(|own| (own, None)).collect();
        let running = match registered(&self.path).map_err(failed)? {
            Some(running) => running,
            None => by_processes().map_err(failed)?,
        };
        all.extend(running.into_iter().map(|(own, leader)| (own, Some(leader))));
        Ok(all)
    }

    fn failed(&self, error: &io::Error) -> SourceError {
        failure::of_io(self.what(), error, "run as root")
    }

    /// The same, where a reactor goes on meanwhile if there is a thread.
    pub(super) async fn listed(&self) -> Result<Machines, SourceError> {
        let Some(thread) = &self.thread else { return self.all() };
        let own = Self::at(self.path.clone());
        reader::done(self.what(), thread.read(move || own.all())).await
    }

    /// The one of them with this name, if there is one; where systemd-machined knows it, without
    /// looking for others.
    pub(super) fn one(&self, own: &str) -> Result<Machines, SourceError> {
        if own.contains('/') || own.is_empty() {
            return Ok(Machines::new());
        }
        let registered = match machine(&self.path.join(own)) {
            Err(error) if netns::is_exhausted(&error) => return Err(self.failed(&error)),
            // Not every name is one of a file that could be there.
            told => told.ok().flatten().filter(|(name, _)| name == own),
        };
        if let Some((own, leader)) = registered {
            return Ok(Machines::from([(own, Some(leader))]));
        }
        if self.path.is_dir() {
            let images = images_in(Path::new(IMAGES)).map_err(|error| self.failed(&error))?;
            let own = images.into_iter().filter(|image| image == own);
            return Ok(own.map(|own| (own, None)).collect());
        }
        let mut all = self.all()?;
        all.retain(|name, _| name == own);
        Ok(all)
    }
}

/// The files of systemd-machined: one for each machine, by its name, and links to them by unit. None without their
/// folder.
///
/// # Errors
/// Some may be missing, as where there is no descriptor left to read one.
fn registered(folder: &Path) -> io::Result<Option<Vec<(String, u32)>>> {
    let files = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        files => files?,
    };
    let mut all = Vec::new();
    for file in files {
        let file = file?;
        if file.file_type().is_ok_and(|kind| kind.is_file()) {
            all.extend(machine(&file.path())?);
        }
    }
    Ok(Some(all))
}

/// The name and the first process of a container, by its file; none of a virtual machine, or of one that has ended. It is
/// one of `KEY=VALUE` (`machine_save` of systemd's `src/machine/machine.c`).
///
/// # Errors
/// It cannot be read.
fn machine(file: &Path) -> io::Result<Option<(String, u32)>> {
    match files::read(file) {
        Ok(text) => Ok(machine_in(&String::from_utf8_lossy(&text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(in crate::engine) fn machine_in(text: &str) -> Option<(String, u32)> {
    let value = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        let (_, value) = lines.find(|(found, _)| *found == key)?;
        let plain = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        Some(plain.unwrap_or(value))
    };
    let leader = value("LEADER")?.parse().ok().filter(|pid| *pid != 0)?;
    (value("CLASS") == Some("container")).then_some((value("NAME")?.to_owned(), leader))
}

/// The images of a folder, as `machinectl list-images` has them: trees, disks as files, and block devices
/// (`image_discover` of systemd's `src/shared/discover-image.c`). What else there is belongs to them, as the settings of
/// systemd.nspawn(5). A symbolic link is told by its name alone: what it leads to may be on a disk that is not mounted
/// now, or on a server that does not answer, and is not gone for that. Without the folder there are none, and none where
/// another user than root may not list it.
///
/// # Errors
/// Some may be missing, as where there is no descriptor left to list them.
fn images_in(folder: &Path) -> io::Result<Vec<String>> {
    use io::ErrorKind::{NotFound, PermissionDenied};
    let entries = match std::fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), NotFound | PermissionDenied) => return Ok(Vec::new()),
        entries => entries?.collect::<io::Result<Vec<_>>>()?,
    };
    let images = entries.into_iter().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let kind = entry.file_type().ok()?;
        let is_beside = || BESIDE.iter().any(|end| name.ends_with(end));
        let image = match name.strip_suffix(DISK) {
            Some(disk) if kind.is_file() || kind.is_symlink() => disk,
            _ if kind.is_dir() || kind.is_block_device() => name.as_str(),
            None if kind.is_symlink() && !is_beside() => name.as_str(),
            _ => return None,
        };
        let is_hidden = image.is_empty() || image.starts_with('.');
        (!is_hidden && !image.contains(char::is_control)).then(|| image.to_owned())
    });
    Ok(images.collect())
}

/// The containers whose processes are children of root's systemd-nspawn.
///
/// # Errors
/// Some may be missing, as where there is no descriptor left to look at a process.
fn by_processes() -> io::Result<Vec<(String, u32)>> {
    let mut all = Vec::new();
    for process in every_process()? {
        let process = process?;
        if let Some(name) = name_of(&process)?
            && let Some(leader) = leader_of(process.pid())?
        {
            all.push((name, leader));
        }
    }
    Ok(all)
}

/// The name of the container that this process runs, if it is root's systemd-nspawn.
///
/// # Errors
/// As [`seen`].
pub(super) fn name_of(process: &Process) -> io::Result<Option<String>> {
    if process.seen_comm()? != PROGRAM {
        return Ok(None);
    }
    let is_ours = process.user() == Some(0)
        && process.shares_our_root()
        && seen(process.shares_our_pids())?.unwrap_or(false);
    Ok(name_in(&process.seen_words()?).filter(|_| is_ours))
}

/// The child of systemd-nspawn that is the first process of a PID namespace of its own.
///
/// # Errors
/// As [`seen`].
fn leader_of(pid: u32) -> io::Result<Option<u32>> {
    let children = format!("/proc/{pid}/task/{pid}/children");
    let children = seen(files::read(Path::new(&children)))?.unwrap_or_default();
    let children = String::from_utf8_lossy(&children).into_owned();
    for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
        let numbers = seen(Process::open(child).and_then(|child| child.numbers()))?;
        if numbers.is_some_and(|numbers| numbers.len() > 1 && numbers.last() == Some(&1)) {
            return Ok(Some(child));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As systemd 252 writes it.
    const WEB: &str = "# This is private data. Do not parse.\nNAME=web\nSCOPE=machine-web.scope\n\
        SERVICE=systemd-nspawn\nROOT=/var/lib/machines/web\nID=7ba7ef0ccb3f4a1293bc2f3b1ea9a71d\n\
        LEADER=4711\nCLASS=container\nREALTIME=1700000000000000\nMONOTONIC=1000000\nNETIF=5\n";

    #[test]
    fn a_file_tells_the_first_process_of_a_container() {
        assert_eq!(machine_in(WEB), Some(("web".to_owned(), 4711)));
        let quoted = WEB.replace("NAME=web", "NAME=\"web\"");
        assert_eq!(machine_in(&quoted), Some(("web".to_owned(), 4711)));
        for none in [
            WEB.replace("CLASS=container", "CLASS=vm"),
            WEB.replace("LEADER=4711", "LEADER=0"),
            WEB.replace("LEADER=4711\n", ""),
            String::new(),
        ] {
            assert_eq!(machine_in(&none), None, "{none}");
        }
    }

    #[test]
    fn links_by_unit_are_no_machines() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("web"), WEB).unwrap();
        std::os::unix::fs::symlink("web", folder.path().join("unit:machine-web.scope")).unwrap();
        let all = registered(folder.path()).unwrap();
        assert_eq!(all, Some(vec![("web".to_owned(), 4711)]));
        let nspawn = Nspawn::at(folder.path().to_owned());
        assert_eq!(nspawn.one("web").unwrap(), Machines::from([("web".to_owned(), Some(4711))]));
        for none in ["unit:machine-web.scope", "../web", "", "other"] {
            assert!(nspawn.one(none).unwrap().is_empty(), "{none}");
        }
    }

    /// `image_discover` of systemd's `src/shared/discover-image.c`; systemd.nspawn(5) and `machinectl pull-raw` keep
    /// files beside the images.
    #[test]
    fn what_stands_beside_images_is_no_image() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for tree in ["web", "tree.raw", ".hidden", ".#lock"] {
            std::fs::create_dir(path(tree)).unwrap();
        }
        for file in [
            "disk.raw",
            "web.nspawn",
            "web.roothash",
            "web.verity",
            "web.raw.xz",
            "disk.raw.sha256",
            "plain",
            ".raw",
            ".#disk.raw",
            "a\nb.raw",
        ] {
            std::fs::write(path(file), "").unwrap();
        }
        for (target, link) in [
            ("web", "linked"),
            ("disk.raw", "other.raw"),
            ("disk.raw", "bare"),
            ("nothing", "dangling"),
            ("web.nspawn", "settings"),
            ("/srv/web.nspawn", "db.nspawn"),
            ("/srv/web.verity", "db.verity"),
            ("loop", "loop"),
        ] {
            std::os::unix::fs::symlink(target, path(link)).unwrap();
        }
        let socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        let mut found = images_in(folder.path()).unwrap();
        found.sort();
        // A link is told by its name, whatever it leads to.
        let links = ["bare", "dangling", "linked", "loop", "other", "settings"];
        let mut all = [&links[..], &["disk", "tree.raw", "web"]].concat();
        all.sort_unstable();
        assert_eq!(found, all);
        drop(socket);
        assert!(images_in(&path("nothing")).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert_eq!(registered(&path("machines")).unwrap(), None);
        std::fs::create_dir(path("machines")).unwrap();
        std::fs::write(path("machines").join("web"), WEB).unwrap();
        let nspawn = Nspawn::at(path("machines"));
        assert!(nspawn.all().unwrap().contains_key("web"));
        // Longer than what is read of any file.
        std::fs::write(path("machines").join("db"), vec![b'x'; files::LONGEST + 1]).unwrap();
        assert!(registered(&path("machines")).is_err() && nspawn.all().is_err());
        assert!(nspawn.one("web").unwrap().contains_key("web"), "its own file tells");
        std::fs::write(path("images"), "").unwrap();
        assert!(images_in(&path("images")).is_err(), "it is no folder");
    }
}
