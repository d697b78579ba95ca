//! Every kind of link between a namespace and a port, answered as packets go: a packet that leaves
//! the namespace is counted by the port it comes in by.

use lab::{Bridge, Container, Home, Link, Netns, Plug, Plugged, run, try_run, unique};

use crate::tool::{docker_ovs, lists};

/// An address that no interface has: what asks for it goes wherever a link leads.
const NOWHERE: &str = "198.18.7.99";

/// The port of `bridge` by which what is sent from `eth0` of `home` comes in, as the switch counts.
fn truth(home: &impl Home, bridge: &Bridge) -> Option<u16> {
    home.ip(&["link", "set", "eth0", "up"]);
    home.ip(&["address", "replace", "198.18.7.1/24", "dev", "eth0"]);
    let ports = run("ovs-vsctl", &["list-ifaces", bridge.name()]);
    let mut numbers: Vec<_> = ports.lines().map(lab::ofport_of).collect();
    numbers.push(65534);
    run("ovs-ofctl", &["del-flows", bridge.name()]);
    for number in &numbers {
        let port = if *number == 65534 { "LOCAL".to_owned() } else { number.to_string() };
        let flow = format!("in_port={port},cookie={number},arp,arp_tpa={NOWHERE},actions=drop");
        lab::flow(bridge, &flow);
    }
    home.busybox(&["ping", "-c1", "-W1", NOWHERE]).unwrap();
    let flows = run("ovs-ofctl", &["dump-flows", bridge.name()]);
    let counts = |line: &&str| !line.contains("n_packets=0,") && line.contains("cookie=0x");
    let met: Vec<_> = flows.lines().filter(counts).collect();
    assert!(met.len() < 2, "{met:?}");
    let cookie = met.first()?.split_once("cookie=0x")?.1.split_once(',')?.0;
    u16::from_str_radix(cookie, 16).ok()
}

/// What docker-ovs says of `eth0` of `home`: its number, if it has one. Other links come into a
/// namespace by themselves, where the kernel's tunnels are loaded (`gretap0`, `erspan0`).
fn answer(home: &Netns, bridge: &Bridge) -> Option<u16> {
    let words = ["--format", "{{.Interface}} {{.OFPort}}"];
    let target = format!("netns:{}", home.name());
    let ran = docker_ovs(&[&["port", &target, bridge.name()], &words[..]].concat());
    // Where one of its links cannot be followed the answer is unknown, which is no error.
    let is_answered = ran.code < 2 || docker_ovs(&["port", &target]).code == 0;
    assert!(is_answered, "{ran:?}");
    println!("{}", ran.stderr);
    ran.stdout.lines().find_map(|line| line.strip_prefix("eth0 "))?.parse().ok()
}

/// Puts a link made by `ip link add link LOWER NAME WORDS` into a namespace of its own, as eth0.
fn over(lower: &str, words: &[&str]) -> Netns {
    let (home, name) = (Netns::new(), unique("m"));
    run("ip", &[&["link", "add", "link", lower, "name", &name], words].concat());
    move_in(&home, &name);
    home
}

fn move_in(home: &Netns, name: &str) {
    let moved = try_run("ip", &["link", "set", name, "netns", home.name()]);
    if let Err(why) = moved {
        let _ = try_run("ip", &["link", "del", name]);
        panic!("{name}: {why}");
    }
    home.ip(&["link", "set", name, "name", "eth0"]);
}

const PARENTS: [&[&str]; 6] = [
    &["type", "macvlan", "mode", "bridge"],
    &["type", "macvtap", "mode", "bridge"],
    &["type", "ipvlan", "mode", "l2"],
    &["type", "ipvtap", "mode", "l2"],
    &["type", "vlan", "id", "42"],
    &["type", "vlan", "proto", "802.1ad", "id", "43"],
];

/// An internal port is a link of the switch's own: what is sent by it goes into the switch.
#[test]
fn links_over_an_internal_port_are_on_that_port() {
    lab::need!(Machine);
    let bridge = Bridge::new();
    for words in PARENTS {
        // One for each: what stands on a link goes some time after its namespace, and the next one
        // may be of a kind that bears no other.
        let port = unique("n");
        let number = bridge.add(&port, &["--", "set", "interface", &port, "type=internal"]);
        run("ip", &["link", "set", &port, "up"]);
        let home = over(&port, words);
        let (truth, answer) = (truth(&home, &bridge), answer(&home, &bridge));
        let known = names_its_parents_namespace(words).then_some(number);
        assert_eq!((truth, answer), (Some(number), known), "{words:?}");
    }
    run("ip", &["link", "set", bridge.name(), "up"]);
    let home = over(bridge.name(), PARENTS[0]);
    assert_eq!((truth(&home, &bridge), answer(&home, &bridge)), (Some(65534), Some(65534)));
}

