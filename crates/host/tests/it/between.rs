//! Ways to the switch through other namespaces, on the real kernel, in namespaces of the test's own.

use std::sync::Arc;

use host::engine::EngineContainer;
use host::{Host, Question};
use model::ids::OfPort;
use model::resolve;
use model::wiring::{Attachment, AttachmentState, ContainerRef};
use tempfile::TempDir;

use crate::fake_database::FakeDatabase;
use crate::fake_engine::FakeEngine;
use crate::fake_vswitchd::FakeVswitchd;
use crate::own_kernel::{Process, is_inside};
use crate::rows::host;

fn ip(words: &[&str]) {
    lab::run("ip", words);
}

fn ip_of(process: &Process, words: &[&str]) {
    let pid = process.id().to_string();
    lab::run("nsenter", &[&["--target", &pid, "--net", "ip"], words].concat());
}

struct Scene {
    host: Host,
    _database: FakeDatabase,
    _vswitchd: FakeVswitchd,
    _folder: TempDir,
}

/// These containers, and the bridge br0 with the port `up0` of number 7.
fn scene(containers: Vec<EngineContainer>) -> Scene {
    let (host, folder) = host(vec![FakeEngine::new("docker", containers) as Arc<_>]);
    let database = FakeDatabase::listen(folder.path());
    database.bridge("br0", &[("up0", Some(7))]);
    let vswitchd = FakeVswitchd::start(folder.path());
    Scene { host, _database: database, _vswitchd: vswitchd, _folder: folder }
}

impl Scene {
    /// What a look at the container alone says of its interface, and what a look at everything says.
    async fn both(&self, container: &str, interface: &str) -> [Option<OfPort>; 2] {
        let narrow = Question { target: Some(container.into()), ..Question::default() };
        let mut told = [None; 2];
        for (told, question) in told.iter_mut().zip([narrow, Question::default()]) {
            let wiring = resolve(&self.host.look(&question).await);
            let is = |one: &&Attachment| {
                let named = |tenant: &Arc<ContainerRef>| &*tenant.name == container;
                one.tenants.iter().any(named) && &*one.link.name == interface
            };
            *told = wiring.attachments.iter().find(is).and_then(|one| one.port.ofport());
        }
        told
    }
}

/// Ends with a container's `eth0` on the Linux bridge lb0 of the switch's namespace, which is joined
/// to `up0` by links of `words`.
async fn joined(words: &[&[&str]]) {
    let home = Process::start();
    let pid = home.id().to_string();
    ip(&["link", "add", "lb0", "up", "type", "bridge"]);
    ip(&["link", "add", "v0", "type", "veth", "peer", "name", "eth0", "netns", &pid]);
    ip(&["link", "set", "v0", "master", "lb0", "up"]);
    ip(&["link", "add", "up0", "type", "veth", "peer", "name", "down0"]);
    for words in words {
        ip(words);
    }
    let scene = scene(vec![home.container("d1", "web")]);
    assert_eq!(scene.both("web", "eth0").await, ON_7, "{words:?}");
}

/// Whether this kernel has bonds and VLANs, as those of distributions do.
fn has_bonds() -> bool {
    let made = |words: &[&str]| lab::program("ip").args(words).status().unwrap().success();
    made(&["link", "add", "try0", "type", "bond"])
        && made(&["link", "add", "link", "try0", "name", "try1", "type", "vlan", "id", "1"])
        && made(&["link", "del", "try0"])
}

const ON_7: [Option<OfPort>; 2] = [Some(OfPort(7)); 2];

/// The switch's namespace, then one that this process holds, with a bridge of the kernel in it.
fn bridge_between(between: &Process) {
    let pid = between.id().to_string();
    ip(&["link", "add", "up0", "type", "veth", "peer", "name", "down0", "netns", &pid]);
    ip(&["link", "set", "up0", "up"]);
    ip_of(between, &["link", "add", "lb0", "type", "bridge"]);
    ip_of(between, &["link", "set", "lb0", "up"]);
    ip_of(between, &["link", "set", "down0", "master", "lb0", "up"]);
}

/// A veth from that bridge to `eth0` of the container.
fn bridged(between: &Process, name: &str, home: &Process) {
    let home = home.id().to_string();
    let peer = ["type", "veth", "peer", "name", "eth0", "netns", &home];
    ip_of(between, &[&["link", "add", name], &peer[..]].concat());
    ip_of(between, &["link", "set", name, "master", "lb0", "up"]);
}

#[tokio::test]
async fn a_namespace_that_no_engine_has_is_on_the_way() {
    if !is_inside("between::a_namespace_that_no_engine_has_is_on_the_way") {
        return;
    }
    let [between, home, other] = [(); 3].map(|()| Process::start());
    bridge_between(&between);
    bridged(&between, "in0", &home);
    let scene = scene(vec![home.container("d1", "web"), other.container("d2", "db")]);
    assert_eq!(scene.both("web", "eth0").await, ON_7);
    // What stands on a link of the way is on it too.
    ip_of(&between, &["link", "add", "link", "lb0", "name", "mv0", "type", "macvlan"]);
    ip_of(&between, &["link", "set", "mv0", "netns", &other.id().to_string()]);
    assert_eq!(scene.both("db", "mv0").await, ON_7);
}

