//! netavark's plugin interface: without a switch, and on a real one, in a namespace of the test's own.

use docker_ovs_driver::netavark::{PluginOutput, run as call};
use host::Settings;
use lab::{Bridge, Home, Netns, assert_carries, run, try_run, unique};
use serde_json::{Value, json};

pub(crate) fn said(settings: Settings, words: &[&str], stdin: &str) -> PluginOutput {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(call(settings, &words, stdin.as_bytes()))
}

fn nowhere() -> Settings {
    Settings { rundir: "/nonexistent".into(), engines: vec!["none".into()], ..Settings::from_env() }
}

pub(crate) fn here() -> Settings {
    Settings { rundir: lab::rundir(), engines: vec!["none".into()], ..Settings::from_env() }
}

fn refused(said: &PluginOutput) -> String {
    assert_eq!(said.code, 1, "{said:?}");
    let answer: Value = serde_json::from_str(&said.stdout).unwrap();
    answer["error"].as_str().unwrap().to_owned()
}

fn network(bridge: &str) -> Value {
    json!({
        "id": format!("{:064x}", 0xabc), "name": "lan", "driver": "ovs", "network_interface": "",
        "subnets": [{ "subnet": "192.0.2.0/24", "gateway": "192.0.2.1" }],
        "ipv6_enabled": false, "internal": false, "dns_enabled": false,
        "ipam_options": { "driver": "host-local" }, "options": { "bridge": bridge }, "created": "today"
    })
}

/// What Podman says of a container.
pub(crate) fn container(bridge: &str, name: &str, ip: &str, options: &Value) -> String {
    let id = format!("{:0<64}", name.bytes().map(|b| format!("{b:02x}")).collect::<String>());
    json!({
        "container_id": id, "container_name": name, "port_mappings": [], "network": network(bridge),
        "network_options": {
            "interface_name": "eth0", "static_ips": [ip], "static_mac": null, "aliases": [],
            "options": options
        }
    })
    .to_string()
}

#[test]
fn info_needs_nothing_and_nonsense_is_refused_in_json() {
    let info = said(nowhere(), &["info"], "");
    assert_eq!(info.code, 0);
    let info: Value = serde_json::from_str(&info.stdout).unwrap();
    assert_eq!(info["api_version"], "1.0.0");
    for words in [&[][..], &["setup"], &["up", "x"], &["create", "x"]] {
        assert!(refused(&said(nowhere(), words, "")).starts_with("usage: "), "{words:?}");
    }
    for stdin in ["", "{", "7", "[]", "{}", "\u{fffd}"] {
        for words in [&["create"][..], &["setup", "/run/netns/x"], &["teardown", "/run/netns/x"]] {
            assert!(!refused(&said(nowhere(), words, stdin)).is_empty(), "{words:?} {stdin}");
        }
    }
    let long = " ".repeat((1 << 20) + 1);
    assert!(refused(&said(nowhere(), &["create"], &long)).contains("1 MiB"));
    let text = network("br0").to_string();
    assert!(refused(&said(nowhere(), &["create"], &text)).contains("is Open vSwitch running"));
    let mut odd = network("br0");
    odd["options"]["vlna"] = json!("10");
    assert!(refused(&said(nowhere(), &["create"], &odd.to_string())).contains("no option vlna"));
}

#[test]
fn a_network_comes_back_as_it_was_with_a_subnet_where_none_was_named() {
    lab::need!(Lab);
    let bridge = Bridge::new();
    let given = network(bridge.name());
    let made = said(here(), &["create"], &given.to_string());
    assert_eq!(serde_json::from_str::<Value>(&made.stdout).unwrap(), given);
    let mut open = given.clone();
    open["subnets"] = Value::Null;
    open["ipam_options"] = json!({ "driver": "" });
    let made = said(here(), &["create"], &open.to_string());
    let made: Value = serde_json::from_str(&made.stdout).unwrap();
    assert!(made["subnets"][0]["subnet"].as_str().unwrap().starts_with("10.90."), "{made}");
    assert_eq!((&made["id"], &made["created"]), (&given["id"], &given["created"]));
}

