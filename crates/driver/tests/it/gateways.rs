//! This host as a network's gateway, for Podman.

use std::sync::Arc;

use docker_ovs_driver::netavark::PluginOutput;
use lab::{Bridge, Home, Netns, run, unique};
use serde_json::{Value, json};

use crate::netavark::{PUBLISHED, container, here, network, refused, said};

/// A container on a network with this host as the gateway, which publishes a port.
pub(crate) struct Guest {
    pub(crate) bridge: Arc<Bridge>,
    netns: Netns,
    ip: String,
    gateway: String,
    call: String,
}

impl Guest {
    /// On a network of its own.
    pub(crate) fn new(number: u8) -> Self {
        Self::on(&Arc::new(Bridge::new()), number, 2, 18201 + 2 * u16::from(number))
    }

    /// The host `host` of the network `number`, with this port of the host and the next.
    pub(crate) fn on(bridge: &Arc<Bridge>, number: u8, host: u8, port: u16) -> Self {
        let (bridge, netns) = (Arc::clone(bridge), Netns::new());
        let [ip, gateway] = [host, 1].map(|last| format!("10.98.{number}.{last}"));
        let text = container(bridge.name(), &unique("web"), &ip, &json!({}));
        let mut call: Value = serde_json::from_str(&text).unwrap();
        call["network"]["id"] = json!(format!("{:064x}", 0x00be_51de_0000_u64 + u64::from(number)));
        call["network"]["options"] = json!({ "bridge": bridge.name(), "gateway": "host" });
        let subnet = format!("10.98.{number}.0/24");
        call["network"]["subnets"] = json!([{ "subnet": subnet, "gateway": gateway }]);
        let published = PUBLISHED.replace("18101", &port.to_string());
        let call = call.to_string().replace("\"port_mappings\":[]", &published);
        Self { bridge, netns, ip, gateway, call }
    }

    pub(crate) fn said(&self, verb: &str) -> PluginOutput {
        let path = format!("/run/netns/{}", self.netns.name());
        said(here(), &[verb, &path], &self.call)
    }

    pub(crate) fn call(&self, verb: &str) {
        let done = self.said(verb);
        assert_eq!(done.code, 0, "{verb}: {done:?}");
    }

    /// What the kernel has of it: the gateway's address, and the port that is published.
    pub(crate) fn standing(&self) -> (bool, bool) {
        let addresses = run("ip", &["-brief", "address", "show", "dev", self.bridge.name()]);
        let table = lab::tables_called("docker_ovs");
        let leads = format!("dnat ip to {}:81", self.ip);
        (addresses.contains(&format!("{}/24", self.gateway)), table.contains(&leads))
    }
}

#[test]
fn of_two_ranges_that_overlap_this_host_is_the_gateway_of_one() {
    lab::need!(Lab);
    let wide = Guest::new(31);
    wide.call("setup");
    let mut narrow = Guest::new(32);
    let mut call: Value = serde_json::from_str(&narrow.call).unwrap();
    call["network"]["subnets"] =
        json!([{ "subnet": "10.98.31.128/25", "gateway": "10.98.31.129" }]);
    let options = call["network_options"].as_object_mut().unwrap();
    options["static_ips"] = json!(["10.98.31.130"]);
    narrow.call = call.to_string();
    let why = refused(&narrow.said("setup"));
    assert!(why.contains("10.98.31.128/25 overlaps 10.98.31.0/24"), "{why}");
    let ports = run("ovs-vsctl", &["list-ports", narrow.bridge.name()]);
    assert_eq!(ports.trim(), "", "nothing is left of it");
    wide.call("teardown");
    // Where no container is on the wide one, this host is its gateway no more.
    narrow.call("setup");
    narrow.call("teardown");
}

