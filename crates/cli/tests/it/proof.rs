//! Nothing living and nothing foreign is touched: other engines, other databases, other names.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs that are in the way")]

use crate::tool::{docker_ovs, refuses, says};
use lab::{Bridge, Container, Datapath, Home, Link, Switch, run, try_run, unique, wait_until};

fn ports(bridge: &Bridge) -> Vec<String> {
    run("ovs-vsctl", &["list-ports", bridge.name()]).lines().map(str::to_owned).collect()
}

fn connected(bridge: &Bridge, container: &Container, more: &[&str]) -> String {
    let words = ["connect", bridge.name(), container.name(), "--format", "{{.Port}}"];
    says(&[&words[..], more].concat()).trim_end().to_owned()
}

fn wait_until_gone(link: &str) {
    wait_until("the kernel deletes the link", || {
        try_run("ip", &["link", "show", "dev", link]).is_err()
    });
}

#[test]
fn an_interface_that_lives_inside_the_container_is_not_restored_over() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let port = connected(&bridge, &container, &["--ip", "10.79.1.1/24"]);
    let inside = ["--target", &container.pid(), "--net", "unshare", "--net", "sleep", "600"];
    let mut inner = lab::program("nsenter").args(inside).spawn().unwrap();
    let pid = inner.id().to_string();
    let outer = run("readlink", &[&format!("/proc/{}/ns/net", container.pid())]);
    wait_until("it is in a namespace of its own", || {
        let own = try_run("readlink", &[&format!("/proc/{pid}/ns/net")]);
        own.is_ok_and(|own| own != outer && own != run("readlink", &["/proc/self/ns/net"]))
    });
    container.ip(&["link", "set", "eth0", "netns", &pid]);
    let restored = docker_ovs(&["restore", container.name(), "--format", "{{.Result}}"]);
    let disconnected = docker_ovs(&["disconnect", bridge.name(), container.name(), "--force"]);
    let again = ["connect", bridge.name(), container.name(), "--interface", "eth0"];
    let connected = docker_ovs(&again);
    let lives = try_run("nsenter", &["--target", &pid, "--net", "ip", "link", "show", "eth0"]);
    inner.kill().unwrap();
    inner.wait().unwrap();
    assert_eq!((restored.code, restored.stdout.as_str()), (1, "skipped\n"), "{restored:?}");
    assert_eq!((disconnected.code, connected.code), (2, 2), "{disconnected:?} {connected:?}");
    assert!(lives.is_ok(), "{lives:?}");
    assert_eq!(ports(&bridge), [port]);
}

#[test]
fn an_interface_that_lives_elsewhere_is_not_connected_again() {
    lab::need!(Docker);
    let (bridge, container, other) = (Bridge::new(), Container::run(), Container::run());
    let named = lab::Netns::new();
    let port = connected(&bridge, &container, &[]);
    let refused = |interface: &str, with: &str| {
        let words = ["connect", bridge.name(), container.name(), "--interface", interface];
        let ran = docker_ovs(&words);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(ran.stderr.contains("its interface lives"), "{ran:?}");
        assert!(ran.stderr.contains(with), "{ran:?}");
        assert_eq!(ports(&bridge).join(" "), port);
    };
    container.ip(&["link", "set", "eth0", "netns", &other.pid()]);
    refused("eth0", other.name());
    other.ip(&["link", "set", "eth0", "name", "moved0"]);
    refused("eth0", other.name());
    other.ip(&["link", "set", "moved0", "netns", named.name()]);
    refused("eth0", named.name());
    let another = connected(&bridge, &container, &["--interface", "eth1"]);
    assert_eq!(ports(&bridge).len(), 2, "{another} is another interface");
}

