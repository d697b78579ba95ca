//! Networks whose gateway this host is: out into the world, and in by published ports.
#![allow(clippy::disallowed_methods, reason = "a test starts threads")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use lab::{Container, Home, Netns, Network, ping, run, try_run};

use crate::driver::driver;
use crate::tool::docker_ovs;

/// Long enough for a busy machine.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Does something in the network namespace of `home`.
fn inside<T: Send>(home: &impl Home, act: impl Fn() -> T + Send + Sync) -> T {
    let name = home.netns();
    let is_pid = name.bytes().all(|byte| byte.is_ascii_digit());
    let path = if is_pid { format!("/proc/{name}/ns/net") } else { format!("/run/netns/{name}") };
    let open = netns::Netns::open(&PathBuf::from(path)).unwrap();
    netns::visit(&[&open], |_, _| Ok(act())).pop().unwrap().unwrap()
}

/// A listener in `at` that answers one client with what it takes its address for.
struct Mirror(std::thread::JoinHandle<()>);

impl Mirror {
    fn listen(at: &impl Home, address: &str) -> Self {
        let listener = inside(at, || TcpListener::bind(address).unwrap());
        Self(std::thread::spawn(move || {
            let (mut stream, peer) = listener.accept().unwrap();
            stream.write_all(peer.ip().to_string().as_bytes()).unwrap();
        }))
    }

    /// What a client gets that asks `address`.
    fn tell(self, connect: impl Fn() -> std::io::Result<TcpStream>) -> String {
        let mut said = String::new();
        let mut stream = connect().unwrap();
        stream.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
        stream.read_to_string(&mut said).unwrap();
        self.0.join().unwrap();
        said
    }
}

fn connect(address: &str) -> std::io::Result<TcpStream> {
    let address: SocketAddr = address.parse().unwrap();
    TcpStream::connect_timeout(&address, READ_TIMEOUT)
}