#[test]
fn a_gateway_is_there_for_as_long_as_containers_are() {
    lab::need!(Lab);
    let (bridge, netns) = (Bridge::new(), Netns::new());
    let path = format!("/run/netns/{}", netns.name());
    let subnet = json!([{ "subnet": "10.97.0.0/24", "gateway": "10.97.0.1" }]);
    let options = json!({ "bridge": bridge.name(), "gateway": "host", "nat": "true" });
    let mut open = network(bridge.name());
    (open["options"], open["subnets"]) = (options.clone(), Value::Null);
    let made = said(here(), &["create"], &open.to_string());
    let made: Value = serde_json::from_str(&made.stdout).unwrap();
    assert!(made["subnets"][0]["gateway"].as_str().unwrap().ends_with(".1"), "{made}");

    let text = container(bridge.name(), &unique("web"), "10.97.0.2", &json!({}));
    let mut call: Value = serde_json::from_str(&text).unwrap();
    (call["network"]["options"], call["network"]["subnets"]) = (options, subnet);
    let text = call.to_string().replace("\"port_mappings\":[]", PUBLISHED);
    let addresses = || run("ip", &["-brief", "address", "show", "dev", bridge.name()]);
    let table = || lab::tables_called("docker_ovs");
    for _ in 0..2 {
        let done = said(here(), &["setup", &path], &text);
        assert_eq!(done.code, 0, "{done:?}");
        let answer: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(answer["interfaces"]["eth0"]["subnets"][0]["gateway"], "10.97.0.1");
        assert!(addresses().contains("10.97.0.1/24"), "{}", addresses());
        let route = netns.ip(&["route", "show", "default"]);
        assert!(route.starts_with("default via 10.97.0.1"), "{route}");
        assert!(table().contains("udp dport 18102 dnat ip to 10.97.0.2:81"), "{}", table());
        let done = said(here(), &["teardown", &path], &text);
        assert_eq!((done.code, done.stdout.as_str()), (0, ""), "{done:?}");
        assert!(!addresses().contains("10.97.0.1"), "{}", addresses());
        assert!(!table().contains("10.97.0."), "{}", table());
    }
    let told = run("ovs-vsctl", &["get", "bridge", bridge.name(), "external_ids"]);
    assert!(!told.contains("docker-ovs.network"), "{told}");
}

/// Whatever else is on its network: a port leads to nothing once its container is gone, also where a program
/// that was killed has told the database alone.
#[test]
fn a_published_port_is_closed_with_its_container() {
    lab::need!(Lab);
    let bridge = Bridge::new();
    let spaces = [Netns::new(), Netns::new()];
    let paths = spaces.each_ref().map(|netns| format!("/run/netns/{}", netns.name()));
    let network = format!("{:064x}", 0xadd);
    let of = |name: &str, ip: &str| {
        let text = container(bridge.name(), name, ip, &json!({}));
        let mut call: Value = serde_json::from_str(&text).unwrap();
        call["network"]["id"] = json!(network);
        call["network"]["options"] = json!({ "bridge": bridge.name(), "gateway": "host" });
        call["network"]["subnets"] = json!([{ "subnet": "10.97.7.0/24", "gateway": "10.97.7.1" }]);
        call.to_string()
    };
    let published = PUBLISHED.replace("18101", "18111");
    let web = of(&unique("web"), "10.97.7.2").replace("\"port_mappings\":[]", &published);
    let db = of(&unique("db"), "10.97.7.3");
    let call = |verb: &str, path: &str, text: &str| {
        let done = said(here(), &[verb, path], text);
        assert_eq!(done.code, 0, "{verb}: {done:?}");
    };
    let table = || lab::tables_called("docker_ovs");
    let leads = || table().contains("10.97.7.2");
    let open = || {
        call("setup", &paths[0], &web);
        assert!(leads(), "{}", table());
    };
    let is_closed = |what: &str| assert!(!leads(), "{what}: {}", table());
    call("setup", &paths[1], &db);
    open();
    call("teardown", &paths[0], &web);
    is_closed("another container is on the network");

    open();
    // As where it was killed when the database was told.
    let forget = || {
        for port in run("ovs-vsctl", &["list-ports", bridge.name()]).lines() {
            let ids = run("ovs-vsctl", &["get", "interface", port, "external_ids"]);
            if ids.contains("18111") {
                run("ovs-vsctl", &["del-port", bridge.name(), port]);
                run("ip", &["link", "del", port]);
            }
        }
    };
    forget();
    call("teardown", &paths[0], &web);
    is_closed("the database has forgotten it");

    open();
    forget();
    call("teardown", &paths[1], &db);
    is_closed("the last container is gone");

    open();
    forget();
    let key = format!("docker-ovs.network.{network}");
    run("ovs-vsctl", &["remove", "bridge", bridge.name(), "external_ids", &key]);
    call("teardown", &paths[0], &web);
    is_closed("the database has forgotten the network");
}

