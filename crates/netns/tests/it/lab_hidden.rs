//! A /proc that hides the processes of other users (`hidepid`, proc(5)).

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;

use docker_ovs_netns::{Error, Netns, is_hidden};

#[test]
fn a_hidden_process_is_denied_and_not_called_gone() {
    lab::need!(Root);
    lab::run_with_hidden_proc("lab_hidden::inside");
}

#[test]
#[ignore = "the other test runs it"]
fn inside() {
    let Some(pid) = lab::hidden_process() else { return };
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