#[test]
fn containers_are_set_up_torn_down_and_set_up_on_the_same_number() {
    lab::need!(Lab);
    let bridge = Bridge::new();
    let (one, two) = (Netns::new(), Netns::new());
    let path = |netns: &Netns| format!("/run/netns/{}", netns.name());
    let names = [unique("web"), unique("db")];
    let nothing = json!({});
    let web = container(bridge.name(), &names[0], "192.0.2.2", &nothing);
    let db = container(bridge.name(), &names[1], "192.0.2.3", &json!({ "ofport": "9" }));
    let set_up = |netns: &Netns, text: &str| -> Value {
        let done = said(here(), &["setup", &path(netns)], text);
        assert_eq!(done.code, 0, "{done:?}");
        serde_json::from_str(&done.stdout).unwrap()
    };
    let first = set_up(&one, &web);
    assert_eq!(first["interfaces"]["eth0"]["subnets"][0]["ipnet"], "192.0.2.2/24");
    set_up(&two, &db);
    assert_carries(&one, &two, &["192.0.2.3"]);
    let number = |name: &str| {
        let of_name = format!("external_ids:docker-ovs.name={name}");
        run("ovs-vsctl", &["--bare", "--columns=ofport", "find", "interface", &of_name])
    };
    let before = number(&names[0]);
    assert_eq!(number(&names[1]), "9");
    let mac = first["interfaces"]["eth0"]["mac_address"].as_str().unwrap();
    assert!(one.ip(&["link", "show", "eth0"]).contains(mac));
    // Twice, as after a container that ended without teardown: what was there is replaced.
    one.ip(&["link", "del", "eth0"]);
    set_up(&one, &web);
    assert_carries(&one, &two, &["192.0.2.3"]);
    for _ in 0..2 {
        let gone = said(here(), &["teardown", &path(&one)], &web);
        assert_eq!((gone.code, gone.stdout.as_str()), (0, ""), "{gone:?}");
    }
    assert_eq!(number(&names[0]), "");
    let other = container(bridge.name(), &unique("x"), "192.0.2.2", &nothing);
    set_up(&one, &other);
    said(here(), &["teardown", &path(&one)], &other);
    assert_eq!(set_up(&one, &web), first);
    assert_eq!(number(&names[0]), before);
    for (netns, text) in [(&one, &web), (&two, &db)] {
        said(here(), &["teardown", &path(netns)], text);
    }
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
}

/// Podman calls the endpoints of a container on several networks by one id, the container's.
#[test]
fn what_happens_on_one_network_leaves_the_others_of_a_container_alone() {
    lab::need!(Lab);
    let bridge = Bridge::new();
    let netns = Netns::new();
    let path = format!("/run/netns/{}", netns.name());
    let web = unique("web");
    let on = |network: u64, interface: &str, ip: &str| {
        let text = container(bridge.name(), &web, ip, &json!({}));
        let mut text: Value = serde_json::from_str(&text).unwrap();
        text["network"]["id"] = json!(format!("{network:x}{:052x}", 0));
        text["network_options"]["interface_name"] = json!(interface);
        text.to_string()
    };
    let networks = [
        on(0xaaaa_aaaa_aaaa, "eth0", "192.0.2.2"),
        on(0xbbbb_bbbb_bbbb, "eth1", "192.0.2.3"),
        on(0xcccc_cccc_cccc, "eth2", "192.0.2.4"),
    ];
    let call = |verb: &str, text: &str| {
        let done = said(here(), &[verb, &path], text);
        assert_eq!(done.code, 0, "{verb}: {done:?}");
    };
    let there = |names: &[&str]| {
        let links = netns.ip(&["-brief", "link", "show", "type", "veth"]);
        let links: Vec<_> = links.lines().filter_map(|line| line.split('@').next()).collect();
        assert_eq!(links, names);
        let ports = run("ovs-vsctl", &["list-ports", bridge.name()]);
        assert_eq!(ports.lines().count(), names.len(), "{ports}");
        ports.lines().for_each(|port| drop(run("ip", &["link", "show", port])));
    };
    for text in &networks {
        call("setup", text);
    }
    there(&["eth0", "eth1", "eth2"]);
    // Twice, and what is unknown: each is about its own network.
    for _ in 0..2 {
        call("teardown", &networks[1]);
        there(&["eth0", "eth2"]);
    }
    call("teardown", &on(0xdddd_dddd_dddd, "eth3", "192.0.2.5"));
    there(&["eth0", "eth2"]);
    call("setup", &networks[1]);
    call("teardown", &networks[0]);
    there(&["eth2", "eth1"]);
    for text in &networks {
        call("teardown", text);
    }
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), "");
}