#[tokio::test]
async fn another_container_is_on_the_way() {
    if !is_inside("between::another_container_is_on_the_way") {
        return;
    }
    let [router, home, loose] = [(); 3].map(|()| Process::start());
    bridge_between(&router);
    bridged(&router, "in0", &home);
    let containers = vec![
        router.container("d1", "router"),
        home.container("d2", "web"),
        loose.container("d3", "x"),
    ];
    let scene = scene(containers);
    assert_eq!(scene.both("web", "eth0").await, ON_7);
    // A veth between two containers leads nowhere, whatever its ends are called.
    let pid = loose.id().to_string();
    ip_of(&router, &["link", "add", "up1", "type", "veth", "peer", "name", "up0", "netns", &pid]);
    assert_eq!(scene.both("x", "up0").await, [None; 2]);
    assert_eq!(scene.both("web", "eth0").await, ON_7);
}

#[tokio::test]
async fn a_bond_in_a_linux_bridge_is_on_the_way() {
    if !is_inside("between::a_bond_in_a_linux_bridge_is_on_the_way") || !has_bonds() {
        return;
    }
    joined(&[
        &["link", "add", "bond0", "type", "bond"],
        &["link", "set", "down0", "master", "bond0"],
        &["link", "set", "bond0", "master", "lb0"],
    ])
    .await;
}

#[tokio::test]
async fn a_vlan_over_a_bond_in_a_linux_bridge_is_on_the_way() {
    if !is_inside("between::a_vlan_over_a_bond_in_a_linux_bridge_is_on_the_way") || !has_bonds() {
        return;
    }
    joined(&[
        &["link", "add", "bond0", "type", "bond"],
        &["link", "set", "down0", "master", "bond0"],
        &["link", "add", "link", "bond0", "name", "bond0.10", "type", "vlan", "id", "10"],
        &["link", "set", "bond0.10", "master", "lb0"],
    ])
    .await;
}

#[tokio::test]
async fn a_link_that_stands_on_the_end_of_the_way_is_seen_by_a_look_at_one_container() {
    if !is_inside(
        "between::a_link_that_stands_on_the_end_of_the_way_is_seen_by_a_look_at_one_container",
    ) {
        return;
    }
    let home = Process::start();
    let pid = home.id().to_string();
    ip(&["link", "add", "v0", "type", "veth", "peer", "name", "eth0", "netns", &pid]);
    ip(&["link", "add", "link", "v0", "name", "up0", "type", "macvlan"]);
    let scene = scene(vec![home.container("d1", "web")]);
    for port in narrow_and_whole(&scene.host).await {
        assert!(matches!(port, AttachmentState::Unknown { .. }), "{port:?}");
    }
}

/// Where eth0 of the container web is, by a look at it and by one at everything.
async fn narrow_and_whole(host: &Host) -> [AttachmentState; 2] {
    let narrow = Question { target: Some("web".into()), ..Question::default() };
    let state = async |question: &Question| {
        let look = host.resolved(question).await;
        let mut found = look.wiring.attachments.iter().filter(|one| &*one.link.name == "eth0");
        found.next().unwrap().port.clone()
    };
    [state(&narrow).await, state(&Question::default()).await]
}

/// A macvlan in a Linux bridge of the way, and the port beside it on their parent.
#[tokio::test]
async fn a_link_that_stands_beside_the_way_is_seen_by_a_look_at_one_container() {
    if !is_inside("between::a_link_that_stands_beside_the_way_is_seen_by_a_look_at_one_container") {
        return;
    }
    // Its device may be root's alone.
    let tap = ["tuntap", "add", "nic0", "mode", "tap"];
    if !lab::program("ip").args(tap).status().unwrap().success() {
        return;
    }
    let home = Process::start();
    let pid = home.id().to_string();
    ip(&["link", "add", "lb0", "up", "type", "bridge"]);
    ip(&["link", "add", "v0", "type", "veth", "peer", "name", "eth0", "netns", &pid]);
    ip(&["link", "set", "v0", "master", "lb0", "up"]);
    ip(&["link", "add", "link", "nic0", "name", "m0", "type", "macvlan"]);
    ip(&["link", "set", "m0", "master", "lb0"]);
    ip(&["link", "add", "link", "nic0", "name", "up0", "type", "macvlan"]);
    let scene = scene(vec![home.container("d1", "web")]);
    for port in narrow_and_whole(&scene.host).await {
        let AttachmentState::Unknown { why } = &port else { panic!("{port:?}") };
        assert!(why.contains("up0 stands on nic0 beside m0"), "{why}");
    }
}
