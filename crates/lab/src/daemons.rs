//! Restarting the daemons: by systemd where it is, else as `scripts/setup` starts them. Only for
//! tests that run alone, on machines where nothing else needs the daemons.

use std::fs::{File, read_to_string};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::missing::Need;
use crate::names::unique;
use crate::need::is_there;
use crate::places::rundir;
use crate::run::{program, run, try_run, wait_until};

/// Whether this test may restart daemons: all of [`Need::Restarts`] is there. If not it says what
/// was skipped.
pub fn may_restart() -> bool {
    is_there(Need::Restarts)
}

/// Ends ovs-vswitchd and starts it again; false if that [may not be](may_restart).
///
/// # Panics
/// When it does not end, or does not answer afterwards.
#[must_use = "nothing was restarted if it is false"]
pub fn restart_vswitchd() -> bool {
    if !may_restart() {
        return false;
    }
    if has_systemd() {
        run("systemctl", &["restart", "ovs-vswitchd"]);
        wait_until("ovs-vswitchd answers", || try_run("ovs-appctl", &["version"]).is_ok());
        return true;
    }
    let pid = pid_in(&rundir().join("ovs-vswitchd.pid"), "ovs-vswitchd");
    run("ovs-appctl", &["exit"]);
    wait_until("ovs-vswitchd ends", || is_gone(pid));
    let mut start = program("/usr/share/openvswitch/scripts/ovs-ctl");
    // Complains of ulimits and of a missing kernel module; neither is needed.
    let _ = quiet(&mut start).args(["--system-id=random", "--no-ovsdb-server", "start"]).status();
    wait_until("ovs-vswitchd answers", || try_run("ovs-appctl", &["version"]).is_ok());
    true
}

/// Ends dockerd, and with it every container, and starts it again; false if that
/// [may not be](may_restart).
///
/// # Panics
/// When it does not end, or does not answer afterwards.
#[must_use = "nothing was restarted if it is false"]
pub fn restart_dockerd() -> bool {
    if !may_restart() {
        return false;
    }
    if has_systemd() {
        run("systemctl", &["restart", "docker"]);
        return true;
    }
    let pid = pid_in(Path::new("/var/run/docker.pid"), "dockerd");
    kill_process(pid, Signal::TERM).expect("dockerd can be ended");
    // It gives its containers 15 seconds.
    wait_until("dockerd ends", || is_gone(pid));
    start_dockerd();
    wait_until("dockerd answers", || try_run("docker", &["info"]).is_ok());
    true
}

/// sd_booted(3).
fn has_systemd() -> bool {
    std::path::Path::new("/run/systemd/system").is_dir()
}

/// In a session of its own, so that no end of the test's ends it too.
fn start_dockerd() {
    let log = std::env::temp_dir().join(format!("dockerd.{}.log", unique("log")));
    let log = File::create(&log).expect("dockerd gets a log");
    let both = log.try_clone().expect("one log for both outputs");
    let mut start = program("setsid");
    quiet(&mut start).args(["--fork", "dockerd", "--log-level", "warn"]).stdout(log).stderr(both);
    let status = start.status().expect("setsid can be started");
    assert!(status.success(), "setsid: {status}");
}

/// A daemon keeps nothing of the test's: no pipe that would be waited for, no folder.
fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/")
}

/// The PID in `file`, if it is really `program`'s: an old file may name another process.
fn pid_in(path: &Path, program: &str) -> Pid {
    let file = path.display();
    let text = read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let pid = text.trim().parse().ok().and_then(Pid::from_raw);
    let pid = pid.unwrap_or_else(|| panic!("{file}: no pid: {text}"));
    let comm = read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    assert_eq!(comm.trim_end(), program, "{file} names process {pid}");
    pid
}

/// Whether it has ended, also when its parent has not waited for it yet.
fn is_gone(pid: Pid) -> bool {
    let stat = read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.starts_with(" Z"))
}

#[cfg(test)]
mod tests {
    use super::{is_gone, pid_in};
    use std::process::Stdio;

    #[test]
    fn a_process_that_was_not_waited_for_is_gone() {
        let mut cat = crate::run::program("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = rustix::process::Pid::from_child(&cat);
        assert!(!is_gone(pid));
        drop(cat.stdin.take());
        crate::wait_until("cat is a zombie", || is_gone(pid));
        cat.wait().unwrap();
        assert!(is_gone(pid));
    }

    #[test]
    #[should_panic(expected = "names process")]
    fn an_old_pid_file_is_not_believed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{}\n", std::process::id())).unwrap();
        pid_in(file.path(), "dockerd");
    }
}
