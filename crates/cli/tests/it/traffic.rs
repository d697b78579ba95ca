//! What connect, restore and the daemon make carries TCP, UDP and IPv6, not ping alone; and what
//! others made without that is told.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use lab::{
    Bridge, Container, Home, Plug, Plugged, Switch, assert_carries, carries, has_checksum_offload,
    has_userspace_datapath, set_checksum_offload, unique, wait_for_answer,
};

use crate::tool::{Served, docker_ovs, says};

/// What `--dry-run` says is done to the interface.
fn step(container: &Container) -> String {
    format!("turn off transmit checksum offload of eth0 in {}", container.name())
}

/// Two containers with addresses `10.77.NET.1` and `.2`, `fd00:77:NET::1` and `::2`.
struct Pair {
    bridge: Bridge,
    left: Container,
    right: Container,
    net: u8,
}

impl Pair {
    fn connect(net: u8, more: &[&str]) -> Self {
        let pair =
            Self { bridge: Bridge::new(), left: Container::run(), right: Container::run(), net };
        pair.connect_one(&pair.left, 1, more);
        pair.connect_one(&pair.right, 2, more);
        pair
    }

    fn connect_one(&self, container: &Container, n: u8, more: &[&str]) {
        let (ip, ipv6) =
            (format!("10.77.{}.{n}/24", self.net), format!("fd00:77:{}::{n}/64", self.net));
        let words = ["connect", self.bridge.name(), container.name(), "--ip", &ip, "--ip", &ipv6];
        says(&[&words, more].concat());
    }

    fn right_addresses(&self) -> [String; 2] {
        [format!("10.77.{}.2", self.net), format!("fd00:77:{}::2", self.net)]
    }

    /// Once both are in operation.
    fn assert_carries(&self) {
        let addresses = self.right_addresses();
        for ip in &addresses {
            wait_for_answer(&self.left, ip);
        }
        assert_carries(&self.left, &self.right, &[&addresses[0], &addresses[1]]);
        // And the other way.
        let (ip, ipv6) = (format!("10.77.{}.1", self.net), format!("fd00:77:{}::1", self.net));
        assert_carries(&self.right, &self.left, &[&ip, &ipv6]);
    }

    fn loses(&self) -> bool {
        carries(&self.left, &self.right, &self.right_addresses()[0]).is_err()
    }
}

#[test]
fn connect_carries_tcp_udp_and_ipv6_at_any_mtu() {
    lab::need!(Docker);
    for (net, mtu) in [(31, "1500"), (32, "9000"), (33, "1280")] {
        Pair::connect(net, &["--mtu", mtu]).assert_carries();
    }
    Pair::connect(34, &["--vlan", "34"]).assert_carries();
}

#[test]
fn connect_turns_the_offload_off_on_the_userspace_datapath_only() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let words = ["connect", bridge.name(), container.name()];
    let planned = says(&[&words[..], &["--dry-run"]].concat());
    assert_eq!(planned.contains(&step(&container)), has_userspace_datapath(), "{planned}");
    says(&words);
    assert_eq!(has_checksum_offload(&container, "eth0"), !has_userspace_datapath());
}

#[test]
fn connect_leaves_the_offload_on_where_vswitchd_finishes_checksums() {
    lab::need!(Docker);
    for (setting, finishes) in
        [("userspace-tso-enable=true", true), ("userspace-tso-enable=no", false)]
    {
        let (switch, left, right) = (Switch::start(&[setting]), Container::run(), Container::run());
        let bridge = unique("br");
        switch.add_bridge(&bridge, &[]);
        for (container, ip) in [(&left, "10.77.35.1/24"), (&right, "10.77.35.2/24")] {
            let words =
                ["--db", &switch.remote(), "connect", &bridge, container.name(), "--ip", ip];
            let planned = says(&[&words[..], &["--dry-run"]].concat());
            assert_eq!(planned.contains(&step(container)), !finishes, "{setting}: {planned}");
            says(&words);
            assert_eq!(has_checksum_offload(container, "eth0"), finishes, "{setting}");
        }
        wait_for_answer(&left, "10.77.35.2");
        assert_carries(&left, &right, &["10.77.35.2"]);
        let explained = says(&["--db", &switch.remote(), "explain", right.name()]);
        assert!(!explained.contains("no TCP"), "{explained}");
    }
}

