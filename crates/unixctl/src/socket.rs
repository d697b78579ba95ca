//! Finding a daemon's control socket, as ovs-appctl(8) does for its `--target`.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The target that switches packets.
pub const VSWITCHD: &str = "ovs-vswitchd";

/// The control socket of `target`: `<rundir>/<target>.<pid>.ctl`, with the process id
/// from `<rundir>/<target>.pid`. A target that is a path is the socket itself.
///
/// A daemon that died may have left both files behind; connecting tells.
///
/// # Errors
/// [`Error::Pidfile`] when the daemon does not run, or its files may not be read.
pub fn control_socket(rundir: &Path, target: &str) -> Result<PathBuf, Error> {
    if target.starts_with('/') {
        return Ok(target.into());
    }
    let path = rundir.join(format!("{target}.pid"));
    match read_pid(&path) {
        Ok(pid) => Ok(rundir.join(format!("{target}.{pid}.ctl"))),
        Err(source) => Err(Error::Pidfile { path, source }),
    }
}

fn read_pid(path: &Path) -> io::Result<u32> {
    let text = files::read_text(path)?;
    text.trim().parse().map_err(|_| {
        let problem = format!("{:?} is not a process id", jsonrpc::excerpt(&text));
        io::Error::new(io::ErrorKind::InvalidData, problem)
    })
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::{VSWITCHD, control_socket};

    #[test]
    fn the_pid_file_leads_to_the_socket() {
        let rundir = tempfile::tempdir().unwrap();
        let find = || control_socket(rundir.path(), VSWITCHD);
        assert_eq!(find().unwrap_err().kind(), Some(ErrorKind::NotFound));
        let pidfile = rundir.path().join("ovs-vswitchd.pid");
        std::fs::write(&pidfile, "2837\n").unwrap();
        assert_eq!(find().unwrap(), rundir.path().join("ovs-vswitchd.2837.ctl"));
        for text in ["", "-1\n", "../1", "99999999999"] {
            std::fs::write(&pidfile, text).unwrap();
            let error = find().unwrap_err();
            assert!(error.to_string().ends_with(&format!("{:?} is not a process id", text.trim())));
        }
    }

    #[test]
    fn a_target_that_is_a_path_is_the_socket() {
        let socket = control_socket("/nowhere".as_ref(), "/run/x.ctl").unwrap();
        assert_eq!(socket.to_str(), Some("/run/x.ctl"));
    }
}
