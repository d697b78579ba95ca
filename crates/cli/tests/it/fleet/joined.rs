//! Bridges of several hosts are one network.

use std::io::{BufRead, BufReader, Lines};
use std::process::Stdio;

use lab::{Container, Etcd, Home, assert_carries, ping, wait_for_answer, wait_until};

use super::hosts::{Host, Underlay, at, found_at_last, mesh};
use crate::tool::docker_ovs;

#[test]
fn containers_of_several_hosts_are_on_one_network() {
    lab::need!(Lab, Etcd);
    let (etcd, underlay) = (Etcd::start(1), Underlay::new());
    let hosts = mesh(&etcd, &underlay, 3);
    // The port of a host has one number on all others.
    let rows = found_at_last("all members have a number and an MTU", || {
        let rows = hosts[0].rows(&["mesh", "ls", "blue"]);
        let members = rows[0]["Members"].as_array()?;
        let is_whole = |of: &serde_json::Value| !of["OFPort"].is_null() && !of["MTU"].is_null();
        (members.len() == 3 && members.iter().all(is_whole)).then_some(rows)
    });
    let number = |name: &str| {
        let members = rows[0]["Members"].as_array().unwrap();
        members.iter().find(|of| of["Host"] == name).unwrap()["OFPort"].to_string()
    };
    for host in &hosts {
        for (tunnel, ofport) in host.tunnels() {
            let to = host.switch.vsctl(&[
                "get",
                "interface",
                &tunnel,
                "external_ids:docker-ovs.tunnel-host",
            ]);
            assert_eq!(ofport, number(to.trim_matches('"')), "{}: {tunnel}", host.name());
        }
    }
    // 1500 − 50 − 4 for a VLAN's tag.
    assert_eq!(rows[0]["MTU"], 1446);
    let inside: Vec<_> =
        (1..=3).map(|n| hosts[n - 1].plug(&format!("10.9.0.{n}/24"), &["tag=10"])).collect();
    let other = hosts[2].plug("10.9.0.9/24", &["tag=20"]);
    for (from, to) in [(0, 1), (1, 2), (2, 0)] {
        let ip = format!("10.9.0.{}", to + 1);
        wait_for_answer(&inside[from].netns, &ip);
        assert_carries(&inside[from].netns, &inside[to].netns, &[&ip]);
    }
    // Another VLAN is another network.
    assert!(!ping(&inside[0].netns, "10.9.0.9"));
    drop(other);
}

/// What becomes of it there, no look at this host tells.
#[test]
fn a_trace_names_the_host_of_the_fleet_that_a_packet_leaves_for() {
    lab::need!(Lab, Etcd);
    let (etcd, underlay) = (Etcd::start(1), Underlay::new());
    let hosts = mesh(&etcd, &underlay, 2);
    let here = hosts[0].plug("10.9.4.1/24", &[]);
    let _there = hosts[1].plug("10.9.4.2/24", &[]);
    wait_for_answer(&here.netns, "10.9.4.2");
    for (from, to, leaves_for) in [(0, 1, "10.9.4.2"), (1, 0, "10.9.4.1")] {
        let source = format!("10.9.4.{}", from + 1);
        let ran = hosts[from].act(&["trace", &source, leaves_for]);
        let host = format!("host {} ({})", hosts[to].name(), hosts[to].ip);
        let told = format!("leaves by the tunnel to {host}; what becomes of it there is not known");
        assert!(ran.code == 2 && ran.stdout.contains(&told), "{ran:?}");
    }
}

