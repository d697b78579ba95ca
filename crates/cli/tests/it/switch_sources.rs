//! Every source to a port number, and every way a container can hang on a switch that the
//! kernel here can make.

use crate::tool::{docker_ovs, lists, says};
use lab::{Bridge, Container, Home, Link, Netns, Plug, Plugged, ofport_of, run, try_run, unique};

/// `INTERFACE PORT OFPORT WIRE STATE` of each interface.
fn rows(who: &str) -> String {
    let format = "{{.Interface}} {{.Port}} {{.OFPort}} {{.Wire}} {{.State}}";
    docker_ovs(&["port", who, "--format", format]).stdout
}

#[test]
fn ovsdb_openflow_and_appctl_agree() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let port = ["--", "set", "interface", "HOST", "ofport_request=4711"];
    let host_end = unique("v");
    let port = port.map(|word| if word == "HOST" { host_end.as_str() } else { word });
    let plug = Plug { port: &port, host_end: Some(&host_end), ..Plug::default() };
    let _plugged = Plugged::new(&container, "eth0", &bridge, plug);
    for source in ["ovsdb", "openflow", "appctl"] {
        let said = says(&["port", container.name(), bridge.name(), "-q", "--source", source]);
        assert_eq!(said, "4711\n", "{source}");
        let listed = lists(&[
            "ls",
            "--bridge",
            bridge.name(),
            "--source",
            source,
            "--format",
            "{{.Container}} {{.OFPort}}",
        ]);
        assert_eq!(listed, format!("{} 4711\n", container.name()), "{source}");
    }
    let told = lists(&["explain", container.name(), bridge.name()]);
    for source in ["ovsdb", "openflow", "appctl"] {
        assert!(told.contains(&format!("4711 on bridge {}", bridge.name())), "{told}");
        assert!(told.lines().any(|line| line.ends_with(source)), "{told}");
    }
    let dp = run("ovs-appctl", &["dpif/show"]);
    let dp =
        dp.lines().find_map(|line| line.trim().strip_prefix(&format!("{host_end} 4711/"))).unwrap();
    let dp = dp.split(':').next().unwrap();
    let ports = lists(&["ports", bridge.name(), "--format", "{{.OFPort}} {{.DPPort}}"]);
    assert!(ports.contains(&format!("4711 {dp}\n")), "{ports} {dp}");
}

#[test]
fn a_bridge_may_speak_only_one_version_and_listen_elsewhere() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let expected = format!("{}\n", plugged.ofport());
    for version in ["OpenFlow10", "OpenFlow13", "OpenFlow15"] {
        run("ovs-vsctl", &["set", "bridge", bridge.name(), &format!("protocols={version}")]);
        let said = says(&["port", container.name(), bridge.name(), "-q", "--source", "openflow"]);
        assert_eq!(said, expected, "{version}");
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    run("ovs-vsctl", &["set-controller", bridge.name(), &format!("ptcp:{free}:127.0.0.1")]);
    let listener = format!("{}=tcp:127.0.0.1:{free}", bridge.name());
    lab::wait_until("the bridge listens", || {
        std::net::TcpStream::connect(("127.0.0.1", free)).is_ok()
    });
    let said = says(&[
        "--openflow",
        &listener,
        "port",
        container.name(),
        bridge.name(),
        "-q",
        "--source",
        "openflow",
    ]);
    assert_eq!(said, expected);
}

#[test]
fn a_place_that_is_named_and_where_nothing_is_is_told() {
    lab::need!(Docker);
    let (bridge, other, container) = (Bridge::new(), Bridge::new(), Container::run());
    let _plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let nowhere = format!("{}=unix:/nonexistent", other.name());
    let ran = docker_ovs(&["--openflow", &nowhere, "explain", container.name()]);
    assert!(ran.stderr.contains("OpenFlow at unix:/nonexistent: "), "{ran:?}");
    let ran = docker_ovs(&["--openflow", "=unix:/nonexistent", "ports"]);
    assert_eq!((ran.code, &*ran.stdout), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("no bridge is named"), "{ran:?}");
}

