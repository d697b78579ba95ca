//! Where a socket is made before it is put in its place, in the same folder.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};

use super::LONGEST;

pub(super) struct Beside {
    path: PathBuf,
    /// Held open where the path leads through it.
    _folder: Option<OwnedFd>,
}

impl Beside {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let name = format!(".{:016x}", crate::random());
        let plain = path.with_file_name(&name);
        if plain.as_os_str().len() <= LONGEST {
            return Ok(Self { path: plain, _folder: None });
        }
        // What is in a folder that is held open has a short path through proc(5).
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let how = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(CWD, folder.unwrap_or(Path::new(".")), how, Mode::empty())?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()));
        Ok(Self { path, _folder: Some(folder) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
