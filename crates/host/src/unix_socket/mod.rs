//! A unix socket to listen at: taken over from a dead process, never from a living one.
//!
//! Who listens holds the lock of `PATH.lock` (flock(2)) from before it looks at the socket until after
//! it has removed it, so that of several that start at once one listens.

mod beside;
mod lock;

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};

use model::{SourceError, SourceErrorKind};
use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::umask;
use tokio::net::{UnixListener, UnixStream};

use beside::Beside;
use lock::Lock;

/// The longest path of a socket in bytes: `sun_path` of unix(7) without the NUL at its end.
const LONGEST: usize = 107;

/// What names another place.
const ELSEWHERE: &str = "--socket names another place";

/// Whose socket it is.
#[derive(Clone, Copy, Debug)]
pub struct SocketUse {
    /// Where it is unless another place is named.
    pub usual: &'static str,
    /// The permission bits of its file.
    pub mode: u32,
    /// What helps where another process listens there already.
    pub if_taken: &'static str,
    /// What helps where the system refuses.
    pub if_refused: &'static str,
}

/// A listening socket; its file is removed with it.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// What is the process' own, and goes with it, in this order; the service manager's socket stays.
    _own: Option<(File, Lock)>,
}

/// The file, as long as it is ours.
#[derive(Debug)]
struct File {
    path: PathBuf,
    inode: (u64, u64),
}

/// Who is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum There {
    /// There is nothing.
    Free,
    /// A socket at which nothing listens any more.
    Dead,
    /// A socket at which a process listens.
    Alive,
    /// No socket.
    Other,
}

impl Socket {
    /// Listens at `path`. The file appears there with its mode, in one step.
    ///
    /// # Errors
    /// A process listens there or is about to, something else is there, or the folder refuses.
    pub async fn listen(path: &Path, of: SocketUse) -> Result<Self, SourceError> {
        let failed = |error: io::Error| of.refused(path, &error);
        fits(path)?;
        let lock = Lock::take(path, of)?;
        match there(path).await.map_err(failed)? {
            There::Free | There::Dead => {}
            There::Alive => return Err(of.taken(path)),
            There::Other => {
                let why = "there is something else than a socket";
                return Err(unusable(path, why).hint(ELSEWHERE));
            }
        }
        let beside = Beside::of(path).map_err(failed)?;
        let beside = beside.path();
        let listener = bind(beside, of.mode).map_err(failed)?;
        let placed = inode(beside).and_then(|inode| fs::rename(beside, path).map(|()| inode));
        if placed.is_err() {
            let _ = fs::remove_file(beside);
        }
        let inode = placed.map_err(failed)?;
        let own = (File { path: path.to_owned(), inode }, lock);
        Ok(Self { listener, path: path.to_owned(), _own: Some(own) })
    }