#[test]
fn a_broadcast_arrives_once_at_each_of_five_hosts_and_at_an_uplink() {
    lab::need!(Lab, Etcd);
    let (etcd, underlay) = (Etcd::start(1), Underlay::new());
    let hosts = mesh(&etcd, &underlay, 5);
    let inside: Vec<_> =
        (1..=5).map(|n| hosts[n - 1].plug(&format!("10.9.3.{n}/24"), &[])).collect();
    let mut all: Vec<_> = inside.iter().map(|of| &of.netns).collect();
    for other in 2..=5 {
        wait_for_answer(all[0], &format!("10.9.3.{other}"));
    }
    assert_eq!(counted(&all, 0), [0, 10, 10, 10, 10]);
    // One member has an uplink: a cable whose other end is a station of the network behind it.
    let lan = hosts[2].switch.netns();
    lan.ip(&["link", "add", "up0", "type", "veth", "peer", "name", "eth0"]);
    lab::set_checksum_offload(lan, "eth0", false);
    lan.ip(&["link", "set", "up0", "up"]);
    lan.ip(&["link", "set", "eth0", "up"]);
    lan.ip(&["address", "add", "10.9.3.9/24", "dev", "eth0"]);
    hosts[2].switch.vsctl(&["add-port", "br0", "up0"]);
    wait_for_answer(all[4], "10.9.3.9");
    wait_until("it is told", || {
        let rows = hosts[0].rows(&["mesh", "ls", "blue"]);
        rows[0].to_string().contains("[\"up0\"]")
    });
    all.push(lan);
    assert_eq!(counted(&all, 0), [0, 10, 10, 10, 10, 10]);
    assert_eq!(counted(&all, 5), [10, 10, 10, 10, 10, 0]);
    // None of them was kept out.
    assert!(hosts.iter().all(|host| host.tunnels().len() == 4));
}

/// How many of ten broadcasts of one namespace arrive at each.
fn counted(all: &[&lab::Netns], from: usize) -> Vec<u64> {
    let python = |netns: &lab::Netns, code: &str| {
        let mut command = netns.enter();
        command.args(["python3", "-c", code]).stdout(Stdio::piped());
        command
    };
    let mut ears: Vec<_> = all.iter().map(|netns| python(netns, EAR).spawn().unwrap()).collect();
    let said = ears.iter_mut().map(|ear| BufReader::new(ear.stdout.take().unwrap()).lines());
    let mut said: Vec<_> = said.collect();
    for lines in &mut said {
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
    }
    let sent = python(all[from], BROADCASTS).status().unwrap();
    assert!(sent.success());
    let count = |mut lines: Lines<_>| lines.next().unwrap().unwrap().parse().unwrap();
    let counts = said.into_iter().map(count).collect();
    assert!(ears.iter_mut().all(|ear| ear.wait().unwrap().success()));
    counts
}

/// Ten Ethernet frames to all, of a type that is for experiments (IEEE 802, 88b5), and after a while, in
/// which what loops comes again, one that ends the count.
const BROADCASTS: &str = "
import socket, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(('eth0', 0x88b5))
mac = s.getsockname()[4]
send = lambda n: s.send(b'\\xff' * 6 + mac + b'\\x88\\xb5' + bytes([n]) * 46)
for n in range(10):
    send(n)
time.sleep(0.5)
send(255)
";

/// Counts those that come in, until the one that ends the count goes in or out; fails after a minute.
const EAR: &str = "
import signal, socket
signal.alarm(60)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(('eth0', 3))
print('ready', flush=True)
count = 0
while True:
    frame, address = s.recvfrom(2048)
    if frame[12:14] != b'\\x88\\xb5':
        continue
    if frame[14] == 255:
        break
    count += address[2] != socket.PACKET_OUTGOING
print(count)
";

