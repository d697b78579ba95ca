//! Two machines, each with a kernel and a datapath of its own: their bridges are one network by the kernel's
//! tunnels, which go over a cable as they are, and then over WireGuard. `scripts/machine pair` runs this in
//! both at once.
#![allow(clippy::disallowed_methods, reason = "a test starts etcd")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Child;

use lab::{Bridge, Container, run, wait_for_answer, wait_until};
use serde_json::Value;

use crate::tool::{Served, docker_ovs, says};

/// Where etcd is: on the first machine.
const ETCD: [&str; 2] = ["--etcd", "http://192.0.2.1:2379"];
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/wireguard/dov.conf");
/// What the test sends at least.
const MEGABYTE: u64 = 1 << 20;

/// One of the two, whose address on the cable is `192.0.2.NUMBER`.
struct Member {
    number: u8,
    bridge: Bridge,
    container: Container,
    daemon: Served,
}

impl Member {
    fn name(&self) -> String {
        format!("m{}", self.number)
    }

    fn other(&self) -> u8 {
        3 - self.number
    }

    /// Joins the mesh at this address, and is one network with the other one then.
    fn is_joined(&self, local_ip: &str, mtu: u64) {
        acts(&["mesh", "join", "blue", self.bridge.name(), "--local-ip", local_ip]);
        let (inside, other) = (&self.container, format!("10.9.0.{}", self.other()));
        wait_until("both are members", || self.members().len() == 2);
        wait_for_answer(inside, &other);
        lab::assert_echoes(inside, &other);
        // The other one may not have told of its link yet.
        wait_until("the mesh has the MTU of its links", || {
            let row = &self.mesh()[0];
            row["MTU"] == mtu
        });
        self.has_a_tunnel_of_the_kernel();
    }

    fn has_a_tunnel_of_the_kernel(&self) {
        let datapath = run("ovs-dpctl", &["show"]);
        assert!(datapath.contains("genev_sys_6081"), "{datapath}");
        let ports = run("ovs-vsctl", &["list-ports", self.bridge.name()]);
        let is_tunnel =
            |port: &&str| run("ovs-vsctl", &["get", "interface", port, "type"]) == "geneve";
        let tunnel = ports.lines().find(is_tunnel).expect("there is a tunnel");
        let number = run("ovs-vsctl", &["get", "interface", tunnel, "ofport"]);
        // Which number the other one's port has on every switch, the mesh tells.
        let other = format!("m{}", self.other());
        let member = self.members().into_iter().find(|member| member["Host"] == *other).unwrap();
        assert_eq!(member["OFPort"].to_string(), number, "{member}");
    }

    fn members(&self) -> Vec<Value> {
        let mesh = self.mesh();
        let members = mesh.first().and_then(|row| row["Members"].as_array().cloned());
        members.unwrap_or_default()
    }

