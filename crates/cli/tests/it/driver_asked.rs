//! What `docker run` asks for of an interface on a network of the driver, and what it keeps unasked.

use lab::{Bridge, Container, Home, Network, Plugin, ping};

use crate::driver::driver;
use crate::tool::docker_ovs;

fn network(driver: &Plugin, bridge: &Bridge, n: u8) -> Network {
    let subnets = [format!("10.97.{n}.0/24"), format!("2001:db8:97:{n}::/64")];
    let words = ["--subnet", &subnets[0], "--ipv6", "--subnet", &subnets[1]];
    Network::create(driver.name(), bridge.name(), &words)
}

/// Docker 25 and later say which hardware address is asked for; Docker 29.8 and later take a name of an
/// interface from the driver.
#[test]
fn an_interface_has_the_addresses_and_the_name_that_were_asked_for() {
    lab::need!(Docker);
    let driver = driver();
    let bridge = Bridge::new();
    let network = network(&driver, &bridge, 72);
    let mac = "02:97:72:00:00:07";
    // Not as it is usually written: Docker passes it on, or writes it anew.
    let mut asked = vec!["--network", network.name(), "--ip", "10.97.72.7"];
    asked.extend(["--ip6", "2001:db8:97:72:0:0:0:07"]);
    if lab::docker_is_at_least((25, 0)) {
        asked.extend(["--mac-address", mac]);
    }
    let one = Container::run_with(&asked);
    assert_eq!(one.on_network("IPAddress"), "10.97.72.7");
    assert_eq!(one.on_network("GlobalIPv6Address"), "2001:db8:97:72::7");
    assert_eq!(one.on_network("MacAddress") == mac, asked.contains(&mac));
    let link = Home::ip(&one, &["address", "show", "eth0"]);
    for part in [&one.on_network("MacAddress"), "10.97.72.7/24", "2001:db8:97:72::7/64"] {
        assert!(link.contains(part), "{part}: {link}");
    }
    let name = if lab::docker_is_at_least((29, 8)) { "lan0" } else { "eth0" };
    let ifname = "driver-opt=com.docker.network.endpoint.ifname=lan0";
    let other = format!("name={},{ifname}", network.name());
    let two = Container::run_with(&["--network", &other]);
    let links = Home::ip(&two, &["-brief", "link"]);
    assert!(links.lines().any(|line| line.starts_with(&format!("{name}@"))), "{links}");
    let row = ["port", "--format", "{{.Interface}}", two.name(), bridge.name()];
    assert_eq!(docker_ovs(&row).stdout.trim(), name);
    lab::wait_until("ping", || ping(&two, "10.97.72.7"));
}

/// Neighbours remember who has an address: the next endpoint with it has the same hardware address.
#[test]
fn an_address_that_comes_again_has_the_same_hardware_address() {
    lab::need!(Docker);
    let driver = driver();
    let bridge = Bridge::new();
    let network = network(&driver, &bridge, 73);
    let on = || Container::run_with(&["--network", network.name(), "--ip", "10.97.73.9"]);
    let neighbour = Container::run_with(&["--network", network.name()]);
    let first = on();
    lab::wait_until("ping", || ping(&neighbour, "10.97.73.9"));
    let mac = first.on_network("MacAddress");
    first.restart();
    assert_eq!(first.on_network("MacAddress"), mac);
    drop(first);
    let again = on();
    assert_eq!(again.on_network("MacAddress"), mac);
    let is_answered = lab::single_ping(&neighbour, "10.97.73.9", true);
    assert!(is_answered, "the neighbour has nothing to learn");
}
