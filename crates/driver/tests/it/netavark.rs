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

pub(crate) fn refused(said: &PluginOutput) -> String {
    assert_eq!(said.code, 1, "{said:?}");
    let answer: Value = serde_json::from_str(&said.stdout).unwrap();
    answer["error"].as_str().unwrap().to_owned()
}

pub(crate) fn network(bridge: &str) -> Value {
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

/// As netavark writes `-p 18101-18102:80-81/udp`.
pub(crate) const PUBLISHED: &str = r#""port_mappings":[{"host_ip":"","container_port":80,"host_port":18101,"range":2,"protocol":"udp"}]"#;

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
fn what_no_interface_can_have_is_refused_before_the_switch_is_asked() {
    let with = |field: &str, value: &Value| {
        let mut call: Value =
            serde_json::from_str(&container("br0", "web", "192.0.2.7", &json!({}))).unwrap();
        call["network"]["options"]["gateway"] = json!("host");
        call["network_options"][field] = value.clone();
        refused(&said(nowhere(), &["setup", "/run/netns/x"], &call.to_string()))
    };
    for (field, value, word) in [
        ("static_ips", json!(["192.0.2.255"]), "broadcast"),
        ("static_ips", json!(["192.0.2.1"]), "is the network's gateway's"),
        ("static_mac", json!("01:00:5e:00:00:01"), "multicast"),
        ("interface_name", json!("all"), "cannot be the name of an interface"),
        ("interface_name", json!("a\u{0}"), "cannot be the name of an interface"),
        ("interface_name", json!("eth0"), "is Open vSwitch running"),
    ] {
        let why = with(field, &value);
        assert!(why.contains(word), "{field} {value}: {why}");
    }
    let mut call: Value =
        serde_json::from_str(&container("br0", "web", "192.0.2.7", &json!({}))).unwrap();
    for name in ["a\u{0}b", "a\nb"] {
        call["container_name"] = json!(name);
        let why = refused(&said(nowhere(), &["setup", "/run/netns/x"], &call.to_string()));
        assert!(why.contains("container_name has a control character"), "{name:?}: {why}");
    }
    let mut far = network("br0");
    far["options"]["gateway"] = json!("host");
    far["subnets"][0]["gateway"] = json!("198.51.100.1");
    let why = refused(&said(nowhere(), &["create"], &far.to_string()));
    assert!(why.contains("198.51.100.1 is not in 192.0.2.0/24"), "{why}");
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

/// An alias is copied as easily as a name: the port of another container lives.
#[test]
fn a_link_with_a_copy_of_an_alias_is_left_alone() {
    lab::need!(Lab);
    let (bridge, netns) = (Bridge::new(), Netns::new());
    let path = format!("/run/netns/{}", netns.name());
    let text = container(bridge.name(), &unique("web"), "192.0.2.2", &json!({}));
    let call = |verb: &str| {
        let done = said(here(), &[verb, &path], &text);
        assert_eq!(done.code, 0, "{verb}: {done:?}");
    };
    call("setup");
    let own = run("ovs-vsctl", &["list-ports", bridge.name()]);
    let other = lab::Link::add(&["type", "veth", "peer", "name", &unique("p")]);
    bridge.add(other.name(), &[]);
    let shown = run("ip", &["link", "show", "dev", &own]);
    let alias = shown.lines().find_map(|line| line.trim().strip_prefix("alias ")).unwrap();
    run("ip", &["link", "set", "dev", other.name(), "alias", alias]);
    for verb in ["teardown", "setup", "teardown", "teardown"] {
        call(verb);
        run("ip", &["link", "show", "dev", other.name()]);
    }
    assert_eq!(run("ovs-vsctl", &["list-ports", bridge.name()]), other.name());
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