#[test]
fn restore_and_the_daemon_add_what_an_older_version_left_out() {
    lab::alone!(Docker);
    if !has_userspace_datapath() {
        return;
    }
    let pair = Pair::connect(36, &[]);
    let name = pair.right.name();
    let as_an_older_version = || {
        set_checksum_offload(&pair.right, "eth0", true);
        assert!(pair.loses());
    };
    as_an_older_version();
    let told =
        |words: &[&str]| says(&[words, &[name, "--format", "{{.Result}}: {{.Reason}}"]].concat());
    let ran = docker_ovs(&["restore", "--dry-run", name, "--format", "{{.Result}}: {{.Reason}}"]);
    assert_eq!((ran.code, ran.stdout), (1, format!("missing: {}\n", step(&pair.right))));
    assert!(has_checksum_offload(&pair.right, "eth0"), "--dry-run changes nothing");
    assert_eq!(told(&["restore"]), format!("restored: {}\n", step(&pair.right)));
    pair.assert_carries();
    assert_eq!(told(&["restore"]), "present: \n");

    as_an_older_version();
    let number = says(&["port", name, pair.bridge.name(), "-q"]);
    let daemon = Served::start_restoring();
    daemon.hears(&format!("restored {name}:eth0 on {}", pair.bridge.name()));
    pair.assert_carries();
    assert_eq!(says(&["port", name, pair.bridge.name(), "-q"]), number);
    // The daemon does it once for each interface: what is turned on again stays on.
    set_checksum_offload(&pair.right, "eth0", true);
    pair.left.restart();
    daemon.hears(&format!("restored {}:eth0 on {}", pair.left.name(), pair.bridge.name()));
    assert!(has_checksum_offload(&pair.right, "eth0"));
}

