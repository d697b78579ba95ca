//! `docker network create -d ovs` on a real dockerd, from its beginning to its end.
#![allow(clippy::disallowed_methods, reason = "a test starts threads")]

use std::collections::BTreeSet;

use lab::{Bridge, Container, Network, Plugin, assert_carries, carries, ping, run, try_run};
use rustix::process::Signal;

use crate::tool::{command, docker_ovs};

pub(crate) fn driver() -> Plugin {
    Plugin::start(|words| command("docker-ovs", words))
}

/// The number that the tool tells of a container.
fn number(container: &str, bridge: &str) -> u16 {
    let mut number = None;
    lab::wait_until("the tool tells the number", || {
        let ran = docker_ovs(&["port", "-q", container, bridge]);
        number = ran.stdout.trim().parse().ok();
        number.is_some()
    });
    number.unwrap()
}

/// Waits until the container is known by name, and so has the number that is its own.
pub(crate) fn settled(container: &Container, bridge: &str) -> u16 {
    let named = format!("external_ids:docker-ovs.name={}", container.name());
    let known = format!(
        "external_ids:container_id={}",
        run("docker", &["inspect", "--format", "{{.Id}}", container.name()])
    );
    lab::wait_until("the driver learns the name", || {
        let rows =
            run("ovs-vsctl", &["--bare", "--columns=name", "find", "interface", &named, &known]);
        !rows.is_empty()
    });
    number(container.name(), bridge)
}

pub(crate) fn datapath() -> [&'static str; 2] {
    [
        "-o",
        if lab::has_userspace_datapath() { "datapath_type=netdev" } else { "datapath_type=system" },
    ]
}

pub(crate) fn on(network: &Network) -> Container {
    Container::run_with(&["--network", network.name()])
}

fn address(container: &Container, network: &Network) -> String {
    let format =
        format!("{{{{(index .NetworkSettings.Networks \"{}\").IPAddress}}}}", network.name());
    run("docker", &["inspect", "--format", &format, container.id()])
}

#[test]
fn a_network_is_a_switch_with_one_interface_in_each_container() {
    lab::need!(Docker);
    let driver = driver();
    let name = lab::unique("br");
    let network = Network::create(driver.name(), &name, &datapath());
    let (one, two) = (on(&network), on(&network));
    let ip = address(&two, &network);
    lab::wait_until("ping", || ping(&one, &ip));
    assert_carries(&one, &two, &[&ip]);
    let links = lab::Home::ip(&one, &["-brief", "link"]);
    assert_eq!(links.lines().count(), 2, "lo and eth0: {links}");
    assert_eq!(lab::Home::ip(&one, &["route", "show", "default"]), "");
    assert_ne!(number(one.name(), &name), number(two.name(), &name));
    let mac = one.on_network("MacAddress");
    assert!(lab::Home::ip(&one, &["link", "show", "eth0"]).contains(&mac), "{mac}");
    drop((one, two));
    network.remove();
    assert!(
        !run("ovs-vsctl", &["list-br"]).lines().any(|other| other == name),
        "it was made for it"
    );
}

#[test]
fn numbers_last_over_restart_and_re_creation_in_any_order() {
    lab::need!(Docker);
    let driver = driver();
    let bridge = Bridge::new();
    let network = Network::create(driver.name(), bridge.name(), &[]);
    let (one, two) = (on(&network), on(&network));
    let before = [settled(&one, bridge.name()), settled(&two, bridge.name())];
    assert_ne!(before[0], before[1]);
    one.restart();
    assert_eq!(settled(&one, bridge.name()), before[0]);
    // The other way round each gets the other's address.
    one.stop();
    two.stop();
    two.start();
    one.start();
    lab::wait_until("each has its own number", || {
        [settled(&one, bridge.name()), settled(&two, bridge.name())] == before
    });
    assert_carries(&one, &two, &[&address(&two, &network)]);
    let names = [one.name().to_owned(), two.name().to_owned()];
    one.remove();
    two.remove();
    let again = |name: &String| {
        run(
            "docker",
            &[
                "run",
                "-d",
                "--name",
                name,
                "--network",
                network.name(),
                lab::IMAGE,
                "sleep",
                "86400",
            ],
        );
    };
    names.iter().rev().for_each(again);
    lab::wait_until("what is made again has its number", || {
        [number(&names[0], bridge.name()), number(&names[1], bridge.name())] == before
    });
    drop((one, two));
    for name in &names {
        let _ = try_run("docker", &["rm", "--force", name]);
    }
    network.remove();
    assert!(try_run("ovs-vsctl", &["br-exists", bridge.name()]).is_ok(), "it was there before");
}