/// Of an ipvtap the kernel tells the parent's index, and not in which namespace that is (measured:
/// Linux 6.1): what docker-ovs says then is that it does not know.
fn names_its_parents_namespace(words: &[&str]) -> bool {
    words[1] != "ipvtap"
}

/// The kernel lets one owner receive what comes by a link: with a port of its datapath that is
/// the switch.
#[test]
fn nothing_but_a_vlan_can_be_stacked_on_a_port_of_the_kernels_datapath() {
    lab::need!(Machine);
    let (bridge, link) = (Bridge::new(), Link::add(&["type", "veth"]));
    bridge.add(link.name(), &[]);
    for words in PARENTS {
        let name = unique("m");
        let add = ["link", "add", "link", link.name(), "name", &name];
        let made = try_run("ip", &[&add[..], words].concat());
        assert_eq!(made.is_ok(), words[1] == "vlan", "{words:?}: {made:?}");
        let _ = try_run("ip", &["link", "del", &name]);
    }
}

/// The kernel's own bond or team as a port, its members the host ends of two namespaces.
#[test]
fn a_veth_that_is_a_member_of_a_bond_or_team_is_on_its_port() {
    lab::need!(Machine);
    let kinds: [&[&str]; 2] = [&["type", "bond", "mode", "balance-rr"], &["type", "team"]];
    for kind in kinds {
        let (bridge, home, master) = (Bridge::new(), Netns::new(), unique("mas"));
        let (outer, inner) = (unique("v"), unique("i"));
        run("ip", &[&["link", "add", &master], kind].concat());
        let _master = Made(master.clone());
        let _veth = Link::named(&outer, &["type", "veth", "peer", "name", &inner]);
        // A member of a bond is down when it joins.
        run("ip", &["link", "set", &outer, "down"]);
        run("ip", &["link", "set", &outer, "master", &master]);
        run("ip", &["link", "set", &outer, "up"]);
        run("ip", &["link", "set", &master, "up"]);
        move_in(&home, &inner);
        let number = bridge.add(&master, &[]);
        let (truth, answer) = (truth(&home, &bridge), answer(&home, &bridge));
        assert_eq!((truth, answer), (Some(number), Some(number)), "{kind:?}");
    }
}

/// Two veths, each on a port, are the members of a bond or team in the container: each is answered. So is what
/// carries them, and a VLAN link on that, once it has one member alone.
#[test]
fn the_members_of_a_bond_or_team_in_a_container_have_their_ports() {
    lab::need!(Machine);
    let kinds: [&[&str]; 2] = [&["type", "bond", "mode", "active-backup"], &["type", "team"]];
    for kind in kinds {
        let (bridge, home) = (Bridge::new(), Container::run());
        let first = Plugged::new(&home, "eth0", &bridge, Plug::default());
        let second = Plugged::new(&home, "eth1", &bridge, Plug::default());
        home.ip(&[&["link", "add", "mas7"], kind].concat());
        for member in ["eth0", "eth1"] {
            home.ip(&["link", "set", member, "down"]);
            home.ip(&["link", "set", member, "master", "mas7"]);
        }
        home.ip(&["link", "set", "mas7", "up"]);
        home.ip(&["link", "add", "link", "mas7", "name", "mas7.5", "type", "vlan", "id", "5"]);
        home.ip(&["link", "set", "mas7.5", "up"]);
        let format = "{{.Interface}} {{.OFPort}} {{.State}}";
        let told = lists(&["port", home.name(), "--format", format]);
        for (name, plug) in [("eth0", &first), ("eth1", &second)] {
            assert!(told.contains(&format!("{name} {} on\n", plug.ofport())), "{kind:?}: {told}");
        }
        // Which member carries what, changes: a number for what they carry would be a guess.
        for name in ["mas7 ", "mas7.5 "] {
            let mut rows = told.lines().filter(|line| line.starts_with(name)).peekable();
            assert!(rows.peek().is_some(), "{kind:?}: {told}");
            assert!(!rows.any(|line| line.ends_with(" on")), "{kind:?}: {told}");
        }
        home.ip(&["link", "set", "eth1", "nomaster"]);
        let told = lists(&["port", home.name(), "--format", format]);
        for name in ["eth0", "mas7", "mas7.5"] {
            assert!(told.contains(&format!("{name} {} on\n", first.ofport())), "{kind:?}: {told}");
        }
        assert!(told.contains(&format!("eth1 {} on\n", second.ofport())), "{kind:?}: {told}");
    }
}