    fn mesh(&self) -> Vec<Value> {
        let words = ["--server", &self.daemon.url(), "mesh", "ls", "blue", "--format", "json"];
        let told = docker_ovs(&words).stdout;
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// It says that no daemon is where one would be without the test.
fn acts(words: &[&str]) {
    let ran = docker_ovs(words);
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// Meets the other machine on the cable: both have come to this step, and tell each other something.
fn meet(number: u8, step: u16, tell: &str) -> String {
    let address = ("192.0.2.2", 4000 + step);
    let listener = (number == 2).then(|| TcpListener::bind(address).unwrap());
    let mut stream = None;
    wait_until("the other machine comes to this step", || {
        stream = match &listener {
            Some(listener) => {
                listener.set_nonblocking(true).unwrap();
                listener.accept().ok().map(|(stream, _)| stream)
            }
            None => TcpStream::connect(address).ok(),
        };
        stream.is_some()
    });
    let mut stream = stream.unwrap();
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(lab::patience())).unwrap();
    writeln!(stream, "{tell}").unwrap();
    let mut told = String::new();
    BufReader::new(stream).read_line(&mut told).unwrap();
    assert!(told.ends_with('\n'), "the other machine has given up");
    told.trim_end().to_owned()
}

/// An etcd that is ended with its guard.
struct Etcd(Child, #[allow(dead_code, reason = "its folder goes with it")] tempfile::TempDir);

impl Etcd {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut etcd = lab::program("etcd");
        etcd.arg("--data-dir").arg(folder.path()).args(["--listen-client-urls", ETCD[1]]);
        etcd.args(["--advertise-client-urls", ETCD[1], "--log-level", "error"]);
        Self(etcd.spawn().expect("etcd is installed"), folder)
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Brings WireGuard's link up as the example has it.
fn encrypt(number: u8) {
    let (other, own) = (3 - number, format!("10.99.0.{number}"));
    let key = run("wg", &["genkey"]);
    std::fs::create_dir_all("/etc/wireguard").unwrap();
    let private = "/etc/wireguard/dov.key";
    std::fs::write(private, &key).unwrap();
    std::fs::set_permissions(private, PermissionsExt::from_mode(0o600)).unwrap();
    let public = run("sh", &["-c", &format!("wg pubkey < {private}")]);
    let theirs = meet(number, 3, &public);
    let mut text = std::fs::read_to_string(EXAMPLE).unwrap();
    for (example, here) in [
        ("Address = 10.99.0.1/", format!("Address = {own}/")),
        ("THE-PUBLIC-KEY-OF-THE-OTHER-HOST", theirs),
        ("192.0.2.12:", format!("192.0.2.{other}:")),
        ("10.99.0.2/32", format!("10.99.0.{other}/32")),
    ] {
        assert!(text.contains(example), "the example has no {example}");
        text = text.replace(example, &here);
    }
    std::fs::write("/etc/wireguard/dov.conf", text).unwrap();
    run("wg-quick", &["up", "dov"]);
}

fn received(link: &str) -> u64 {
    let path = format!("/sys/class/net/{link}/statistics/rx_bytes");
    std::fs::read_to_string(path).unwrap().trim().parse().unwrap()
}

#[test]
#[ignore = "it takes two machines: make test-machines"]
fn bridges_of_two_machines_are_one_network() {
    lab::alone!(Machine);
    let number = std::env::var("DOCKER_OVS_TEST_MEMBER").unwrap().parse().unwrap();
    run("ip", &["address", "add", &format!("192.0.2.{number}/24"), "dev", "eth0"]);
    run("ip", &["link", "set", "eth0", "up"]);
    let etcd = (number == 1).then(Etcd::start);
    if etcd.is_some() {
        wait_until("etcd answers", || TcpStream::connect("192.0.2.1:2379").is_ok());
        says(&[&["mesh", "create", "blue"], &ETCD[..]].concat());
    }
    meet(number, 0, "");
    let name = format!("m{number}");
    let words = ["--fleet-host", &name, "--listen", "none"];
    let daemon = Served::start(&[&words, &ETCD[..]].concat());
    let member = Member { number, bridge: Bridge::new(), container: Container::run(), daemon };
    let inside = format!("10.9.0.{number}");
    let (on, of) = (member.bridge.name(), member.container.name());
    says(&["connect", on, of, "--ip", &format!("{inside}/24"), "--mtu", "1300"]);
    lab::echo(&member.container, &inside);
    // 1500 − 50 − 4 for a VLAN's tag.
    member.is_joined(&format!("192.0.2.{number}"), 1446);
    meet(number, 1, "");
    acts(&["mesh", "leave", "blue"]);
    meet(number, 2, "");
    encrypt(number);
    let before = received("dov");
    // 1420 − 54, as the example's page says.
    member.is_joined(&format!("10.99.0.{number}"), 1366);
    assert!(received("dov") - before > MEGABYTE, "it went another way");
    let seen = docker_ovs(&["--server", &member.daemon.url(), "who", &inside, "-q"]);
    assert!(seen.stdout.contains(member.container.name()), "{}: {seen:?}", member.name());
    meet(number, 4, "");
}
