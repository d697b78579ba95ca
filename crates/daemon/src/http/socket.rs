//! The unix socket: taken over from a dead daemon, never from a living one.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use model::{SourceError, SourceErrorKind};
use tokio::net::UnixListener;

/// Root and the socket's group may use it.
const MODE: u32 = 0o660;

/// A listening socket; its file is removed with it.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) listener: UnixListener,
    file: File,
}

/// The file, as long as it is ours.
#[derive(Debug)]
struct File {
    path: PathBuf,
    inode: (u64, u64),
}

impl Socket {
    /// Listens at `path`. The file appears there with its mode, in one step.
    ///
    /// # Errors
    /// A daemon listens there, something else is there, or the folder refuses.
    pub(crate) fn listen(path: &Path) -> Result<Self, SourceError> {
        let failed = |error: io::Error| source_error(path, &error);
        make_way(path)?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}", std::process::id()));
        let beside = PathBuf::from(beside);
        let _ = fs::remove_file(&beside);
        let listener = UnixListener::bind(&beside).map_err(failed)?;
        let placed = place(&beside, path);
        if placed.is_err() {
            let _ = fs::remove_file(&beside);
        }
        let inode = placed.map_err(failed)?;
        Ok(Self { listener, file: File { path: path.to_owned(), inode } })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file.path
    }
}

fn place(from: &Path, to: &Path) -> io::Result<(u64, u64)> {
    fs::set_permissions(from, fs::Permissions::from_mode(MODE))?;
    let inode = inode(from)?;
    fs::rename(from, to).map(|()| inode)
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

/// Makes sure that no daemon listens at `path`, and that nothing but a socket is replaced.
fn make_way(path: &Path) -> Result<(), SourceError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(source_error(path, &error)),
        Ok(found) if !found.file_type().is_socket() => {
            let why = "there is something else than a socket";
            return Err(unusable(path, why).hint("--socket names another place"));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
        Err(error) => Err(source_error(path, &error)),
        Ok(_) => Err(unusable(path, "another process is listening there already")
            .hint("one daemon is enough for a host; --socket names another place")),
    }
}

fn unusable(path: &Path, why: &str) -> SourceError {
    SourceError::new(SourceErrorKind::Unusable, format!("the socket {}", path.display()), why)
}

fn source_error(path: &Path, error: &io::Error) -> SourceError {
    let kind = match error.kind() {
        ErrorKind::PermissionDenied => SourceErrorKind::Denied,
        _ => SourceErrorKind::Unusable,
    };
    SourceError::new(kind, format!("the socket {}", path.display()), error)
        .hint("--socket names another place; its folder must exist")
}

impl Drop for File {
    fn drop(&mut self) {
        // Another daemon may have taken the place since.
        if inode(&self.path).is_ok_and(|found| found == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_of_the_dead_is_taken_and_of_the_living_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "a dead daemon leaves its file");
        let first = Socket::listen(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, MODE);
        let second = Socket::listen(&path).unwrap_err();
        assert!(second.to_string().contains("another process is listening there"), "{second}");
        drop(first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing stays");
    }

    #[tokio::test]
    async fn nothing_but_a_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        fs::write(&path, "precious").unwrap();
        assert!(Socket::listen(&path).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }

    #[tokio::test]
    async fn the_file_of_a_successor_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        let first = Socket::listen(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let second = Socket::listen(&path).unwrap();
        drop(first);
        assert!(path.exists());
        drop(second);
    }
}
