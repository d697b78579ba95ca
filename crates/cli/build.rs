//! Which commit this is, and of when: told by `docker ovs version`.
//!
//! `DOCKER_OVS_COMMIT` and `SOURCE_DATE_EPOCH` (reproducible-builds.org) go before what git says,
//! so that a package built from a tarball can say it too, and says the same each time.
#![allow(clippy::disallowed_methods, reason = "git is asked when this is built, never later")]

use std::env::var;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

const UNKNOWN: &str = "unknown";
/// The end of the year 9999, in seconds since the Unix epoch.
const LAST: u64 = 253_402_300_799;

fn main() {
    println!("cargo::rerun-if-env-changed=DOCKER_OVS_COMMIT");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rerun-if-changed=build.rs");
    // It grows with each commit and checkout.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    let commit = given("DOCKER_OVS_COMMIT").or_else(|| git(&["rev-parse", "--short=12", "HEAD"]));
    let seconds = given("SOURCE_DATE_EPOCH").or_else(|| git(&["log", "-1", "--format=%ct"]));
    println!("cargo::rustc-env=DOCKER_OVS_COMMIT={}", commit.as_deref().unwrap_or(UNKNOWN));
    println!("cargo::rustc-env=DOCKER_OVS_DATE={}", date(seconds.as_deref()));
}

fn given(name: &str) -> Option<String> {
    var(name).ok().filter(|text| !text.is_empty())
}

fn git(words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(words).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Seconds since the Unix epoch as RFC 3339, UTC; unknown where that has no notation for them.
fn date(seconds: Option<&str>) -> String {
    let span = seconds.and_then(|text| text.parse().ok()).filter(|seconds| *seconds <= LAST);
    let span = span.map(Duration::from_secs);
    let moment = span.and_then(|span| UNIX_EPOCH.checked_add(span));
    moment.map_or_else(
        || UNKNOWN.to_owned(),
        |moment| humantime::format_rfc3339_seconds(moment).to_string(),
    )
}
