//! Reads small files that other programs own: PID files, settings, certificates, files of proc(5).
//!
//! A program that may write to such a file may also put something else there. A FIFO would let its
//! reader wait for ever, a device does worse, and a file may be larger than memory: so only regular
//! files are read, none is waited for, and none beyond [`LONGEST`].
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test panics to fail"
    )
)]

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::process::geteuid;

mod credentials;

/// The longest file that is read, in bytes.
pub const LONGEST: usize = 1 << 20;

/// What most of them have, in bytes: that is read at once.
const USUAL: usize = 4096;

/// The content of a regular file of at most [`LONGEST`] bytes; a symbolic link is followed.
///
/// # Errors
/// As opening and reading fail; [`io::ErrorKind::InvalidData`] for what is no regular file, or is
/// longer.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_at(CWD, path)
}

/// The same of UTF-8 text.
///
/// # Errors
/// As [`read`]; [`io::ErrorKind::InvalidData`] for what is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    text(read(path)?)
}

/// As [`read`], of a file that is secret: only its owner may read or write it. Of what systemd gives a service by
/// `LoadCredential=` (systemd.exec(5)) root is the owner, and the service's user may read it.
///
/// # Errors
/// As [`read`]; [`io::ErrorKind::PermissionDenied`] if others than these may read or write it.
pub fn read_secret(path: &Path) -> io::Result<Vec<u8>> {
    secret(path, |_| Ok(()))
}

/// As [`read_secret`], of a private key: only root or this user owns it, as its owner can read and write it
/// whatever its mode. So what another user put in its place in a shared folder is refused too.
///
/// # Errors
/// As [`read_secret`]; [`io::ErrorKind::PermissionDenied`] if another user owns it.
pub fn read_key(path: &Path) -> io::Result<Vec<u8>> {
    secret(path, |found| {
        let (own, owner) = (geteuid().as_raw(), found.st_uid);
        if [0, own].contains(&owner) {
            return Ok(());
        }
        let why = format!(
            "its owner is the user with uid {owner}, who can read and write it whatever its mode; \
             chown {own} keeps it secret"
        );
        Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
    })
}