    /// A socket that the service manager has bound, with a mode of its own; `path` is what is asked for, and what it is
    /// called where it has no path.
    ///
    /// # Errors
    /// Another place is named than where it is, or it cannot be waited for.
    pub fn passed_on(
        listener: StdListener,
        path: &Path,
        of: SocketUse,
    ) -> Result<Self, SourceError> {
        let bound = listener.local_addr().ok();
        let at = bound.as_ref().and_then(|bound| bound.as_pathname());
        let is_meant = path == Path::new(of.usual) || at.is_some_and(|at| is_one(at, path));
        if !is_meant {
            return Err(elsewhere(path, at));
        }
        let path = at.unwrap_or(path).to_owned();
        let failed = |error: io::Error| of.refused(&path, &error);
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = UnixListener::from_std(listener).map_err(failed)?;
        Ok(Self { listener, path, _own: None })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What accepts connections.
    pub fn listener(&self) -> &UnixListener {
        &self.listener
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // Another program may have taken the place since.
        if inode(&self.path).is_ok_and(|found| found == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Binds with its mode from the start: a change of mode later could follow a link that another user
/// put there. No other thread makes a file meanwhile.
fn bind(path: &Path, mode: u32) -> io::Result<UnixListener> {
    let before = umask(Mode::from_raw_mode(0o777 & !mode));
    let listener = UnixListener::bind(path);
    umask(before);
    listener
}

/// Whether clients can name the path: the system's own words do not say how long it may be.
fn fits(path: &Path) -> Result<(), SourceError> {
    let length = path.as_os_str().len();
    if length <= LONGEST {
        return Ok(());
    }
    let why = format!("its path has {length} bytes, and that of a socket has {LONGEST} at most");
    Err(unusable(path, &why).hint(ELSEWHERE))
}

/// Whether two paths are of one file.
fn is_one(one: &Path, other: &Path) -> bool {
    one == other || inode(one).is_ok_and(|file| inode(other).is_ok_and(|found| file == found))
}

/// What to do where a socket is named beside another one that is passed on.
const ONE_PLACE: &str = "leave --socket out, or name its path in ListenStream= of the socket unit";

/// Whether a program was refused because it is told to listen elsewhere than the service manager does: nothing but
/// its settings can change that, so that to start it again is of no use.
pub fn is_elsewhere(refused: &SourceError) -> bool {
    refused.hint == ONE_PLACE
}

/// That clients would find nothing at the path that is named: the service manager has bound the one socket elsewhere.
fn elsewhere(path: &Path, at: Option<&Path>) -> SourceError {
    let at = at.map_or_else(|| "one without a path".to_owned(), |at| at.display().to_string());
    let what = format!("--socket {}", path.display());
    let why = format!("the service manager passes on another socket, {at}");
    SourceError::new(SourceErrorKind::Unusable, what, why).hint(ONE_PLACE)
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

async fn there(path: &Path) -> io::Result<There> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(There::Free),
        Err(error) => return Err(error),
        Ok(found) if !found.file_type().is_socket() => return Ok(There::Other),
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Ok(_) => Ok(There::Alive),
        // It listens, and more clients wait than it takes.
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(There::Alive),
        // One that lives, of datagrams for example.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::PROTOTYPE) => Ok(There::Alive),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(There::Dead),
        Err(error) => Err(error),
    }
}

impl SocketUse {
    fn taken(self, path: &Path) -> SourceError {
        unusable(path, "another process is listening there already").hint(self.if_taken)
    }

    /// The error of a path that the system refuses.
    pub fn refused(self, path: &Path, error: &io::Error) -> SourceError {
        let kind = match error.kind() {
            ErrorKind::PermissionDenied => SourceErrorKind::Denied,
            _ => SourceErrorKind::Unusable,
        };
        SourceError::new(kind, format!("the socket {}", path.display()), error)
            .hint(self.if_refused)
    }
}

fn unusable(path: &Path, why: &str) -> SourceError {
    SourceError::new(SourceErrorKind::Unusable, format!("the socket {}", path.display()), why)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use rustix::fs::{CWD, FileType};

    use super::*;

    const USE: SocketUse = SocketUse {
        usual: "/nowhere/usual.sock",
        mode: 0o660,
        if_taken: "one is enough",
        if_refused: "",
    };

    #[tokio::test]
    async fn a_socket_that_is_passed_on_is_the_one_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("d.sock"), folder.path().join("link"));
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        let listener = StdListener::bind(&path).unwrap();
        let passed_on = |named: &Path| Socket::passed_on(listener.try_clone().unwrap(), named, USE);
        let twin = link.join("d.sock");
        for named in [Path::new(USE.usual), path.as_path(), twin.as_path()] {
            assert_eq!(passed_on(named).unwrap().path(), path, "{}", named.display());
        }
        let refused = passed_on(&folder.path().join("e.sock")).unwrap_err();
        assert!(is_elsewhere(&refused));
        let refused = refused.to_string();
        assert!(refused.contains("e.sock") && refused.contains("d.sock"), "{refused}");
    }

    #[tokio::test]
    async fn the_socket_of_the_dead_is_taken_and_of_the_living_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "a dead daemon leaves its file");
        let first = Socket::listen(&path, USE).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o660);
        let second = Socket::listen(&path, USE).await.unwrap_err();
        assert!(second.to_string().contains("another process is listening there"), "{second}");
        assert!(!is_elsewhere(&second), "that may end");
        drop(first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing stays");
    }

    #[tokio::test]
    async fn its_file_has_the_mode_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        for mode in [0o600, 0o660, 0o666] {
            let _socket = Socket::listen(&path, SocketUse { mode, ..USE }).await.unwrap();
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
        }
    }

    #[tokio::test]
    async fn it_is_known_who_is_at_a_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        assert_eq!(there(&path).await.unwrap(), There::Free);
        let listener = StdListener::bind(&path).unwrap();
        assert_eq!(there(&path).await.unwrap(), There::Alive);
        drop(listener);
        assert_eq!(there(&path).await.unwrap(), There::Dead);
        assert_eq!(there(folder.path()).await.unwrap(), There::Other);
        assert!(there(&path.join("below")).await.is_err());
    }

    #[tokio::test]
    async fn every_path_that_clients_can_name_is_listened_at() {
        let folder = tempfile::tempdir().unwrap();
        let named = |length: usize, name: &str| {
            let rest = length - name.len() - 1 - folder.path().as_os_str().len() - 1;
            let folder = folder.path().join("f".repeat(rest));
            fs::create_dir_all(&folder).unwrap();
            folder.join(name)
        };
        for name in ["d", "d.sock", "docker-ovs.sock"] {
            for length in [90, 91, 100, 107] {
                let path = named(length, name);
                let first = Socket::listen(&path, USE).await.unwrap();
                assert!(UnixStream::connect(&path).await.is_ok(), "{length} {name}");
                assert!(Socket::listen(&path, USE).await.is_err(), "{length} {name}");
                drop(first);
                let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
                assert_eq!(left, 0, "nothing stays");
            }
            let refused = Socket::listen(&named(108, name), USE).await.unwrap_err().to_string();
            assert!(refused.contains("107 at most"), "{refused}");
        }
    }

    #[tokio::test]
    async fn nothing_but_a_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        fs::write(&path, "precious").unwrap();
        assert!(Socket::listen(&path, USE).await.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }

    #[tokio::test]
    async fn a_socket_of_datagrams_is_replaced_when_it_is_dead() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        let other = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
        let refused = Socket::listen(&path, USE).await.unwrap_err().to_string();
        assert!(refused.contains("another process is listening there"), "{refused}");
        drop(other);
        assert!(Socket::listen(&path, USE).await.is_ok());
    }

    #[tokio::test]
    async fn the_file_of_another_program_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        let first = Socket::listen(&path, USE).await.unwrap();
        fs::remove_file(&path).unwrap();
        let other = std::os::unix::net::UnixListener::bind(&path).unwrap();
        drop(first);
        assert!(path.exists());
        drop(other);
    }

    #[tokio::test]
    async fn of_many_that_start_at_once_over_a_dead_socket_one_listens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        for _ in 0..20 {
            drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
            let start = || {
                tokio::spawn({
                    let path = path.clone();
                    async move { Socket::listen(&path, USE).await }
                })
            };
            let all: Vec<_> = (0..8).map(|_| start()).collect();
            let mut alive = Vec::new();
            for one in all {
                alive.extend(one.await.unwrap());
            }
            assert_eq!(alive.len(), 1);
            drop(alive);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing stays");
        }
    }

    #[tokio::test]
    async fn the_lock_outlives_the_socket_s_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        let first = Socket::listen(&path, USE).await.unwrap();
        fs::remove_file(&path).unwrap();
        let second = Socket::listen(&path, USE).await.unwrap_err();
        assert!(second.to_string().contains("another process is listening there"), "{second}");
        assert!(!is_elsewhere(&second), "that may end");
        drop(first);
        Socket::listen(&path, USE).await.unwrap();
    }

    #[tokio::test]
    async fn a_listener_that_accepts_no_connection_is_alive_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.sock");
        let _deaf = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let mut waiting = Vec::new();
        while let Ok(stream) = UnixStream::connect(&path).await {
            waiting.push(stream);
        }
        let refused = Socket::listen(&path, USE).await.unwrap_err();
        assert!(refused.to_string().contains("another process is listening there"), "{refused}");
    }

    #[tokio::test]
    async fn what_another_user_planted_is_neither_followed_nor_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let (path, precious) = (file("d.sock"), file("precious"));
        fs::write(&precious, "precious").unwrap();
        fs::set_permissions(&precious, fs::Permissions::from_mode(0o600)).unwrap();
        let planted = [format!("d.sock.{}", std::process::id()), "d.sock.lock".to_owned()];
        for name in &planted {
            std::os::unix::fs::symlink(&precious, file(name)).unwrap();
        }
        assert!(Socket::listen(&path, USE).await.is_err(), "the lock is a link");
        fs::remove_file(file("d.sock.lock")).unwrap();
        rustix::fs::mknodat(CWD, file("d.sock.lock"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert!(Socket::listen(&path, USE).await.is_err(), "the lock is a FIFO");
        fs::remove_file(file("d.sock.lock")).unwrap();
        Socket::listen(&path, USE).await.unwrap();
        assert_eq!(fs::metadata(&precious).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(fs::read(&precious).unwrap(), b"precious");
    }
}