#[test]
fn another_database_leaves_the_living_veths_of_the_first_alone() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let port = connected(&bridge, &container, &["--ip", "10.79.2.1/24"]);
    let second = lab::Database::start();
    let _vswitchd = second.idle_vswitchd();
    second.vsctl(&["add-br", bridge.name()]);
    let db = ["--db", &second.remote()];
    let planned = ["connect", bridge.name(), container.name(), "--dry-run"];
    let told = says(&[&db[..], &planned].concat());
    assert!(!told.contains("delete the link"), "{told}");
    for more in [&["--bridge", bridge.name()][..], &[], &["--all"]] {
        let ran = docker_ovs(&[&db[..], &["prune", "--force"], more].concat());
        assert!(ran.code < 2, "{ran:?}");
        assert!(!ran.stdout.contains(&port), "{ran:?}");
    }
    assert!(try_run("ip", &["link", "show", "dev", &port]).is_ok());
    assert!(container.ip(&["address", "show", "eth0"]).contains("10.79.2.1"));
}

#[test]
fn what_a_stopped_container_had_is_not_its_namesakes_and_follows_its_new_name() {
    lab::need!(Docker);
    let (bridge, first, second) = (Bridge::new(), Container::run(), Container::run());
    let port = connected(&bridge, &first, &["--ofport", "40010"]);
    first.stop();
    wait_until_gone(&port);
    let (old, new) = (first.name().to_owned(), unique("z"));
    run("docker", &["rename", first.id(), &new]);
    run("docker", &["rename", second.id(), &old]);
    let said = refuses(&["disconnect", bridge.name(), &old]);
    assert!(said.contains("no interface of") && said.contains("was found on"), "{said}");
    let other = ["connect", bridge.name(), &old, "--interface", "eth0", "--format", "{{.OFPort}}"];
    assert_ne!(says(&other), "40010\n");
    assert!(ports(&bridge).contains(&port));
    first.start();
    assert_eq!(says(&["restore", &new, "--format", "{{.Result}}"]), "restored\n");
    assert_eq!(says(&["port", &new, bridge.name(), "--quiet"]), "40010\n");
}

#[test]
fn what_del_port_took_is_put_back_and_forgotten_once_the_container_is_gone() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let more = ["--ofport", "40011", "--vlan", "10", "--trunk", "20-30", "--ip", "10.79.3.1/24"];
    let port = connected(&bridge, &container, &more);
    let vlans = |port: &str| run("ovs-vsctl", &["get", "Port", port, "vlan_mode", "tag"]);
    assert_eq!(vlans(&port), "native-untagged\n10");
    let restore = |want: &str| {
        assert_eq!(says(&["restore", container.name(), "--format", "{{.Result}}"]), want);
        assert_eq!(says(&["port", container.name(), bridge.name(), "--quiet"]), "40011\n");
    };
    run("ovs-vsctl", &["del-port", &port]);
    let dry = docker_ovs(&["restore", container.name(), "--dry-run", "--format", "{{.Result}}"]);
    assert_eq!((dry.code, dry.stdout.as_str()), (1, "missing\n"), "{dry:?}");
    assert_eq!(says(&["prune", "--force", "--bridge", bridge.name(), "--format", "{{.Port}}"]), "");
    restore("restored\n");
    assert_eq!(ports(&bridge), std::slice::from_ref(&port), "the link lives on");
    run("ovs-vsctl", &["del-port", &port]);
    container.restart();
    wait_until_gone(&port);
    restore("restored\n");
    assert_eq!(vlans(&ports(&bridge)[0]), "native-untagged\n10");
    // As Incus does at its start: a row whose link is gone is deleted by another hand.
    let swept = ports(&bridge)[0].clone();
    container.restart();
    wait_until_gone(&swept);
    run("ovs-vsctl", &["del-port", &swept]);
    restore("restored\n");
    assert_eq!(vlans(&ports(&bridge)[0]), "native-untagged\n10");
    run("ovs-vsctl", &["del-port", &ports(&bridge)[0]]);
    container.remove();
    let pruned = ["prune", "--force", "--bridge", bridge.name(), "--format", "{{.Kind}}"];
    assert_eq!(says(&pruned), "memory\n");
    let ids = run("ovs-vsctl", &["get", "Bridge", bridge.name(), "external_ids"]);
    assert!(!ids.contains("docker-ovs.memory"), "{ids}");
}

