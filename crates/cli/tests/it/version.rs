//! Which build this is, told alike by every way to ask.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::process::Command;

fn says(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_docker-ovs")).args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn version_commit_and_date_are_told_by_the_option_and_by_the_verb() {
    let line = says(&["--version"]);
    assert!(line.starts_with("docker-ovs 0.1.0, commit "), "{line}");
    assert_eq!(says(&["ovs", "--version"]), line, "as Docker calls it");
    let template = "docker-ovs {{.Version}}, commit {{.Commit}}, {{.Date}}";
    assert_eq!(says(&["ovs", "version", "--format", template]), line);
    let json = says(&["version", "--format", "json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["Version"], "0.1.0");
}

/// The rpm's version is written by hand; the Debian package takes it from Cargo.toml.
#[test]
fn the_rpm_has_the_version_of_the_program() {
    let spec = std::fs::read_to_string("../../packaging/rpm/docker-ovs.spec").unwrap();
    let version = spec.lines().find_map(|line| line.strip_prefix("Version:")).map(str::trim);
    assert_eq!(version, Some(env!("CARGO_PKG_VERSION")));
}

/// A build in a checkout knows its commit, unless it is told another.
#[test]
fn the_commit_is_the_one_that_was_built() {
    let git = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output();
    let head = git.ok().filter(|git| git.status.success());
    let head = head.map(|git| String::from_utf8(git.stdout).unwrap().trim().to_owned());
    let expected = std::env::var("DOCKER_OVS_COMMIT").ok().or(head);
    let told = says(&["version", "--format", "{{.Commit}}"]);
    assert_eq!(told.trim(), expected.as_deref().unwrap_or("unknown"));
}
