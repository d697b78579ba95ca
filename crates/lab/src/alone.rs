//! Who may use the machine at one time: many tests that keep to their own containers and
//! bridges, or one that acts on the whole host. It holds between the threads of one test
//! program, and between two runs of the suite on one machine: there, no test runs beside itself,
//! which has the same addresses and numbers.

use std::fs::File;
use std::path::Path;

/// Held by the tests that use the machine.
const LOCK: &str = "/run/docker-ovs-lab.lock";
/// Held by the test that waits: those that come later queue behind it. Without it a test that
/// wants to be alone would wait until no test is left.
const QUEUE: &str = "/run/docker-ovs-lab.queue";
/// The folder of what [`only`] one has.
const ONLY: &str = "/run/docker-ovs-lab.only";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldMode {
    Shared,
    Alone,
}

/// A test's hold on the machine: a flock(2), which the kernel takes back however a test ends.
#[derive(Debug)]
#[must_use = "the hold ends with the value"]
pub struct Hold(#[expect(dead_code, reason = "it is held, not read")] (Only, File));

impl Hold {
    /// Waits until `test` runs nowhere else, and for the machine. A thread that has one already would
    /// wait for itself.
    pub(crate) fn take(test: &str, way: HoldMode) -> Self {
        // Before the machine, which is not to be held by a test that waits.
        let itself = only(test);
        let queue = open(QUEUE);
        queue.lock().unwrap_or_else(|error| panic!("{QUEUE}: {error}"));
        let lock = open(LOCK);
        let held = match way {
            HoldMode::Shared => lock.lock_shared(),
            HoldMode::Alone => lock.lock(),
        };
        held.unwrap_or_else(|error| panic!("{LOCK}: {error}"));
        Self((itself, lock))
    }
}

/// What one test of this machine has alone, until the value ends.
#[derive(Debug)]
#[must_use = "it is held as long as the value lives"]
pub struct Only(#[expect(dead_code, reason = "it is held, not read")] File);

/// Waits until no other test of this machine, of any run, has what is called so: an address of the
/// host, say, that several tests use. A test that has it may not ask for it again.
///
/// # Panics
/// Where the lock cannot be made: it is root's.
pub fn only(what: &str) -> Only {
    std::fs::create_dir_all(ONLY).unwrap_or_else(|error| panic!("{ONLY}: {error}"));
    let path = Path::new(ONLY).join(what.replace('/', "_"));
    let path = path.to_string_lossy();
    let file = open(&path);
    file.lock().unwrap_or_else(|error| panic!("{path}: {error}"));
    Only(file)
}

/// Each opening is a holder of its own; no program that is started inherits it.
fn open(path: &str) -> File {
    let mut options = File::options();
    let file = options.create(true).truncate(false).read(true).write(true).open(path);
    file.unwrap_or_else(|error| panic!("{path}: {error}"))
}
