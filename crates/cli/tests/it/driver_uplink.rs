//! `-o uplink=`: a link of the host on the bridge of a network, and numbers beside those of containers.

use lab::{Bridge, Datapath, Home, Link, Netns, Network, assert_carries, run};

use crate::driver::{datapath, driver, on, settled};

/// A link of the host whose other end is in a namespace, as a cable to elsewhere.
struct Cable {
    elsewhere: Netns,
    link: Link,
}

impl Cable {
    fn new() -> Self {
        let elsewhere = Netns::new();
        let link = Link::add(&["type", "veth", "peer", "name", "far0", "netns", elsewhere.name()]);
        elsewhere.ip(&["link", "set", "far0", "up"]);
        Self { elsewhere, link }
    }

    fn option(&self) -> String {
        format!("uplink={}", self.link.name())
    }
}

fn ports(bridge: &str) -> Vec<String> {
    run("ovs-vsctl", &["list-ports", bridge]).lines().map(str::to_owned).collect()
}

fn number_of(interface: &str) -> String {
    run("ovs-vsctl", &["get", "interface", interface, "ofport"])
}

#[test]
fn what_is_behind_the_uplink_is_on_the_network_until_that_is_removed() {
    lab::need!(Docker);
    let (driver, bridge, cable) = (driver(), Bridge::new(), Cable::new());
    let option = format!("{}/9", cable.option());
    let words = ["-o", &option, "--subnet", "10.97.81.0/24"];
    let network = Network::create(driver.name(), bridge.name(), &words);
    assert_eq!(number_of(cable.link.name()), "9");
    let one = on(&network);
    cable.elsewhere.ip(&["address", "add", "10.97.81.250/24", "dev", "far0"]);
    lab::set_checksum_offload(&cable.elsewhere, "far0", false);
    assert_carries(&one, &cable.elsewhere, &["10.97.81.250"]);
    drop(one);
    network.remove();
    assert!(ports(bridge.name()).is_empty());
}

/// Docker is told at once, and no bridge, record or port is left.
#[test]
fn an_uplink_that_cannot_be_one_is_refused() {
    lab::need!(Docker);
    let (driver, bridge, cable) = (driver(), Bridge::new(), Cable::new());
    let made = lab::unique("br");
    let refused = |bridge: &str, option: &str| {
        let words = ["-o", option, "-o", "datapath_type=netdev"];
        let words = if bridge == made { &words[..] } else { &words[..2] };
        Network::try_create(driver.name(), bridge, words).map(|_| ()).unwrap_err()
    };
    for name in [bridge.name(), &made] {
        let absent = refused(name, "uplink=nosuch0");
        assert!(absent.contains("no such link"), "{absent}");
        let itself = refused(name, &format!("uplink={name}"));
        assert!(itself.contains("itself"), "{itself}");
    }
    let other = Bridge::new();
    other.add(cable.link.name(), &[]);
    let elsewhere = refused(bridge.name(), &cable.option());
    assert!(elsewhere.contains(&format!("is a port of {}", other.name())), "{elsewhere}");
    // Its port is there still, the cable is not.
    let option = cable.option();
    drop(cable);
    let unplugged = refused(other.name(), &option);
    assert!(unplugged.contains("no such link"), "{unplugged}");
    assert!(ports(bridge.name()).is_empty());
    assert!(!run("ovs-vsctl", &["list-br"]).lines().any(|name| name == made));
    let ids = run("ovs-vsctl", &["get", "bridge", bridge.name(), "external_ids"]);
    assert!(!ids.contains("docker-ovs"), "{ids}");
}

#[test]
fn an_uplink_takes_the_number_that_is_asked_for_and_none_of_another() {
    lab::need!(Docker);
    let (driver, bridge, cable) = (driver(), Bridge::new(), Cable::new());
    let network = Network::create(driver.name(), bridge.name(), &[]);
    let one = on(&network);
    let kept = settled(&one, bridge.name());
    let option = format!("{}/{kept}", cable.option());
    let refused = Network::try_create(driver.name(), bridge.name(), &["-o", &option]);
    let why = refused.map(|_| ()).unwrap_err();
    assert!(why.contains(&format!("OpenFlow port {kept} of {} is in use", bridge.name())), "{why}");
    assert!(why.contains(one.name()), "{why}");
    // Its port is gone, and its number is kept.
    run("docker", &["stop", "--time", "0", one.id()]);
    lab::wait_until("its port is gone", || ports(bridge.name()).is_empty());
    let gateway = ["-o", "vlan=7", "-o", "gateway=host", "--subnet", "10.97.82.0/24"];
    let option = cable.option();
    let words = [&gateway[..], &["-o", &option]].concat();
    let second = Network::create(driver.name(), bridge.name(), &words);
    let numbers: Vec<_> = ports(bridge.name()).iter().map(|port| number_of(port)).collect();
    assert_eq!(numbers.len(), 2, "{numbers:?}");
    assert!(!numbers.contains(&kept.to_string()), "{numbers:?}");
    run("docker", &["start", one.id()]);
    assert_eq!(settled(&one, bridge.name()), kept);
    let uplink = number_of(cable.link.name());
    let option = format!("{}/4000", cable.option());
    let refused = Network::try_create(driver.name(), bridge.name(), &["-o", &option]);
    let why = refused.map(|_| ()).unwrap_err();
    let is = format!("{} is OpenFlow port {uplink} of {}", cable.link.name(), bridge.name());
    assert!(why.contains(&is), "{why}");
    drop(second);
}

#[test]
fn an_uplink_of_two_networks_goes_with_the_last() {
    lab::need!(Docker);
    let (driver, cable) = (driver(), Cable::new());
    let bridge = lab::unique("br");
    let (uplink, option) = (cable.link.name(), cable.option());
    let with = |vlan: &str| {
        let words = ["-o", vlan, "-o", &option];
        Network::create(driver.name(), &bridge, &[&words[..], &datapath()].concat())
    };
    let (first, second) = (with("vlan=10"), with("vlan=20"));
    assert_eq!(ports(&bridge), [uplink]);
    first.remove();
    assert_eq!(ports(&bridge), [uplink], "the second one has it still");
    second.remove();
    assert!(!run("ovs-vsctl", &["list-br"]).lines().any(|name| name == bridge));
}

/// Without the kernel's module no bridge has its datapath.
#[test]
fn a_bridge_that_ovs_vswitchd_cannot_make_is_refused() {
    lab::need!(Docker);
    if Datapath::of_the_lab() == Datapath::Kernel {
        return;
    }
    let driver = driver();
    let bridge = lab::unique("br");
    let gateway = ["-o", "gateway=host", "--subnet", "10.97.83.0/24"];
    for words in [&[][..], &["-o", "datapath_type=system"], &gateway] {
        let refused = Network::try_create(driver.name(), &bridge, words).map(|_| ()).unwrap_err();
        assert!(refused.contains("datapath_type=netdev"), "{refused}");
        assert!(!run("ovs-vsctl", &["list-br"]).lines().any(|name| name == bridge));
    }
}
