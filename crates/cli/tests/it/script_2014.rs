//! The main job on real Docker and real Open vSwitch, compared with what `ovs-vsctl`,
//! `docker` and `ip` say when asked on their own.

use crate::tool::{docker_ovs, drop_in, lists, refuses, says};
use lab::{Bridge, Container, Home, Link, Plug, Plugged, ofport_of, run, unique};

/// The 2014 script's line for one interface.
fn line(container: &Container, interface: &str, ofport: Option<u16>) -> String {
    let mac = container.ip(&["-brief", "link", "show", interface]);
    let mac = mac.split_whitespace().nth(2).unwrap();
    let number = ofport.map(|number| number.to_string()).unwrap_or_default();
    format!("{interface},{number},{mac}\n")
}

#[test]
fn port_answers_the_scene_of_the_2014_script() {
    lab::need!(Docker);
    let (switch, other) = (Bridge::new(), Bridge::new());
    let (firewall, none) = (Container::run(), Container::run());
    let first = Plugged::new(&firewall, "eth0", &switch, Plug::default());
    let second = Plugged::new(&firewall, "eth1", &switch, Plug::default());
    let third = Plugged::new(&firewall, "eth2", &other, Plug::default());
    let on = |bridge: &Bridge| {
        let on = |plug: &Plugged| {
            let home = run("ovs-vsctl", &["iface-to-br", plug.host_end()]);
            (home == bridge.name()).then(|| ofport_of(plug.host_end()))
        };
        line(&firewall, "eth0", on(&first))
            + &line(&firewall, "eth1", on(&second))
            + &line(&firewall, "eth2", on(&third))
    };
    for word in [firewall.name(), firewall.id(), &firewall.id()[..12]] {
        for bridge in [&switch, &other] {
            let ran = drop_in(&[word, bridge.name()]);
            assert_eq!((ran.code, ran.stdout, ran.stderr.as_str()), (0, on(bridge), ""));
        }
    }
    let numbers = format!("{}\n{}\n", first.ofport(), second.ofport());
    assert_eq!(says(&["port", firewall.name(), switch.name(), "-q"]), numbers);
    let nothing = docker_ovs(&["port", none.name(), switch.name(), "-q"]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (1, ""));
    assert_eq!(drop_in(&[none.name(), switch.name()]).code, 0);
    let everywhere =
        says(&["port", firewall.name(), "--format", "{{.Interface}} {{.Bridge}} {{.OFPort}}"]);
    let expected = format!(
        "eth0 {0} {1}\neth1 {0} {2}\neth2 {3} {4}\n",
        switch.name(),
        first.ofport(),
        second.ofport(),
        other.name(),
        third.ofport()
    );
    assert_eq!(everywhere, expected);
}

/// Current Docker gives every container's eth0 the same ifindex.
#[test]
fn equal_ifindexes_in_different_namespaces_are_told_apart() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let plug = Plug::default();
    let containers: Vec<_> = (0..3).map(|_| Container::run()).collect();
    let plugs: Vec<_> = containers.iter().map(|c| veth_with_index(c, 7, &bridge, plug)).collect();
    for (container, (_, ofport)) in containers.iter().zip(&plugs) {
        let ran = drop_in(&[container.name(), bridge.name()]);
        assert_eq!(ran.stdout, line(container, "eth0", Some(*ofport)));
    }
}

/// A veth whose inner end is made in the container, with an index of our choice.
fn veth_with_index(
    container: &Container,
    index: u32,
    bridge: &Bridge,
    plug: Plug<'_>,
) -> (PortGuard, u16) {
    let name = unique("v");
    let (index, own) = (index.to_string(), std::process::id().to_string());
    let veth = ["link", "add", "eth0", "index", &index, "type", "veth", "peer", "name", &name];
    container.ip(&[&veth[..], &["netns", &own]].concat());
    run("ip", &["link", "set", &name, "up"]);
    let ofport = bridge.add(&name, plug.port);
    (PortGuard(name), ofport)
}

struct PortGuard(String);

impl Drop for PortGuard {
    fn drop(&mut self) {
        let _ = lab::try_run("ovs-vsctl", &["--if-exists", "del-port", &self.0]);
        let _ = lab::try_run("ip", &["link", "del", &self.0]);
    }
}

/// The trap every script falls into: the peer index of a veth between two containers is
/// also the index of a link of the host, which is on the switch.
#[test]
fn a_veth_between_containers_whose_peer_index_is_also_a_host_links() {
    lab::need!(Docker);
    let bridge = Bridge::new();
    let (left, right, bystander) = (Container::run(), Container::run(), Container::run());
    let decoy = Plugged::new(&bystander, "eth0", &bridge, Plug::default());
    let index = run("cat", &[&format!("/sys/class/net/{}/ifindex", decoy.host_end())]);
    let pid = left.pid();
    let veth = ["link", "add", "eth0", "index", &index, "type", "veth", "peer", "name", "eth0"];
    right.ip(&[&veth[..], &["netns", &pid]].concat());
    let script = left.ip(&["-oneline", "link", "show", "eth0"]);
    assert!(script.contains(&format!("eth0@if{index}:")), "the trap is not set: {script}");
    assert_eq!(drop_in(&[left.name(), bridge.name()]).stdout, line(&left, "eth0", None));
    let found = docker_ovs(&["port", left.name(), bridge.name(), "-q"]);
    // The other container's namespace was found by its processes, so nothing is uncertain.
    assert_eq!((found.code, found.stdout.as_str(), found.stderr.as_str()), (1, "", ""));
    assert_eq!(says(&["port", left.name(), "--format", "{{.State}}"]), "none\n");
    let listed = lists(&[
        "ls",
        "--format",
        "{{.Container}} {{.State}}",
        "--filter",
        &format!("container={}", right.name()),
    ]);
    assert_eq!(listed, format!("{} none\n", right.name()));
}