#[test]
fn tunnels_outlive_silence_etcd_and_what_is_unreadable_and_go_when_a_host_leaves() {
    lab::need!(Lab, Etcd);
    let (mut etcd, underlay) = (Etcd::start(1), Underlay::new());
    let mut hosts = mesh(&etcd, &underlay, 3);
    let before = hosts[0].tunnels();
    // A host that only falls silent keeps its tunnel.
    hosts[2].daemon().stop();
    hosts[0].sees("h3", "stale");
    assert_eq!(hosts[0].tunnels(), before);
    // A record that cannot be read removes nothing.
    etcd.says(&[
        "put",
        "/docker-ovs/v1/default/hosts/h3",
        "{\"Meshes\":{\"blue\":{\"LocalIP\":\"127.0.0.1\"}}}",
    ]);
    wait_until("it is noted", || {
        let rows = hosts[0].rows(&["hosts"]);
        rows.iter().any(|row| {
            row["Host"] == "h3" && row["Notes"].to_string().contains("no address of a host")
        })
    });
    assert_eq!(hosts[0].tunnels(), before);
    // Nor does a list in which it is missing, or an empty one.
    etcd.says(&["del", "/docker-ovs/v1/default/hosts/h3"]);
    // All of these daemons ask one dockerd, which may have containers of other tests.
    etcd.says(&["del", "--prefix", "/docker-ovs/v1/default/rows/h3/"]);
    wait_until("it is missing", || hosts[0].liveness("h3").is_none());
    assert_eq!(hosts[0].tunnels(), before);
    etcd.kill_all();
    etcd.wipe();
    etcd.revive();
    hosts[0].sees("h2", "live");
    assert_eq!(hosts[0].tunnels(), before);
    // While etcd is away all goes on.
    etcd.kill_all();
    hosts[0].sees("h2", "stale");
    assert_eq!(hosts[0].tunnels(), before);
    etcd.revive();
    hosts[0].sees("h2", "live");
    // The mesh was wiped with all else.
    let words = at(&etcd);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    assert_eq!(docker_ovs(&[&["mesh", "create", "blue"], &words[..]].concat()).code, 0);
    // One that another program takes is made again.
    let (name, _) = before[0].clone();
    hosts[0].switch.vsctl(&["del-port", "br0", &name]);
    wait_until("it is made again", || hosts[0].tunnels() == before);
    // What leaves is known to leave.
    assert_eq!(hosts[1].act(&["mesh", "leave", "blue"]).code, 0);
    wait_until("its tunnels go", || hosts[1].tunnels().is_empty());
    wait_until("its tunnel goes", || hosts[0].tunnels().len() == 1);
    // It may still be telling etcd anew of itself.
    hosts[1].sees("h1", "live");
    let removed = docker_ovs(&[&["hosts", "--remove", "h1"], &words[..]].concat());
    assert!(removed.code == 2 && removed.stderr.contains("h1 is alive"), "{removed:?}");
}

/// The bridge's row says first that it is in none; then the tunnels go.
#[test]
fn a_leave_that_was_killed_is_finished_by_the_next_and_by_the_daemon() {
    lab::need!(Lab, Etcd);
    let (etcd, underlay) = (Etcd::start(1), Underlay::new());
    let mut hosts = mesh(&etcd, &underlay, 2);
    let killed = |host: &Host| {
        for key in ["mesh", "mesh-ip", "mesh-by", "mesh-uplink"] {
            let key = format!("docker-ovs.{key}");
            host.switch.vsctl(&["--if-exists", "remove", "bridge", "br0", "external_ids", &key]);
        }
    };
    hosts[1].daemon().stop();
    killed(&hosts[1]);
    assert_eq!(hosts[1].tunnels().len(), 1);
    assert_eq!(hosts[1].act(&["mesh", "leave", "blue"]).code, 0);
    assert!(hosts[1].tunnels().is_empty());
    // A daemon, too, whether the fleet still knows the mesh or not.
    etcd.says(&["del", "/docker-ovs/v1/default/meshes/blue"]);
    assert_eq!(hosts[0].tunnels().len(), 1, "that a mesh is not known is no reason");
    killed(&hosts[0]);
    wait_until("its tunnel goes", || hosts[0].tunnels().is_empty());
}