#[test]
fn vlans_are_apart_and_a_number_that_is_asked_for_is_given_or_refused() {
    lab::need!(Docker);
    let driver = driver();
    let bridge = Bridge::new();
    let subnet = |n: u8| format!("10.91.{n}.0/24");
    let (ten, twenty) = (subnet(10), subnet(20));
    let office =
        Network::create(driver.name(), bridge.name(), &["-o", "vlan=10", "--subnet", &ten]);
    let lab_net =
        Network::create(driver.name(), bridge.name(), &["-o", "vlan=20", "--subnet", &twenty]);
    let asked = format!("name={},driver-opt=ofport=10", office.name());
    let one = Container::run_with(&["--network", &asked]);
    let (two, far) = (on(&office), on(&lab_net));
    assert_eq!(number(one.name(), bridge.name()), 10);
    assert_carries(&one, &two, &[&address(&two, &office)]);
    lab::Home::ip(&far, &["address", "add", "10.91.10.99/24", "dev", "eth0"]);
    assert!(carries(&one, &far, "10.91.10.99").is_err(), "VLANs are apart");
    let refused =
        try_run("docker", &["run", "--rm", "--network", &asked, lab::IMAGE, "sleep", "1"])
            .unwrap_err();
    assert!(refused.contains("OpenFlow port 10 of") && refused.contains(one.name()), "{refused}");
    let bad = format!("name={},driver-opt=ofprot=10", office.name());
    let refused = try_run("docker", &["run", "--rm", "--network", &bad, lab::IMAGE, "sleep", "1"])
        .unwrap_err();
    assert!(refused.contains("no option ofprot; there are ofport="), "{refused}");
}

#[test]
fn a_network_is_connected_and_disconnected_while_the_container_runs() {
    lab::need!(Docker);
    let driver = driver();
    let bridge = Bridge::new();
    let network = Network::create(driver.name(), bridge.name(), &[]);
    let (one, two) = (Container::run_with(&["--network", "bridge"]), on(&network));
    let connect = ["network", "connect", "--driver-opt", "ofport=77", network.name(), one.id()];
    run("docker", &connect);
    assert_eq!(number(one.name(), bridge.name()), 77);
    assert_carries(&two, &one, &[&address(&one, &network)]);
    run("docker", &["network", "disconnect", network.name(), one.id()]);
    let ports = run("ovs-vsctl", &["list-ports", bridge.name()]);
    assert_eq!(ports.lines().count(), 1, "{ports}");
    run("docker", &["network", "connect", network.name(), one.id()]);
    assert_eq!(settled(&one, bridge.name()), 77);
}

/// Without a driver dockerd holds the container for many seconds, and answers no question about it.
#[test]
fn a_driver_that_is_killed_and_started_again_knows_its_networks() {
    lab::alone!(Docker);
    let mut driver = driver();
    let bridge = Bridge::new();
    let network = Network::create(driver.name(), bridge.name(), &[]);
    let one = on(&network);
    let before = settled(&one, bridge.name());
    for round in 0..10 {
        driver.end(if round % 2 == 0 { Signal::KILL } else { Signal::TERM });
        driver.start_again(|words| command("docker-ovs", words));
        one.restart();
        assert_eq!(settled(&one, bridge.name()), before);
    }
    // A container ends while there is no driver: what it leaves yields its number.
    driver.end(Signal::KILL);
    run("docker", &["kill", one.id()]);
    driver.start_again(|words| command("docker-ovs", words));
    one.start();
    lab::wait_until("it has its number again", || settled(&one, bridge.name()) == before);
}

#[test]
fn thirty_containers_that_start_at_once_get_thirty_numbers() {
    lab::alone!(Docker);
    let driver = driver();
    let bridge = Bridge::new();
    let network = Network::create(driver.name(), bridge.name(), &["--subnet", "10.92.0.0/24"]);
    let all: Vec<Container> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..30).map(|_| scope.spawn(|| on(&network))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let numbers: BTreeSet<u16> = all.iter().map(|one| settled(one, bridge.name())).collect();
    assert_eq!(numbers.len(), 30, "{numbers:?}");
    let rows = || run("ovs-vsctl", &["list-ports", bridge.name()]).lines().count();
    assert_eq!(rows(), 30);
    drop(all);
    assert_eq!(rows(), 0);
}

