//! `docker ovs connect` and `disconnect` on real containers and bridges, with real traffic.

#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::process::{Child, Stdio};

use crate::acting::{Footprint, ids, numbers_of};
use crate::tool::{Ran, command, docker_ovs, lists, refuses, says};
use lab::{
    Bridge, Container, Home, Link, Switch, assert_carries, flow, ping, run, try_run, unique,
    wait_for_answer,
};

#[test]
fn two_connected_containers_reach_each_other_until_disconnected() {
    lab::need!(Docker);
    let (bridge, left, right) = (Bridge::new(), Container::run(), Container::run());
    let before = Footprint::take(&bridge, &[&left, &right]);
    let connect = |who: &Container, ip: &str| {
        let ipv6 = ip.replace("10.77.1.", "fd00:77:1::").replace("/24", "/64");
        let words = ["connect", bridge.name(), who.name(), "--ip", ip, "--ip", &ipv6];
        says(&[&words[..], &["--format", "csv"]].concat())
    };
    let row = connect(&left, "10.77.1.1/24");
    let fields: Vec<_> = row.trim_end().split(',').collect();
    assert_eq!((fields[0], fields[1], fields[3]), ("eth0", "32768", bridge.name()), "{row}");
    let same = "{{.Interface}},{{.OFPort}},{{.MAC}},{{.Bridge}}";
    assert_eq!(row, says(&["port", left.name(), bridge.name(), "--format", same]));
    connect(&right, "10.77.1.2/24");
    wait_for_answer(&left, "10.77.1.2");
    assert_carries(&left, &right, &["10.77.1.2", "fd00:77:1::2"]);
    flow(&bridge, "priority=9,in_port=32769,icmp,actions=drop");
    assert!(!ping(&left, "10.77.1.2"), "the answer comes by port 32769");
    for who in [&left, &right] {
        let gone = says(&["disconnect", bridge.name(), who.name()]);
        assert_eq!(gone, format!("{}:eth0\n", who.name()));
        assert!(!who.ip(&["link"]).contains("eth0"));
    }
    assert_eq!(Footprint::take(&bridge, &[&left, &right]), before);
}

#[test]
fn connect_makes_and_records_all_that_is_requested() {
    lab::need!(Docker);
    let (bridge, container, host_end) = (Bridge::new(), Container::run(), unique("h"));
    let whom = ["connect", bridge.name(), container.id(), "--host-interface", &host_end];
    let words = "--interface lan0 --ofport 77 --ip 10.77.2.1/24 --ip 2001:db8:2::1/64 \
        --gateway 10.77.2.254 --gateway 2001:db8:2::ff --mac 02:00:00:77:02:01 --mtu 1400 --vlan 12";
    let words: Vec<_> = words.split_whitespace().collect();
    let told = "{{.Interface}} {{.OFPort}} {{.OFPortRequest}} {{.MAC}} {{.MTU}} {{.VLAN}} {{.HostInterface}}";
    let row = says(&[&whom[..], &words, &["--format", told]].concat());
    assert_eq!(row, format!("lan0 77 77 02:00:00:77:02:01 1400 12 {host_end}\n"));
    let inside = container.ip(&["address", "show", "dev", "lan0"]);
    assert!(inside.contains("inet 10.77.2.1/24"), "{inside}");
    assert!(inside.contains("inet6 2001:db8:2::1/64"), "{inside}");
    assert!(container.ip(&["route"]).contains("default via 10.77.2.254 dev lan0"));
    assert!(container.ip(&["-6", "route"]).contains("default via 2001:db8:2::ff dev lan0"));
    assert_eq!(ids(&host_end, "container_id"), container.id());
    assert_eq!(ids(&host_end, "container_iface"), "lan0");
    assert_eq!(ids(&host_end, "docker-ovs.name"), container.name());
    assert_eq!(ids(&host_end, "docker-ovs.ip"), "10.77.2.1/24,2001:db8:2::1/64");
    assert_eq!(ids(&host_end, "docker-ovs.gateway"), "10.77.2.254,2001:db8:2::ff");
    assert_eq!(ids(&host_end, "docker-ovs.mac"), "02:00:00:77:02:01");
    assert_eq!(ids(&host_end, "docker-ovs.mtu"), "1400");
    says(&["disconnect", bridge.name(), container.name(), "--interface", "lan0"]);
}

