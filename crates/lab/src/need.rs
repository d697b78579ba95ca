//! What a test needs to be there, and saying so when it is not.

use std::io::Write;

use crate::alone::{Hold, Way};
use crate::run::try_run;

/// What a test needs, and what a machine may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Root.
    Root,
    /// Root and Open vSwitch.
    Lab,
    /// The same, and Docker.
    Docker,
    /// Docker, and leave to restart daemons: `DOCKER_OVS_TEST_RESTARTS` is 1. A leave that is
    /// not given is never a failure, also where `DOCKER_OVS_TEST_REQUIRE` is set.
    Restarts,
    /// Docker, and the machine of `make test-machine`, which says so by `DOCKER_OVS_TEST_MACHINE`
    /// being 1: systemd, a kernel with Open vSwitch's datapath and every kind of link, and nothing
    /// on it that a test could harm. Elsewhere its lack is never a failure.
    Machine,
    /// Podman.
    Podman,
    /// Chromium and its driver.
    Browser,
    /// The library of faketime(1).
    Faketime,
    /// Prometheus' checker of metrics.
    Promtool,
}

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
/// Instead of None, where `DOCKER_OVS_TEST_REQUIRE` is set.
pub fn share(needs: &[Need]) -> Option<Hold> {
    hold(needs, Way::Shared)
}

/// Waits until no other test uses the machine, and keeps it so while the value lives: for a test
/// that acts on the whole host (`serve --restore`, `prune` without `--bridge`), restarts a daemon,
/// or burdens what all tests share. A thread that holds the machine already would wait for itself.
///
/// # Panics
/// As [`share`] does.
pub fn alone(needs: &[Need]) -> Option<Hold> {
    hold(needs, Way::Alone)
}

fn hold(needs: &[Need], way: Way) -> Option<Hold> {
    // The lock is root's. All else is looked for under it: a test that is alone may just be
    // restarting a daemon.
    if !is_there(Need::Root) {
        return None;
    }
    let hold = Hold::take(way);
    needs.iter().all(|need| is_there(*need)).then_some(hold)
}

/// Whether it is there, for tests that do without. If not, that is said, see [`lacks`].
///
/// # Panics
/// Where it is not there and `DOCKER_OVS_TEST_REQUIRE` is set.
pub fn is_there(need: Need) -> bool {
    let missing = missing(need);
    if let Some(missing) = missing {
        lacks(missing);
    }
    missing.is_none()
}

/// Says on stderr that the running test is skipped since it needs `missing`.
///
/// # Panics
/// Instead, where `DOCKER_OVS_TEST_REQUIRE` is set.
pub fn lacks(missing: &str) {
    let required = std::env::var_os("DOCKER_OVS_TEST_REQUIRE").is_some();
    assert!(!required || [LEAVE, MACHINE].contains(&missing), "{} needs {missing}", test());
    // The test harness swallows what the print macros say.
    let _ = writeln!(std::io::stderr(), "skipped: {} needs {missing}", test());
}

const LEAVE: &str = "the leave to restart daemons (DOCKER_OVS_TEST_RESTARTS=1)";

const MACHINE: &str = "the machine of make test-machine (DOCKER_OVS_TEST_MACHINE=1)";

/// The harness names a test's thread like the test.
fn test() -> String {
    std::thread::current().name().unwrap_or("a test").to_owned()
}

/// What is missing of a need, in words that follow "needs".
fn missing(need: Need) -> Option<&'static str> {
    let runs = |program: &str, words: &[&str]| try_run(program, words).is_ok();
    match need {
        Need::Root => (!rustix::process::geteuid().is_root()).then_some("root"),
        Need::Lab => missing(Need::Root).or_else(missing_of_open_vswitch),
        Need::Docker => missing(Need::Lab).or_else(|| {
            let there = runs("docker", &["image", "inspect", crate::IMAGE]);
            (!there).then_some("Docker with the lab's image (scripts/setup makes it)")
        }),
        Need::Restarts => {
            if is_one("DOCKER_OVS_TEST_RESTARTS") {
                missing(Need::Docker)
            } else {
                Some(LEAVE)
            }
        }
        Need::Machine => {
            if is_one("DOCKER_OVS_TEST_MACHINE") {
                missing(Need::Docker)
            } else {
                Some(MACHINE)
            }
        }
        Need::Podman => (!runs("podman", &["--version"])).then_some("podman"),
        Need::Browser => {
            let there = ["chromium", "chromedriver"].iter().all(|name| runs(name, &["--version"]));
            (!there).then_some("chromium and chromedriver (scripts/setup --for-tests)")
        }
        Need::Faketime => {
            let there = crate::clock::library().is_some();
            (!there).then_some("libfaketime (scripts/setup --for-tests)")
        }
        Need::Promtool => {
            let there = runs("promtool", &["--version"]);
            (!there).then_some("promtool (scripts/setup --for-tests)")
        }
    }
}

fn is_one(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value == "1")
}

fn missing_of_open_vswitch() -> Option<&'static str> {
    if try_run("ovs-vsctl", &["list-br"]).is_err() {
        return Some("Open vSwitch's ovsdb-server (scripts/setup starts it)");
    }
    // The database answers without it, but no port would ever get a number.
    if try_run("ovs-appctl", &["--timeout=5", "version"]).is_err() {
        return Some("Open vSwitch's ovs-vswitchd (scripts/setup starts it)");
    }
    None
}