/// On a switch of its own, for a reset takes the settings of every bridge.
#[test]
fn what_is_remembered_outlives_a_reset_and_a_sweep_and_goes_with_its_bridge() {
    lab::need!(Docker);
    let (switch, container, bridge) = (Switch::start(&[]), Container::run(), unique("br"));
    switch.add_bridge(&bridge, &[]);
    let remote = switch.remote();
    let asked = |words: &[&str]| docker_ovs(&[&["--db", &remote][..], words].concat());
    let told = |words: &[&str]| {
        let ran = asked(words);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{words:?}: {ran:?}");
        ran.stdout
    };
    let connect = || {
        let words = ["connect", &bridge, container.name(), "--ofport", "40021", "--vlan", "10"];
        let more = ["--trunk", "20-30", "--ip", "10.79.7.1/24", "--format", "{{.Port}}"];
        told(&[&words[..], &more].concat()).trim_end().to_owned()
    };
    let restores = |want: &str| {
        let result = told(&["restore", container.name(), "--format", "{{.Result}}"]);
        assert_eq!(result.trim_end(), want);
        assert_eq!(told(&["port", container.name(), &bridge, "--quiet"]), "40021\n");
        let port = told(&["port", container.name(), &bridge, "--format", "{{.Port}}"]);
        let vlans = switch.vsctl(&["get", "Port", port.trim_end(), "vlan_mode", "tag"]);
        assert_eq!(vlans, "native-untagged\n10");
        assert!(container.ip(&["address", "show", "eth0"]).contains("10.79.7.1/24"));
    };
    let has_link = |port: &str| {
        let show = ["-netns", switch.netns().name(), "link", "show", "dev", port];
        try_run("ip", &show).is_ok()
    };
    let port = connect();
    switch.vsctl(&["emer-reset"]);
    restores("present");
    container.stop();
    wait_until("the kernel deletes the link", || !has_link(&port));
    switch.vsctl(&["emer-reset"]);
    // Whatever has no link goes, as at the start of a program that takes the switch for its own.
    let ports = switch.vsctl(&["list-ports", &bridge]);
    for gone in ports.lines().filter(|port| !has_link(port)) {
        switch.vsctl(&["del-port", gone]);
    }
    assert_eq!(switch.vsctl(&["list-ports", &bridge]), "");
    container.start();
    restores("restored");

    let port = switch.vsctl(&["list-ports", &bridge]);
    switch.vsctl(&["del-br", &bridge]);
    switch.add_bridge(&bridge, &[]);
    let forgotten = asked(&["restore", container.name()]);
    let why = format!("no interface of {} is remembered", container.name());
    assert!(forgotten.code == 1 && forgotten.stderr.contains(&why), "{forgotten:?}");
    assert_eq!(asked(&["port", container.name(), &bridge, "--quiet"]).code, 1);
    // The number is as free as on any new bridge, once the old link is gone with its end inside.
    container.restart();
    wait_until("the kernel deletes the link", || !has_link(&port));
    connect();
    restores("present");
}

/// The identity of an interface: its index, and that of its other end.
fn ends(container: &Container) -> String {
    let told = container.ip(&["-o", "link", "show", "dev", "eth0"]);
    told.split(' ').take(2).collect()
}

