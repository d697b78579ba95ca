//! The lock beside a socket.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use model::SourceError;
use rustix::fs::{CWD, FileType, FlockOperation, Mode, OFlags, flock, fstat, openat};

use super::{ELSEWHERE, SocketUse, inode, unusable};

/// So often the lock's file may be another one than that which was locked.
const TRIES: usize = 100;

/// The lock, held as long as this lives.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    _file: OwnedFd,
}

impl Lock {
    pub(super) fn take(socket: &Path, of: SocketUse) -> Result<Self, SourceError> {
        let mut path = socket.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let failed = |error: rustix::io::Errno| of.refused(socket, &error.into());
        let how = OFlags::RDWR
            | OFlags::CREATE
            | OFlags::CLOEXEC
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::NOCTTY;
        for _ in 0..TRIES {
            let file = openat(CWD, &path, how, Mode::RUSR | Mode::WUSR).map_err(failed)?;
            let found = fstat(&file).map_err(failed)?;
            if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
                let why = format!("{} is something else than a file", path.display());
                return Err(unusable(socket, &why).hint(ELSEWHERE));
            }
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(of.taken(socket)),
                Err(error) => return Err(failed(error)),
            }
            // The process that had it may have removed it in between.
            if inode(&path).is_ok_and(|now| now == (found.st_dev, found.st_ino)) {
                return Ok(Self { path, _file: file });
            }
        }
        Err(of.taken(socket))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