/// The world outside: a namespace that knows this host at 10.96.1.1 and 2001:db8:96::1, and nothing behind it.
struct World(Netns, #[allow(dead_code, reason = "there is one at a time")] lab::Only);

impl World {
    const HOST: &str = "10.96.1.1";
    const HOST_V6: &str = "2001:db8:96::1";

    fn new() -> Self {
        // Every one has the same addresses.
        let one = lab::only("the world outside");
        let (netns, link) = (Netns::new(), lab::unique("w"));
        let peer = ["peer", "name", "eth0", "netns", netns.name()];
        run("ip", &[&["link", "add", &link, "type", "veth"][..], &peer].concat());
        run("ip", &["address", "add", "10.96.1.1/24", "dev", &link]);
        run("ip", &["link", "set", &link, "up"]);
        run("ip", &["address", "add", "2001:db8:96::1/64", "dev", &link, "nodad"]);
        netns.ip(&["address", "add", "10.96.1.2/24", "dev", "eth0"]);
        netns.ip(&["address", "add", "2001:db8:96::2/64", "dev", "eth0", "nodad"]);
        netns.ip(&["link", "set", "eth0", "up"]);
        netns.ip(&["link", "set", "lo", "up"]);
        Self(netns, one)
    }
}

/// What docs/driver.md says about a host whose dockerd drops what it does not know.
struct Forwarded(String);

impl Forwarded {
    const FAMILIES: [&str; 2] = ["iptables", "ip6tables"];

    fn of(bridge: &str) -> Self {
        for program in Self::FAMILIES {
            // A dockerd that leaves the firewall alone has no such chain, and drops nothing.
            if try_run(program, &["-w", "-S", "DOCKER-USER"]).is_ok() {
                for way in ["-i", "-o"] {
                    run(program, &["-w", "-I", "DOCKER-USER", way, bridge, "-j", "ACCEPT"]);
                }
            }
        }
        Self(bridge.to_owned())
    }
}

impl Drop for Forwarded {
    fn drop(&mut self) {
        for program in Self::FAMILIES {
            for way in ["-i", "-o"] {
                let _ =
                    try_run(program, &["-w", "-D", "DOCKER-USER", way, &self.0, "-j", "ACCEPT"]);
            }
        }
    }
}

/// A host that routes IPv6, which the driver leaves to its owner.
struct RoutesIpv6(String);

impl RoutesIpv6 {
    const KEY: &str = "net.ipv6.conf.all.forwarding";

    fn on() -> Self {
        let was = run("sysctl", &["-n", Self::KEY]);
        run("sysctl", &["-q", "-w", &format!("{}=1", Self::KEY)]);
        Self(was)
    }
}

impl Drop for RoutesIpv6 {
    fn drop(&mut self) {
        let _ = try_run("sysctl", &["-q", "-w", &format!("{}={}", Self::KEY, self.0)]);
    }
}

fn table() -> String {
    lab::tables_called("docker_ovs")
}

fn addresses(link: &str) -> String {
    try_run("ip", &["-brief", "address", "show", "dev", link]).unwrap_or_default()
}

#[test]
fn a_gateway_leads_out_and_published_ports_lead_in() {
    lab::need!(Docker);
    let driver = driver();
    let (world, name) = (World::new(), lab::unique("br"));
    let kind = if lab::has_userspace_datapath() { "netdev" } else { "system" };
    let kind = format!("datapath_type={kind}");
    let options = ["-o", "gateway=host", "-o", "nat=true", "-o", &kind];
    let subnet = ["--subnet", "10.95.0.0/24"];
    let network = Network::create(driver.name(), &name, &[&options[..], &subnet].concat());
    let _forwarded = Forwarded::of(&name);
    assert!(addresses(&name).contains("10.95.0.1/24"), "{}", addresses(&name));
    // What the kernel says of the firewall is what nft(8) and iptables(8) say.
    let told =
        docker_ovs(&["doctor", "--format", "{{.Check}} {{.Verdict}} {{.Target}} {{.Detail}}"]);
    let row = told.stdout.lines().find(|line| line.starts_with("forwarding "));
    let row = row.unwrap_or_else(|| panic!("{told:?}"));
    assert!(row.contains(&name), "{row}");
    let policy = try_run("nft", &["list", "chain", "ip", "filter", "FORWARD"]).unwrap_or_default();
    assert_eq!(row.contains("ip filter FORWARD drops"), policy.contains("policy drop;"), "{row}");
    let on =
        |more: &[&str]| Container::run_with(&[&["--network", network.name()][..], more].concat());
    let (web, other) = (on(&["-p", "18099:80"]), on(&[]));
    lab::wait_until("ping", || ping(&web, "10.95.0.1"));
    let links = Home::ip(&web, &["-brief", "link"]);
    assert_eq!(links.lines().count(), 2, "lo and eth0: {links}");
    let route = Home::ip(&web, &["route", "show", "default"]);
    assert!(route.starts_with("default via 10.95.0.1 dev eth0"), "{route}");

    // Out: the world sees the host.
    let outside = Mirror::listen(&world.0, "10.96.1.2:7");
    assert_eq!(outside.tell(|| inside(&web, || connect("10.96.1.2:7"))), World::HOST);
    // In: from the world, from the host itself, and from a neighbour.
    let published = "10.96.1.1:18099";
    let listen = || Mirror::listen(&web, "0.0.0.0:80");
    assert_eq!(listen().tell(|| inside(&world.0, || connect(published))), "10.96.1.2");
    assert_eq!(listen().tell(|| connect(published)), "10.96.1.1");
    assert_eq!(listen().tell(|| inside(&other, || connect("10.95.0.1:18099"))), "10.95.0.1");

    let taken = |port: &str| {
        let words = ["run", "--rm", "-p", port, "--network", network.name(), lab::IMAGE];
        try_run("docker", &[&words[..], &["sleep", "0"]].concat()).unwrap_err()
    };
    let refused = taken("18099:81");
    assert!(refused.contains(&format!("for {} on", web.name())), "{refused}");
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let refused = taken(&format!("{}:80", listener.local_addr().unwrap().port()));
    assert!(refused.contains("a program of this host listens"), "{refused}");
    let refused = taken("80");
    assert!(refused.contains("the host's port must be named"), "{refused}");

    web.restart();
    assert_eq!(listen().tell(|| inside(&world.0, || connect(published))), "10.96.1.2");
    // What the kernel forgets is put back.
    run("ip", &["address", "flush", "dev", &name]);
    lab::wait_until("the address is back", || addresses(&name).contains("10.95.0.1/24"));
    web.stop();
    lab::wait_until("the port is closed", || !table().contains("18099"));
    assert!(inside(&world.0, || connect(published)).is_err());
    drop((web, other));
    network.remove();
    // vswitchd takes the link of the bridge away after the database has told it to.
    lab::wait_until("the bridge that was made for it goes", || addresses(&name).is_empty());
    // Another test's driver may have put its own look in place meanwhile, and looks once more after that.
    lab::wait_until("the table has nothing of it", || !table().contains(&name));
}

#[test]
fn one_of_those_that_ask_at_once_gets_a_port_of_the_host() {
    lab::need!(Docker);
    let driver = driver();
    let bridges = [lab::Bridge::new(), lab::Bridge::new()];
    let networks: Vec<_> = (bridges.iter().zip(["10.95.8.0/24", "10.95.9.0/24"]))
        .map(|(bridge, subnet)| {
            let options = ["-o", "gateway=host", "--subnet", subnet];
            Network::create(driver.name(), bridge.name(), &options)
        })
        .collect();
    for round in 0..4 {
        let port = format!("{}:80", 18110 + round);
        let all = [0, 0, 1, 1].map(|at: usize| {
            Container::create_with(&["--network", networks[at].name(), "-p", &port])
        });
        let start = |one: &Container| try_run("docker", &["start", one.id()]);
        let started = std::thread::scope(|scope| {
            let threads = all.each_ref().map(|one| scope.spawn(move || start(one)));
            threads.map(|thread| thread.join().unwrap())
        });
        let refused: Vec<_> = started.iter().filter_map(|ran| ran.as_ref().err()).collect();
        assert_eq!(refused.len(), 3, "{started:?}");
        assert!(refused.iter().all(|why| why.contains("already")), "{refused:?}");
    }
}

#[test]
fn a_gateway_of_ipv6_leads_out_and_published_ports_lead_in() {
    lab::need!(Docker);
    let driver = driver();
    let (world, bridge) = (World::new(), lab::Bridge::new());
    let (_routes, _forwarded) = (RoutesIpv6::on(), Forwarded::of(bridge.name()));
    let options = ["-o", "gateway=host", "-o", "nat=true"];
    let subnets = ["--subnet", "10.95.3.0/24", "--ipv6", "--subnet", "2001:db8:95::/64"];
    let network = Network::create(driver.name(), bridge.name(), &[&options[..], &subnets].concat());
    let on = ["--network", network.name(), "-p", "18096:80", "-p", "18097:53/udp"];
    let web = Container::run_with(&on);
    lab::wait_for_answer(&web, "2001:db8:95::1");
    let route = Home::ip(&web, &["-6", "route", "show", "default"]);
    assert!(route.starts_with("default via 2001:db8:95::1 dev eth0"), "{route}");
    let outside = Mirror::listen(&world.0, "[2001:db8:96::2]:7");
    assert_eq!(outside.tell(|| inside(&web, || connect("[2001:db8:96::2]:7"))), World::HOST_V6);
    // The same network, by its other family.
    let outside = Mirror::listen(&world.0, "10.96.1.2:7");
    assert_eq!(outside.tell(|| inside(&web, || connect("10.96.1.2:7"))), World::HOST);
    for (published, client) in
        [("[2001:db8:96::1]:18096", "2001:db8:96::2"), ("10.96.1.1:18096", "10.96.1.2")]
    {
        let listening = Mirror::listen(&web, "[::]:80");
        let told = listening.tell(|| inside(&world.0, || connect(published)));
        assert_eq!(told.trim_start_matches("::ffff:"), client);
    }
    // A datagram comes in by the same family that it was sent by.
    for (own, host) in [("[::]:53", "[2001:db8:96::1]:18097"), ("0.0.0.0:53", "10.96.1.1:18097")] {
        let listening = inside(&web, || UdpSocket::bind(own).unwrap());
        listening.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
        let any = if own.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
        let sender = inside(&world.0, || UdpSocket::bind(any).unwrap());
        sender.send_to(b"name?", host).unwrap();
        let mut said = [0; 16];
        let (length, from) = listening.recv_from(&mut said).unwrap();
        assert_eq!(&said[..length], b"name?");
        listening.send_to(b"name!", from).unwrap();
        sender.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
        let (length, from) = sender.recv_from(&mut said).unwrap();
        assert_eq!((&said[..length], from), (&b"name!"[..], host.parse().unwrap()));
    }
}

#[test]
fn a_gateway_on_a_bridge_that_was_there_leaves_it_as_it_was() {
    lab::need!(Docker);
    let driver = driver();
    let bridge = lab::Bridge::new();
    let ports = || run("ovs-vsctl", &["list-ports", bridge.name()]);
    let create = |more: &[&str]| Network::create(driver.name(), bridge.name(), more);
    let gateway = ["-o", "gateway=host", "--subnet"];
    let plain = create(&[&gateway[..], &["10.95.1.0/24"]].concat());
    let tagged = create(&[&gateway[..], &["10.95.2.0/24", "-o", "vlan=7"]].concat());
    let one = Container::run_with(&["--network", plain.name()]);
    let two = Container::run_with(&["--network", tagged.name()]);
    lab::wait_until("both reach their gateway", || {
        ping(&one, "10.95.1.1") && ping(&two, "10.95.2.1")
    });
    assert_eq!(ports().matches("dog-").count(), 1, "a port of the VLAN: {}", ports());
    assert!(!table().contains(bridge.name()), "nothing is to be translated");
    let words = ["network", "create", "-d", driver.name(), "-o"];
    let option = format!("bridge={}", bridge.name());
    let clash =
        ["-o", "gateway=host", "--subnet", "10.95.0.0/16", "--gateway", "10.95.1.1", "clash"];
    let refused = try_run("docker", &[&words[..], &[&option], &clash].concat()).unwrap_err();
    assert!(refused.contains("overlaps") || refused.contains("already"), "{refused}");
    drop((one, two));
    plain.remove();
    tagged.remove();
    assert!(!addresses(bridge.name()).contains("10.95."), "{}", addresses(bridge.name()));
    assert_eq!(ports(), "");
}

/// Puts something of another program's on the bridge's own link.
type Rests<'a> = &'a dyn Fn(&str, &Netns);

#[test]
fn a_bridge_whose_own_link_others_rest_on_stays_and_one_that_they_left_goes() {
    lab::need!(Docker);
    let driver = driver();
    let macvlan = |lower: &str| {
        let upper = lab::unique("m");
        run("ip", &["link", "add", "link", lower, "name", &upper, "type", "macvlan"]);
        upper
    };
    let here = |lower: &str, _: &Netns| drop(macvlan(lower));
    let elsewhere = |lower: &str, far: &Netns| {
        run("ip", &["link", "set", &macvlan(lower), "netns", far.name()]);
    };
    let address = |link: &str, _: &Netns| {
        run("ip", &["address", "add", "10.95.77.9/24", "dev", link]);
    };
    let all: [Rests<'_>; 3] = [&here, &elsewhere, &address];
    for (at, rests) in all.into_iter().enumerate() {
        let (name, far) = (lab::unique("br"), Netns::new());
        let options = [&crate::driver::datapath()[..], &["-o", "gateway=host"]].concat();
        let subnet = format!("10.95.{}.0/24", 80 + at);
        let create = || {
            let words = [&options[..], &["--subnet", &subnet]].concat();
            Network::create(driver.name(), &name, &words)
        };
        let network = create();
        run("ip", &["link", "set", &name, "up"]);
        rests(&name, &far);
        network.remove();
        assert!(try_run("ovs-vsctl", &["br-exists", &name]).is_ok(), "{at}");
        let ids = run("ovs-vsctl", &["get", "bridge", &name, "external_ids"]);
        assert!(!ids.contains("docker-ovs.network"), "{ids}");
        let own = format!("10.95.{}.1", 80 + at);
        assert!(!addresses(&name).contains(&own), "what the network gave is gone");
        // The next one has it, and takes it away once nothing rests on it.
        let again = create();
        let uppers = run("ip", &["-brief", "link", "show", "type", "macvlan"]);
        let on_it = format!("@{name} ");
        for upper in uppers.lines().filter(|row| row.contains(&on_it)) {
            let upper = upper.split('@').next().unwrap();
            run("ip", &["link", "del", upper]);
        }
        if at == 1 {
            let uppers = far.ip(&["-brief", "link", "show", "type", "macvlan"]);
            let upper = uppers.split('@').next().unwrap();
            far.ip(&["link", "del", upper]);
        }
        let _ = try_run("ip", &["address", "del", "10.95.77.9/24", "dev", &name]);
        again.remove();
        assert!(try_run("ovs-vsctl", &["br-exists", &name]).is_err(), "{at}");
        drop(network);
    }
}

#[test]
fn a_gateways_link_that_others_rest_on_stays() {
    lab::need!(Docker);
    let driver = driver();
    let bridge = lab::Bridge::new();
    let words = ["-o", "gateway=host", "-o", "vlan=7", "--subnet", "10.95.90.0/24"];
    let network = Network::create(driver.name(), bridge.name(), &words);
    let ports = || run("ovs-vsctl", &["list-ports", bridge.name()]);
    let port = ports().lines().find(|port| port.starts_with("dog-")).unwrap().to_owned();
    run("ip", &["address", "add", "10.95.77.7/24", "dev", &port]);
    network.remove();
    assert!(ports().contains(&port), "{}", ports());
    assert!(addresses(&port).contains("10.95.77.7/24") && !addresses(&port).contains("10.95.90."));
    run("ovs-vsctl", &["del-port", bridge.name(), &port]);
}