#[test]
fn a_script_that_makes_a_container_anew_comes_to_the_same_names_and_numbers() {
    lab::need!(Docker);
    let (bridge, other, name) = (Bridge::new(), Bridge::new(), unique("c"));
    let scene = || {
        let mut container = Container::run();
        container.rename(&name);
        let connect = |bridge: &Bridge, ip: &str| {
            let words = ["connect", bridge.name(), &name, "--ip", ip];
            says(
                &[&words[..], &["--format", "{{.Interface}} {{.OFPort}} {{index .Addresses 0}}"]]
                    .concat(),
            )
        };
        let rows = [
            connect(&bridge, "10.77.9.1/24"),
            connect(&other, "10.77.8.1/24"),
            connect(&bridge, "10.77.7.1/24"),
        ];
        (container, rows)
    };
    let (first, rows) = scene();
    let told =
        ["eth0 32768 10.77.9.1/24\n", "eth1 32768 10.77.8.1/24\n", "eth2 32769 10.77.7.1/24\n"];
    assert_eq!(rows, told);
    let mut before = first;
    for _ in 0..3 {
        before.remove();
        let (container, rows) = scene();
        assert_eq!(rows, told);
        assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]).lines().count(), 2);
        before = container;
    }
    // What a restart took is for restore: a new interface is another one.
    before.restart();
    let row = says(&["connect", bridge.name(), &name, "--format", "{{.Interface}}"]);
    assert_eq!(row, "eth3\n");
}

#[test]
fn a_trunk_carries_what_it_is_asked_to_and_a_number_left_to_ovs_is_kept() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let words = ["--trunk", "10,20", "--ofport", "auto", "--format", "{{.OFPort}} {{.Port}}"];
    let row = says(&[&["connect", bridge.name(), container.name()][..], &words].concat());
    let (number, port) = row.trim_end().split_once(' ').unwrap();
    assert_eq!(run("ovs-vsctl", &["get", "Port", port, "trunks"]), "[10, 20]");
    assert!(number.parse::<u16>().unwrap() < 32768, "OVS chooses: {row}");
    assert_eq!(run("ovs-vsctl", &["get", "Interface", port, "ofport_request"]), number);
}

#[test]
fn connect_dry_run_prints_the_plan_and_changes_nothing() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let before = Footprint::take(&bridge, &[&container]);
    let words = ["connect", bridge.name(), container.name(), "--mac", "02:00:00:77:03:01"];
    let told = says(&[&words[..], &["--dry-run"]].concat());
    assert!(told.contains("make a veth from dov-"), "{told}");
    assert!(told.contains(&format!("to {}, ofport 32768", bridge.name())), "{told}");
    assert_eq!(Footprint::take(&bridge, &[&container]), before);
    let only = ["--format", "{{.Interface}} {{.OFPort}} {{.MAC}} {{.MTU}} {{.State}} {{.Wire}}"];
    let foretold = says(&[&words[..], &["--dry-run"], &only].concat());
    assert_eq!(says(&[&words[..], &only].concat()), foretold);
    let told = says(&["disconnect", bridge.name(), container.name(), "--dry-run"]);
    assert!(told.contains("2. remove port dov-"), "{told}");
    assert_eq!(numbers_of(&bridge), ["32768"]);
}