#[test]
fn bridges_whose_names_contain_each_other_are_told_apart() {
    lab::need!(Docker);
    let name = unique("br");
    let (short, long) = (Bridge::named(&name[..name.len() - 1]), Bridge::named(&name));
    let filler = Link::add(&["type", "veth"]);
    short.add(filler.name(), &[]);
    let container = Container::run();
    let first = Plugged::new(&container, "eth0", &short, Plug::default());
    let second = Plugged::new(&container, "eth1", &long, Plug::default());
    assert_ne!(first.ofport(), second.ofport());
    let expect = |one, two| line(&container, "eth0", one) + &line(&container, "eth1", two);
    assert_eq!(
        drop_in(&[container.name(), short.name()]).stdout,
        expect(Some(first.ofport()), None)
    );
    assert_eq!(
        drop_in(&[container.name(), long.name()]).stdout,
        expect(None, Some(second.ofport()))
    );
}

#[test]
fn a_stopped_container_has_no_port_although_its_row_still_has_a_number() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let id = format!("external_ids:container_id={}", container.id());
    let record = ["--", "set", "interface", "HOST", &id];
    let host_end = unique("v");
    let record: Vec<_> = record.iter().map(|w| if *w == "HOST" { &host_end } else { *w }).collect();
    let plug = Plug { port: &record, host_end: Some(&host_end), ..Plug::default() };
    let plugged = Plugged::new(&container, "eth0", &bridge, plug);
    container.docker("stop");
    // Docker has answered, and the kernel is still taking the namespace down.
    let is_gone = || lab::try_run("ip", &["link", "show", "dev", plugged.host_end()]).is_err();
    lab::wait_until("the kernel deletes the link", is_gone);
    assert_eq!(ofport_of(plugged.host_end()), plugged.ofport(), "OVS keeps the number");
    let complaint = refuses(&["port", container.name(), bridge.name()]);
    assert!(complaint.contains("not running (it is exited)"), "{complaint}");
    let left = lists(&["ports", bridge.name(), "--format", "{{.OFPort}} {{.Occupant}}"]);
    assert!(left.contains(&format!("{} orphaned\n", plugged.ofport())), "{left}");
    let all = lists(&[
        "ls",
        "--all",
        "--filter",
        &format!("container={}", container.name()),
        "--format",
        "{{.State}} {{.OFPort}}",
    ]);
    assert_eq!(all, format!("orphaned {}\n", plugged.ofport()));
    container.docker("start");
    assert_eq!(drop_in(&[container.name(), bridge.name()]).stdout, "", "it has no interface now");
}

#[test]
fn containers_in_shared_and_host_networks_are_answered() {
    lab::need!(Docker);
    let (bridge, owner) = (Bridge::new(), Container::run());
    let guest = Container::run_with(&["--network", &format!("container:{}", owner.name())]);
    let plugged = Plugged::new(&owner, "eth0", &bridge, Plug::default());
    for container in [&owner, &guest] {
        let template = "{{.Container}} {{.OFPort}}{{range .Tenants}} {{.Container}}{{end}}";
        let told = says(&["port", container.name(), bridge.name(), "--format", template]);
        let mut words: Vec<_> = told.split_whitespace().collect();
        assert_eq!(words[..2], [container.name(), &plugged.ofport().to_string()]);
        words[2..].sort_unstable();
        let mut both = [owner.name(), guest.name()];
        both.sort_unstable();
        assert_eq!(words[2..], both);
    }
    let host = Container::run_with(&["--network", "host"]);
    let told = docker_ovs(&["port", host.name(), bridge.name()]);
    assert_eq!(told.code, 1);
    assert!(told.stderr.contains("shares the host's network"), "{told:?}");
}

#[test]
fn a_paused_container_still_has_its_port() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let expected = line(&container, "eth0", Some(plugged.ofport()));
    container.docker("pause");
    let told = drop_in(&[container.name(), bridge.name()]);
    container.docker("unpause");
    assert_eq!(told.stdout, expected);
}

#[test]
fn docker_runs_it_as_a_plugin() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let config = tempfile::tempdir().unwrap();
    let plugins = config.path().join("cli-plugins");
    std::fs::create_dir(&plugins).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_docker-ovs"), plugins.join("docker-ovs"))
        .unwrap();
    let config = config.path().to_str().unwrap();
    let told =
        run("docker", &["--config", config, "ovs", "port", container.name(), bridge.name(), "-q"]);
    assert_eq!(told, plugged.ofport().to_string());
    let help = run("docker", &["--config", config, "--help"]);
    assert!(help.lines().any(|line| line.trim_start().starts_with("ovs")), "{help}");
    let help = run("docker", &["--config", config, "ovs", "--help"]);
    assert!(help.contains("Usage: docker ovs"), "{help}");
}
