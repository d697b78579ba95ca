//! Starting programs and waiting for what they bring about.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use crate::need::test;

/// A program of this machine, to be started.
///
/// # Panics
/// Where no folder of PATH has it, by its name: "No such file or directory" says neither what is
/// missing nor what installs it.
pub fn program(name: &str) -> Command {
    if let Some(what) = missing_program(name) {
        panic!("{} needs {what}", test());
    }
    Command::new(name)
}

/// Which program is not there, in words that follow "needs"; None where it is.
pub fn missing_program(name: &str) -> Option<String> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    // A name with a slash is taken as it is.
    let is_there = std::env::split_paths(&folders).any(|folder| folder.join(name).is_file())
        || name.contains('/') && Path::new(name).is_file();
    (!is_there).then(|| format!("{name}, which is not there (scripts/setup --for-tests)"))
}

/// What `program` prints; panics with its words when it fails.
///
/// # Panics
/// When the program cannot be started or ends badly.
pub fn run(program: &str, words: &[&str]) -> String {
    try_run(program, words).unwrap_or_else(|error| panic!("{program} {}: {error}", words.join(" ")))
}

/// What `program` prints on stdout, or its complaint.
///
/// # Errors
/// What it says on stderr, or why it could not be started.
///
/// # Panics
/// Where there is no such program, see [`program`]: that ip(8) is missing does not mean that a
/// link is.
pub fn try_run(program: &str, words: &[&str]) -> Result<String, String> {
    let output = output(program, words).map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim_end()))
}

/// How long a test waits for what must come about: a minute, for nothing fails by a busy machine.
/// `DOCKER_OVS_TEST_SLOWNESS` is by what it is multiplied on a machine that is slower by nature.
pub fn patience() -> Duration {
    Duration::from_secs(60) * slowness()
}

/// By how much this machine is slower than others, as `DOCKER_OVS_TEST_SLOWNESS` says; else 1.
pub(crate) fn slowness() -> u32 {
    let said = std::env::var("DOCKER_OVS_TEST_SLOWNESS").ok();
    said.and_then(|factor| factor.parse().ok()).unwrap_or(1)
}

/// All that `program` says, and how it ends. The tools of OVS would wait for ever.
pub(crate) fn output(name: &str, words: &[&str]) -> io::Result<Output> {
    let mut command = program(name);
    if name.starts_with("ovs-") {
        command.arg(format!("--timeout={}", patience().as_secs()));
    }
    command.args(words).output()
}

/// Waits until `condition` holds.
///
/// # Panics
/// When the test's [`patience`] is over.
pub fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    assert!(comes_true(condition), "waited in vain: {what}");
}

/// Whether `condition` holds before the test's [`patience`] is over.
pub fn comes_true(condition: impl FnMut() -> bool) -> bool {
    comes_true_within(patience(), condition)
}

/// Whether `condition` holds before `limit` is over.
pub(crate) fn comes_true_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Waits until a program that was started is ready, and says what is in its log if it never is.
///
/// # Panics
/// When the test's [`patience`] is over, or as soon as the program has ended.
pub(crate) fn wait_for(
    program: &str,
    child: &mut Child,
    log: &Path,
    mut ready: impl FnMut() -> bool,
) {
    let mut ended = None;
    let settled = comes_true(|| {
        ended = child.try_wait().ok().flatten();
        ready() || ended.is_some()
    });
    let said = std::fs::read_to_string(log).unwrap_or_default();
    assert!(ended.is_none(), "{program} ended: {ended:?}: {}", said.trim_end());
    assert!(settled, "{program} is not ready: {}", said.trim_end());
}

/// The OpenFlow port of an interface, as soon as there is one.
///
/// # Panics
/// When the test's [`patience`] is over; says what vswitchd has against it.
pub fn ofport_of(iface: &str) -> u16 {
    let get = |column: &str| try_run("ovs-vsctl", &["get", "Interface", iface, column]);
    let mut number = None;
    let found = comes_true(|| {
        number = get("ofport").ok().and_then(|text| text.parse().ok());
        number.is_some()
    });
    assert!(
        found,
        "{iface} gets no OpenFlow port: ofport {:?}, error {:?}",
        get("ofport"),
        get("error")
    );
    number.unwrap_or_default()
}
