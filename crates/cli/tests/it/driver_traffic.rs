//! What the driver's networks carry: IPv6 beside IPv4, packets up to the MTU and none beyond, and nothing
//! between VLANs.
#![allow(clippy::disallowed_methods, reason = "a test starts a program in a namespace")]

use lab::{Bridge, Container, Home, Network, Plugin, assert_carries, carries, ping, run};

use crate::driver::driver;

const MTU: usize = 1400;

fn network(driver: &Plugin, bridge: &Bridge, vlan: &str, subnets: [&str; 2]) -> Network {
    let vlan = format!("vlan={vlan}");
    let mtu = format!("mtu={MTU}");
    let words = ["-o", &vlan, "-o", &mtu, "--subnet", subnets[0], "--ipv6", "--subnet", subnets[1]];
    Network::create(driver.name(), bridge.name(), &words)
}

fn on(network: &Network) -> Container {
    Container::run_with(&["--network", network.name()])
}

/// The addresses of a container, IPv4 and IPv6.
fn addresses(container: &Container) -> [String; 2] {
    ["IPAddress", "GlobalIPv6Address"].map(|field| container.on_network(field))
}

/// Sends one datagram that may not be fragmented in a packet of so many bytes; what came of it.
fn send_whole(from: &Container, to: &Container, ip: &str, bytes: usize) -> String {
    let inside = |home: &Container, code: &str| {
        let mut command = lab::program("nsenter");
        command.args(["--target", &home.netns(), "--net", "python3", "-c", code]);
        command.args([ip, &bytes.to_string()]).stdout(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let mut ear = inside(to, EAR);
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(ear.stdout.take().unwrap()));
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let sent = inside(from, SEND).wait_with_output().unwrap();
    let sent = String::from_utf8(sent.stdout).unwrap();
    if sent.trim() != "sent" {
        let _ = ear.kill();
        let _ = ear.wait();
        return sent.trim().to_owned();
    }
    let heard = lines.next().unwrap().unwrap();
    assert!(ear.wait().unwrap().success());
    heard
}

/// The payload is what the headers leave: 20 or 40 bytes of IP, 8 of UDP.
const EAR: &str = "
import signal, socket, sys
signal.alarm(60)
v6 = ':' in sys.argv[1]
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 4801))
print('ready', flush=True)
print(len(s.recv(70000)) + (48 if v6 else 28), flush=True)
";

/// IP_MTU_DISCOVER (10) and IPV6_MTU_DISCOVER (23) with IP_PMTUDISC_DO (2): never fragment (ip(7), ipv6(7)).
const SEND: &str = "
import errno, socket, sys
v6 = ':' in sys.argv[1]
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP, 23 if v6 else 10, 2)
try:
    s.sendto(b'x' * (int(sys.argv[2]) - (48 if v6 else 28)), (sys.argv[1], 4801))
    print('sent')
except OSError as error:
    print(errno.errorcode[error.errno])
";

#[test]
fn ipv6_and_ipv4_pass_up_to_the_mtu_and_vlans_are_apart() {
    lab::need!(Docker);
    let (driver, bridge) = (driver(), Bridge::new());
    let ten = network(&driver, &bridge, "10", ["10.97.70.0/24", "2001:db8:97:70::/64"]);
    let twenty = network(&driver, &bridge, "20", ["10.97.71.0/24", "2001:db8:97:71::/64"]);
    let (one, two, far) = (on(&ten), on(&ten), on(&twenty));
    let [v4, v6] = addresses(&two);
    for ip in [&v4, &v6] {
        lab::wait_for_answer(&one, ip);
        assert_carries(&one, &two, &[ip]);
        assert_eq!(send_whole(&one, &two, ip, MTU), MTU.to_string(), "{ip}");
        assert_eq!(send_whole(&one, &two, ip, MTU + 1), "EMSGSIZE", "{ip}");
    }
    // The other VLAN's container takes addresses of this one: none of it arrives.
    far.ip(&["address", "add", "10.97.70.99/24", "dev", "eth0"]);
    far.ip(&["address", "add", "2001:db8:97:70::99/64", "dev", "eth0", "nodad"]);
    for ip in ["10.97.70.99", "2001:db8:97:70::99"] {
        assert!(!ping(&one, ip), "{ip}");
        assert!(carries(&one, &far, ip).is_err(), "{ip}");
    }
    // Nor does what goes to all: each hears its own VLAN's neighbours only.
    let all = |home: &Container| {
        let ran = home.busybox(&["ping", "-c1", "-W1", "-I", "eth0", "ff02::1"]).unwrap();
        ran.status.success()
    };
    lab::wait_until("its neighbours answer", || all(&one));
    let neighbours = one.ip(&["-6", "neighbour", "show", "dev", "eth0"]);
    let far_mac = far.ip(&["-brief", "link", "show", "eth0"]);
    let far_mac = far_mac.split_whitespace().nth(2).unwrap();
    assert!(!neighbours.contains(far_mac), "{neighbours}");
}

/// A link that the switch itself cannot carry further is not asked to: both ends of the veth have the MTU.
#[test]
fn both_ends_of_a_link_have_the_mtu_of_the_network() {
    lab::need!(Docker);
    let (driver, bridge) = (driver(), Bridge::new());
    let network = Network::create(
        driver.name(),
        bridge.name(),
        &["-o", "com.docker.network.driver.mtu=1300"],
    );
    let one = on(&network);
    assert!(one.ip(&["link", "show", "eth0"]).contains("mtu 1300"));
    let port = run("ovs-vsctl", &["list-ports", bridge.name()]);
    assert!(run("ip", &["link", "show", &port]).contains("mtu 1300"), "{port}");
}