/// Podman gives each network of a container all of its ports.
#[test]
fn a_container_on_two_networks_has_its_published_ports_by_one() {
    lab::need!(Lab);
    let (bridge, web, netns) = (Bridge::new(), unique("web"), Netns::new());
    let published = PUBLISHED.replace("18101", "18131");
    let of = |number: u64, interface: &str| {
        let text = container(bridge.name(), &web, &format!("10.97.{number}.2"), &json!({}));
        let mut call: Value = serde_json::from_str(&text).unwrap();
        call["network"]["id"] = json!(format!("{number}ad{:060x}", 0));
        let vlan = number.to_string();
        call["network"]["options"] =
            json!({ "bridge": bridge.name(), "gateway": "host", "vlan": vlan });
        let (subnet, gateway) = (format!("10.97.{number}.0/24"), format!("10.97.{number}.1"));
        call["network"]["subnets"] = json!([{ "subnet": subnet, "gateway": gateway }]);
        call["network_options"]["interface_name"] = json!(interface);
        call.to_string().replace("\"port_mappings\":[]", &published)
    };
    let [first, second] = [of(76, "eth0"), of(77, "eth1")];
    let call = |verb: &str, text: &str| {
        let done = said(here(), &[verb, &format!("/run/netns/{}", netns.name())], text);
        assert_eq!(done.code, 0, "{verb}: {done:?}");
    };
    let leads_to = || {
        let table = lab::tables_called("docker_ovs");
        ["10.97.76.2:", "10.97.77.2:"].map(|ip| table.contains(ip))
    };
    call("setup", &first);
    call("setup", &second);
    assert_eq!(leads_to(), [true, false]);
    // Once the first one is gone another one can have them.
    call("teardown", &first);
    call("setup", &second);
    assert_eq!(leads_to(), [false, true]);
    call("teardown", &second);
    assert_eq!(leads_to(), [false, false]);
}

