//! A daemon of a large host, and crowds of clients that ask for all of it or take nothing.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use crate::tool::Served;
use lab::http::{ask, head, tcp};
use serde_json::{Value, json};

/// So many containers, each on a port.
const MANY: u64 = 3000;

/// A recorded host with [`MANY`] containers on ten bridges.
fn large_host() -> Value {
    let home = |n: u64| json!({ "dev": 4, "ino": 5000 + n });
    let id = |n: u64| format!("{:016x}", (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(4);
    let veth = |index: u64, name: String, peer: u64, nsid: u64| {
        let mac = format!("02:00:00:00:{:02x}:{:02x}", index / 256, index % 256);
        json!({
            "ifindex": index, "name": name, "kind": "veth", "ethernet": true, "mac": mac,
            "mtu": 1500, "up": true, "master": null, "peer": { "ifindex": peer, "nsid": nsid },
        })
    };
    let containers = (0..MANY).map(|n| {
        json!({
            "id": id(n), "name": format!("container{n}"), "state": "running", "pid": 10_000 + n,
            "netns": home(n), "network_mode": "none", "labels": { "tier": "web" },
        })
    });
    let here = json!({ "dev": 4, "ino": 1 });
    let host = json!({
        "id": here, "names": [],
        "nsids": (0..MANY).map(|n| json!([n, home(n)])).collect::<Vec<_>>(),
        "links": (0..MANY).map(|n| veth(100 + n, format!("veth{n}"), 2, n)).collect::<Vec<_>>(),
    });
    let homes = (0..MANY).map(|n| {
        let links = [veth(2, "eth0".to_owned(), 100 + n, 0)];
        json!({ "id": home(n), "names": [], "nsids": [[0, here]], "links": links })
    });
    let bridges = (0..10).map(|bridge| {
        let ports = (0..MANY).filter(|n| n % 10 == bridge).map(|n| {
            json!({
                "iface": format!("veth{n}"), "ofport": { "assigned": n / 10 + 1 },
                "kind": "system", "ifindex": 100 + n,
                "external_ids": { "container_id": id(n), "container_iface": "eth0" },
            })
        });
        json!({
            "name": format!("br{bridge}"), "datapath_id": format!("{bridge:016x}"),
            "datapath": "system", "ports": ports.collect::<Vec<_>>(),
        })
    });
    let fresh = |rows: Vec<Value>| json!({ "state": "fresh", "rows": rows });
    json!({
        "docker-ovs-snapshot": 1, "host": "large", "taken": 0, "scope": "everything",
        "switch_netns": here, "engines": { "docker": fresh(containers.collect()) },
        "kernel": fresh(std::iter::once(host).chain(homes).collect()),
        "switch": { "ovsdb": fresh(bridges.collect()) },
    })
}

/// What the process has of memory of its own, in MiB (`RssAnon`, proc_pid_status(5)).
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

fn asks(daemon: &Served, path: &str) -> UnixStream {
    let mut stream = daemon.connect();
    stream.write_all(head("GET", path, &["Host: localhost"]).as_bytes()).unwrap();
    stream
}

/// The daemon in the environment that the unit gives it, by which memory goes back to the system.
fn started_as_by_the_unit(words: &[&str]) -> Served {
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/systemd/docker-ovs.service");
    let unit = std::fs::read_to_string(unit).unwrap();
    let mut env = lab::program("env");
    env.args(unit.lines().filter_map(|line| line.strip_prefix("Environment=")));
    Served::start_by(env, words)
}

/// Of 250 that ask for pages half take all, the others nothing, as 500 streams do.
#[test]
fn a_crowd_that_takes_nothing_costs_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.json");
    std::fs::write(&file, large_host().to_string()).unwrap();
    let daemon = started_as_by_the_unit(&["--from", file.to_str().unwrap()]);
    let rest = memory(daemon.pid());
    // Each listener has places of its own.
    let address = daemon.tcp();
    let by_tcp = || {
        let mut stream = tcp(&address);
        let request = head("GET", "/v1/events", &["Host: localhost"]);
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    let streams: Vec<_> = (0..250).map(|_| (asks(&daemon, "/v1/events"), by_tcp())).collect();
    let pages: Vec<_> = (0..250)
        .map(|n| asks(&daemon, ["/", "/figure", "/v1/wiring", "/v1/snapshot"][n % 4]))
        .collect();
    let mut worst = 0;
    for mut page in pages.into_iter().step_by(2) {
        assert_eq!(daemon.get("/healthz").status, 200);
        worst = worst.max(memory(daemon.pid()));
        let mut text = Vec::new();
        let _ = page.read_to_end(&mut text);
    }
    println!("{rest} MiB at rest, {worst} MiB in the crowd");
    assert!(worst <= 150, "{rest} MiB at rest, {worst} MiB in the crowd");
    drop(streams);
    let now = || ask(daemon.connect(), &head("GET", "/healthz", &["Host: x"])).status;
    assert_eq!(now(), 200);
    lab::wait_until("what is not asked for is let go", || memory(daemon.pid()) <= 2 * rest.max(8));
}
