//! What is missing is noticed.
#![allow(clippy::disallowed_methods, reason = "asks in a process with an environment of its own")]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use docker_ovs_lab::{Need, is_there};

const OVS: &str = "/var/run/openvswitch";

#[test]
fn a_dead_vswitchd_is_noticed() {
    docker_ovs_lab::need!(Lab);
    let folder = tempfile::tempdir().unwrap();
    link_all("db.sock", folder.path());
    let said = ask(folder.path());
    assert!(said.contains("ready: false") && said.contains("ovs-vswitchd"), "{said}");
    link_all("ovs-vswitchd.", folder.path());
    let said = ask(folder.path());
    assert!(said.contains("ready: true"), "{said}");
}

/// Shows `folder` all of OVS's own whose name begins so.
fn link_all(prefix: &str, folder: &Path) {
    for entry in std::fs::read_dir(OVS).unwrap() {
        let name = entry.unwrap().file_name();
        if name.to_string_lossy().starts_with(prefix) {
            symlink(Path::new(OVS).join(&name), folder.join(&name)).unwrap();
        }
    }
}

/// What [`says_whether_ready`] says when `folder` is OVS's.
fn ask(folder: &Path) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "ready::says_whether_ready", "--ignored", "--nocapture"]);
    command.env("OVS_RUNDIR", folder).env_remove("DOCKER_OVS_TEST_REQUIRE");
    let output = command.output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
#[ignore = "the other test runs it"]
fn says_whether_ready() {
    println!("ready: {}", is_there(Need::Lab));
}