/// Of each family the first one's; one that is there may be another program's, and by a link alone.
#[test]
fn a_container_on_several_networks_with_gateways_has_one_default_route() {
    lab::need!(Lab);
    let (bridge, web) = (Bridge::new(), unique("web"));
    let of = |number: u64, interface: &str| {
        let ip = format!("10.97.{number}.2");
        let text = container(bridge.name(), &web, &ip, &json!({}));
        let mut call: Value = serde_json::from_str(&text).unwrap();
        call["network"]["id"] = json!(format!("{number}ad{:060x}", 0));
        let vlan = number.to_string();
        call["network"]["options"] =
            json!({ "bridge": bridge.name(), "gateway": "host", "vlan": vlan });
        call["network"]["subnets"] = json!([
            { "subnet": format!("10.97.{number}.0/24"), "gateway": format!("10.97.{number}.1") },
            { "subnet": format!("2001:db8:{number}::/64"), "gateway": format!("2001:db8:{number}::1") },
        ]);
        call["network_options"]["interface_name"] = json!(interface);
        call["network_options"]["static_ips"] = json!([ip, format!("2001:db8:{number}::2")]);
        call.to_string()
    };
    let networks = [of(71, "eth0"), of(72, "eth1"), of(73, "eth2")];
    let call = |verb: &str, netns: &Netns, text: &str| {
        let done = said(here(), &[verb, &format!("/run/netns/{}", netns.name())], text);
        assert_eq!(done.code, 0, "{verb}: {done:?}");
    };
    let default = |netns: &Netns, family: &str| netns.ip(&[family, "route", "show", "default"]);
    let netns = Netns::new();
    for text in &networks {
        call("setup", &netns, text);
    }
    for (family, via) in [("-4", "10.97.71.1"), ("-6", "2001:db8:71::1")] {
        let routes = default(&netns, family);
        assert_eq!(routes.lines().count(), 1, "{routes}");
        assert!(routes.starts_with(&format!("default via {via} dev eth0")), "{routes}");
    }
    // The first one goes, and the next one has the routes; one that comes back takes them from none.
    let is_routed = |number: u64, interface: &str| {
        let (v4, v6) = (default(&netns, "-4"), default(&netns, "-6"));
        let is = |routes: &str, via: &str| {
            routes.starts_with(&format!("default via {via} dev {interface}"))
        };
        assert!(is(&v4, &format!("10.97.{number}.1")), "{number}: {v4}");
        assert!(is(&v6, &format!("2001:db8:{number}::1")), "{number}: {v6}");
    };
    call("teardown", &netns, &networks[0]);
    is_routed(72, "eth1");
    call("teardown", &netns, &networks[1]);
    is_routed(73, "eth2");
    call("setup", &netns, &networks[0]);
    is_routed(73, "eth2");
    // What its user has taken away is given back by none.
    netns.ip(&["-4", "route", "del", "default"]);
    call("teardown", &netns, &networks[2]);
    assert_eq!(default(&netns, "-4"), "");
    assert!(default(&netns, "-6").starts_with("default via 2001:db8:71::1 dev eth0"));
    for text in &networks {
        call("teardown", &netns, text);
    }

    // By a link alone, of IPv4.
    let other = Netns::new();
    other.ip(&["link", "add", "tun0", "type", "veth", "peer", "name", "tun1"]);
    other.ip(&["link", "set", "tun1", "up"]);
    other.ip(&["link", "set", "tun0", "up"]);
    other.ip(&["route", "add", "default", "dev", "tun0"]);
    call("setup", &other, &networks[0]);
    assert!(default(&other, "-4").starts_with("default dev tun0"));
    assert!(default(&other, "-6").starts_with("default via 2001:db8:71::1 dev eth0"));
    call("teardown", &other, &networks[0]);
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
}

/// As after a power loss: what the database knows of a container that is gone holds no port of the host, and
/// no port leads to its address.
#[test]
fn a_container_without_its_link_has_no_published_port() {
    lab::need!(Lab);
    let bridge = Bridge::new();
    let spaces = [Netns::new(), Netns::new(), Netns::new()];
    let of = |name: &str, ip: &str, published: bool| {
        let text = container(bridge.name(), name, ip, &json!({}));
        let mut call: Value = serde_json::from_str(&text).unwrap();
        call["network"]["id"] = json!(format!("{:064x}", 0xade));
        call["network"]["options"] = json!({ "bridge": bridge.name(), "gateway": "host" });
        call["network"]["subnets"] = json!([{ "subnet": "10.97.8.0/24", "gateway": "10.97.8.1" }]);
        let ports = PUBLISHED.replace("18101", "18121");
        let text = call.to_string();
        if published { text.replace("\"port_mappings\":[]", &ports) } else { text }
    };
    let call = |verb: &str, at: usize, text: &str| {
        said(here(), &[verb, &format!("/run/netns/{}", spaces[at].name())], text)
    };
    let set_up = |at: usize, text: &str| {
        let done = call("setup", at, text);
        assert_eq!(done.code, 0, "{done:?}");
    };
    let table = || lab::tables_called("docker_ovs");
    let ports = || run("ovs-vsctl", &["list-ports", bridge.name()]);
    let dead = of(&unique("web"), "10.97.8.2", true);
    set_up(0, &dead);
    let end = ports();
    // Its link has another name: it is there.
    let (next, renamed) = (of(&unique("web"), "10.97.8.3", true), unique("r"));
    run("ip", &["link", "set", &end, "down"]);
    run("ip", &["link", "set", &end, "name", &renamed]);
    let why = refused(&call("setup", 1, &next));
    assert!(why.contains("-p 18121:80/udp") && why.contains("already"), "{why}");
    run("ip", &["link", "del", &renamed]);

    // Another container gets the address that was its own, and publishes nothing.
    let heir = of(&unique("db"), "10.97.8.2", false);
    set_up(2, &heir);
    assert!(!table().contains("10.97.8.2"), "{}", table());
    set_up(1, &next);
    assert!(table().contains("dnat ip to 10.97.8.3:80"), "{}", table());
    assert!(!table().contains("10.97.8.2"), "{}", table());
    for (at, text) in [(0, &dead), (1, &next), (2, &heir)] {
        assert_eq!(call("teardown", at, text).code, 0);
    }
    assert_eq!(ports(), "");
}