/// Its ends are one another's as those of a veth are. Linux has it from 6.7 on, and ip(8) then knows its modes.
#[test]
fn a_netkit_pair_leads_to_its_port() {
    lab::need!(Machine);
    let (bridge, home, outer) = (Bridge::new(), Netns::new(), unique("nk"));
    if let Err(why) = try_run("ip", &["link", "add", &outer, "type", "netkit", "mode", "l2"]) {
        println!("skipped: this kernel or its ip(8) has no netkit: {why}");
        return;
    }
    let _outer = Made(outer.clone());
    // The kernel names the other end: `5: OUTER@nk0: <…`.
    let shown = run("ip", &["-oneline", "link", "show", "dev", &outer]);
    let (_, inner) = shown.split_once('@').unwrap();
    let inner = inner.split(':').next().unwrap();
    run("ip", &["link", "set", &outer, "up"]);
    move_in(&home, inner);
    let number = bridge.add(&outer, &[]);
    assert_eq!((truth(&home, &bridge), answer(&home, &bridge)), (Some(number), Some(number)));
}

/// A dummy, and tunnels that the kernel ends itself, lead to no port of the switch.
#[test]
fn links_that_lead_to_no_port_get_no_number() {
    lab::need!(Machine);
    let bridge = Bridge::new();
    let kinds: [&[&str]; 4] = [
        &["type", "dummy"],
        &["type", "gretap", "local", "192.0.2.1", "remote", "192.0.2.2"],
        &["type", "vxlan", "id", "7", "remote", "192.0.2.2", "dstport", "4789"],
        &["type", "veth"],
    ];
    for kind in kinds {
        let (home, name) = (Netns::new(), unique("x"));
        run("ip", &[&["link", "add", &name], kind].concat());
        move_in(&home, &name);
        assert_eq!((truth(&home, &bridge), answer(&home, &bridge)), (None, None), "{kind:?}");
    }
}

/// Links of the host as ports, of whatever kind: `ports` says what they are.
#[test]
fn ports_names_the_kinds_of_the_hosts_links() {
    lab::need!(Machine);
    let bridge = Bridge::new();
    let lower = Link::add(&["type", "veth"]);
    let kinds: [(&str, &[&str]); 7] = [
        ("dummy", &["type", "dummy"]),
        ("bond", &["type", "bond"]),
        ("team", &["type", "team"]),
        ("gretap", &["type", "gretap", "local", "192.0.2.1", "remote", "192.0.2.2"]),
        ("vxlan", &["type", "vxlan", "id", "7", "remote", "192.0.2.2", "dstport", "4789"]),
        ("vlan", &["link", lower.name(), "type", "vlan", "id", "44"]),
        ("bridge", &["type", "bridge"]),
    ];
    for (kind, words) in kinds {
        let link = Link::add(words);
        let added = try_run("ovs-vsctl", &["add-port", bridge.name(), link.name()]);
        let told = lists(&["ports", bridge.name(), "--format", "{{.Port}} {{.OFPort}} {{.Who}}"]);
        let row = told.lines().find(|line| line.starts_with(link.name())).unwrap_or_default();
        let number = run("ovs-vsctl", &["get", "Interface", link.name(), "ofport"]);
        println!("{kind}: {added:?}: {row}; ovs-vsctl: {number}");
        assert_eq!(row, format!("{} {number} host ({kind})", link.name()));
        let _ = try_run("ovs-vsctl", &["--if-exists", "del-port", link.name()]);
    }
}

/// A link that ip(8) made, removed with its guard.
struct Made(String);

impl Drop for Made {
    fn drop(&mut self) {
        let _ = try_run("ip", &["link", "del", &self.0]);
    }
}