#[test]
fn an_interface_whose_host_end_was_renamed_is_put_back_and_never_removed() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let port = connected(&bridge, &container, &["--ofport", "40012", "--ip", "10.79.4.1/24"]);
    let (name, before) = (unique("w"), ends(&container));
    run("ovs-vsctl", &["del-port", &port]);
    run("ip", &["link", "set", &port, "down"]);
    run("ip", &["link", "set", &port, "name", &name]);
    run("ip", &["link", "set", &name, "up"]);
    let lives = || {
        assert_eq!(ends(&container), before);
        assert!(container.ip(&["address", "show", "eth0"]).contains("10.79.4.1"));
    };
    for more in [&[][..], &["--all"], &["--all", "--stopped"]] {
        let ran = docker_ovs(&[&["prune", "--force", "--bridge", bridge.name()], more].concat());
        assert!(ran.code < 2 && !ran.stdout.contains(&name), "{ran:?}");
        lives();
    }
    connected(&bridge, &container, &["--interface", "eth1"]);
    lives();
    let told = says(&["restore", container.name(), "--format", "{{.Interface}} {{.Result}}"]);
    assert!(told.contains("eth0 restored"), "{told}");
    lives();
    assert!(ports(&bridge).contains(&name), "{:?}", ports(&bridge));
    let number =
        ["port", container.name(), bridge.name(), "--format", "{{.Interface}} {{.OFPort}}"];
    assert!(says(&number).starts_with("eth0 40012\n"), "{}", says(&number));
    for interface in ["eth0", "eth1"] {
        says(&["disconnect", bridge.name(), container.name(), "--interface", interface]);
    }
    assert_eq!(ports(&bridge), [""; 0]);
    assert!(try_run("ip", &["link", "show", "dev", &name]).is_err());
}

#[test]
fn a_bridge_that_was_made_again_leaves_what_was_on_it_alive() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let port = connected(&bridge, &container, &[]);
    let before = ends(&container);
    let kind = run("ovs-vsctl", &["get", "bridge", bridge.name(), "datapath_type"]);
    let kind = format!("datapath_type={kind}");
    let made = ["--", "add-br", bridge.name(), "--", "set", "bridge", bridge.name(), &kind];
    run("ovs-vsctl", &[&["del-br", bridge.name()], &made[..]].concat());
    let is_heard = || try_run("ovs-vsctl", &["get", "interface", &port, "name"]).is_ok();
    wait_until("its port is gone", || !is_heard());
    let prune = ["prune", "--force", "--bridge", bridge.name()];
    let ran = docker_ovs(&prune);
    assert!(ran.code == 1 && ran.stderr.contains("its other end is in use"), "{ran:?}");
    connected(&bridge, &container, &["--interface", "eth1"]);
    assert_eq!(ends(&container), before);
    says(&["disconnect", bridge.name(), container.name(), "--interface", "eth1"]);
    run("ip", &["link", "delete", &port]);
}

#[test]
fn what_ovs_docker_left_of_a_removed_container_goes_without_being_asked_for() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let words = |port: &str| {
        let id = format!("external_ids:container_id={}", container.name());
        let iface = "external_ids:container_iface=eth1".to_owned();
        ["--".into(), "set".into(), "Interface".into(), port.to_owned(), id, iface]
    };
    let link = Link::add(&["type", "veth", "peer", "name", &unique("p")]);
    let port = link.name().to_owned();
    let more = words(&port);
    bridge.add(&port, &more.each_ref().map(String::as_str));
    drop(link);
    let prune = ["prune", "--force", "--bridge", bridge.name(), "--format", "{{.Port}}"];
    assert_eq!(says(&prune), "", "its container runs");
    container.remove();
    assert_eq!(says(&prune), format!("{port}\n"));
}

#[test]
fn removed_containers_are_pruned_at_once_and_none_is_passed_over_in_silence() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    for _ in 0..3 {
        let containers = [Container::run(), Container::run(), Container::run()];
        for container in &containers {
            connected(&bridge, container, &[]);
        }
        let ids = containers.each_ref().map(Container::id);
        run("docker", &[&["rm", "--force"][..], &ids].concat());
        // The kernel may be long in taking namespaces down where many come and go.
        says(&["prune", "--force", "--bridge", bridge.name(), "--timeout", "30s"]);
        assert_eq!(ports(&bridge), [""; 0]);
    }
}

