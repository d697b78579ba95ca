//! Several networks on one VLAN of a bridge, and names that are no bridge's.

use lab::{Bridge, Container, Link, Network, run, try_run};

use crate::driver::driver;
use crate::tool::docker_ovs;

#[test]
fn two_networks_of_one_vlan_never_share_an_address() {
    lab::need!(Docker);
    let (driver, bridge) = (driver(), Bridge::new());
    let (ours, vlan) = (["--ipam-driver", driver.name()], ["-o", "vlan=10"]);
    let subnet = ["--subnet", "10.97.61.0/29"];
    let words = [&ours[..], &subnet, &vlan].concat();
    let first = Network::create(driver.name(), bridge.name(), &words);
    let second = Network::create(driver.name(), bridge.name(), &[&subnet[..], &vlan].concat());
    let ip = "10.97.61.5";
    let one = Container::run_with(&["--network", first.name(), "--ip", ip]);
    let on = |network: &str, words: &[&str]| {
        let fixed = ["run", "--rm", "--network", network, "--ip", ip];
        try_run("docker", &[&fixed[..], words, &[lab::IMAGE, "sleep", "0"]].concat())
    };
    let refused = on(second.name(), &[]).unwrap_err();
    assert!(refused.contains(&format!("the address {ip} is in use by")), "{refused}");
    // Another VLAN is another network.
    let options = format!("name={},ip={ip},driver-opt=vlan=20", second.name());
    let words = ["run", "--rm", "--network", &options, lab::IMAGE, "sleep", "0"];
    try_run("docker", &words).unwrap();
    drop(one);
    on(second.name(), &[]).unwrap();
}

#[test]
fn a_gateways_address_goes_with_the_last_network_that_needs_it() {
    lab::need!(Docker);
    let (driver, bridge) = (driver(), Bridge::new());
    let subnet = ["--subnet", "10.97.62.0/24", "--gateway", "10.97.62.1", "-o", "gateway=host"];
    let words = [&["--ipam-driver", driver.name()][..], &subnet].concat();
    let first = Network::create(driver.name(), bridge.name(), &words);
    let second = Network::create(driver.name(), bridge.name(), &subnet);
    let has = || run("ip", &["address", "show", "dev", bridge.name()]).contains("10.97.62.1/24");
    assert!(has());
    first.remove();
    assert!(has(), "the second one needs it");
    second.remove();
    assert!(!has());
}

#[test]
fn a_name_that_is_no_bridges_is_refused_with_what_it_is() {
    lab::need!(Docker);
    let (driver, bridge, fake) = (driver(), Bridge::new(), lab::unique("f"));
    run("ovs-vsctl", &["add-br", &fake, bridge.name(), "10"]);
    let port = lab::unique("p");
    bridge.add(&port, &["--", "set", "interface", &port, "type=internal"]);
    let is_vlan = format!("it is VLAN 10 of {}", bridge.name());
    let is_port = format!("it is a port of {}", bridge.name());
    for (name, is) in [(&fake, &is_vlan), (&port, &is_port)] {
        let refused = Network::try_create(driver.name(), name, &[]).map(|_| ()).unwrap_err();
        assert!(refused.contains(is), "{refused}");
        let words = ["mesh", "join", "blue", name, "--local-ip", "192.0.2.1"];
        let refused = docker_ovs(&words).stderr;
        assert!(refused.contains(is), "{refused}");
    }
    run("ovs-vsctl", &["del-br", &fake]);
}

/// vswitchd takes a tap over that is called as a bridge, and it would go with the network.
#[test]
fn a_link_of_the_host_is_made_no_bridge_and_stays() {
    lab::need!(Docker);
    let (driver, veth, tap) = (driver(), Link::add(&["type", "veth"]), lab::unique("t"));
    run("ip", &["tuntap", "add", &tap, "mode", "tap"]);
    let refused = [veth.name(), tap.as_str()].map(|name| {
        let words = ["-o", "datapath_type=netdev"];
        Network::try_create(driver.name(), name, &words).map(|network| network.remove())
    });
    let stays = try_run("ip", &["link", "del", &tap]);
    for (refused, kind) in refused.iter().zip(["veth", "tun"]) {
        let why = refused.as_ref().unwrap_err();
        assert!(why.contains(&format!("a link of the host is called so ({kind})")), "{why}");
    }
    stays.unwrap();
}
