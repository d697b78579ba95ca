//! Networks of Docker on several hosts in one mesh, with addresses that cannot clash: one dockerd by two
//! drivers, each of which serves another host's switch.

use std::collections::BTreeSet;

use lab::{Container, Etcd, Network, Plugin, ping, run, try_run, wait_until};
use serde_json::{Value, json};

use super::hosts::{Host, Underlay, at};
use crate::tool::{command, docker_ovs};

const SUBNET: &str = "10.97.30.0/26";

fn driver(host: &Host) -> Plugin {
    let db = host.switch.remote();
    Plugin::start(|words| command("docker-ovs", &[words, &["--db", &db]].concat()))
}

fn hosts(etcd: &Etcd, underlay: &Underlay) -> [Host; 2] {
    let words = at(etcd);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let ran = docker_ovs(&[&["mesh", "create", "blue"], &words[..]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    [1, 2].map(|number| {
        let mut host = Host::new(underlay, number, &words);
        host.serve();
        wait_until("the driver is told of the mesh", || ids(&host).contains("blue"));
        host
    })
}

/// What the switch's own row has.
fn ids(host: &Host) -> String {
    host.switch.vsctl(&["--no-wait", "get", "Open_vSwitch", ".", "external_ids"])
}

/// A network in the mesh by a host's driver, with addresses of that driver's.
fn network(driver: &Plugin, host: &Host, words: &[&str]) -> Result<Network, String> {
    let local_ip = format!("local_ip={}", host.ip);
    let fixed = ["--ipam-driver", driver.name(), "-o", "mesh=blue", "-o", &local_ip];
    Network::try_create(driver.name(), "br0", &[&fixed[..], words].concat())
}

fn blocks(etcd: &Etcd) -> Vec<Vec<String>> {
    let told = |format: &str| {
        let words = ["mesh", "blocks", "blue", "--etcd", &etcd.endpoints(), "--format", format];
        let ran = docker_ovs(&words);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.stdout
    };
    let rows = |text: &str, sign: char| {
        let cells = |line: &str| {
            let cells = line.split(sign).filter(|cell| !cell.is_empty());
            cells.map(str::to_owned).collect::<Vec<_>>()
        };
        text.lines().map(cells).collect::<Vec<_>>()
    };
    // One of four formats is as good as the others, unless something is claimed meanwhile.
    lab::wait_until("all formats tell the same", || {
        let table = told("table");
        let all: Vec<_> = rows(&table, ' ').into_iter().skip(1).collect();
        let json = told("json");
        let json = json.lines().map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let cell = |name: &str| row[name].as_str().unwrap().to_owned();
            ["Mesh", "Subnet", "Block", "Host"].map(cell).to_vec()
        });
        let template = told("{{.Mesh}} {{.Subnet}} {{.Block}} {{.Host}}");
        table.starts_with("MESH")
            && all == json.collect::<Vec<_>>()
            && all == rows(&told("csv"), ',')
            && all == rows(&template, ' ')
    });
    rows(&told("table"), ' ').into_iter().skip(1).collect()
}

/// Addresses as Docker asks for them, until there is none: what there was, and why there is no more.
fn drain(driver: &Plugin, pool: &str) -> (BTreeSet<String>, String) {
    let mut all = BTreeSet::new();
    loop {
        let body = json!({ "PoolID": pool, "Address": "", "Options": null }).to_string();
        let told = driver.call("IpamDriver.RequestAddress", &body);
        let told: Value = serde_json::from_str(&told.body).unwrap();
        match told["Address"].as_str() {
            Some(ip) => assert!(all.insert(ip.to_owned()), "{ip} twice"),
            None => return (all, told["Error"].as_str().unwrap().to_owned()),
        }
    }
}

/// The id of a host's only pool.
fn pool(host: &Host) -> String {
    let ids = ids(host);
    let (_, rest) = ids.split_once("docker-ovs.pool.").unwrap();
    rest.split(['=', '"']).next().unwrap().to_owned()
}