#[test]
fn connect_refuses_the_impossible_before_it_changes_anything() {
    lab::need!(Docker);
    let (bridge, container, other) = (Bridge::new(), Container::run(), Container::run());
    let (stopped, host) = (Container::run(), Container::run_with(&["--network", "host"]));
    stopped.stop();
    let link = Link::add(&["type", "veth", "peer", "name", &unique("p")]);
    says(&["connect", bridge.name(), other.name(), "--ofport", "7", "--interface", "lan0"]);
    let before = Footprint::take(&bridge, &[&container, &other, &stopped]);
    let refused = |who: &Container, words: &[&str], why: &[&str]| {
        let said = refuses(&[&["connect", bridge.name(), who.name()][..], words].concat());
        assert!(why.iter().all(|why| said.contains(why)), "{words:?}: {said}");
    };
    let holder = format!("{}:lan0", other.name());
    refused(&container, &["--ofport", "7"], &["OpenFlow port 7", "in use", &holder]);
    refused(&other, &["--interface", "lan0"], &["has an interface lan0 already"]);
    refused(&container, &["--host-interface", link.name()], &[link.name(), "already"]);
    refused(&container, &["--host-interface", bridge.name()], &["a port of", "already"]);
    refused(&container, &["--interface", "a/b"], &["cannot be the name"]);
    refused(&container, &["--interface", "sixteen-letters-"], &["longer than 15"]);
    refused(&container, &["--mac", "01:00:00:00:00:01"], &["a multicast address"]);
    refused(&container, &["--ip", "10.77.4.1/24", "--gateway", "10.77.5.1"], &["gateway"]);
    refused(&stopped, &[], &["is not running", "docker start"]);
    refused(&host, &[], &["shares the host's network"]);
    let said = refuses(&["connect", "nosuchbridge", container.name()]);
    assert!(said.contains("no such bridge"), "{said}");
    let said = refuses(&["disconnect", bridge.name(), container.name()]);
    assert!(said.contains("no interface of") && said.contains("was found on"), "{said}");
    assert_eq!(Footprint::take(&bridge, &[&container, &other, &stopped]), before);
}

#[test]
fn a_foreign_port_is_removed_only_by_force() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let _theirs = lab::Plugged::new(&container, "eth0", &bridge, lab::Plug::default());
    let said = refuses(&["disconnect", bridge.name(), container.name()]);
    assert!(said.contains("has no record that docker-ovs or ovs-docker made it"), "{said}");
    assert!(said.contains("--force"), "{said}");
    assert_eq!(numbers_of(&bridge).len(), 1);
    says(&["disconnect", "--force", bridge.name(), container.name()]);
    assert!(numbers_of(&bridge).is_empty());
    assert!(!container.ip(&["link"]).contains("eth0"));
}

#[test]
fn fifty_connects_at_once_get_fifty_numbers() {
    lab::alone!(Docker);
    let bridge = Bridge::new();
    let containers: Vec<_> = (0..50).map(|_| Container::run()).collect();
    let every: Vec<_> = containers.iter().collect();
    let before = Footprint::take(&bridge, &every);
    let all = |verb: &str| {
        let start = |who: &Container| {
            let words = [verb, bridge.name(), who.name(), "--timeout", "100"];
            command("docker-ovs", &words).stdout(Stdio::null()).spawn().unwrap()
        };
        let running: Vec<Child> = containers.iter().map(start).collect();
        for mut child in running {
            assert!(child.wait().unwrap().success());
        }
    };
    all("connect");
    let mut numbers = numbers_of(&bridge);
    numbers.sort();
    let expected: Vec<_> = (32768..).take(50).map(|n| n.to_string()).collect();
    assert_eq!(numbers, expected);
    all("disconnect");
    assert_eq!(Footprint::take(&bridge, &every), before);
}

/// Why a number that another port has is refused before the switch is asked for it.
#[test]
fn the_switch_gives_small_numbers_and_takes_one_that_is_asked_for_from_its_port() {
    lab::need!(Lab);
    let bridge = Bridge::new();
    let add = || {
        let name = unique("q");
        let number = bridge.add(&name, &["--", "set", "interface", &name, "type=internal"]);
        assert!((1..=32_767).contains(&number), "{number}");
        (name, number)
    };
    let ((victim, had), (other, _)) = (add(), add());
    let ask = |number: u16| {
        let request = format!("ofport_request={number}");
        run("ovs-vsctl", &["--timeout=60", "set", "interface", &other, &request]);
    };
    let number = |port: &str| -> Option<u16> {
        run("ovs-vsctl", &["--timeout=60", "get", "interface", port, "ofport"]).trim().parse().ok()
    };
    ask(had);
    lab::wait_until("it has the number of the other one", || number(&other) == Some(had));
    let has_another = || number(&victim).is_some_and(|now| now != had);
    lab::wait_until("which has another one", has_another);
    ask(32_768);
    lab::wait_until("it has a number that is not given unasked", || number(&other) == Some(32_768));
}

