//! Namespaces of a test's own, with the real kernel in them: a user namespace makes its first
//! process root inside (user_namespaces(7)), so that no privilege is needed outside.

#![allow(clippy::disallowed_methods, reason = "a test starts programs, and waits for them")]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use host::engine::EngineContainer;

use crate::rows::{container, with_pid};

/// Set inside.
const INSIDE: &str = "DOCKER_OVS_TEST_INSIDE";

/// Nothing of this machine's daemons is in a /run of one's own.
const SCRIPT: &str = "mount -t tmpfs none /run && exec \"$0\" \"$@\"";

/// A /proc with the test's own processes alone, and settings of its network that may be written.
const OWN_PROC: [&str; 3] = ["--pid", "--fork", "--mount-proc"];

fn unshare(more: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "--mount"]).args(more);
    command.args(["sh", "-c", SCRIPT]);
    command
}

/// Whether this is inside already; otherwise the test of this name is run there.
pub(crate) fn is_inside(test: &str) -> bool {
    is_inside_with(test, &[])
}

/// The same for a test that looks at all processes, or changes settings of the kernel: there are no others than its own.
pub(crate) fn is_inside_alone(test: &str) -> bool {
    is_inside_with(test, &OWN_PROC)
}

fn is_inside_with(test: &str, more: &[&str]) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        // The process that answers for an engine is known by its name: here it is this one.
        std::fs::write("/proc/self/comm", "dockerd").unwrap();
        return true;
    }
    let tried = unshare(more).arg("true").output().expect("unshare(1) can be started");
    if !tried.status.success() {
        let why = String::from_utf8_lossy(&tried.stderr);
        let what = format!("a user namespace with a network and mounts: {}", why.trim_end());
        let required = std::env::var_os("DOCKER_OVS_TEST_REQUIRE").is_some();
        assert!(!required, "{test} needs {what}");
        eprintln!("skipped: {test} needs {what}");
        return false;
    }
    let program = std::env::current_exe().unwrap();
    let mut again = unshare(more);
    let again = again.arg(program).args(["--exact", test]).env(INSIDE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && said.contains("1 passed"), "inside: {said}");
    false
}

/// A handle on the network namespace of the process `pid`, as engines have one.
pub(crate) fn handle(pid: u32) -> PathBuf {
    let handle = place(pid);
    if !handle.exists() {
        std::fs::write(&handle, "").unwrap();
        let file = format!("/proc/{pid}/ns/net");
        lab::run("mount", &["--bind", &file, handle.to_str().unwrap()]);
    }
    handle
}

fn place(pid: u32) -> PathBuf {
    PathBuf::from(format!("/run/netns-of-{pid}"))
}

/// A process with a network namespace of its own; it ends when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start() -> Self {
        let mut command = Command::new("unshare");
        let command = command.args(["--net", "sleep", "600"]).stdout(Stdio::null());
        // Ends its program when the wait is given up, too.
        let process = Self(command.spawn().unwrap());
        let own = std::fs::read_link("/proc/self/ns/net").unwrap();
        let its = format!("/proc/{}/ns/net", process.id());
        for _ in 0..500 {
            if std::fs::read_link(&its).is_ok_and(|its| its != own) {
                return process;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("it has no namespace of its own")
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// A container that runs in its namespace.
    pub(crate) fn container(&self, id: &str, name: &str) -> EngineContainer {
        let sandbox = Some(handle(self.id()));
        EngineContainer { sandbox, ..with_pid(container(id, name), self.id()) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let handle = place(self.id());
        if handle.exists() {
            // It would hold the namespace.
            let _ = Command::new("umount").arg("--lazy").arg(&handle).status();
            let _ = std::fs::remove_file(&handle);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
