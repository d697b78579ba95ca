//! What is at a path below a root, as a process sees it whose root that is.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, fstat, openat, readlinkat};
use rustix::io::{Errno, fcntl_dupfd_cloexec};

/// So many links are followed on one way, as the kernel does (`path_resolution(7)`).
const MAX_LINKS: usize = 40;

/// So many folders deep it is looked: each one on the way is held open, as `..` may lead back to it, and other
/// programs choose the paths.
const MAX_DEPTH: usize = 128;

/// What is at `path` below the folder `root`, held by a descriptor that is for nothing but looking at it
/// (`O_PATH` of open(2)). Links are followed, the last one too, and neither they nor `..` lead out, as after
/// chroot(2).
///
/// Step by step: openat2(2) with `RESOLVE_IN_ROOT` does it in one call, but a kernel before 5.6 does not have it,
/// and systemd keeps it from each service with `RestrictSUIDSGID=`, as our units have it.
///
/// # Errors
/// As those of open(2); `ELOOP` after more links than the kernel follows, `ENAMETOOLONG` where the path leads deeper than
/// [`MAX_DEPTH`] folders below the root.
pub(super) fn find_below(root: &OwnedFd, path: &Path) -> io::Result<OwnedFd> {
    let mut ahead = steps(path);
    let mut way: Vec<OwnedFd> = Vec::new();
    let mut links = 0;
    while let Some(step) = ahead.pop() {
        let name = match step {
            Step::Root => {
                way.clear();
                continue;
            }
            // At the root it stays there.
            Step::Up => {
                way.pop();
                continue;
            }
            Step::Down(name) => name,
        };
        let how = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found = openat(way.last().unwrap_or(root), &name, how, Mode::empty())?;
        if FileType::from_raw_mode(fstat(&found)?.st_mode) != FileType::Symlink {
            if way.len() == MAX_DEPTH {
                return Err(Errno::NAMETOOLONG.into());
            }
            way.push(found);
            continue;
        }
        links += 1;
        if links > MAX_LINKS {
            return Err(Errno::LOOP.into());
        }
        let target = readlinkat(&found, "", Vec::new())?;
        ahead.extend(steps(&PathBuf::from(OsString::from_vec(target.into_bytes()))));
    }
    Ok(match way.pop() {
        Some(found) => found,
        None => fcntl_dupfd_cloexec(root, 0)?,
    })
}

enum Step {
    Root,
    Up,
    Down(OsString),
}

/// The steps of a path, the first one last.
fn steps(path: &Path) -> Vec<Step> {
    let step = |component| match component {
        Component::RootDir => Some(Step::Root),
        Component::ParentDir => Some(Step::Up),
        Component::Normal(name) => Some(Step::Down(name.to_owned())),
        Component::CurDir | Component::Prefix(_) => None,
    };
    let mut steps: Vec<_> = path.components().filter_map(step).collect();
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use rustix::io::Errno;

    use super::{MAX_DEPTH, find_below};

    /// The text of a file below the root.
    fn text(root: &OwnedFd, path: &str) -> Result<String, Errno> {
        let error = |error: std::io::Error| Errno::from_io_error(&error).unwrap();
        let found = find_below(root, Path::new(path)).map_err(error)?;
        // What is held may be opened again by its descriptor.
        Ok(fs::read_to_string(format!("/proc/self/fd/{}", found.as_raw_fd())).unwrap())
    }

    #[test]
    fn no_link_and_no_parent_leads_out_of_the_root() {
        let outside = tempfile::tempdir().unwrap();
        let below = outside.path().join("root");
        fs::create_dir_all(below.join("run/deep")).unwrap();
        fs::create_dir(below.join("var")).unwrap();
        fs::write(below.join("run/file"), "inside").unwrap();
        fs::write(outside.path().join("file"), "outside").unwrap();
        for (to, name) in [
            ("/run", "var/run"),
            ("../run/file", "var/up"),
            ("../../../../run/./file", "run/deep/far-up"),
            ("/var/run/deep/far-up", "chain"),
            ("/loop", "loop"),
            ("../file", "out"),
        ] {
            symlink(to, below.join(name)).unwrap();
        }
        let root = OwnedFd::from(fs::File::open(&below).unwrap());
        let inside =
            ["/run/file", "run//./file", "/var/run/file", "/var/up", "/chain", "/run/deep/far-up"];
        for path in inside.into_iter().chain(["../../run/file", "/var/run/deep/../file"]) {
            assert_eq!(text(&root, path), Ok("inside".to_owned()), "{path}");
        }
        assert_eq!(text(&root, "/out"), Err(Errno::NOENT));
        assert_eq!(text(&root, "/run/file/deeper"), Err(Errno::NOTDIR));
        assert_eq!(text(&root, "/loop"), Err(Errno::LOOP));
        assert!(find_below(&root, Path::new("/..")).is_ok(), "the root itself");
    }

    #[test]
    fn a_path_that_leads_too_deep_is_refused_however_it_leads_there() {
        let below = tempfile::tempdir().unwrap();
        let deepest = "d/".repeat(MAX_DEPTH);
        fs::create_dir_all(below.path().join(&deepest).join("d")).unwrap();
        symlink(&deepest, below.path().join("link")).unwrap();
        let root = OwnedFd::from(fs::File::open(below.path()).unwrap());
        for path in [&*deepest, "link", "link/..", &format!("{deepest}/../d/../../d")] {
            assert!(find_below(&root, Path::new(path)).is_ok(), "{path}");
        }
        for path in [&*format!("{deepest}d"), "link/d", "link/d/../.."] {
            let error = find_below(&root, Path::new(path)).unwrap_err();
            assert_eq!(Errno::from_io_error(&error), Some(Errno::NAMETOOLONG), "{path}");
        }
    }
}
