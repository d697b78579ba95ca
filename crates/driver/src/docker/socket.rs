//! The socket: the service manager's (sd_listen_fds(3)), or one of our own in the place of a dead
//! driver's, never of a living one's.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use host::activation;
use model::{SourceError, SourceErrorKind};
use rustix::fs::Mode;
use rustix::process::umask;
use tokio::net::{UnixListener, UnixStream};

/// Only root may use it: who can call it changes the switch.
const MASK: Mode = Mode::from_raw_mode(0o177);

/// A listening socket. The file of our own goes with it.
#[derive(Debug)]
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode of the file, where it is our own.
    own: Option<(u64, u64)>,
}

impl Socket {
    /// Takes what the service manager passes on, or listens at `path`, whose folder is made.
    ///
    /// # Errors
    /// A driver listens there, something else is there, or the folder refuses.
    pub(super) async fn open(path: &Path) -> Result<Self, SourceError> {
        let failed = |error: io::Error| source_error(path, &error);
        if let Some(listener) = activation::passed_on().map_err(failed)? {
            let at = listener.local_addr().ok();
            let at = at.as_ref().and_then(|at| at.as_pathname()).unwrap_or(path).to_owned();
            listener.set_nonblocking(true).map_err(failed)?;
            let listener = UnixListener::from_std(listener).map_err(failed)?;
            return Ok(Self { listener, path: at, own: None });
        }
        make_way(path).await?;
        let before = umask(MASK);
        let listener = UnixListener::bind(path);
        umask(before);
        let listener = listener.map_err(failed)?;
        let own = inode(path).map_err(failed)?;
        Ok(Self { listener, path: path.to_owned(), own: Some(own) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn listener(&self) -> &UnixListener {
        &self.listener
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Another driver may have taken the place since.
        if self.own.is_some() && inode(&self.path).ok() == self.own {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

/// Makes sure that nothing listens at `path`, and that nothing but a dead socket is replaced.
async fn make_way(path: &Path) -> Result<(), SourceError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| source_error(path, &error))?;
    }
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(source_error(path, &error)),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(unusable(path, "there is something else than a socket"));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|error| source_error(path, &error))
        }
        Ok(_) => Err(unusable(path, "another driver is listening there already")),
        Err(error) => Err(source_error(path, &error)),
    }
}

fn unusable(path: &Path, why: &str) -> SourceError {
    SourceError::new(SourceErrorKind::Unusable, format!("the socket {}", path.display()), why)
        .hint("--socket names another place")
}

fn source_error(path: &Path, error: &io::Error) -> SourceError {
    let kind = match error.kind() {
        ErrorKind::PermissionDenied => SourceErrorKind::Denied,
        _ => SourceErrorKind::Unusable,
    };
    SourceError::new(kind, format!("the socket {}", path.display()), error)
        .hint("run as root; --socket names another place")
}