#[test]
fn two_connects_to_one_number_give_it_to_one_and_refuse_the_other() {
    lab::need!(Docker);
    let (bridge, one, two) = (Bridge::new(), Container::run(), Container::run());
    let before = Footprint::take(&bridge, &[&one, &two]);
    let race = |runs: [&[&str]; 2]| -> Vec<Ran> {
        let start = |words: &[&str]| {
            let words = [&["connect", bridge.name()][..], words, &["--timeout", "60"]].concat();
            let mut command = command("docker-ovs", &words);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        let running = runs.map(start);
        running.map(|child| child.wait_with_output().unwrap().into()).into()
    };
    let lost = |ran: Vec<Ran>| {
        assert_eq!(ran.iter().filter(|ran| ran.code == 0).count(), 1, "{ran:?}");
        ran.into_iter().find(|ran| ran.code == 2).unwrap().stderr
    };
    let said = lost(race([&[one.name(), "--ofport", "9"], &[two.name(), "--ofport", "9"]]));
    assert!(said.contains("OpenFlow port 9") && said.contains("in use"), "{said}");
    let same = [one.name(), "--interface", "lan0"];
    let said = lost(race([&same, &same]));
    assert!(said.contains("has an interface lan0 already"), "{said}");
    assert_eq!(numbers_of(&bridge).len(), 2);
    for who in [&one, &two] {
        while docker_ovs(&["disconnect", bridge.name(), who.name(), "-i", "lan0"]).code == 0 {}
        while docker_ovs(&["disconnect", bridge.name(), who.name()]).code == 0 {}
    }
    assert_eq!(Footprint::take(&bridge, &[&one, &two]), before);
}

#[test]
fn connect_from_a_recording_needs_dry_run() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snapshot.json");
    std::fs::write(&file, lists(&["snapshot"])).unwrap();
    let words = ["connect", bridge.name(), container.name(), "--from", file.to_str().unwrap()];
    let said = refuses(&words);
    assert!(said.contains("cannot be changed") && said.contains("--dry-run"), "{said}");
    let told = says(&[&words[..], &["--dry-run", "-q"]].concat());
    assert_eq!(told, "32768\n");
    assert!(try_run("ovs-vsctl", &["list-ports", bridge.name()]).unwrap().is_empty());
}

/// To vswitchd a name that goes and comes back before it looks never went, and on the userspace datapath
/// such a port would stay with the link that is gone.
#[test]
fn a_host_interface_that_is_asked_for_again_at_once_passes_traffic() {
    lab::need!(Docker);
    let (switch, one, two) = (Switch::start(&[]), Container::run(), Container::run());
    let (db, bridge, end) = (switch.remote(), unique("br"), unique("v"));
    switch.add_bridge(&bridge, &[]);
    let connect = || {
        let words = ["connect", &bridge, one.name(), "--ip", "10.77.41.1/24"];
        says(&[&["--db", &db][..], &words, &["--host-interface", &end]].concat());
    };
    connect();
    says(&["--db", &db, "connect", &bridge, two.name(), "--ip", "10.77.41.2/24"]);
    let again = || {
        says(&["--db", &db, "disconnect", &bridge, one.name()]);
        connect();
    };
    let ports = || switch.vsctl(&["--no-wait", "list-ports", &bridge]);
    switch.while_vswitchd_hangs(again, || !ports().contains(&end));
    assert_carries(&one, &two, &["10.77.41.2"]);
}