#[test]
fn numbers_that_were_exchanged_are_given_back() {
    lab::need!(Docker);
    let driver = driver();
    let bridge = Bridge::new();
    let network = Network::create(driver.name(), bridge.name(), &[]);
    let all = [on(&network), on(&network), on(&network)];
    let numbers = || all.each_ref().map(|one| settled(one, bridge.name()));
    let before = numbers();
    let port = |one: &Container| {
        let named = format!("external_ids:docker-ovs.name={}", one.name());
        run("ovs-vsctl", &["--bare", "--columns=name", "find", "interface", &named])
    };
    // Each has the next one's, as after a dockerd that has started all of them at once.
    let mut words = Vec::new();
    for (at, one) in all.iter().enumerate() {
        let wanted = format!("ofport_request={}", before[(at + 1) % 3]);
        words.extend(["--".to_owned(), "set".into(), "interface".into(), port(one), wanted]);
    }
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    run("ovs-vsctl", &words);
    let _news = on(&network);
    lab::wait_until("each has its own again", || numbers() == before);
    assert_carries(&all[0], &all[2], &[&address(&all[2], &network)]);
}

#[test]
fn published_ports_are_refused_where_there_is_no_gateway() {
    lab::need!(Docker);
    let driver = driver();
    let bridge = Bridge::new();
    let network = Network::create(driver.name(), bridge.name(), &[]);
    let words =
        ["run", "--rm", "-p", "8099:80", "--network", network.name(), lab::IMAGE, "sleep", "1"];
    let refused = try_run("docker", &words).unwrap_err();
    assert!(refused.contains("published ports (-p) need a gateway"), "{refused}");
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
}

#[test]
fn the_tool_names_network_and_endpoint_and_prunes_only_what_is_gone() {
    // Docker waits for the driver, and answers no one about the container meanwhile.
    lab::alone!(Docker);
    let mut driver = driver();
    let bridge = Bridge::new();
    let network = Network::create(driver.name(), bridge.name(), &[]);
    let (one, two) = (on(&network), on(&network));
    settled(&one, bridge.name());
    let number = settled(&two, bridge.name());
    let endpoint = one.on_network("EndpointID");
    let told = docker_ovs(&[
        "port",
        "--format",
        "{{.Network}} {{.EndpointID}}",
        one.name(),
        bridge.name(),
    ]);
    assert_eq!(told.stdout.trim(), format!("{} {endpoint}", network.name()));
    let explained = docker_ovs(&["explain", one.name()]).stdout;
    let words = format!("endpoint {} of the network {}", &endpoint[..12], network.name());
    assert!(explained.contains(&words), "{explained}");
    let ports = docker_ovs(&["ports", bridge.name(), "--format", "{{.Network}}"]).stdout;
    assert_eq!(ports.matches(network.name()).count(), 2, "{ports}");
    let prune = ["prune", "--force", "--bridge", bridge.name()];
    let rows = || run("ovs-vsctl", &["list-ports", bridge.name()]).lines().count();
    docker_ovs(&prune);
    docker_ovs(&[&prune[..], &["--all"]].concat());
    assert_eq!(rows(), 2, "both live");
    docker_ovs(&["restore", one.name()]);
    assert_eq!(rows(), 2, "restore leaves them to Docker");
    // What ends while there is no driver leaves its port.
    driver.end(Signal::KILL);
    let named = format!("external_ids:docker-ovs.name={}", two.name());
    let port = run("ovs-vsctl", &["--bare", "--columns=name", "find", "interface", &named]);
    run("docker", &["rm", "--force", two.id()]);
    run("ip", &["link", "del", &port]);
    lab::wait_until("the stray is pruned", || {
        docker_ovs(&prune);
        rows() == 1
    });
    driver.start_again(|words| command("docker-ovs", words));
    let name = two.name().to_owned();
    run(
        "docker",
        &["run", "-d", "--name", &name, "--network", network.name(), lab::IMAGE, "sleep", "86400"],
    );
    lab::wait_until("it has its number again", || {
        docker_ovs(&["port", "-q", &name, bridge.name()]).stdout.trim() == number.to_string()
    });
    let _ = try_run("docker", &["rm", "--force", &name]);
}
