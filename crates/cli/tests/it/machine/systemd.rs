//! The unit under systemd itself: verified, ready, watched, stopped; and containers that Docker
//! starts by itself.
#![allow(clippy::disallowed_methods, reason = "a test reads what systemctl says")]

use std::path::Path;

use lab::{Bridge, Container, run, try_run, wait_for_answer, wait_until};

use crate::tool::{docker_ovs, lists, says};

const UNIT: &str = "docker-ovs.service";

/// The packaged unit with the program that was built, as a package would put them; removed with its
/// guard.
pub(super) struct Installed;

impl Installed {
    pub(super) fn new() -> Self {
        let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/systemd").join(UNIT);
        std::fs::copy(env!("CARGO_BIN_EXE_docker-ovs"), "/usr/bin/docker-ovs").unwrap();
        std::fs::copy(unit, format!("/etc/systemd/system/{UNIT}")).unwrap();
        run("systemctl", &["daemon-reload"]);
        Self
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        let _ = try_run("systemctl", &["stop", UNIT]);
        for file in [&*format!("/etc/systemd/system/{UNIT}"), "/usr/bin/docker-ovs"] {
            let _ = std::fs::remove_file(file);
        }
        let _ = std::fs::remove_dir_all(format!("/run/systemd/system/{UNIT}.d"));
        let _ = try_run("systemctl", &["daemon-reload"]);
    }
}

fn property(name: &str) -> String {
    run("systemctl", &["show", "--value", "--property", name, UNIT])
}

#[test]
fn the_unit_is_verified_and_confined() {
    lab::alone!(Machine);
    let _unit = Installed::new();
    // Its manual page comes with the package, whose test looks for it by man.
    let file = format!("/etc/systemd/system/{UNIT}");
    let said = run("systemd-analyze", &["verify", "--man=no", &file]);
    assert_eq!(said, "", "systemd-analyze verify has nothing to say");
    let judged = run("systemd-analyze", &["security", "--no-pager", UNIT]);
    println!("{judged}");
    let overall = judged.lines().find_map(|line| line.split_once("Overall exposure level for"));
    let level = overall.and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<f32>().ok());
    // What SECURITY.md and docs/serve.md promise.
    assert!(level.is_some_and(|level| level <= 2.5), "{judged}");
}

#[test]
fn the_unit_is_ready_with_its_first_look_and_stops_when_it_is_told_to() {
    lab::alone!(Machine);
    let _unit = Installed::new();
    // It returns once the service has said that it is ready.
    run("systemctl", &["start", UNIT]);
    let listed = lists(&["--server", "unix:///run/docker-ovs.sock", "ls", "-q"]);
    assert_eq!(listed, lists(&["ls", "-q"]), "what it has seen is there at once");
    assert_eq!(property("SubState"), "running");
    run("systemctl", &["stop", UNIT]);
    assert_eq!(
        (property("ActiveState"), property("Result")),
        ("inactive".into(), "success".into())
    );
    assert!(!Path::new("/run/docker-ovs.sock").exists());
}

/// Stopped in the middle of whatever it does, it says nothing.
#[test]
fn a_daemon_that_hangs_is_started_anew() {
    lab::alone!(Machine);
    let _unit = Installed::new();
    let folder = format!("/run/systemd/system/{UNIT}.d");
    std::fs::create_dir_all(&folder).unwrap();
    let sooner = "[Service]\nWatchdogSec=6s\nTimeoutAbortSec=1s\n";
    std::fs::write(format!("{folder}/sooner.conf"), sooner).unwrap();
    run("systemctl", &["daemon-reload"]);
    run("systemctl", &["start", UNIT]);
    let first = property("MainPID");
    run("kill", &["-STOP", &first]);
    wait_until("systemd starts it anew", || {
        property("NRestarts") == "1" && property("SubState") == "running"
    });
    assert_ne!(property("MainPID"), first);
    let told = run("journalctl", &["--no-pager", "--unit", UNIT, "--lines", "40"]);
    assert!(told.contains("Watchdog timeout"), "{told}");
}

/// dockerd ends, and its containers with it; Docker starts them again, and the daemon gives each its
/// interface.
#[test]
fn containers_that_docker_restarts_get_their_interfaces_back() {
    lab::alone!(Machine);
    let _unit = Installed::new();
    let always = ["--network", "none", "--restart", "always"];
    let (bridge, one, two) =
        (Bridge::new(), Container::run_with(&always), Container::run_with(&always));
    for (who, ip) in [(&one, "10.83.1.1/24"), (&two, "10.83.1.2/24")] {
        says(&["connect", bridge.name(), who.name(), "--ip", ip]);
    }
    wait_for_answer(&one, "10.83.1.2");
    let format = "{{.Container}} {{.Interface}} {{.OFPort}} {{.MAC}}";
    let ls = ["ls", "--bridge", bridge.name(), "--format", format];
    let (before, pid) = (says(&ls), one.pid());
    run("systemctl", &["start", UNIT]);
    run("systemctl", &["restart", "docker"]);
    wait_until("Docker starts them", || ![&*pid, "0"].contains(&&*one.pid()) && two.pid() != "0");
    // While they come back it is not known whether they are there: an answer with another exit code.
    wait_until("they are back", || {
        let ran = docker_ovs(&ls);
        (ran.code, ran.stdout) == (0, before.clone())
    });
    wait_for_answer(&one, "10.83.1.2");
    lab::assert_carries(&one, &two, &["10.83.1.2"]);
}