/// Whatever refuses the first container: this host's part in the network goes again.
#[test]
fn what_fails_leaves_no_gateway() {
    lab::need!(Lab);
    let (bridge, netns) = (Bridge::new(), Netns::new());
    let path = format!("/run/netns/{}", netns.name());
    let (name, other) = (unique("web"), unique("db"));
    let options = json!({ "bridge": bridge.name(), "gateway": "host", "nat": "true", "vlan": "7" });
    let of = |name: &str, ip: &str, ofport: &str| {
        let text = container(bridge.name(), name, ip, &json!({ "ofport": ofport }));
        let mut call: Value = serde_json::from_str(&text).unwrap();
        call["network"]["id"] = json!(format!("{:064x}", 0xdef));
        call["network"]["options"] = options.clone();
        call["network"]["subnets"] = json!([{ "subnet": "10.97.9.0/24", "gateway": "10.97.9.1" }]);
        call.to_string()
    };
    let text = |ip: &str, ofport: &str| of(&name, ip, ofport);
    let port = lab::Link::add(&["type", "veth", "peer", "name", &unique("p")]);
    bridge.add(port.name(), &["--", "set", "interface", port.name(), "ofport_request=8"]);
    let listener = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let taken = listener.local_addr().unwrap().port().to_string();
    let published = PUBLISHED.replace("18101", &taken).replace("\"range\":2", "\"range\":1");
    let published = text("10.97.9.2", "9").replace("\"port_mappings\":[]", &published);
    let refusals = [
        (published, path.clone(), "listens"),
        (text("198.51.100.2", "9"), path.clone(), "is in no subnet"),
        (text("10.97.9.2", "8"), path.clone(), "OpenFlow port 8 of"),
        (text("10.97.9.2", "9"), "/run/netns/nonexistent".to_owned(), "/run/netns/nonexistent"),
    ];
    let is_bare = || {
        assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), port.name());
        let told = run("ovs-vsctl", &["get", "bridge", bridge.name(), "external_ids"]);
        assert!(!told.contains("docker-ovs.network"), "{told}");
    };
    for (text, path, why) in refusals {
        let said = refused(&said(here(), &["setup", &path], &text));
        assert!(said.contains(why), "{said}");
        is_bare();
    }
    // The second one that fails leaves the first one's alone.
    let first = text("10.97.9.2", "9");
    assert_eq!(said(here(), &["setup", &path], &first).code, 0);
    let second = of(&other, "198.51.100.3", "10");
    refused(&said(here(), &["setup", &path], &second));
    let ports = run("ovs-vsctl", &["list-ports", bridge.name()]);
    assert!(ports.contains("dog-"), "{ports}");
    assert_eq!(said(here(), &["teardown", &path], &first).code, 0);
    is_bare();
}

/// Docker gives the same ports to each network of a container: another one may serve what this one cannot.
#[test]
fn a_port_at_an_address_by_which_nothing_comes_is_no_cause_to_refuse() {
    lab::alone!(Lab);
    let bridge = Arc::new(Bridge::new());
    // At all addresses of a family that the container lacks something comes by the other one.
    for (host_ip, leads) in
        [("127.0.0.1", false), ("::1", false), ("::", true), ("192.0.2.99", true)]
    {
        let mut guest = Guest::on(&bridge, 9, 2, 18290);
        let at = json!(host_ip).to_string();
        guest.call = guest.call.replace("\"host_ip\":\"\"", &format!("\"host_ip\":{at}"));
        guest.call("setup");
        assert_eq!(guest.standing(), (true, leads), "{host_ip}");
        guest.call("teardown");
        assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
    }
}
