//! What is missing is noticed.
#![allow(clippy::disallowed_methods, reason = "asks in a process with an environment of its own")]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use docker_ovs_lab::{Need, is_there, program, run, rundir, try_run};

#[test]
fn a_dead_vswitchd_is_noticed() {
    docker_ovs_lab::need!(Lab);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let said = ask(&[("OVS_RUNDIR", place)]);
    assert!(said.contains("ready: false") && said.contains("ovsdb-server"), "{said}");
    assert!(said.contains(place), "the folder is named: {said}");
    link_all("db.sock", folder.path());
    let said = ask(&[("OVS_RUNDIR", place)]);
    assert!(said.contains("ready: false") && said.contains("ovs-vswitchd"), "{said}");
    link_all("ovs-vswitchd.", folder.path());
    let said = ask(&[("OVS_RUNDIR", place)]);
    assert!(said.contains("ready: true"), "{said}");
}

/// A test in another namespace than the switch's would wait in vain for its links.
#[test]
fn another_network_namespace_than_the_switchs_is_noticed() {
    docker_ovs_lab::need!(Lab);
    let said = ask_by(&["unshare", "--net"], &[]);
    assert!(said.contains("ready: false"), "{said}");
    let pid = std::fs::read_to_string(rundir().join("ovs-vswitchd.pid")).unwrap();
    let remedy = format!("nsenter --net=/proc/{}/ns/net", pid.trim());
    assert!(said.contains(&remedy), "{said}");
}

#[test]
fn a_capability_that_root_lacks_is_named() {
    docker_ovs_lab::need!(Root);
    let said = ask_by(&["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"], &[]);
    assert!(said.contains("ready: false") && said.contains("CAP_SYS_ADMIN"), "{said}");
}

#[test]
fn a_program_that_is_not_installed_is_named() {
    docker_ovs_lab::need!(Root);
    let said = ask(&[("PATH", "/nonexistent")]);
    assert!(
        said.contains("ready: false") && said.contains("ovs-vsctl, which is not there"),
        "{said}"
    );
}

/// Also one that a test starts by itself: no failure of it is taken for an answer.
#[test]
fn a_program_that_a_test_starts_is_named_where_it_is_missing() {
    let named = |starts: fn()| {
        let said = *std::panic::catch_unwind(starts).unwrap_err().downcast::<String>().unwrap();
        assert!(said.contains("needs no-such-program, which is not there"), "{said}");
    };
    named(|| drop(program("no-such-program")));
    named(|| drop(try_run("no-such-program", &[])));
    named(|| drop(run("no-such-program", &["--version"])));
}

/// Shows `folder` all of OVS's own whose name begins so.
fn link_all(prefix: &str, folder: &Path) {
    let rundir = rundir();
    for entry in std::fs::read_dir(&rundir).unwrap() {
        let name = entry.unwrap().file_name();
        if name.to_string_lossy().starts_with(prefix) {
            symlink(rundir.join(&name), folder.join(&name)).unwrap();
        }
    }
}

/// What [`says_whether_ready`] says with these variables.
fn ask(variables: &[(&str, &str)]) -> String {
    ask_by(&[], variables)
}

/// The same, started by another program.
fn ask_by(starter: &[&str], variables: &[(&str, &str)]) -> String {
    let program = std::env::current_exe().unwrap();
    let program = program.to_str().unwrap();
    let asked = ["--exact", "ready::says_whether_ready", "--ignored", "--nocapture"];
    let words = [starter, &[program], &asked].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env_remove("DOCKER_OVS_TEST_REQUIRE");
    let output = command.envs(variables.iter().copied()).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
#[ignore = "the other test runs it"]
fn says_whether_ready() {
    println!("ready: {}", is_there(Need::Lab));
}
