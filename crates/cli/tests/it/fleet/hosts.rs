//! A host of a fleet: a switch with the containers' bridge `br0` and the underlay's `br-phy`, and a daemon.

use lab::{Etcd, Home, Netns, Switch, run, try_run, unique, wait_until};
use serde_json::Value;

use crate::tool::{Ran, Served, docker_ovs};

/// The network that the hosts' tunnels go over.
pub(crate) struct Underlay(Netns);

impl Underlay {
    pub(crate) fn new() -> Self {
        let netns = Netns::new();
        netns.ip(&["link", "add", "u0", "type", "bridge"]);
        netns.ip(&["link", "set", "u0", "up"]);
        Self(netns)
    }

    /// Joins a switch to it, by its bridge `br-phy`: the address that tunnels to the switch lead to.
    pub(crate) fn plug(&self, switch: &Switch, number: usize) -> String {
        let (end, ip) = (unique("u"), format!("192.0.2.{number}"));
        switch.add_bridge("br-phy", &[]);
        let there = switch.netns().name();
        self.0.ip(&["link", "add", &end, "type", "veth", "peer", "name", "phy", "netns", there]);
        self.0.ip(&["link", "set", &end, "up", "master", "u0"]);
        switch.netns().ip(&["link", "set", "phy", "up"]);
        switch.vsctl(&["add-port", "br-phy", "phy"]);
        // A packet socket does not finish checksums.
        lab::set_checksum_offload(switch.netns(), "phy", false);
        give_address(switch, &ip);
        ip
    }
}

/// Gives `br-phy` its address, which goes with vswitchd.
pub(crate) fn give_address(switch: &Switch, ip: &str) {
    let netns = switch.netns();
    let up = ["-netns", netns.name(), "link", "set", "br-phy", "up"];
    wait_until("there is br-phy", || try_run("ip", &up).is_ok());
    if !netns.ip(&["address", "show", "dev", "br-phy"]).contains(ip) {
        netns.ip(&["address", "add", &format!("{ip}/24"), "dev", "br-phy"]);
    }
}

pub(crate) struct Host {
    name: String,
    pub(crate) switch: Switch,
    pub(crate) ip: String,
    etcd: Vec<String>,
    daemon: Option<Served>,
}

/// A namespace with an interface on `br0` of a host, as a container is one.
pub(crate) struct Inside {
    pub(crate) netns: Netns,
    end: String,
}

