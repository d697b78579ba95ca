//! Containers on two bridges, and the datagrams that tell what reaches them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use lab::{Bridge, Container, Home, run, unique};
use netns::{Error, Netns, visit};

use crate::tool::says;

/// The port that every rule set lets pass: what is sent to it comes after the probe.
const BARRIER: u16 = 9;
/// The ports that probes go to.
pub(super) const PROBES: [u16; 3] = [53, 80, 7000];

/// A container on a bridge, and its sockets.
pub(super) struct Host {
    pub(super) container: Container,
    pub(super) ip: Ipv4Addr,
    pub(super) ofport: String,
    pub(super) port: String,
    pub(super) mac: String,
    barrier: UdpSocket,
    probes: Vec<UdpSocket>,
}

impl Host {
    fn connect(bridge: &Bridge, n: u8) -> Self {
        let container = Container::run();
        let ip = Ipv4Addr::new(10, 78, 0, n);
        let words =
            ["connect", bridge.name(), container.name(), "--ip", &format!("{ip}/24"), "--quiet"];
        let ofport = says(&words).trim().to_owned();
        let told = |template: &str| {
            says(&["port", container.name(), "--format", template]).trim().to_owned()
        };
        let (mac, port) = (told("{{.MAC}}"), told("{{.HostInterface}}"));
        let inside = Space::of(&container);
        let bind = |number: u16| inside.open(|| UdpSocket::bind((ip, number)));
        let barrier = bind(BARRIER);
        barrier.set_read_timeout(Some(lab::patience())).unwrap();
        let probes = PROBES.iter().map(|number| bind(*number)).collect();
        Self { container, ip, ofport, port, mac, barrier, probes }
    }

    pub(super) fn name(&self) -> &str {
        self.container.name()
    }

    /// Sends a datagram from a port of its own to a port of `to`, and tells whether that came. What
    /// `witness` gets afterwards from here was switched later, and what `to` gets from that one later
    /// still.
    pub(super) fn reaches(&self, to: &Host, witness: &Host, probe: usize) -> bool {
        let socket = self.socket();
        // What is left of earlier ones is none of this one.
        drain(&to.probes[probe]);
        socket.send_to(b"probe", (to.ip, PROBES[probe])).unwrap();
        passes(&socket, witness);
        passes(&witness.socket(), to);
        to.probes[probe].set_nonblocking(true).unwrap();
        match to.probes[probe].recv(&mut [0; 64]) {
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends the first segment of a connection, and tells whether that came, as [`Self::reaches`] does of a
    /// datagram. There is no listener: the count of segments of `to` is what tells.
    pub(super) fn opens(&self, to: &Host, witness: &Host, probe: usize) -> bool {
        let before = to.segments();
        let at = SocketAddr::from((to.ip, PROBES[probe]));
        // The segment is sent before the wait begins, and no second one comes within that.
        let connected = Space::of(&self.container)
            .open(|| Ok(TcpStream::connect_timeout(&at, Duration::from_millis(1)).is_ok()));
        assert!(!connected, "{at} has a listener");
        passes(&self.socket(), witness);
        passes(&witness.socket(), to);
        to.segments() != before
    }

    /// How many TCP segments its namespace has received so far.
    fn segments(&self) -> u64 {
        self.counted("Tcp: ", "InSegs")
    }

    /// A count of its namespace, by protocol and name (`/proc/net/snmp`).
    pub(super) fn counted(&self, protocol: &str, column: &str) -> u64 {
        let path = format!("/proc/{}/net/snmp", self.container.pid());
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(protocol));
        let (names, counts) = (lines.next().unwrap(), lines.next().unwrap());
        let mut columns = names.split(' ').zip(counts.split(' '));
        columns.find(|(name, _)| *name == column).unwrap().1.parse().unwrap()
    }

    pub(super) fn socket(&self) -> UdpSocket {
        Space::of(&self.container).open(|| UdpSocket::bind((self.ip, 0)))
    }
}

/// Waits until a barrier has come.
pub(super) fn passes(from: &UdpSocket, to: &Host) {
    drain(&to.barrier);
    from.send_to(b"barrier", (to.ip, BARRIER)).unwrap();
    to.barrier.set_nonblocking(false).unwrap();
    let came = to.barrier.recv(&mut [0; 64]);
    came.unwrap_or_else(|error| panic!("no barrier came to {}: {error}", to.name()));
}

fn drain(socket: &UdpSocket) {
    socket.set_nonblocking(true).unwrap();
    while socket.recv(&mut [0; 64]).is_ok() {}
}

/// The network namespace of a container.
pub(super) struct Space(Netns);

impl Space {
    pub(super) fn of(container: &Container) -> Self {
        let path = PathBuf::from(format!("/proc/{}/ns/net", container.pid()));
        Self(Netns::open(&path).unwrap())
    }

