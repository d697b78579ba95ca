//! A /proc that hides the processes of other users (`hidepid`, proc(5)).
#![allow(clippy::disallowed_methods, reason = "an unprivileged user with a /proc of its own")]

use std::fs::{File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

use docker_ovs_netns::{Error, Netns, is_hidden};

/// Set inside: the process to ask about.
const ABOUT: &str = "DOCKER_OVS_TEST_HIDDEN";

/// This program where any user may start it; removed with its guard.
struct Copy(PathBuf);

impl Copy {
    fn of_this_program() -> Self {
        let copy = Self(std::env::temp_dir().join(format!("netns-hidden-{}", std::process::id())));
        std::fs::copy(std::env::current_exe().unwrap(), &copy.0).unwrap();
        std::fs::set_permissions(&copy.0, Permissions::from_mode(0o755)).unwrap();
        copy
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_hidden_process_is_denied_and_not_called_gone() {
    lab::need!(Root);
    let copy = Copy::of_this_program();
    for hidepid in ["noaccess", "invisible"] {
        let script = format!("mount -t proc -o hidepid={hidepid} none /proc && exec \"$@\"");
        let mut command = lab::program("unshare");
        command.args(["--mount", "sh", "-c", &script, "sh"]);
        command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(&copy.0).args(["--exact", "lab_hidden::inside", "--ignored", "--nocapture"]);
        let output = command.env(ABOUT, std::process::id().to_string()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success() && said.contains("1 passed"), "{hidepid}: {said}");
    }
}

#[test]
#[ignore = "the other test runs it"]
fn inside() {
    let Ok(about) = std::env::var(ABOUT) else { return };
    let pid: u32 = about.parse().unwrap();
    let kind = |answer: Result<Netns, Error>| match answer.map_err(|error| error.to_string()) {
        Ok(_) => panic!("it may not be opened"),
        Err(error) if error.contains("CAP_SYS_PTRACE") => ErrorKind::PermissionDenied,
        Err(_) => ErrorKind::NotFound,
    };
    assert_eq!(kind(Netns::of_process(pid)), ErrorKind::PermissionDenied);
    let gone = u32::MAX >> 1;
    assert_eq!(kind(Netns::of_process(gone)), ErrorKind::NotFound);
    assert!(!is_hidden(gone) && !is_hidden(std::process::id()));
    // Its folder in /proc can be held where nothing in it can be reached.
    let Ok(folder) = held(pid) else { return };
    assert_eq!(kind(Netns::of_open_process(folder, pid)), ErrorKind::PermissionDenied);
}

fn held(pid: u32) -> std::io::Result<File> {
    // O_PATH (linux/fcntl.h).
    File::options().read(true).custom_flags(0o10_000_000).open(format!("/proc/{pid}"))
}