#[test]
fn explain_and_doctor_tell_of_interfaces_of_others_and_leave_them_alone() {
    lab::need!(Docker);
    if !has_userspace_datapath() {
        return;
    }
    let (bridge, hand, ours) = (Bridge::new(), Container::run(), Container::run());
    let _plugged = Plugged::new(&hand, "eth7", &bridge, Plug::default());
    says(&["connect", bridge.name(), ours.name()]);
    let note = "no TCP and no UDP from here arrives: eth7";
    // Of bridges that other tests take down meanwhile it says that on stderr.
    let explained = |who: &Container| {
        let ran = docker_ovs(&["explain", who.name(), "--format", "json"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.stdout
    };
    assert!(explained(&hand).contains(note), "{}", explained(&hand));
    assert!(!explained(&ours).contains("no TCP"), "{}", explained(&ours));
    let doctor = || {
        let ran =
            docker_ovs(&["doctor", "--format", "{{.Check}} {{.Verdict}} {{.Detail}} {{.Hint}}"]);
        let mut lines = ran.stdout.lines().map(str::to_owned);
        lines.find(|line| line.starts_with("checksums ")).unwrap_or_default()
    };
    let told = doctor();
    assert!(told.starts_with("checksums note") && told.contains("tx off"), "{told}");
    // Of many it names but some.
    let named = told.contains(&format!("{}:eth7", hand.name()));
    assert!(named || told.contains(" more "), "{told}");
    assert!(!told.contains(ours.name()), "{told}");
    // It is not uncertain where they are: lookups do not tell.
    let ran = docker_ovs(&["port", hand.name(), bridge.name(), "-q"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    docker_ovs(&["restore", hand.name()]);
    assert!(has_checksum_offload(&hand, "eth7"));
    set_checksum_offload(&hand, "eth7", false);
    assert!(!explained(&hand).contains(note));
}

/// The offload that counts is the last one before the port.
#[test]
fn explain_knows_the_offload_behind_a_linux_bridge() {
    lab::need!(Docker);
    // Apart from the host, whose rules may forbid what passes a Linux bridge.
    let (switch, container, other) = (Switch::start(&[]), Container::run(), Container::run());
    let (db, bridge, host) = (switch.remote(), unique("br"), switch.netns());
    switch.add_bridge(&bridge, &[]);
    host.ip(&["link", "add", "lb0", "type", "bridge"]);
    host.ip(&["link", "add", "outer0", "type", "veth", "peer", "name", "inner0"]);
    let eth0 = ["name", "eth0", "netns", &container.pid()];
    host.ip(&[&["link", "add", "host0", "type", "veth", "peer"][..], &eth0].concat());
    for link in ["inner0", "host0"] {
        host.ip(&["link", "set", link, "up", "master", "lb0"]);
    }
    host.ip(&["link", "set", "outer0", "up"]);
    host.ip(&["link", "set", "lb0", "up"]);
    switch.vsctl(&["add-port", &bridge, "outer0"]);
    container.ip(&["link", "set", "eth0", "up"]);
    container.ip(&["address", "add", "10.77.37.1/24", "dev", "eth0"]);
    says(&["--db", &db, "connect", &bridge, other.name(), "--ip", "10.77.37.2/24"]);
    wait_for_answer(&container, "10.77.37.2");
    let explained = || says(&["--db", &db, "explain", container.name()]);
    assert!(explained().contains("inner0 leaves checksums"), "{}", explained());
    assert!(carries(&container, &other, "10.77.37.2").is_err());
    set_checksum_offload(host, "inner0", false);
    assert!(!explained().contains("no TCP"), "{}", explained());
    assert_carries(&container, &other, &["10.77.37.2"]);
}

/// A router advertisement (RFC 4861, section 4.2) with a prefix for addresses, to all nodes.
const ADVERTISES: &str = "
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
head = struct.pack('!BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0)
prefix = struct.pack('!BBBBIII', 3, 4, 64, 0xc0, 86400, 86400, 0)
prefix += socket.inet_pton(socket.AF_INET6, '2001:db8:77::')
s.sendto(head + prefix, ('ff02::1', 0, 0, socket.if_nametoindex('eth0')))
";

/// With the userspace datapath the host's kernel has each packet at the host's end too, before the
/// switch forwards it.
#[test]
fn a_container_gives_the_hosts_end_neither_route_nor_address() {
    lab::need!(Docker);
    let (switch, container) = (Switch::start(&[]), Container::run());
    let (db, bridge, host) = (switch.remote(), unique("br"), switch.netns());
    switch.add_bridge(&bridge, &[]);
    host.ip(&["link", "set", &bridge, "up"]);
    says(&["--db", &db, "connect", &bridge, container.name(), "--ip", "fd00:77:38::1/64"]);
    let host_end = || switch.vsctl(&["list-ports", &bridge]).trim().to_owned();
    let of_ipv6 = |link: &str| host.ip(&["-6", "-br", "address", "show", "dev", link]);
    let routes = |dev: &str| host.ip(&["-6", "route", "show", "dev", dev]);
    lab::wait_until("the bridge has learnt the route", || {
        let inside = ["--target", &container.pid(), "--net", "python3", "-c", ADVERTISES];
        lab::run("nsenter", &inside);
        routes(&bridge).contains("default")
    });
    let link = host_end();
    assert_eq!((routes(&link), of_ipv6(&link)), (String::new(), String::new()), "of {link}");
    // Of its own the container takes part in IPv6 as it did.
    host.ip(&["address", "add", "fd00:77:38::9/64", "dev", &bridge, "nodad"]);
    wait_for_answer(&container, "fd00:77:38::9");
    // What is restored is closed too, and was up from the first moment on.
    container.restart();
    says(&["--db", &db, "restore", container.name()]);
    wait_for_answer(&container, "fd00:77:38::9");
    assert_eq!(of_ipv6(&host_end()), "");
}

/// A frame to the hardware address of the host's end reaches the host's kernel past the switch, whatever
/// flows that has.
#[test]
fn a_container_reaches_the_host_by_the_switch_alone() {
    lab::need!(Docker);
    let (switch, container) = (Switch::start(&[]), Container::run());
    let (db, bridge, host) = (switch.remote(), unique("br"), switch.netns());
    switch.add_bridge(&bridge, &[]);
    host.ip(&["link", "set", &bridge, "up"]);
    let (v4, v6) = ("10.77.39.9", "fd00:77:39::9");
    host.ip(&["address", "add", &format!("{v4}/24"), "dev", &bridge]);
    host.ip(&["address", "add", &format!("{v6}/64"), "dev", &bridge, "nodad"]);
    let own = ["--ip", "10.77.39.1/24", "--ip", "fd00:77:39::1/64"];
    says(&[&["--db", &db, "connect", &bridge, container.name()][..], &own].concat());
    let host_end = switch.vsctl(&["list-ports", &bridge]).trim().to_owned();
    let link = host.ip(&["-br", "link", "show", "dev", &host_end]);
    let mac = link.split_whitespace().nth(2).unwrap();
    for ip in [v4, v6] {
        wait_for_answer(&container, ip);
        let neighbour = ["neighbour", "replace", ip, "lladdr", mac, "dev", "eth0"];
        container.ip(&[&neighbour[..], &["nud", "permanent"]].concat());
        assert!(!lab::ping(&container, ip), "{host_end} answers for {ip}");
        // Where it is asked for as it should be, it answers still.
        container.ip(&["neighbour", "delete", ip, "dev", "eth0"]);
        wait_for_answer(&container, ip);
    }
}
