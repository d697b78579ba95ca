//! Starting programs and waiting for what they bring about.

use std::io;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

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
pub fn try_run(program: &str, words: &[&str]) -> Result<String, String> {
    let output = output(program, words).map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim_end()))
}

/// All that `program` says, and how it ends. The tools of OVS would wait for ever.
pub(crate) fn output(program: &str, words: &[&str]) -> io::Result<Output> {
    let mut command = Command::new(program);
    if program.starts_with("ovs-") {
        command.arg("--timeout=20");
    }
    command.args(words).output()
}

/// Waits until `condition` holds.
///
/// # Panics
/// After 20 seconds without it.
pub fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    wait_within(Duration::from_secs(20), what, condition);
}

/// Whether `condition` holds before 20 seconds are over.
pub fn comes_true(mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > Duration::from_secs(20) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// The same with a patience of one's own.
pub(crate) fn wait_within(patience: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < patience, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The OpenFlow port of an interface, as soon as there is one.
pub fn ofport_of(iface: &str) -> u16 {
    let mut number = None;
    wait_until(&format!("{iface} gets an OpenFlow port"), || {
        let said = try_run("ovs-vsctl", &["get", "Interface", iface, "ofport"]);
        number = said.ok().and_then(|text| text.parse().ok());
        number.is_some()
    });
    number.unwrap_or_default()
}