/// An internal port in a container looks like a stale one in the database.
#[test]
fn internal_ports_that_were_moved_are_found() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let [kept, marked, lost] = ["k", "m", "x"].map(unique);
    let id = format!("external_ids:container_id={}", container.name());
    for (name, inner, more) in [
        (&kept, kept.as_str(), &[][..]),
        (&marked, "eth1", &[id.as_str(), "external_ids:container_iface=eth1"]),
        (&lost, "eth2", &[]),
    ] {
        bridge.add(name, &[&["--", "set", "interface", name, "type=internal"], more].concat());
        run("ip", &["link", "set", name, "netns", &container.pid()]);
        container.ip(&["link", "set", name, "name", inner]);
    }
    let told = rows(container.name());
    assert!(told.contains(&format!("{kept} {kept} {} internal on\n", ofport_of(&kept))), "{told}");
    assert!(
        told.contains(&format!("eth1 {marked} {} internal on\n", ofport_of(&marked))),
        "{told}"
    );
    let lost_row = told.lines().find(|line| line.starts_with("eth2 ")).unwrap();
    let by_address = format!("eth2 {lost} {} internal on", ofport_of(&lost));
    assert!(lost_row == by_address || lost_row == "eth2   unresolved unknown", "{lost_row}");
    let ports = lists(&["ports", bridge.name(), "--format", "{{.Port}} {{.Occupant}}"]);
    assert!(!ports.contains("orphaned"), "an internal port may live anywhere: {ports}");
}

#[test]
fn a_macvlan_over_a_bridge_is_on_it_and_one_over_a_system_port_passes_it_by() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let link = Link::add(&["type", "veth"]);
    let ofport = bridge.add(link.name(), &[]);
    run("ip", &["link", "set", bridge.name(), "up"]);
    for (lower, inner) in [(link.name(), "eth0"), (bridge.name(), "eth1")] {
        let name = unique("m");
        run("ip", &["link", "add", "name", &name, "link", lower, "type", "macvlan"]);
        run("ip", &["link", "set", &name, "netns", &container.pid()]);
        container.ip(&["link", "set", &name, "name", inner]);
    }
    // What goes by a system port's link leaves the host by it, past the switch.
    let expected = format!("eth0   parent none\neth1 {} 65534 parent on\n", bridge.name());
    assert_eq!(rows(container.name()), expected);
    let who = docker_ovs(&["who", &format!("{}:{ofport}", bridge.name()), "-q"]);
    assert!(!who.stdout.contains(container.name()), "{who:?}");
}

#[test]
fn a_linux_bridge_in_between_is_followed() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let linux = Link::add(&["type", "bridge"]);
    let (near, far) = (unique("p"), unique("q"));
    let _tie = Link::named(&near, &["type", "veth", "peer", "name", &far]);
    run("ip", &["link", "set", &near, "master", linux.name()]);
    run("ip", &["link", "set", &far, "up"]);
    let ofport = bridge.add(&far, &[]);
    let (outer, inner) = (unique("v"), unique("i"));
    let _veth = Link::named(&outer, &["type", "veth", "peer", "name", &inner]);
    run("ip", &["link", "set", &outer, "master", linux.name()]);
    run("ip", &["link", "set", &inner, "netns", &container.pid()]);
    container.ip(&["link", "set", &inner, "name", "eth0"]);
    assert_eq!(rows(container.name()), format!("eth0 {far} {ofport} linux-bridge on\n"));
    let told = says(&["port", container.name(), "--format", "{{.HostInterface}} {{.Through}}"]);
    assert_eq!(told, format!("{outer} {}\n", linux.name()));
    // docker0 and its like are on no switch.
    run("ovs-vsctl", &["del-port", &far]);
    assert_eq!(rows(container.name()), "eth0   veth none\n");
}

