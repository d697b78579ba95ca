//! The folder of a journal and what is opened in it: nothing that another user planted is followed, waited
//! for or written to.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::process::geteuid;

/// Only its owner may read what is kept: it has labels, addresses and what containers are called.
const FOLDER: u32 = 0o700;
/// Whether others than the owner may write.
const OTHERS_WRITE: u32 = 0o022;

/// Makes the folder if it is not there.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`] where it is another user's, or others may write to it.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(folder)?;
    let found = folder.metadata()?;
    let own = geteuid().as_raw();
    if found.uid() != own || found.mode() & OTHERS_WRITE != 0 {
        let why = format!(
            "{} is not of user {own} alone to write: chown and chmod 700",
            folder.display()
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    Ok(())
}

/// Opens a regular file, and no link that leads to one.
///
/// # Errors
/// As the system says; [`io::ErrorKind::InvalidInput`] for what is no regular file.
pub(crate) fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let safe = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut options = options.clone();
    let file = options.custom_flags(safe.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        let why = format!("{} is no regular file", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(file)
}

/// Opens a regular file to be read.
///
/// # Errors
/// As [`open`].
pub(crate) fn read(path: &Path) -> io::Result<File> {
    open(OpenOptions::new().read(true), path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn what_was_planted_is_neither_followed_nor_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link, pipe) =
            (folder.path().join("victim"), folder.path().join("link"), folder.path().join("pipe"));
        std::fs::write(&victim, "precious").unwrap();
        symlink(&victim, &link).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        assert!(read(&victim).is_ok());
        assert!(read(&link).is_err(), "a link");
        assert!(
            open(OpenOptions::new().write(true).create(true), &link).is_err(),
            "a link to write to"
        );
        let error = read(&pipe).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "a pipe that nothing writes to");
        assert_eq!(read(folder.path()).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own/within");
        make(&own).unwrap();
        make(&own).unwrap();
        for mode in [0o770, 0o707, 0o1777] {
            std::fs::set_permissions(&own, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = make(&own).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{mode:o}");
        }
    }
}
