//! As many containers on as many ports as are asked for, on a switch of their own.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use lab::{Switch, run};

use super::settle;
use crate::fake_engine;

const BRIDGES: usize = 10;
/// Ports and links of one transaction.
const AT_ONCE: usize = 500;

/// Processes, each in a network namespace of its own, which is mounted as an engine mounts those that it makes: that is
/// what proves whose a process is.
pub(super) struct Homes {
    processes: Vec<Child>,
    pub(super) mounts: PathBuf,
}

impl Homes {
    fn start(count: usize, folder: &Path) -> Self {
        let mounts = folder.join("netns");
        std::fs::create_dir(&mounts).expect("there is room for a folder");
        let namespace = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/net"));
        let own = namespace("self").expect("/proc is there");
        let mut homes = Self { processes: Vec::new(), mounts };
        for n in 0..count {
            let file = homes.mounts.join(n.to_string());
            std::fs::write(&file, "").expect("there is room for a file");
            let mut command = lab::program("unshare");
            command.arg(format!("--net={}", file.display())).args(["sleep", "86400"]);
            command.stdin(Stdio::null()).stdout(Stdio::null());
            homes.processes.push(command.spawn().expect("unshare can be started"));
        }
        for pid in homes.pids() {
            settle("the process is in its namespace", || {
                namespace(&pid.to_string()).is_ok_and(|its| its != own)
            });
        }
        homes
    }

    pub(super) fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(Child::id).collect()
    }
}

impl Drop for Homes {
    fn drop(&mut self) {
        for home in &mut self.processes {
            let _ = home.kill();
        }
        for home in &mut self.processes {
            let _ = home.wait();
        }
        let all: Vec<_> =
            (0..self.processes.len()).map(|n| self.mounts.join(n.to_string())).collect();
        for some in all.chunks(AT_ONCE) {
            // One that unshare had not come to is no mount.
            let _ = lab::program("umount").arg("--quiet").args(some).status();
        }
    }
}

/// As many namespaces as ports, with a veth each to a switch of its own; all of it ends with the value.
pub(super) struct Scene {
    pub(super) switch: Switch,
    pub(super) homes: Homes,
    pub(super) folder: tempfile::TempDir,
}

impl Scene {
    pub(super) fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let homes = Homes::start(count, folder.path());
        let scene = Self { switch: Switch::start_dummy(), homes, folder };
        eprintln!("{count} namespaces");
        scene.add_links();
        scene.add_ports();
        eprintln!("{count} ports");
        scene
    }

    fn add_links(&self) {
        let file = self.folder.path().join("links").display().to_string();
        let pids = self.homes.pids();
        let line = |(n, pid): (usize, &u32)| {
            format!("link add veth{n} type veth peer name eth0 netns {pid}\n")
        };
        let lines: String = pids.iter().enumerate().map(line).collect();
        std::fs::write(&file, lines).expect("there is room for a file");
        run("ip", &["-netns", self.switch.netns().name(), "-batch", &file]);
    }

    fn add_ports(&self) {
        let remote = format!("--db={}", self.switch.remote());
        let vsctl =
            |words: &[&str]| run("ovs-vsctl", &[&[&*remote, "--no-wait"][..], words].concat());
        for bridge in (0..BRIDGES).map(bridge) {
            let more = ["datapath_type=dummy", "fail_mode=secure"];
            let add = ["add-br", &*bridge, "--", "set", "bridge", &*bridge];
            vsctl(&[&add[..], &more].concat());
        }
        let all: Vec<_> = (0..self.homes.processes.len()).collect();
        for some in all.chunks(AT_ONCE) {
            let words: Vec<_> = some.iter().flat_map(|n| port(*n)).collect();
            vsctl(&words.iter().map(String::as_str).collect::<Vec<_>>());
        }
        let missing = ["--bare", "--", "--columns=name", "find", "Interface", "ofport=[]"];
        settle("every port has its number", || vsctl(&missing).is_empty());
    }
}

fn bridge(n: usize) -> String {
    format!("br{n}")
}

/// What adds port `n` to a bridge, with the words by which it is its container's.
fn port(n: usize) -> Vec<String> {
    let (on, iface) = (bridge(n % BRIDGES), format!("veth{n}"));
    let claim = format!("external_ids:container_id={}", fake_engine::id(n));
    let inside = "external_ids:container_iface=eth0";
    let add = ["--", "add-port", &*on, &*iface];
    let set = ["--", "set", "interface", &*iface, &*claim, inside];
    add.into_iter().chain(set).map(str::to_owned).collect()
}
