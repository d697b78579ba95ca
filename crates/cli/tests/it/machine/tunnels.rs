//! Tunnels of the kernel's datapath: many ports of a bridge share one port of the datapath, and what
//! goes through them arrives.

use lab::{Bridge, Container, Home, Link, Netns, assert_carries, ofport_of, run, unique};

use crate::tool::says;

/// What the container sends is no longer than the cable takes with any tunnel's headers.
const MTU: &str = "1400";

/// A host on the other side of a cable: its address is 203.0.113.2, ours is .1.
struct Far {
    netns: Netns,
    _cable: Link,
}

impl Far {
    fn new() -> Self {
        let (netns, near, far) = (Netns::new(), unique("near"), unique("far"));
        let cable = Link::named(&near, &["type", "veth", "peer", "name", &far]);
        run("ip", &["address", "add", "203.0.113.1/24", "dev", &near]);
        run("ip", &["link", "set", &far, "netns", netns.name()]);
        netns.ip(&["address", "add", "203.0.113.2/24", "dev", &far]);
        netns.ip(&["link", "set", &far, "up"]);
        Self { netns, _cable: cable }
    }

    /// The tunnel's other end, made by the kernel alone. Its MTU is the container's, as that of
    /// all interfaces of one Ethernet has to be: what is longer the datapath drops before a port.
    fn end(&self, words: &[&str], ip: &str) {
        self.netns.ip(&[&["link", "add", "tun9", "mtu", MTU, "type"], words].concat());
        self.netns.ip(&["address", "add", ip, "dev", "tun9"]);
        self.netns.ip(&["link", "set", "tun9", "up"]);
    }
}

#[test]
fn a_container_talks_through_a_tunnel_of_the_kernels_datapath() {
    lab::alone!(Machine);
    let ends: [(&str, &[&str]); 3] = [
        ("vxlan", &["vxlan", "id", "9", "remote", "203.0.113.1", "dstport", "4789"]),
        ("geneve", &["geneve", "id", "9", "remote", "203.0.113.1"]),
        ("gre", &["gretap", "local", "203.0.113.2", "remote", "203.0.113.1", "key", "9"]),
    ];
    for (kind, end) in ends {
        let (far, bridge, container) = (Far::new(), Bridge::new(), Container::run());
        says(&["connect", bridge.name(), container.name(), "--ip", "10.82.1.1/24", "--mtu", MTU]);
        far.end(end, "10.82.1.2/24");
        let port = unique("tu");
        let set = ["--", "set", "interface", &port, &format!("type={kind}")];
        let options = ["options:remote_ip=203.0.113.2", "options:key=9"];
        let number = bridge.add(&port, &[&set[..], &options].concat());
        println!("{kind}");
        lab::wait_for_answer(&container, "10.82.1.2");
        assert_carries(&container, &far.netns, &["10.82.1.2"]);
        assert_carries(&far.netns, &container, &["10.82.1.1"]);
        let told = says(&["ports", bridge.name(), "--format", "{{.OFPort}} {{.Port}} {{.Who}}"]);
        let line = format!("{number} {port} tunnel ");
        assert!(told.lines().any(|told| told.starts_with(&line)), "{told} has no {line}");
    }
}

/// The datapath has one port for all tunnels of a kind (`vxlan_sys_4789`).
#[test]
fn tunnels_that_share_a_port_of_the_datapath_are_told_apart() {
    lab::alone!(Machine);
    let bridge = Bridge::new();
    let ports: Vec<_> = (0..3).map(|_| unique("tu")).collect();
    for (n, port) in ports.iter().enumerate() {
        let key = format!("options:key={}", 100 + n);
        let set = ["--", "set", "interface", port, "type=vxlan", "options:remote_ip=203.0.113.7"];
        bridge.add(port, &[&set[..], &[&key]].concat());
    }
    let shown = run("ovs-appctl", &["dpif/show"]);
    let told = says(&["ports", bridge.name(), "--format", "{{.Port}} {{.OFPort}}/{{.DPPort}}"]);
    let mut shared = Vec::new();
    for port in &ports {
        let number = ofport_of(port);
        let line = shown.lines().find_map(|line| line.trim().strip_prefix(&format!("{port} ")));
        let pair = line.unwrap().split(':').next().unwrap();
        assert!(pair.starts_with(&format!("{number}/")), "{shown}");
        assert!(told.contains(&format!("{port} {pair}\n")), "{told} has no {port} {pair}");
        shared.push(pair.split_once('/').unwrap().1.to_owned());
    }
    shared.dedup();
    assert_eq!(shared.len(), 1, "{shown}");
}
