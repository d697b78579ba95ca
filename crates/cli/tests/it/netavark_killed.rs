//! The program is killed while Podman has it set up or tear down an interface: afterwards there is the whole
//! of it, on its own number, or nothing.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use lab::{Bridge, Home, Netns, assert_carries, kill_at_call, run, try_run, unique};
use serde_json::json;
use tempfile::TempDir;

use crate::killed_anywhere::calls;
use crate::tool::command;

/// More of them than any call of Podman's comes to.
const MAX_CALLS: usize = 5000;
const NUMBER: &str = "40011";
const IP: &str = "192.0.2.7";

/// A container's namespace and a neighbour's, and what Podman says of both.
struct Scene {
    folder: TempDir,
    bridge: Bridge,
    netns: Netns,
    neighbour: Netns,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
            bridge: Bridge::new(),
            netns: Netns::new(),
            neighbour: Netns::new(),
        };
        let program = command("docker-ovs", &[]);
        std::os::unix::fs::symlink(program.get_program(), scene.program()).unwrap();
        let said = scene.said(&unique("web"), IP, &json!({ "ofport": NUMBER }));
        std::fs::write(scene.file(), said).unwrap();
        let other = scene.said(&unique("db"), "192.0.2.8", &json!({}));
        scene.call("setup", &scene.neighbour, other.as_bytes());
        scene
    }

    fn said(&self, name: &str, ip: &str, options: &serde_json::Value) -> String {
        let network = json!({
            "id": format!("{:064x}", 0xabe), "name": "lan", "driver": "ovs", "network_interface": "",
            "subnets": [{ "subnet": "192.0.2.0/24", "gateway": "192.0.2.1" }],
            "ipv6_enabled": false, "internal": false, "dns_enabled": false,
            "ipam_options": { "driver": "host-local" }, "options": { "bridge": self.bridge.name() }
        });
        json!({
            "container_id": format!("{:0<64}", name.bytes().map(|b| format!("{b:02x}")).collect::<String>()),
            "container_name": name, "port_mappings": [], "network": network,
            "network_options": {
                "interface_name": "eth0", "static_ips": [ip], "static_mac": null, "aliases": [],
                "options": options
            }
        })
        .to_string()
    }

    /// The program under the name that netavark calls.
    fn program(&self) -> PathBuf {
        self.folder.path().join("ovs")
    }

    /// What Podman says on stdin.
    fn file(&self) -> PathBuf {
        self.folder.path().join("said")
    }

    fn call(&self, method: &str, netns: &Netns, said: &[u8]) {
        let words = [method, &path(netns)];
        let mut command = Command::new(self.program());
        let mut child = command.args(words).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(said).unwrap();
        assert!(child.wait().unwrap().success(), "{method}");
    }

    /// The whole call, as Podman does it.
    fn carry_out(&self, method: &str) {
        self.call(method, &self.netns, &std::fs::read(self.file()).unwrap());
    }

    /// Whether it was killed by its `n`-th sending call within this one of Podman's.
    fn is_killed_at(&self, method: &str, n: usize) -> bool {
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$1\" \"$2\" < \"$3\""]).arg(self.program());
        command.args([method, &path(&self.netns)]).arg(self.file());
        kill_at_call(&command, calls(), n).is_none()
    }

    /// Numbers of ports beside the neighbour's, and links inside and of the bridge's ports.
    fn there(&self) -> (Vec<String>, usize, usize) {
        let ports = run("ovs-vsctl", &["list-ports", self.bridge.name()]);
        let number = |port: &str| run("ovs-vsctl", &["get", "interface", port, "ofport"]);
        let numbers: Vec<_> =
            ports.lines().map(number).filter(|number| number != "32768").collect();
        let inside = self.netns.ip(&["-o", "link"]).lines().count() - 1;
        let links = run("ip", &["-details", "link"]);
        // A link says in its alias which bridge it is on.
        let words: Vec<_> = links.split_whitespace().collect();
        let on = words.windows(2).filter(|pair| *pair == ["on", self.bridge.name()]).count();
        (numbers, inside, on - 1)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for port in
            try_run("ovs-vsctl", &["list-ports", self.bridge.name()]).unwrap_or_default().lines()
        {
            let _ = try_run("ip", &["link", "del", port]);
        }
    }
}

fn path(netns: &Netns) -> String {
    format!("/run/netns/{}", netns.name())
}

#[test]
fn what_podman_calls_is_killed_anywhere_and_the_next_call_brings_it_to_its_end() {
    lab::need!(Lab);
    let scene = Scene::new();
    let nothing = (Vec::new(), 0, 0);
    let whole = (vec![NUMBER.to_owned()], 1, 1);
    assert_eq!(scene.there(), nothing);
    for method in ["setup", "teardown"] {
        let mut kills = 0;
        for n in 1..MAX_CALLS {
            if method == "teardown" {
                scene.carry_out("setup");
            }
            let killed = scene.is_killed_at(method, n);
            kills += usize::from(killed);
            // Podman starts it again, or takes away what it has begun.
            if n % 2 == 0 {
                scene.carry_out("setup");
                assert_eq!(scene.there(), whole, "{method}, call {n}");
                assert_carries(&scene.netns, &scene.neighbour, &["192.0.2.8"]);
            }
            scene.carry_out("teardown");
            assert_eq!(scene.there(), nothing, "{method}, call {n}");
            if !killed {
                break;
            }
        }
        println!("{method}: killed {kills} times");
        assert!(kills > 0, "{method} was never killed");
    }
}
