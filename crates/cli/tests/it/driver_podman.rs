//! `podman network create -d ovs`: the same program as netavark's plugin.
#![allow(clippy::disallowed_methods, reason = "a test makes folders and links")]

use lab::{Bridge, Network, assert_carries, run};

use crate::driver::{driver, on, settled};
use crate::tool::{command, docker_ovs};

/// The program as netavark finds it, in a folder of the test's.
pub(crate) fn plugins(folder: &std::path::Path) -> std::path::PathBuf {
    let plugins = folder.join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    let program = command("docker-ovs", &[]).get_program().to_owned();
    std::os::unix::fs::symlink(program, plugins.join("ovs")).unwrap();
    plugins
}

#[test]
fn podman_makes_the_same_networks_and_numbers_go_from_docker_to_podman() {
    lab::need!(Docker, Podman, Netavark);
    let folder = tempfile::tempdir().unwrap();
    let (podman, plugins) = (lab::Podman::serve(folder.path()), plugins(folder.path()));
    let driver = driver();
    let bridge = Bridge::new();
    let docker = Network::create(driver.name(), bridge.name(), &["-o", "vlan=10"]);
    let web = on(&docker);
    let before = settled(&web, bridge.name());
    let option = format!("bridge={}", bridge.name());
    let call = |words: &[&str]| podman.podman_with(&plugins, words);
    let refused =
        podman.try_podman_with(&plugins, &["network", "create", "-d", "ovs", "-o", "vlna=1", "x"]);
    assert!(refused.unwrap_err().contains("no option vlna; there are bridge="));
    call(&["network", "create", "-d", "ovs", "-o", &option, "-o", "vlan=10", "lan"]);
    let start = |name: &str, network: &str| {
        let words = ["run", "-d", "--stop-signal", "KILL", "--name", name, "--network", network];
        call(&[&words[..], &[podman.image(), "sleep", "86400"]].concat())
    };
    let name = web.name().to_owned();
    let of_podman = |name: &str| {
        let named = format!("external_ids:docker-ovs.name={name}");
        let words = ["--bare", "--columns=ofport", "find", "interface", &named];
        run("ovs-vsctl", &[&words[..], &["external_ids:docker-ovs.engine=podman"]].concat())
    };
    start("other", "lan");
    assert_ne!(of_podman("other"), before.to_string(), "it is kept for another name");
    web.remove();
    start(&name, "lan");
    assert_eq!(of_podman(&name), before.to_string(), "it went from Docker to Podman");
    start("db", "lan:mac=02:00:00:00:00:09");
    let (one, two) = (podman.home(&name), podman.home("db"));
    let ip = call(&["inspect", "--format", "{{.NetworkSettings.Networks.lan.IPAddress}}", "db"]);
    assert_carries(&one, &two, &[&ip]);
    call(&["restart", "--time", "0", &name]);
    assert_eq!(of_podman(&name), before.to_string());
    let told = docker_ovs(&[
        "--engine",
        &podman.engine(),
        "ls",
        "--format",
        "{{.Container}} {{.Network}} {{.OFPort}}",
    ]);
    assert!(told.stdout.contains(&format!("{name} lan {before}")), "{told:?}");
    call(&["rm", "--force", "--time", "0", &name, "db", "other"]);
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
    call(&["network", "rm", "lan"]);
}

/// Podman hands out addresses by itself, and knows of no other host: each has a part of the subnet.
#[test]
fn podmans_network_in_a_mesh_joins_its_bridge_and_hands_out_this_hosts_part() {
    lab::need!(Docker, Podman, Netavark);
    let folder = tempfile::tempdir().unwrap();
    let (podman, plugins) = (lab::Podman::serve(folder.path()), plugins(folder.path()));
    // A host has one bridge in a mesh.
    let (bridge, mesh) = (Bridge::new(), lab::unique("mesh"));
    let (option, in_mesh) = (format!("bridge={}", bridge.name()), format!("mesh={mesh}"));
    let create = |words: &[&str]| {
        let fixed = ["network", "create", "-d", "ovs", "-o", &option, "-o", &in_mesh];
        let more = ["-o", "local_ip=192.0.2.1"];
        podman.try_podman_with(&plugins, &[&fixed[..], &more, words].concat())
    };
    let whole = create(&["--subnet", "10.98.0.0/24", "far"]).unwrap_err();
    assert!(whole.contains("--subnet 10.98.0.0/24 without --ip-range"), "{whole}");
    let none = create(&["far"]).unwrap_err();
    assert!(none.contains("has the same --subnet on every host"), "{none}");
    create(&["--subnet", "10.98.0.0/24", "--ip-range", "10.98.0.64/26", "meshed"]).unwrap();
    let ids = run("ovs-vsctl", &["get", "bridge", bridge.name(), "external_ids"]);
    assert!(ids.contains(&format!("docker-ovs.{in_mesh}")), "{ids}");
    let call = |words: &[&str]| podman.podman_with(&plugins, words);
    let format = "{{.NetworkSettings.Networks.meshed.IPAddress}}";
    let homes = ["one", "two"].map(|name| {
        let words = ["run", "-d", "--stop-signal", "KILL", "--name", name, "--network", "meshed"];
        call(&[&words[..], &[podman.image(), "sleep", "86400"]].concat());
        (podman.home(name), call(&["inspect", "--format", format, name]))
    });
    for (_, ip) in &homes {
        let last: u8 = ip.strip_prefix("10.98.0.").unwrap().parse().unwrap();
        assert!((64..128).contains(&last), "{ip}");
    }
    assert_carries(&homes[0].0, &homes[1].0, &[&homes[1].1]);
    call(&["rm", "--force", "--time", "0", "one", "two"]);
    call(&["network", "rm", "meshed"]);
    let left = docker_ovs(&["mesh", "leave", &mesh]);
    assert_eq!(left.code, 0, "{left:?}");
    let ids = run("ovs-vsctl", &["get", "bridge", bridge.name(), "external_ids"]);
    assert!(!ids.contains("docker-ovs.mesh"), "{ids}");
}