fn secret(path: &Path, is_owned: impl FnOnce(&Stat) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let found = fstat(&file)?;
    is_owned(&found)?;
    let mode = Mode::from_raw_mode(found.st_mode);
    // Of group and others, to read and to write.
    let others = Mode::from_raw_mode(0o066);
    if mode.intersects(others) && !credentials::is_one(path, &found) {
        let bits = mode.bits() & 0o777;
        let why = format!(
            "its mode is {bits:04o}, so that others than its owner can read or write it; chmod 600 \
             keeps it secret"
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    whole(file)
}

/// As [`read`], of a path below an open folder.
///
/// # Errors
/// As [`read`].
pub fn read_at(folder: impl AsFd, path: &Path) -> io::Result<Vec<u8>> {
    whole(open_at(folder, path)?)
}

/// The lines of a regular file one at a time, without what ends them. Of them there may be more than
/// [`LONGEST`] bytes, as of the tables of proc(5), of which each is of a mount, a socket or the like; no
/// one of them is longer.
///
/// # Errors
/// As opening fails, and for each line as reading it does; nothing comes after that.
pub fn lines(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Vec<u8>>> + use<>> {
    let mut left = Some(BufReader::new(File::from(open(path)?)));
    Ok(std::iter::from_fn(move || {
        let line = next_line(left.as_mut()?).transpose();
        if !matches!(line, Some(Ok(_))) {
            left = None;
        }
        line
    }))
}

fn next_line(file: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    if file.take(most + 1).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.len() > LONGEST { Err(too_long()) } else { Ok(Some(line)) }
}

/// Opens a regular file for reading.
///
/// # Errors
/// As opening fails; [`io::ErrorKind::InvalidData`] for what is no regular file.
pub fn open(path: &Path) -> io::Result<OwnedFd> {
    open_at(CWD, path)
}

/// The content of a file that was opened by [`open`], from where it stands.
///
/// # Errors
/// As reading fails; [`io::ErrorKind::InvalidData`] if there is more than [`LONGEST`].
pub fn whole(file: OwnedFd) -> io::Result<Vec<u8>> {
    let mut content = Vec::with_capacity(USUAL);
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    File::from(file).take(most + 1).read_to_end(&mut content)?;
    if content.len() > LONGEST {
        return Err(too_long());
    }
    Ok(content)
}

/// What `content` says in UTF-8.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`].
pub fn text(content: Vec<u8>) -> io::Result<String> {
    String::from_utf8(content).map_err(|_| invalid("it is not UTF-8"))
}

fn open_at(folder: impl AsFd, path: &Path) -> io::Result<OwnedFd> {
    // A FIFO is opened at once this way, and then refused.
    let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = openat(folder, path, how, Mode::empty())?;
    match FileType::from_raw_mode(fstat(&file)?.st_mode) {
        FileType::RegularFile => Ok(file),
        other => Err(invalid(&format!("it is {}, not a regular file", name(other)))),
    }
}

fn name(of: FileType) -> &'static str {
    match of {
        FileType::Directory => "a folder",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "something else",
    }
}

fn too_long() -> io::Error {
    invalid(&format!("it is longer than {} KiB", LONGEST >> 10))
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use rustix::fs::{CWD, FileType, Mode};

    use super::{LONGEST, lines, read, read_key, read_secret, read_text};

    #[test]
    fn a_regular_file_is_read_also_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "12\n").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read_text(&link).unwrap(), "12\n");
        assert!(!read(Path::new("/proc/self/status")).unwrap().is_empty());
    }

    #[test]
    fn what_could_be_waited_for_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR, 0).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(folder.path().join("socket"));
        for path in [&fifo, folder.path(), Path::new("/dev/zero"), Path::new("/dev/tty")] {
            assert!(read(path).is_err(), "{}", path.display());
        }
        assert!(read(&folder.path().join("socket")).is_err());
        assert_eq!(read(&fifo).unwrap_err().to_string(), "it is a FIFO, not a regular file");
    }

    #[test]
    fn a_secret_that_others_can_read_or_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("key"), folder.path().join("link"));
        std::fs::write(&file, "secret").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let set = |mode| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        for mode in [0o644, 0o640, 0o604, 0o660, 0o620, 0o602, 0o777] {
            set(mode);
            for path in [&file, &link] {
                let why = read_secret(path).unwrap_err();
                assert!(why.to_string().contains(&format!("its mode is {mode:04o}")), "{why}");
            }
        }
        for mode in [0o600, 0o400, 0o700] {
            set(mode);
            assert_eq!(read_secret(&link).unwrap(), b"secret");
        }
        assert!(read_secret(folder.path()).is_err());
    }

    #[test]
    fn a_key_that_another_user_owns_is_refused_whatever_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("key"), folder.path().join("link"));
        std::fs::write(&file, "secret").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let other = 65_533;
        // Only root can give a file away.
        if std::os::unix::fs::chown(&file, Some(other), None).is_err() {
            return;
        }
        for mode in [0o400, 0o600, 0o644] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            for path in [&file, &link] {
                let why = read_key(path).unwrap_err();
                assert_eq!(why.kind(), ErrorKind::PermissionDenied);
                assert!(why.to_string().contains("the user with uid 65533"), "{why}");
            }
        }
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        // A token is one that its owner has too.
        assert_eq!(read_secret(&link).unwrap(), b"secret");
        std::os::unix::fs::chown(&file, Some(0), None).unwrap();
        assert_eq!(read_key(&link).unwrap(), b"secret");
    }

    #[test]
    fn a_table_is_read_line_by_line_however_long_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("table");
        let told = |text: &[u8]| {
            std::fs::write(&table, text).unwrap();
            lines(&table).unwrap().collect::<Vec<_>>()
        };
        let rows = told("row\n".repeat(LONGEST).as_bytes());
        assert_eq!(rows.len(), LONGEST);
        assert!(rows.iter().all(|row| row.as_ref().unwrap() == b"row"));
        let rows: Vec<_> = told(b"a\n\nb").into_iter().map(Result::unwrap).collect();
        assert_eq!(rows, [b"a".as_slice(), b"", b"b"]);
        assert!(told(b"").is_empty());
        let longest = "x".repeat(LONGEST);
        assert_eq!(told(format!("{longest}\n").as_bytes())[0].as_ref().unwrap().len(), LONGEST);
        let rows = told(format!("a\nx{longest}\nb\n").as_bytes());
        assert!(matches!(rows.as_slice(), [Ok(_), Err(_)]), "{} rows", rows.len());
        assert!(lines(folder.path()).is_err());
    }

    #[test]
    fn what_is_too_long_is_refused_and_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let sparse = folder.path().join("sparse");
        let file = std::fs::File::create(&sparse).unwrap();
        file.set_len(u64::try_from(LONGEST).unwrap()).unwrap();
        assert_eq!(read(&sparse).unwrap().len(), LONGEST);
        file.set_len(1 << 40).unwrap();
        assert_eq!(read(&sparse).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
