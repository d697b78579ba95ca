//! What systemd gives a service by `LoadCredential=`, `SetCredential=` and the like (systemd.exec(5)). With `User=` root
//! owns the files, and an access control list lets the user of the service read them: of that the mode shows the right of
//! the group to read, although no group has it.

use std::ffi::OsStr;
use std::path::Path;

use rustix::fs::{CWD, FsWord, Mode, OFlags, Stat, fstat, fstatfs, openat};

/// Where systemd puts them, of which it tells the service.
const FOLDER: &str = "CREDENTIALS_DIRECTORY";

/// The kinds of file systems that they are on, which are memory (statfs(2)): so is /run, where none can be mounted.
const IN_MEMORY: [FsWord; 2] = [0x0102_1994, 0x8584_58f6];

/// Whether the file at a path, of which this was found, is a credential of this service.
pub(crate) fn is_one(path: &Path, found: &Stat) -> bool {
    std::env::var_os(FOLDER).is_some_and(|folder| is_in(&folder, path, found))
}

/// Whether it is a file that root put into this folder of root's for one to read: others can neither change it, nor
/// put another one there, nor get at it.
fn is_in(folder: &OsStr, path: &Path, found: &Stat) -> bool {
    let folder = Path::new(folder);
    if !folder.is_absolute() || path.parent() != Some(folder) {
        return false;
    }
    let how = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(opened) = openat(CWD, folder, how, Mode::empty()) else { return false };
    let is_in_memory = fstatfs(&opened).is_ok_and(|there| IN_MEMORY.contains(&there.f_type));
    let is_beneath = |of: &Stat| of.st_dev == found.st_dev && is_roots(of, 0o027);
    is_in_memory && fstat(&opened).is_ok_and(|of| is_beneath(&of)) && is_roots(found, 0o037)
}

/// Whether root owns it and none of these rights of others are given.
fn is_roots(found: &Stat, rights: u32) -> bool {
    found.st_uid == 0 && !Mode::from_raw_mode(found.st_mode).intersects(Mode::from_raw_mode(rights))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown};

    use rustix::fs::stat;

    use super::*;

    #[test]
    fn what_the_service_manager_gives_may_be_read_by_the_user_of_the_service() {
        let memory = Path::new("/dev/shm");
        let is_memory = rustix::fs::statfs(memory).is_ok_and(|fs| IN_MEMORY.contains(&fs.f_type));
        if !rustix::process::geteuid().is_root() || !is_memory {
            return;
        }
        let folder = tempfile::tempdir_in(memory).unwrap();
        let (folder, key) = (folder.path(), folder.path().join("key"));
        std::fs::write(&key, "secret").unwrap();
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let is_given = || is_in(folder.as_os_str(), &key, &stat(&key).unwrap());
        set(folder, 0o700);
        for (mode, given) in [(0o440, true), (0o400, true), (0o460, false), (0o444, false)] {
            set(&key, mode);
            assert_eq!(is_given(), given, "{mode:o}");
        }
        set(&key, 0o440);
        for (mode, given) in [(0o550, true), (0o500, true), (0o570, false), (0o555, false)] {
            set(folder, mode);
            assert_eq!(is_given(), given, "{mode:o}");
        }
        set(folder, 0o550);
        for path in [key.as_path(), folder] {
            chown(path, Some(65_533), None).unwrap();
            assert!(!is_given(), "{} is another user's", path.display());
            chown(path, Some(0), None).unwrap();
        }
        assert!(!is_in(OsStr::new("/run"), &key, &stat(&key).unwrap()), "it is elsewhere");
        set(folder, 0o700);
    }

    #[test]
    fn a_file_on_a_disk_is_no_credential_wherever_the_folder_is_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let is_memory = rustix::fs::statfs(folder.path());
        if is_memory.is_ok_and(|fs| IN_MEMORY.contains(&fs.f_type)) {
            return;
        }
        let key = folder.path().join("key");
        std::fs::write(&key, "secret").unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o440)).unwrap();
        assert!(!is_in(folder.path().as_os_str(), &key, &stat(&key).unwrap()));
    }
}
