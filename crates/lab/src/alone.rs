//! Who may use the machine at one time: many tests that keep to their own containers and
//! bridges, or one that acts on the whole host. It holds between the threads of one test
//! program, and between two runs of the suite on one machine.

use std::fs::File;

/// Held by the tests that use the machine.
const LOCK: &str = "/run/docker-ovs-lab.lock";
/// Held by the test that waits: those that come later queue behind it. Without it a test that
/// wants to be alone would wait until no test is left.
const QUEUE: &str = "/run/docker-ovs-lab.queue";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Shared,
    Alone,
}

/// A test's hold on the machine: a flock(2), which the kernel takes back however a test ends.
#[derive(Debug)]
#[must_use = "the hold ends with the value"]
pub struct Hold(#[expect(dead_code, reason = "it is held, not read")] File);

impl Hold {
    /// Waits for it. A thread that has one already would wait for itself.
    pub(crate) fn take(way: Way) -> Self {
        let queue = open(QUEUE);
        queue.lock().unwrap_or_else(|error| panic!("{QUEUE}: {error}"));
        let lock = open(LOCK);
        let held = match way {
            Way::Shared => lock.lock_shared(),
            Way::Alone => lock.lock(),
        };
        held.unwrap_or_else(|error| panic!("{LOCK}: {error}"));
        Self(lock)
    }
}

/// Each opening is a holder of its own; no program that is started inherits it.
fn open(path: &str) -> File {
    let mut options = File::options();
    let file = options.create(true).truncate(false).read(true).write(true).open(path);
    file.unwrap_or_else(|error| panic!("{path}: {error}"))
}