impl Host {
    /// Host number `number` of the test, whose daemon is not started yet.
    pub(crate) fn new(underlay: &Underlay, number: usize, etcd: &[&str]) -> Self {
        let switch = Switch::start(&[]);
        switch.add_bridge("br0", &[]);
        let ip = underlay.plug(&switch, number);
        let etcd = etcd.iter().map(|word| (*word).to_owned()).collect();
        Self { name: format!("h{number}"), switch, ip, etcd, daemon: None }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Starts its daemon.
    pub(crate) fn serve(&mut self) {
        self.serve_with(&[]);
    }

    /// The same with other words.
    pub(crate) fn serve_with(&mut self, words: &[&str]) {
        let db = self.switch.remote();
        let etcd: Vec<_> = self.etcd.iter().map(String::as_str).collect();
        let own = ["--db", &db, "--fleet-host", &self.name, "--listen", "none"];
        self.daemon = Some(Served::start(&[&own, &etcd[..], words].concat()));
    }

    pub(crate) fn daemon(&mut self) -> &mut Served {
        self.daemon.as_mut().expect("it was started")
    }

    /// Kills its daemon.
    pub(crate) fn crash(&mut self) {
        self.daemon = None;
    }

    /// Asks its daemon.
    pub(crate) fn ask(&self, words: &[&str]) -> Ran {
        let daemon = self.daemon.as_ref().expect("it was started");
        docker_ovs(&[&["--server", &daemon.url()], words].concat())
    }

    /// Asks its daemon, which knows all; the JSON of each line.
    pub(crate) fn rows(&self, words: &[&str]) -> Vec<Value> {
        let ran = self.ask(&[words, &["--format", "json"]].concat());
        lines(&ran)
    }

    /// Acts on its switch.
    pub(crate) fn act(&self, words: &[&str]) -> Ran {
        docker_ovs(&[&["--db", &self.switch.remote(), "--engine", "none"], words].concat())
    }

    /// Whether a host is live, by this one's daemon; none where that knows no such host.
    pub(crate) fn liveness(&self, host: &str) -> Option<String> {
        let rows = self.rows(&["hosts"]);
        let row = rows.iter().find(|row| row["Host"] == host)?;
        Some(row["Liveness"].as_str()?.to_owned())
    }

    pub(crate) fn sees(&self, host: &str, liveness: &str) {
        let about = format!("{} sees that {host} is {liveness}", self.name);
        wait_until(&about, || self.liveness(host).as_deref() == Some(liveness));
    }

    /// Joins `br0` to a mesh.
    pub(crate) fn join(&self, mesh: &str) {
        let ran = self.act(&["mesh", "join", mesh, "br0", "--local-ip", &self.ip]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }

    /// The tunnels on `br0`: name and OpenFlow port of each.
    pub(crate) fn tunnels(&self) -> Vec<(String, String)> {
        let ports = self.switch.vsctl(&["list-ports", "br0"]);
        let tunnels = ports.lines().filter(|name| name.starts_with("dov"));
        // One may go meanwhile.
        let db = format!("--db={}", self.switch.remote());
        let number =
            |name: &str| try_run("ovs-vsctl", &[&db, "get", "interface", name, "ofport"]).ok();
        tunnels.filter_map(|name| Some((name.to_owned(), number(name)?))).collect()
    }

    /// Plugs a namespace into `br0`.
    pub(crate) fn plug(&self, ip: &str, port: &[&str]) -> Inside {
        let inside = Inside { netns: Netns::new(), end: unique("v") };
        self.plug_in(&inside, ip, port);
        inside
    }

    /// Plugs a namespace in that may have been on another host before.
    pub(crate) fn plug_in(&self, inside: &Inside, ip: &str, port: &[&str]) {
        let there = self.switch.netns().name().to_owned();
        let Inside { netns, end } = inside;
        netns.ip(&["link", "add", "eth0", "type", "veth", "peer", "name", end, "netns", &there]);
        lab::set_checksum_offload(netns, "eth0", false);
        netns.ip(&["link", "set", "eth0", "up", "mtu", "1400"]);
        self.switch.netns().ip(&["link", "set", end, "up"]);
        self.switch.vsctl(&[&["add-port", "br0", end], port].concat());
        netns.ip(&["address", "add", ip, "dev", "eth0"]);
    }
}

/// What `look` comes to, as soon as it comes to something.
pub(crate) fn found_at_last<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let mut found = None;
    wait_until(what, || {
        found = look();
        found.is_some()
    });
    found.expect("it was waited for")
}

/// The JSON of each line.
pub(crate) fn lines(ran: &Ran) -> Vec<Value> {
    let text = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
    text.collect()
}

/// The words that name a cluster.
pub(crate) fn at(etcd: &Etcd) -> Vec<String> {
    vec!["--etcd".to_owned(), etcd.endpoints()]
}

/// A mesh of so many hosts, all of whose tunnels carry.
pub(crate) fn mesh(etcd: &Etcd, underlay: &Underlay, count: usize) -> Vec<Host> {
    let words = at(etcd);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let ran = docker_ovs(&[&["mesh", "create", "blue"], &words[..]].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "blue\n"), "{ran:?}");
    let hosts = (1..=count).map(|number| {
        let mut host = Host::new(underlay, number, &words);
        host.serve();
        host.join("blue");
        host
    });
    let hosts: Vec<_> = hosts.collect();
    for host in &hosts {
        let about = format!("{} has its tunnels", host.name());
        wait_until(&about, || host.tunnels().len() == count - 1);
        let bfd = || {
            run(
                "ovs-vsctl",
                &[
                    &format!("--db={}", host.switch.remote()),
                    "--columns=bfd_status",
                    "list",
                    "interface",
                ],
            )
        };
        wait_until("BFD is up", || bfd().matches("remote_state=up").count() == count - 1);
    }
    hosts
}
