//! What a test needs to be there, and saying so when it is not.

use std::io::Write;

use crate::run::try_run;

/// How much a test needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Root and Open vSwitch.
    Lab,
    /// The same, and Docker.
    Docker,
}

/// Whether all that `tier` needs is there. If not it says what was skipped, and why.
///
/// # Panics
/// Instead of skipping, where `DOCKER_OVS_TEST_REQUIRE` is set.
pub fn ready(tier: Tier) -> bool {
    let missing = missing(tier);
    if let Some(missing) = missing {
        assert!(
            std::env::var_os("DOCKER_OVS_TEST_REQUIRE").is_none(),
            "{} needs {missing}",
            test()
        );
        say_skipped(missing);
    }
    missing.is_none()
}

pub(crate) fn say_skipped(missing: &str) {
    // The test harness swallows what the print macros say.
    let _ = writeln!(std::io::stderr(), "skipped: {} needs {missing}", test());
}

/// The harness names a test's thread like the test.
fn test() -> String {
    std::thread::current().name().unwrap_or("a test").to_owned()
}

fn missing(tier: Tier) -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return Some("root");
    }
    if try_run("ovs-vsctl", &["list-br"]).is_err() {
        return Some("Open vSwitch's ovsdb-server (scripts/setup starts it)");
    }
    // The database answers without it, but no port would ever get a number.
    if try_run("ovs-appctl", &["--timeout=5", "version"]).is_err() {
        return Some("Open vSwitch's ovs-vswitchd (scripts/setup starts it)");
    }
    if tier == Tier::Docker && try_run("docker", &["image", "inspect", crate::IMAGE]).is_err() {
        return Some("Docker with the lab's image (scripts/setup makes it)");
    }
    None
}