/// As netavark writes `-p 18101-18102:80-81/udp`.
pub(crate) const PUBLISHED: &str = r#""port_mappings":[{"host_ip":"","container_port":80,"host_port":18101,"range":2,"protocol":"udp"}]"#;

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

/// Of each family the first one's; one that is there may be another program's, and by a link alone.
#[test]
fn a_container_on_several_networks_with_gateways_has_one_default_route() {
    lab::need!(Lab);
    let bridge = Bridge::new();
    let of = |number: u64, interface: &str| {
        let ip = format!("10.97.{number}.2");
        let text = container(bridge.name(), &unique("web"), &ip, &json!({}));
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
    // The first one goes, and the next one to be set up has the routes.
    call("teardown", &netns, &networks[0]);
    call("teardown", &netns, &networks[1]);
    call("setup", &netns, &networks[1]);
    assert!(default(&netns, "-4").starts_with("default via 10.97.72.1 dev eth1"));
    assert!(default(&netns, "-6").starts_with("default via 2001:db8:72::1 dev eth1"));
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

#[test]
fn what_fails_leaves_nothing() {
    lab::need!(Lab);
    let (bridge, netns) = (Bridge::new(), Netns::new());
    let path = format!("/run/netns/{}", netns.name());
    let name = unique("web");

    let port = lab::Link::add(&["type", "veth", "peer", "name", &unique("p")]);
    bridge.add(port.name(), &["--", "set", "interface", port.name(), "ofport_request=7"]);
    let text = container(bridge.name(), &name, "192.0.2.2", &json!({ "ofport": "7" }));
    let why = refused(&said(here(), &["setup", &path], &text));
    assert!(why.contains("OpenFlow port 7 of") && why.contains(port.name()), "{why}");
    let text = container(bridge.name(), &name, "198.51.100.2", &json!({}));
    assert!(refused(&said(here(), &["setup", &path], &text)).contains("is in no subnet"));
    let text = container(bridge.name(), &name, "192.0.2.2", &json!({}));
    let why = refused(&said(here(), &["setup", "/run/netns/nonexistent"], &text));
    assert!(why.contains("/run/netns/nonexistent"), "{why}");
    let published = text.replace("\"port_mappings\":[]", PUBLISHED);
    assert!(refused(&said(here(), &["setup", &path], &published)).contains("published ports"));
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), port.name());
    assert!(try_run("ip", &["-netns", netns.name(), "link", "show", "eth0"]).is_err());
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

#[test]
fn in_a_mesh_each_host_hands_out_its_own_part_of_the_subnet_or_none() {
    lab::need!(Lab);
    // A host has one bridge in a mesh.
    let (bridge, mesh) = (Bridge::new(), unique("mesh"));
    let mut network = network(bridge.name());
    network["options"]["mesh"] = json!(mesh);
    network["options"]["local_ip"] = json!("192.0.2.1");
    let create = |network: &Value| said(here(), &["create"], &network.to_string());
    let why = refused(&create(&network));
    assert!(why.contains("--subnet 192.0.2.0/24 without --ip-range"), "{why}");
    let mut open = network.clone();
    open["subnets"] = Value::Null;
    let why = refused(&create(&open));
    assert!(why.contains("has the same --subnet on every host"), "{why}");
    // One of two has no part of this host's own.
    let mut two = network.clone();
    let range = json!({ "start_ip": "192.0.2.64", "end_ip": "192.0.2.127" });
    two["subnets"] = json!([
        { "subnet": "192.0.2.0/24", "lease_range": range }, { "subnet": "2001:db8::/64", "lease_range": null }
    ]);
    let why = refused(&create(&two));
    assert!(why.contains("--subnet 2001:db8::/64 without --ip-range"), "{why}");
    let ids = || run("ovs-vsctl", &["get", "bridge", bridge.name(), "external_ids"]);
    assert!(!ids().contains("docker-ovs.mesh"), "nothing was done: {}", ids());
    network["subnets"] = json!([{ "subnet": "192.0.2.0/24", "lease_range": range }]);
    let made = create(&network);
    assert_eq!(serde_json::from_str::<Value>(&made.stdout).unwrap(), network, "as it was");
    assert!(ids().contains(&format!("docker-ovs.mesh={mesh}")), "{}", ids());
    // Without addresses there is nothing to be parted.
    network["subnets"] = Value::Null;
    network["ipam_options"] = json!({ "driver": "none" });
    let made = create(&network);
    assert_eq!(made.code, 0, "{made:?}");
}