#[test]
fn patches_and_bonds_from_the_switchs_side() {
    lab::need!(Docker);
    let (left, right, container) = (Bridge::new(), Bridge::new(), Container::run());
    let (here, there) = (unique("pa"), unique("pb"));
    let patch = |bridge: &Bridge, name: &str, peer: &str| {
        let peer = format!("options:peer={peer}");
        bridge.add_without_waiting(name, &["--", "set", "interface", name, "type=patch", &peer]);
    };
    patch(&left, &here, &there);
    patch(&right, &there, &here);
    let (one, two) = (Link::add(&["type", "veth"]), Link::add(&["type", "veth"]));
    let bond = unique("bond");
    run("ovs-vsctl", &["add-bond", left.name(), &bond, one.name(), two.name()]);
    let plugged =
        Plugged::new(&container, "eth0", &left, Plug { port: &["tag=7"], ..Plug::default() });
    let told = says(&[
        "ports",
        left.name(),
        "--format",
        "{{.OFPort}} {{.Type}} {{.Bond}} {{.VLAN}} {{.Who}}",
    ]);
    let line = |ofport: u16, rest: &str| format!("{ofport} {rest}\n");
    for expected in [
        line(ofport_of(&here), &format!("patch   patch to {} ({there})", right.name())),
        line(ofport_of(one.name()), &format!("system {bond}  host (veth)")),
        line(ofport_of(two.name()), &format!("system {bond}  host (veth)")),
        line(plugged.ofport(), &format!("system  7 {}:eth0", container.name())),
        line(65534, "internal   the bridge itself"),
    ] {
        assert!(told.contains(&expected), "{told} has no {expected}");
    }
}

#[test]
fn namespaces_without_containers_are_answered() {
    lab::need!(Lab);
    let (bridge, netns) = (Bridge::new(), Netns::new());
    let plugged = Plugged::new(&netns, "eth0", &bridge, Plug::default());
    let expected = format!("{}\n", plugged.ofport());
    for words in [format!("netns:{}", netns.name()), format!("netns:/run/netns/{}", netns.name())] {
        let said = docker_ovs(&["port", &words, bridge.name(), "-q"]);
        assert_eq!((said.code, said.stdout.as_str()), (0, expected.as_str()), "{said:?}");
    }
}

#[test]
fn a_recorded_host_answers_as_the_real_one_did() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let plugged = Plugged::new(
        &container,
        "eth0",
        &bridge,
        Plug { ip: Some("192.0.2.9/24"), ..Plug::default() },
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    std::fs::write(path, lists(&["snapshot"])).unwrap();
    let asked = ["port", container.name(), bridge.name(), "--format", "csv"];
    assert_eq!(says(&[&["--from", path][..], &asked].concat()), says(&asked));
    let hidden = docker_ovs(&["--from", path, "snapshot", "--anonymise"]).stdout;
    for secret in [container.name(), container.id(), bridge.name(), plugged.host_end(), "192.0.2.9"]
    {
        assert!(!hidden.contains(secret), "{secret} is still there");
    }
    std::fs::write(path, &hidden).unwrap();
    let told = says(&["--from", path, "ls", "--format", "{{.OFPort}} {{.State}} {{.Wire}}"]);
    assert!(told.contains(&format!("{} on veth\n", plugged.ofport())), "{told}");
}

#[test]
fn podman_answers_by_its_docker_compatible_socket() {
    lab::need!(Docker, Podman);
    let folder = tempfile::tempdir().unwrap();
    let podman = lab::Podman::serve(folder.path());
    let bridge = Bridge::new();
    let (outer, inner) = (unique("v"), unique("i"));
    let _veth = Link::named(&outer, &["type", "veth", "peer", "name", &inner]);
    run("ip", &["link", "set", &inner, "netns", &podman.pid()]);
    let ofport = bridge.add(&outer, &[]);
    let socket = podman.socket();
    let said = docker_ovs(&["-H", &socket, "port", podman.name(), bridge.name(), "-q"]);
    assert_eq!((said.code, said.stdout), (0, format!("{ofport}\n")), "{}", said.stderr);
    let listed = docker_ovs(&[
        "-H",
        &socket,
        "ls",
        "--format",
        "{{.Container}} {{.OFPort}}",
        "--bridge",
        bridge.name(),
    ]);
    assert_eq!(listed.stdout, format!("{} {ofport}\n", podman.name()), "{}", listed.stderr);
    let _ = try_run("ovs-vsctl", &["del-port", &outer]);
}