    pub(super) fn open<T: Send>(&self, open: impl Fn() -> io::Result<T> + Sync) -> T {
        visit(&[&self.0], |_, _| open().map_err(Error::Socket)).remove(0).unwrap()
    }
}

/// Two bridges with a patch between them: three containers on the first, one on the second, and a
/// witness on the first that no rule is about.
pub(super) struct Scene {
    pub(super) near: Bridge,
    far: Bridge,
    pub(super) hosts: Vec<Host>,
    /// The OpenFlow ports of the patch, on either bridge.
    pub(super) patch: (String, String),
}

impl Scene {
    pub(super) fn new() -> Self {
        let (near, far) = (Bridge::new(), Bridge::new());
        let (a, b) = (unique("pa"), unique("pb"));
        let patch = |peer: &str| format!("options:peer={peer}");
        let (to_b, to_a) = (patch(&b), patch(&a));
        near.add_without_waiting(&a, &["--", "set", "interface", &a, "type=patch", &to_b]);
        far.add_without_waiting(&b, &["--", "set", "interface", &b, "type=patch", &to_a]);
        let patch = (lab::ofport_of(&a).to_string(), lab::ofport_of(&b).to_string());
        let mut hosts: Vec<_> = (1..4).map(|n| Host::connect(&near, n)).collect();
        hosts.push(Host::connect(&far, 4));
        hosts.push(Host::connect(&near, 5));
        for host in &hosts {
            for other in hosts.iter().filter(|other| other.ip != host.ip) {
                let ip = other.ip.to_string();
                host.container.ip(&[
                    "neigh",
                    "replace",
                    &ip,
                    "lladdr",
                    &other.mac,
                    "dev",
                    "eth0",
                    "nud",
                    "permanent",
                ]);
            }
        }
        Self { near, far, hosts, patch }
    }

    /// The port of `near` that leads to a container.
    pub(super) fn towards(&self, to: usize) -> &str {
        if to == 3 { &self.patch.0 } else { &self.hosts[to].ofport }
    }

    /// Takes all rules away, and lets barriers pass.
    pub(super) fn clear(&self) {
        for bridge in [&self.near, &self.far] {
            run("ovs-ofctl", &["-O", "OpenFlow13", "del-flows", bridge.name()]);
            run("ovs-ofctl", &["-O", "OpenFlow13", "del-groups", bridge.name()]);
            run("ovs-ofctl", &["-O", "OpenFlow13", "del-meters", bridge.name()]);
            run("ovs-vsctl", &["clear", "bridge", bridge.name(), "mirrors"]);
            run("ovs-appctl", &["fdb/flush", bridge.name()]);
        }
        for host in &self.hosts {
            run(
                "ovs-vsctl",
                &[
                    "clear",
                    "port",
                    &host.port,
                    "tag",
                    "--",
                    "set",
                    "port",
                    &host.port,
                    "protected=false",
                ],
            );
        }
        for (to, host) in self.hosts.iter().enumerate() {
            let barrier =
                format!("priority=65535,udp,nw_dst={},udp_dst={BARRIER},actions=", host.ip);
            self.flow(&format!("{barrier}output:{}", self.towards(to)));
            let far = if to == 3 { &host.ofport } else { &self.patch.1 };
            run("ovs-ofctl", &["add-flow", self.far.name(), &format!("{barrier}output:{far}")]);
        }
        run("ovs-ofctl", &["add-flow", self.far.name(), "priority=0,actions=NORMAL"]);
    }

    pub(super) fn flow(&self, flow: &str) {
        run("ovs-ofctl", &["-O", "OpenFlow15", "add-flow", self.near.name(), flow]);
    }

    pub(super) fn group(&self, group: &str) {
        run("ovs-ofctl", &["-O", "OpenFlow15", "add-group", self.near.name(), group]);
    }
}
