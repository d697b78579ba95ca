//! What is none of docker-ovs' doing: containers come and go, links are stacked, renamed and moved,
//! other programs take ports, and containers pass for others.

use crate::tool::dice::Dice;
use lab::{Container, Home, Link, run, try_run, unique};

use super::Scene;

/// An address that several interfaces are given.
const SHARED: &str = "02:00:00:00:00:01";
/// More links of the host than that are not kept.
const MANY: usize = 12;

type Happening = (&'static str, fn(&mut Scene, usize, &mut Dice));

/// To a container, running or not.
const TO_ANY: [Happening; 4] = [
    ("is restarted", |scene, at, _| scene.containers[at].restart()),
    ("is stopped", |scene, at, _| scene.containers[at].stop()),
    ("is started", |scene, at, _| scene.containers[at].start()),
    ("is renamed", |scene, at, _| {
        run("docker", &["rename", scene.containers[at].id(), &unique("r")]);
    }),
];

/// To one that runs.
const TO_RUNNING: [Happening; 18] = [
    ("shares an address", |scene, at, _| {
        within(&scene.containers[at], &["link", "set", "eth0", "address", SHARED]);
    }),
    ("has addresses and routes of its own", |scene, at, _| {
        let container = &scene.containers[at];
        within(container, &["address", "add", "203.0.113.5/24", "dev", "eth0"]);
        within(container, &["address", "add", "2001:db8:5::5/64", "dev", "eth0", "nodad"]);
        within(container, &["route", "add", "192.0.2.128/25", "via", "203.0.113.1"]);
        within(container, &["route", "add", "198.18.9.0/24", "dev", "lo"]);
    }),
    ("sees a port be set otherwise", Scene::sets),
    ("loses a port to del-port", Scene::del_port),
    ("has a link that looks like one of an earlier version", Scene::imitates),
    ("has the host end renamed", Scene::renames),
    ("has a port by an alternative name", Scene::altname),
    ("has an internal port, renamed", Scene::moves_internal),
    ("has a macvlan over another's interface", Scene::over_another),
    ("has a macvlan over a port", Scene::over_port),
    ("has a bridge of its own", |scene, at, _| {
        let container = &scene.containers[at];
        within(container, &["link", "add", "lb0", "type", "bridge"]);
        within(container, &["link", "set", "eth0", "master", "lb0"]);
    }),
    ("has a bond of its own", |scene, at, _| {
        let container = &scene.containers[at];
        within(container, &["link", "add", "bond0", "type", "bond"]);
        within(container, &["link", "set", "eth0", "down"]);
        within(container, &["link", "set", "eth0", "master", "bond0"]);
    }),
    ("has a VLAN of its own", |scene, at, _| {
        let vlan = ["link", "add", "link", "eth0", "name", "eth0.7", "type", "vlan", "id", "7"];
        within(&scene.containers[at], &vlan);
    }),
    ("is on a Linux bridge", Scene::linux_bridge),
    ("passes for the owner of a port", Scene::lies),
    ("moves its interface on", |scene, at, _| {
        let name = unique("m");
        within(&scene.containers[at], &["link", "set", "eth0", "name", &name]);
        within(&scene.containers[at], &["link", "set", &name, "netns", scene.inner.name()]);
    }),
    ("has an interface of the other switch", Scene::other_switch),
    ("is told on another's link", Scene::alias_of_another),
];

impl Scene {
    /// One of these.
    pub(super) fn happens(&mut self, dice: &mut Dice) -> String {
        let at = dice.throw(self.containers.len());
        let runs = self.containers[at].pid() != "0";
        let which = dice.throw(TO_ANY.len() + TO_RUNNING.len() + 2);
        let (what, happens) = match which.checked_sub(TO_ANY.len()) {
            None => TO_ANY[which],
            Some(_) if !runs => TO_ANY[2],
            Some(which) => *TO_RUNNING.get(which).unwrap_or(&TO_ANY[0]),
        };
        happens(self, at, dice);
        if self.host.len() > MANY {
            self.host.remove(0);
        }
        format!("{} {what}", self.containers[at].id())
    }

    fn bridge(&self, dice: &mut Dice) -> &str {
        self.bridges[dice.throw(2)].name()
    }

    /// Of some port, what docker-ovs knows nothing of, and its VLAN.
    fn sets(&mut self, _: usize, dice: &mut Dice) {
        let ports = run("ovs-vsctl", &["list-ports", self.bridge(dice)]);
        let ports: Vec<_> = ports.lines().collect();
        let Some(port) = (!ports.is_empty()).then(|| ports[dice.throw(ports.len())]) else {
            return;
        };
        let other = format!("other_config:proof={}", dice.throw(100));
        let (tag, rate) = (format!("tag={}", 40 + dice.throw(9)), "ingress_policing_burst=100");
        let of_port = ["--", "set", "port", port, &tag, &other];
        let of_interface = ["--", "set", "interface", port, rate, &other];
        run("ovs-vsctl", &[&["--no-wait"][..], &of_port, &of_interface].concat());
    }

    fn del_port(&mut self, _: usize, dice: &mut Dice) {
        let ports = run("ovs-vsctl", &["list-ports", self.bridge(dice)]);
        if let Some(port) = ports.lines().next() {
            run("ovs-vsctl", &["del-port", port]);
        }
    }

    /// A veth that looks like one of an earlier version, and is in use.
    fn imitates(&mut self, at: usize, dice: &mut Dice) {
        let (container, name) = (&self.containers[at], unique("v"));
        let peer = ["type", "veth", "peer", "name", "fake0", "netns", &container.pid()];
        if try_run("ip", &[&["link", "add", &name][..], &peer].concat()).is_err() {
            return;
        }
        let alias = format!("docker-ovs {}/fake0 on {}", container.id(), self.bridge(dice));
        run("ip", &["link", "set", &name, "alias", &alias, "up"]);
        within(container, &["link", "set", "fake0", "up"]);
        within(container, &["address", "add", "192.0.2.66/24", "dev", "fake0"]);
    }

    /// Of some port of docker-ovs', which vswitchd still holds.
    fn renames(&mut self, _: usize, dice: &mut Dice) {
        let ports = run("ovs-vsctl", &["list-ports", self.bridge(dice)]);
        let mut ports = ports.lines().filter(|port| port.starts_with("dov-"));
        let Some(port) = ports.find(|port| !self.made.contains_key(*port)) else { return };
        let Some(index) = index_of(port) else { return };
        run("ip", &["link", "set", port, "down"]);
        run("ip", &["link", "set", port, "name", &unique("w")]);
        self.made.insert(port.to_owned(), ("host".to_owned(), index));
    }

    fn altname(&mut self, at: usize, dice: &mut Dice) {
        let (name, alternative) = (unique("v"), unique("alternative"));
        let inside = unique("e");
        let peer = ["type", "veth", "peer", "name", &inside, "netns", &self.containers[at].pid()];
        run("ip", &[&["link", "add", &name][..], &peer].concat());
        run("ip", &["link", "property", "add", "dev", &name, "altname", &alternative]);
        run("ip", &["link", "set", &name, "up"]);
        let index = index_of(&name).unwrap();
        run("ovs-vsctl", &["add-port", self.bridge(dice), &alternative]);
        self.made.insert(alternative, ("host".to_owned(), index));
    }

    fn internal(&self, dice: &mut Dice, more: &[&str]) -> String {
        let name = unique("i");
        let add = ["add-port", self.bridge(dice), &name, "--", "set", "interface", &name];
        run("ovs-vsctl", &[&add[..], &["type=internal"], more].concat());
        name
    }

    fn moves_internal(&mut self, at: usize, dice: &mut Dice) {
        let mac = format!("mac=\"02:00:00:00:01:{:02x}\"", dice.throw(200));
        let (name, inside) = (self.internal(dice, &[&mac]), unique("e"));
        let (container, pid) = (&self.containers[at], self.containers[at].pid());
        run("ip", &["link", "set", &name, "netns", &pid]);
        within(container, &["link", "set", &name, "name", &inside]);
        let index = container.ip(&["-o", "link", "show", "dev", &inside]);
        let index = index.split(':').next().unwrap().parse().unwrap();
        self.made.insert(name, (format!("{}/{pid}", container.id()), index));
    }

    fn over_another(&mut self, at: usize, dice: &mut Dice) {
        let other = &self.containers[dice.throw(self.containers.len())];
        let pid = self.containers[at].pid();
        if other.pid() != "0" {
            let name = unique("m");
            within(other, &["link", "add", "link", "eth0", "name", &name, "type", "macvlan"]);
            within(other, &["link", "set", &name, "netns", &pid]);
        }
    }

    fn over_port(&mut self, at: usize, dice: &mut Dice) {
        let (port, name) = (self.internal(dice, &[]), unique("m"));
        run("ip", &["link", "set", &port, "up"]);
        let add = ["link", "add", "link", &port, "name", &name, "type", "macvlan"];
        if try_run("ip", &add).is_ok() {
            run("ip", &["link", "set", &name, "netns", &self.containers[at].pid()]);
        }
    }

    fn linux_bridge(&mut self, at: usize, dice: &mut Dice) {
        let (end, inside) = (unique("v"), unique("e"));
        let (tie, bridge) = (self.internal(dice, &[]), Link::add(&["type", "bridge"]));
        let peer = ["type", "veth", "peer", "name", &inside, "netns", &self.containers[at].pid()];
        run("ip", &[&["link", "add", &end][..], &peer].concat());
        for member in [&tie, &end] {
            run("ip", &["link", "set", member, "master", bridge.name(), "up"]);
        }
        self.host.push(bridge);
    }

    /// By the names and addresses that it may set.
    fn lies(&mut self, at: usize, dice: &mut Dice) {
        let ports = run("ovs-vsctl", &["list-ports", self.bridge(dice)]);
        let ports: Vec<_> = ports.lines().collect();
        let container = &self.containers[at];
        let Some(port) = (!ports.is_empty()).then(|| ports[dice.throw(ports.len())]) else {
            return;
        };
        let name = &port[..port.len().min(15)];
        if dice.throw(2) == 0 {
            within(container, &["tuntap", "add", "dev", name, "mode", "tap"]);
        } else {
            within(container, &["link", "add", name, "type", "bridge"]);
        }
        let mac = run("ovs-vsctl", &["get", "interface", port, "mac", "mac_in_use"]);
        let mac = mac.lines().map(|mac| mac.trim_matches('"')).find(|mac| mac.contains(':'));
        let address = mac.unwrap_or(SHARED);
        within(container, &["link", "set", name, "address", address]);
    }

    fn other_switch(&mut self, at: usize, dice: &mut Dice) {
        let (end, inside, there) = (unique("v"), unique("e"), self.switch.netns());
        let peer = ["type", "veth", "peer", "name", &end, "netns", &there];
        within(&self.containers[at], &[&["link", "add", &inside][..], &peer].concat());
        self.switch.vsctl(&["add-port", self.bridge(dice), &end]);
    }

    /// An alias that names another container.
    fn alias_of_another(&mut self, at: usize, dice: &mut Dice) {
        let ports = run("ovs-vsctl", &["list-ports", self.bridge(dice)]);
        let here = |port: &&str| index_of(port).is_some();
        let Some(port) = ports.lines().find(here) else { return };
        let alias =
            format!("docker-ovs {}/eth9 on {}", self.containers[at].id(), self.bridge(dice));
        run("ip", &["link", "set", port, "alias", &alias]);
    }
}

/// What may be refused: there may be no such link, or the kernel has none of its kind.
fn within(container: &Container, words: &[&str]) {
    let pid = container.pid();
    let _ = try_run("nsenter", &[&["--target", &pid, "--net", "ip"], words].concat());
}

/// The index of a link of the host, by its name.
fn index_of(name: &str) -> Option<u64> {
    std::fs::read_to_string(format!("/sys/class/net/{name}/ifindex")).ok()?.trim().parse().ok()
}