#[test]
fn containers_of_two_hosts_are_on_one_network_and_no_two_have_one_address() {
    lab::need!(Docker, Etcd);
    let (mut etcd, underlay) = (Etcd::start(1), Underlay::new());
    let mut hosts = hosts(&etcd, &underlay);
    let drivers = [driver(&hosts[0]), driver(&hosts[1])];
    for (words, why) in [
        (&["-o", "mtu=9000", "--subnet", SUBNET][..], "the mesh blue carries"),
        (&["--subnet", "10.97.31.0/29"], "is too small for a mesh"),
        (&["--subnet", SUBNET, "--gateway", "10.97.30.60"], "which no container gets"),
        (&["-o", "gateway=host", "--subnet", SUBNET], "does not go with gateway=host"),
        (&["-o", "mesh=green", "--subnet", SUBNET], "has no mesh green"),
    ] {
        // Until a host is a member it is not known how much the mesh carries.
        if !why.contains("carries") {
            let refused = network(&drivers[0], &hosts[0], words).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
    let networks = [0, 1].map(|n| network(&drivers[n], &hosts[n], &["--subnet", SUBNET]).unwrap());
    let words = ["-o", "mtu=9000", "--subnet", "10.97.31.0/24"];
    let refused = network(&drivers[0], &hosts[0], &words).unwrap_err();
    assert!(refused.contains("option mtu=9000: the mesh blue carries 1446"), "{refused}");
    for host in &hosts {
        wait_until("the tunnel is there", || host.tunnels().len() == 1);
        wait_until("a block is this host's", || ids(host).contains("docker-ovs.block."));
    }
    let containers = [0, 1].map(|n| Container::run_with(&["--network", networks[n].name()]));
    let address = |n: usize| {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        run("docker", &["inspect", "--format", format, containers[n].id()])
    };
    assert_ne!(address(0), address(1));
    let link = lab::Home::ip(&containers[0], &["link", "show", "eth0"]);
    assert!(link.contains("mtu 1446"), "{link}");
    wait_until("they reach each other", || ping(&containers[0], &address(1)));
    let words = ["run", "--rm", "--network", networks[0].name(), "--ip", &address(1), lab::IMAGE];
    let refused = try_run("docker", &[&words[..], &["sleep", "0"]].concat()).unwrap_err();
    assert!(refused.contains("in none of this host's blocks"), "{refused}");
    // Without etcd each goes on with what it has, and says when that is all.
    etcd.kill_all();
    let (one, why) = drain(&drivers[0], &pool(&hosts[0]));
    assert!(why.contains("all addresses of this host's blocks are in use"), "{why}");
    let (two, _) = drain(&drivers[1], &pool(&hosts[1]));
    assert!(!one.is_empty() && !two.is_empty() && one.is_disjoint(&two), "{one:?} {two:?}");
    // With it each gets more, until the subnet is all.
    etcd.revive();
    let mut all: [BTreeSet<String>; 2] = [one, two];
    wait_until("all addresses are handed out", || {
        for ((driver, host), own) in drivers.iter().zip(&hosts).zip(&mut all) {
            own.extend(drain(driver, &pool(host)).0);
        }
        all[0].len() + all[1].len() + 2 == 64 - 8 - 1
    });
    assert!(all[0].is_disjoint(&all[1]), "{all:?}");
    assert_eq!(blocks(&etcd).len(), 7);
    // By hand, and only where the host is no more.
    let release =
        |host: &str| docker_ovs(&["mesh", "release", "blue", host, "--etcd", &etcd.endpoints()]);
    let refused = release("h2");
    assert!(refused.code == 2 && refused.stderr.contains("h2 is alive"), "{refused:?}");
    let [one, two] = containers;
    let [of_one, of_two] = networks;
    drop(one);
    of_one.remove();
    let is = |host: &str| blocks(&etcd).iter().any(|row| row[3] == host);
    wait_until("a network that is gone gives its blocks back", || !is("h1"));
    assert!(hosts[0].tunnels().is_empty(), "the bridge has left with it");
    assert!(!ids(&hosts[0]).contains("docker-ovs.pool."), "{}", ids(&hosts[0]));
    hosts[1].crash();
    assert!(is("h2"));
    wait_until("the host is silent, and its blocks are given back by hand", || {
        release("h2").code == 0
    });
    assert!(blocks(&etcd).is_empty());
    drop(two);
    of_two.remove();
}
