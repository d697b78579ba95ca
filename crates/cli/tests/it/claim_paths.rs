//! Whose port it is, where other programs name a file: the container's whose network namespace that file is, by
//! whichever path.

use std::os::unix::fs::symlink;

use lab::{Bridge, Container, run};

use crate::plain_namespaces::Mounted;
use crate::proof_kinds::moved;
use crate::tool::{Ran, docker_ovs};

/// A port whose link the kernel does not lead to, and what is asked of it.
struct Claimed {
    bridge: Bridge,
    container: Container,
    port: String,
}

impl Claimed {
    fn new() -> Self {
        let (bridge, container) = (Bridge::new(), Container::run());
        let port = moved(&bridge, &container, "internal");
        Self { bridge, container, port }
    }

    /// What is told of the container once the port's row names this path, as Kube-OVN writes it.
    fn told(&self, path: &str) -> Ran {
        let claim = format!("external_ids:pod_netns={path:?}");
        let set = ["--", "set", "interface", &self.port, &claim, "external_ids:iface-id=pod.ns"];
        let clear = ["clear", "interface", &self.port, "external_ids"];
        run("ovs-vsctl", &[&clear[..], &set].concat());
        docker_ovs(&["port", self.container.name(), self.bridge.name(), "-q"])
    }

    /// Whether it is on the port by that, and by nothing that it may set itself.
    fn is_on(&self, path: &str) {
        let ran = self.told(path);
        assert!(ran.code == 0 && !ran.stderr.contains("alone"), "{path}: {ran:?}");
    }

    fn is_not_on(&self, path: &str) {
        let ran = self.told(path);
        assert!(ran.code != 0 && ran.stdout.is_empty(), "{path}: {ran:?}");
    }
}

#[test]
fn a_namespace_is_known_by_its_engines_path_in_either_spelling() {
    lab::need!(Docker);
    let (claimed, other) = (Claimed::new(), Container::run());
    let key = |container: &Container| {
        let format = "{{.NetworkSettings.SandboxKey}}";
        let key = run("docker", &["inspect", "--format", format, container.id()]);
        key.strip_prefix("/var").unwrap_or(&key).to_owned()
    };
    let (own, another) = (key(&claimed.container), key(&other));
    claimed.is_on(&own);
    claimed.is_on(&format!("/var{own}"));
    claimed.is_not_on(&another);
    claimed.is_not_on(&format!("/var{another}"));
}

#[test]
fn a_namespace_is_known_by_the_links_that_lead_to_its_process() {
    lab::need!(Docker);
    let (claimed, other) = (Claimed::new(), Container::run());
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (pid, another) = (claimed.container.pid(), other.pid());
    symlink(format!("/proc/{pid}/ns/net"), at("own")).unwrap();
    symlink("own", at("again")).unwrap();
    symlink(format!("/proc/{another}/ns/net"), at("another")).unwrap();
    claimed.is_on(&at("own"));
    claimed.is_on(&at("again"));
    claimed.is_on(&format!("/proc/{pid}/task/{pid}/ns/net"));
    claimed.is_not_on(&at("another"));
    claimed.is_not_on(&format!("/proc/{another}/task/{another}/ns/net"));
}

#[test]
fn a_namespace_is_known_by_a_file_that_it_is_mounted_on() {
    lab::need!(Docker);
    let (claimed, other) = (Claimed::new(), Container::run());
    let folder = tempfile::tempdir().unwrap();
    let (own, another) = (folder.path().join("own"), folder.path().join("another"));
    let mounted = [(&claimed.container, &own), (&other, &another)]
        .map(|(container, path)| Mounted::of(&container.pid(), path));
    claimed.is_on(own.to_str().unwrap());
    claimed.is_not_on(another.to_str().unwrap());
    drop(mounted);
}