#[test]
fn a_second_engine_leaves_what_the_first_ones_stopped_containers_had() {
    lab::need!(Docker, Podman);
    let folder = tempfile::tempdir().unwrap();
    let podman = lab::Podman::serve(folder.path());
    let (bridge, container) = (Bridge::new(), Container::run());
    let port = connected(&bridge, &container, &[]);
    run("docker", &["rename", container.id(), podman.name()]);
    container.stop();
    wait_until_gone(&port);
    let by = |words: &[&str]| docker_ovs(&[&["--host", &podman.socket()], words].concat());
    for more in [&[][..], &["--all"], &["--stopped"]] {
        let ran = by(&[&["prune", "--force", "--bridge", bridge.name()], more].concat());
        assert!(ran.code < 2, "{ran:?}");
        assert_eq!(ports(&bridge), std::slice::from_ref(&port), "{ran:?}");
    }
    let ran = by(&["restore", "--all", "--format", "{{.Bridge}} {{.Result}}"]);
    assert!(ran.stdout.contains(&format!("{} skipped", bridge.name())), "{ran:?}");
    let ran = by(&["disconnect", bridge.name(), podman.name(), "--force"]);
    assert_eq!((ran.code, ports(&bridge)), (2, vec![port]), "{ran:?}");
}

/// Containers on a Linux bridge that one port ties to the switch.
#[test]
fn a_port_that_others_may_be_on_is_taken_by_none_of_them() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let (tie, linux) = (unique("n"), Link::add(&["type", "bridge"]));
    bridge.add(&tie, &["--", "set", "interface", &tie, "type=internal"]);
    run("ip", &["link", "set", &tie, "master", linux.name(), "up"]);
    let join = || {
        let (container, end) = (Container::run(), unique("v"));
        let peer = ["type", "veth", "peer", "name", "eth0", "netns", &container.netns()];
        let link = Link::named(&end, &peer);
        run("ip", &["link", "set", &end, "master", linux.name()]);
        (container, link)
    };
    let ((first, _one), (second, _other)) = (join(), join());
    let said = refuses(&["disconnect", bridge.name(), first.name(), "--force"]);
    assert!(said.contains(&format!("by way of {}", linux.name())), "{said}");
    second.remove();
    refuses(&["disconnect", bridge.name(), first.name(), "--force"]);
    assert_eq!(ports(&bridge), [tie]);
}

/// Upper links are deleted together with the lower one, in whichever namespace they are.
#[test]
fn an_interface_with_an_upper_link_of_another_is_not_taken() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let [own, another] = [Container::run(), Container::run()];
    let port = connected(&bridge, &own, &[]);
    own.ip(&["link", "add", "link", "eth0", "name", "mv0", "type", "macvlan"]);
    own.ip(&["link", "add", "link", "eth0", "name", "mv1", "type", "macvlan"]);
    own.ip(&["link", "set", "mv1", "netns", &another.netns()]);
    let refused = |words: &str| {
        for more in [&[][..], &["--force"], &["--dry-run"]] {
            let said = refuses(&[&["disconnect", bridge.name(), own.name()], more].concat());
            assert!(said.contains(words), "{said}");
        }
        assert_eq!(ports(&bridge), std::slice::from_ref(&port));
    };
    refused(&format!("the macvlan mv1 of {} stands on eth0", another.name()));
    another.ip(&["link", "delete", "mv1"]);
    // A port of the kernel's datapath takes no macvlan; without that datapath the lab's kernel has
    // no VLANs.
    let kind: &[&str] = match Datapath::of_the_lab() {
        Datapath::Userspace => &["macvlan"],
        Datapath::Kernel => &["vlan", "id", "9"],
    };
    let upper = Link::add(&[&["link", &port, "type"], kind].concat());
    refused(&format!("{} of the host stands on eth0", upper.name()));
    drop(upper);
    // What it has on it itself goes too.
    says(&["disconnect", bridge.name(), own.name()]);
    assert!(ports(&bridge).is_empty());
}
