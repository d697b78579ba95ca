//! A process that holds the lock of a PID file, as ovs-vswitchd does, and does nothing else.

#![allow(clippy::disallowed_methods, reason = "a test starts programs, and waits for them")]

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::fs::{FlockOperation, fcntl_lock};

/// Set in the process that is to hold the lock: the file.
const PIDFILE: &str = "DOCKER_OVS_TEST_PIDFILE";
/// And what kind of lock.
const LOCK: &str = "DOCKER_OVS_TEST_LOCK";

/// It ends when this is dropped.
pub(crate) struct FakeVswitchd(Child);

impl FakeVswitchd {
    /// One whose PID file is in `rundir`, in the network namespace of the test.
    pub(crate) fn start(rundir: &Path) -> Self {
        Self::with_lock(rundir, "exclusive")
    }

    /// One that has a lock for reading, which each reader of the file may have.
    pub(crate) fn reading(rundir: &Path) -> Self {
        Self::with_lock(rundir, "shared")
    }

    /// As the kernel numbers it.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    fn with_lock(rundir: &Path, lock: &str) -> Self {
        let pidfile = rundir.join("ovs-vswitchd.pid");
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "fake_vswitchd::the_lock_is_held", "--nocapture"]);
        command.env(PIDFILE, pidfile).env(LOCK, lock);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut said = String::new();
        let out = process.stdout.as_mut().unwrap();
        let mut byte = [0];
        while !said.ends_with("locked") {
            assert_eq!(out.read(&mut byte).unwrap(), 1, "it holds no lock: {said}");
            said.push(char::from(byte[0]));
        }
        Self(process)
    }
}

impl Drop for FakeVswitchd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// In the other process this waits until it is ended.
#[test]
fn the_lock_is_held() {
    let Some(path) = std::env::var_os(PIDFILE) else { return };
    let shared = std::env::var_os(LOCK).is_some_and(|lock| lock == "shared");
    if shared {
        let file = File::open(path).unwrap();
        fcntl_lock(&file, FlockOperation::NonBlockingLockShared).unwrap();
        hold();
    } else {
        let mut file = File::options().create(true).truncate(true).write(true).open(path).unwrap();
        fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
        writeln!(file, "{}", std::process::id()).unwrap();
        hold();
    }
}

fn hold() {
    print!("locked");
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read(&mut [0]);
}
