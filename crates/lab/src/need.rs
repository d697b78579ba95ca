//! What a test needs to be there, and saying so when it is not.

use std::io::Write;

use crate::alone::{Hold, HoldMode};
use crate::missing::{Missing, Need, missing};

/// Returns from a test that lacks one of its [`Need`]s, and says which; else the test shares the
/// machine with others until its end, see [`share`](crate::share()).
///
/// ```no_run
/// fn connect_gives_a_number() {
///     docker_ovs_lab::need!(Docker);
/// }
/// ```
#[macro_export]
macro_rules! need {
    ($($need:ident),+) => {
        let Some(_hold) = $crate::share(&[$($crate::Need::$need),+]) else { return };
    };
}

/// The same for a test that has the machine for itself until its end, see
/// [`alone`](crate::alone()).
#[macro_export]
macro_rules! alone {
    ($($need:ident),+) => {
        let Some(_hold) = $crate::alone(&[$($crate::Need::$need),+]) else { return };
    };
}

/// Waits until no other test has the machine for itself, and keeps it so while the value lives.
/// None, and a line on stderr that names what is missing, where not all `needs` are there.
///
/// # Panics
/// Instead of None, where `DOCKER_OVS_TEST_REQUIRE` is set, unless a run may be without it.
pub fn share(needs: &[Need]) -> Option<Hold> {
    hold(needs, HoldMode::Shared)
}

/// Waits until no other test uses the machine, and keeps it so while the value lives: for a test
/// that acts on the whole host (`serve --restore`, `prune` without `--bridge`), restarts a daemon,
/// or burdens what all tests share. A thread that holds the machine already would wait for itself.
///
/// # Panics
/// As [`share`] does.
pub fn alone(needs: &[Need]) -> Option<Hold> {
    hold(needs, HoldMode::Alone)
}

fn hold(needs: &[Need], way: HoldMode) -> Option<Hold> {
    // The lock is root's. All else is looked for under it: a test that is alone may just be
    // restarting a daemon.
    if !is_there(Need::Root) {
        return None;
    }
    let hold = Hold::take(&test(), way);
    needs.iter().all(|need| is_there(*need)).then_some(hold)
}

/// Whether it is there, for tests that do without. If not, that is said on stderr.
///
/// # Panics
/// Where it is not there and `DOCKER_OVS_TEST_REQUIRE` is set, unless a run may be without it.
pub fn is_there(need: Need) -> bool {
    let Some(Missing { what, spared }) = missing(need) else { return true };
    let required = std::env::var_os("DOCKER_OVS_TEST_REQUIRE").is_some();
    assert!(!required || spared, "{} needs {what}", test());
    // The test harness swallows what the print macros say.
    let _ = writeln!(std::io::stderr(), "skipped: {} needs {what}", test());
    false
}

/// The harness names a test's thread like the test.
pub(crate) fn test() -> String {
    std::thread::current().name().unwrap_or("a test").to_owned()
}