#[test]
fn of_two_members_with_an_uplink_one_is_kept_out() {
    lab::need!(Lab, Etcd);
    let (etcd, underlay) = (Etcd::start(1), Underlay::new());
    let hosts = mesh(&etcd, &underlay, 2);
    for host in &hosts {
        host.switch.netns().ip(&["link", "add", "up0", "type", "veth", "peer", "name", "up1"]);
        host.switch.netns().ip(&["link", "set", "up0", "up"]);
        host.switch.vsctl(&["add-port", "br0", "up0"]);
    }
    // The one with the greater number has no tunnels any more, so that nothing can loop.
    let numbered = |number: u64| {
        found_at_last("it has its number", || {
            let rows = hosts[0].rows(&["hosts"]);
            let row = rows.into_iter().find(|row| row["Number"] == number)?;
            hosts.iter().find(|host| row["Host"] == host.name())
        })
    };
    let (first, second) = (numbered(1), numbered(2));
    let noted = |host: &Host| {
        let rows = host.rows(&["mesh", "ls", "blue"]);
        let rows = rows.iter().flat_map(|row| row["Members"].as_array().unwrap());
        let of =
            rows.filter(|of| of["Notes"].to_string().contains("kept out: it has the uplink up0"));
        of.map(|of| of["Host"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // It knows of its own uplink before the others are told.
    for host in &hosts {
        wait_until("it is told who is kept out", || noted(host) == [second.name()]);
    }
    wait_until("it is kept out", || second.tunnels().is_empty());
    // Only the one that is kept out takes its tunnel away, and that is all: nothing loops by one half.
    assert_eq!(first.tunnels().len(), 1);
    first.switch.vsctl(&["del-port", "br0", "up0"]);
    wait_until("it is let in", || second.tunnels().len() == 1);
    wait_until("that is told", || noted(first).is_empty());
}

#[test]
fn a_container_that_moves_is_reached_again() {
    lab::need!(Docker, Etcd);
    let (etcd, underlay) = (Etcd::start(1), Underlay::new());
    let hosts = mesh(&etcd, &underlay, 3);
    let asks = hosts[0].plug("10.9.1.1/24", &[]);
    asks.netns.ip(&["address", "add", "fd00:9:1::1/64", "dev", "eth0", "nodad"]);
    let addresses = ["10.9.1.2", "fd00:9:1::2"];
    let connect = |host: &Host, container: &Container| {
        let db = host.switch.remote();
        let words = ["--db", &db, "connect", "br0", container.name(), "--interface", "eth9"];
        let addresses = ["--ip", "10.9.1.2/24", "--ip", "fd00:9:1::2/64"];
        let ran = docker_ovs(&[&words[..], &addresses].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        let link = container.ip(&["-br", "link", "show", "eth9"]);
        link.split_whitespace().nth(2).unwrap().to_owned()
    };
    // Where the one that asks takes an address to be.
    let believed = |ip: &str| asks.netns.ip(&["neighbour", "show", ip, "dev", "eth0"]);
    let first = Container::run();
    let mac = connect(&hosts[1], &first);
    for ip in addresses {
        wait_for_answer(&asks.netns, ip);
        assert!(believed(ip).contains(&mac), "{}", believed(ip));
    }
    drop(first);
    // The one on the other host has another hardware address. It tells so by itself: neither has sent a
    // packet to the other.
    let second = Container::run();
    let before = std::time::Instant::now();
    let moved = connect(&hosts[2], &second);
    let made = std::time::Instant::now();
    assert_ne!(mac, moved);
    for ip in addresses {
        wait_until("it is told", || believed(ip).contains(&moved));
        // docs/fleet.md has what is usual: a busy machine takes as long as it takes.
        let (all, since) = (before.elapsed().as_millis(), made.elapsed().as_millis());
        println!("{ip} has moved: {all} ms after the begin of connect, {since} ms after its end");
        wait_for_answer(&asks.netns, ip);
    }
    // One that takes its hardware address with it is found behind the other tunnel.
    let keeps = hosts[1].plug("10.9.1.3/24", &[]);
    wait_for_answer(&asks.netns, "10.9.1.3");
    let mac = keeps.netns.ip(&["-br", "link", "show", "eth0"]);
    let mac = mac.split_whitespace().nth(2).unwrap().to_owned();
    keeps.netns.ip(&["link", "del", "eth0"]);
    hosts[2].plug_in(&keeps, "10.9.1.3/24", &[]);
    keeps.netns.ip(&["link", "set", "eth0", "address", &mac]);
    wait_for_answer(&keeps.netns, "10.9.1.1");
    wait_for_answer(&asks.netns, "10.9.1.3");
}

/// What two meshes of one key carry would arrive in both.
#[test]
#[allow(clippy::disallowed_methods, reason = "a test may have threads")]
fn meshes_that_are_made_at_once_have_keys_of_their_own() {
    lab::need!(Etcd);
    let etcd = Etcd::start(1);
    let words = at(&etcd);
    let create = |name: &str| {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        docker_ovs(&[&["mesh", "create", name], &words[..]].concat())
    };
    let names: Vec<_> = (0..12).map(|n| format!("m{n}")).collect();
    std::thread::scope(|scope| {
        let made: Vec<_> = names.iter().map(|name| scope.spawn(|| create(name))).collect();
        for ran in made {
            let ran = ran.join().unwrap();
            assert_eq!(ran.code, 0, "{ran:?}");
        }
    });
    let records =
        etcd.says(&["get", "--prefix", "/docker-ovs/v1/default/nets/", "--print-value-only"]);
    let record = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let keys =
        records.lines().filter(|line| !line.is_empty()).map(|line| record(line)["Key"].clone());
    let keys: std::collections::BTreeSet<_> = keys.map(|key| key.as_u64().unwrap()).collect();
    assert_eq!(keys, (1..=12).collect(), "{records}");
    // One of the same name is refused, and so is any while one is there whose key cannot be told.
    let ran = create("m3");
    assert!(ran.code == 2 && ran.stderr.contains("there is a mesh m3 already"), "{ran:?}");
    etcd.says(&["put", "/docker-ovs/v1/default/nets/later", "{\"Type\":\"of the future\"}"]);
    let ran = create("m12");
    assert!(ran.code == 2 && ran.stderr.contains("which key the mesh later has"), "{ran:?}");
}

/// An address that is of no use to the others would keep this host out of the whole fleet.
#[test]
fn a_member_has_the_address_that_it_names() {
    lab::need!(Lab, Etcd);
    let (etcd, underlay) = (Etcd::start(1), Underlay::new());
    let hosts = mesh(&etcd, &underlay, 2);
    assert_eq!(hosts[0].act(&["mesh", "leave", "blue"]).code, 0);
    for (address, why) in [
        ("127.0.0.1", "no other host can send to"),
        ("0.0.0.0", "no other host can send to"),
        ("::", "no other host can send to"),
        ("224.0.0.5", "no other host can send to"),
        ("198.51.100.77", "no interface beside ovs-vswitchd has 198.51.100.77"),
        ("2001:db8::77", "no interface beside ovs-vswitchd has 2001:db8::77"),
    ] {
        let ran = hosts[0].act(&["mesh", "join", "blue", "br0", "--local-ip", address]);
        assert!(ran.code == 2 && ran.stderr.contains(why), "{address}: {ran:?}");
    }
    let ids = hosts[0].switch.vsctl(&["get", "bridge", "br0", "external_ids"]);
    assert!(!ids.contains("blue"), "{ids}");
    hosts[1].sees("h1", "live");
    let again = hosts[0].act(&["mesh", "leave", "blue"]);
    assert!(again.code == 2 && again.stderr.contains("is in the mesh blue"), "{again:?}");
    hosts[0].join("blue");
    wait_until("it has its tunnel again", || hosts[0].tunnels().len() == 1);
}
