//! A machine that reboots: what was connected before is on its number afterwards, by the unit alone.
//! Two tests with a reboot between them, which `scripts/machine.d/reboot` does.
#![allow(clippy::disallowed_methods, reason = "a test goes into a container with docker(1)")]

use lab::{Home, run, try_run, wait_until};

use crate::machine::systemd::Installed;
use crate::tool::says;

const BRIDGE: &str = "reboot0";
const CONTAINERS: [(&str, &str, &str); 2] =
    [("client", "10.84.1.1", "fd00:84:1::1"), ("server", "10.84.1.2", "fd00:84:1::2")];
/// What was, for the test after the reboot.
const BEFORE: &str = "/var/lib/docker-ovs-before-the-reboot";

fn rows() -> String {
    let words =
        "{{.Container}} {{.Interface}} {{.Bridge}} {{.OFPort}} {{.MAC}} {{.VLAN}} {{.Addresses}}";
    says(&["ls", "--bridge", BRIDGE, "--format", words])
}

fn pid(container: &str) -> String {
    let said = try_run("docker", &["inspect", "--format", "{{.State.Pid}}", container]);
    said.unwrap_or_else(|_| "0".to_owned())
}

/// A container that another boot made: named, not owned.
struct Known(&'static str);

impl Home for Known {
    fn netns(&self) -> String {
        pid(self.0)
    }

    fn ip(&self, words: &[&str]) -> String {
        run("nsenter", &[&["--target", &pid(self.0), "--net", "ip"], words].concat())
    }

    fn busybox(&self, words: &[&str]) -> std::io::Result<std::process::Output> {
        lab::program("docker").args(["exec", self.0, "busybox"]).args(words).output()
    }
}

fn traffic() {
    let [(client, ..), (server, ip, ipv6)] = CONTAINERS;
    let (client, server) = (Known(client), Known(server));
    for address in [ip, ipv6] {
        lab::wait_for_answer(&client, address);
    }
    lab::assert_carries(&client, &server, &[ip, ipv6]);
}

#[test]
#[ignore = "make test-machine reboots after it"]
fn before() {
    lab::alone!(Machine);
    std::mem::forget(Installed::new());
    run("systemctl", &["enable", "--now", "docker-ovs.service"]);
    run("ovs-vsctl", &["add-br", BRIDGE]);
    for (name, ip, ipv6) in CONTAINERS {
        let words = ["run", "--detach", "--restart", "always", "--network", "none", "--name", name];
        run("docker", &[&words[..], &[lab::IMAGE, "sleep", "86400"]].concat());
        let (ip, ipv6) = (format!("{ip}/24"), format!("{ipv6}/64"));
        let more: &[&str] = if name == "server" { &["--ofport", "40000"] } else { &[] };
        let words = ["connect", BRIDGE, name, "--vlan", "84", "--ip", &ip, "--ip", &ipv6];
        says(&[&words, more].concat());
    }
    traffic();
    std::fs::write(BEFORE, rows()).unwrap();
}

#[test]
#[ignore = "make test-machine reboots before it"]
fn after() {
    lab::alone!(Machine);
    let before = std::fs::read_to_string(BEFORE).expect("the machine has rebooted");
    assert!(before.contains("server eth0 reboot0 40000 "), "{before}");
    for (name, ..) in CONTAINERS {
        wait_until("Docker starts it", || pid(name) != "0");
    }
    wait_until("the unit restores both", || rows() == before);
    traffic();
    let did = run("journalctl", &["--no-pager", "--unit", "docker-ovs.service"]);
    assert!(did.contains("restored client:eth0") && did.contains("restored server:eth0"), "{did}");
}
