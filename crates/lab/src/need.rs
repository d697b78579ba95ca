//! What a test needs to be there, and saying so when it is not.

use std::io::Write;

use crate::alone::{Hold, HoldMode};
use crate::missing::{Missing, missing};

/// What a test needs, and what a machine may lack. What `DOCKER_OVS_TEST_WITHOUT` names is never
/// there: `browser`, `faketime`, `os-ken`, `promtool`,
/// `tmux`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Root, with the capabilities that the product needs.
    Root,
    /// Root, and Open vSwitch in the network namespace that the tests run in.
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
    /// Podman, and what lets a user run it without root.
    Rootless,
    /// Podman with netavark, whose plugins there are from Podman 4.5 on. A Debian without is never a
    /// failure.
    Netavark,
    /// Docker Compose of a version that gives options to an endpoint, 2.27; as above.
    Compose,
    /// containerd, and CNI's plugins.
    Containerd,
    /// LXC.
    Lxc,
    /// Incus, or LXD.
    Lxd,
    /// systemd-nspawn.
    Nspawn,
    /// Chromium and its driver.
    Browser,
    /// The library of faketime(1).
    Faketime,
    /// Prometheus' checker of metrics.
    Promtool,
    /// systemd's systemd-analyze(1); no systemd need run.
    SystemdAnalyze,
    /// Root, and control groups of this machine that limit how many tasks there are.
    TaskLimits,
    /// tmux(1), a terminal that programs can look at.
    Tmux,
    /// The controller of `examples/os-ken`.
    OsKen,
    /// etcd(1) and etcdctl(1); no root.
    Etcd,
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
