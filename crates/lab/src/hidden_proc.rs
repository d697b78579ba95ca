//! A test that runs once more where `/proc` hides the processes of other users (`hidepid`, proc(5)).

use std::fs::set_permissions;
use std::os::unix::fs::PermissionsExt;

use crate::run::{program, run};

/// Set inside: a process of another user.
const HIDDEN: &str = "DOCKER_OVS_TEST_HIDDEN";

/// Runs `test` of this very program, which is to be an ignored one, as a user without rights whose `/proc` hides
/// the processes of others, in each of its two ways.
///
/// # Panics
/// When it fails there. Only root can make such a place.
pub fn run_with_hidden_proc(test: &str) {
    // Where any user may start it.
    let folder = tempfile::tempdir().expect("there is room for a program");
    set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("it is its own");
    let copy = folder.path().join("copy");
    let own = std::env::current_exe().expect("it runs");
    // By another program: what this one has open to be written, a child of another test has too for a moment, and a
    // file that may be written to is not started (execve(2), ETXTBSY).
    run("cp", &[&own.to_string_lossy(), &copy.to_string_lossy()]);
    for hidepid in ["noaccess", "invisible"] {
        let script = format!("mount -t proc -o hidepid={hidepid} none /proc && exec \"$@\"");
        let mut inside = program("unshare");
        inside.args(["--mount", "sh", "-c", &script, "sh"]);
        inside.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
        inside.arg(&copy).args(["--exact", test, "--ignored", "--nocapture"]);
        let output = inside.env(HIDDEN, std::process::id().to_string()).output();
        let output = output.expect("it starts");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success() && said.contains("1 passed"), "{hidepid}: {said}");
    }
}

/// Inside: a process that is hidden there. None elsewhere.
pub fn hidden_process() -> Option<u32> {
    std::env::var(HIDDEN).ok()?.parse().ok()
}
