//! A host thrown together by chance, each row compared with what `ovs-vsctl`, `ovs-ofctl`,
//! `ovs-appctl` and `ip` say when they are asked on their own.
//!
//! `SCENE_SEED=N cargo test -p docker-ovs --test it random_scene` builds the same scene again.

use std::collections::BTreeMap;

use crate::tool::dice::Dice;
use crate::tool::docker_ovs;
use lab::{Bridge, Container, Home, Link, Plug, Plugged, ofport_of, run, unique};
use serde_json::Value;

/// Everything that must stay until the end, and what is expected of it: for each container
/// and interface the port it is on, if any.
#[derive(Default)]
struct Scene {
    bridges: Vec<Bridge>,
    containers: Vec<Container>,
    plugs: Vec<Plugged>,
    links: Vec<Link>,
    expected: BTreeMap<(String, String), Option<String>>,
}

impl Scene {
    fn build(dice: &mut Dice) -> Self {
        let mut scene = Self::default();
        scene.bridges.extend((0..=1 + dice.throw(2)).map(|_| Bridge::new()));
        for _ in 0..4 + dice.throw(3) {
            let container = Container::run();
            if dice.throw(4) == 0 {
                scene.leave_something_behind(&container, dice);
            }
            for i in 0..dice.throw(4) {
                scene.plug(&container, &format!("eth{i}"), dice);
            }
            scene.containers.push(container);
        }
        scene.patch();
        scene
    }

    fn bridge(&self, dice: &mut Dice) -> &Bridge {
        &self.bridges[dice.throw(self.bridges.len())]
    }

    /// A port whose container then restarts without it.
    fn leave_something_behind(&mut self, container: &Container, dice: &mut Dice) {
        let plugged = Plugged::new(container, "eth9", self.bridge(dice), Plug::default());
        self.plugs.push(plugged);
        container.docker("restart");
    }

    fn plug(&mut self, container: &Container, interface: &str, dice: &mut Dice) {
        let port = match dice.throw(7) {
            0 => None,
            1 => Some(self.over_macvlan(container, interface, dice)),
            6 => {
                self.past_the_switch(container, interface, dice);
                self.expected.insert((container.name().to_owned(), interface.to_owned()), None);
                return;
            }
            2 => Some(self.moved_internal(container, interface, dice)),
            3 => Some(self.with_words(container, interface, &["tag=42"], dice)),
            4 => Some(self.with_words(container, interface, &["trunks=10,20"], dice)),
            _ => Some(self.with_words(container, interface, &[], dice)),
        };
        if port.is_none() {
            self.nowhere(container, interface);
        }
        self.expected.insert((container.name().to_owned(), interface.to_owned()), port);
    }

    fn with_words(
        &mut self,
        to: &Container,
        interface: &str,
        port: &[&str],
        dice: &mut Dice,
    ) -> String {
        let ip = format!("198.18.0.{}/24", 1 + self.plugs.len());
        let plug = Plug { port, ip: Some(&ip), ..Plug::default() };
        let plugged = Plugged::new(to, interface, self.bridge(dice), plug);
        let name = plugged.host_end().to_owned();
        self.plugs.push(plugged);
        name
    }

    fn over_macvlan(&mut self, to: &Container, interface: &str, dice: &mut Dice) -> String {
        let port = unique("n");
        let words = ["--", "set", "interface", &port, "type=internal"];
        self.bridge(dice).add(&port, &words);
        macvlan_over(&port, to, interface);
        port
    }

    /// By a link of the host that is a port itself: what is sent by it leaves the host.
    fn past_the_switch(&mut self, to: &Container, interface: &str, dice: &mut Dice) {
        let link = Link::add(&["type", "veth"]);
        self.bridge(dice).add(link.name(), &[]);
        macvlan_over(link.name(), to, interface);
        self.links.push(link);
    }

    fn moved_internal(&mut self, to: &Container, interface: &str, dice: &mut Dice) -> String {
        let name = unique("n");
        let id = format!("external_ids:container_id={}", to.id());
        let iface = format!("external_ids:container_iface={interface}");
        let words = ["--", "set", "interface", &name, "type=internal", &id, &iface];
        self.bridge(dice).add(&name, &words);
        move_in(to, &name, interface);
        name
    }

    fn nowhere(&mut self, to: &Container, interface: &str) {
        let inner = unique("i");
        self.links.push(Link::add(&["type", "veth", "peer", "name", &inner]));
        move_in(to, &inner, interface);
    }

    fn patch(&mut self) {
        let (here, there) = (unique("pa"), unique("pb"));
        for (bridge, name, peer) in [(0, &here, &there), (1, &there, &here)] {
            let peer = format!("options:peer={peer}");
            self.bridges[bridge]
                .add_without_waiting(name, &["--", "set", "interface", name, "type=patch", &peer]);
        }
    }
}

fn macvlan_over(lower: &str, to: &Container, interface: &str) {
    let name = unique("m");
    run("ip", &["link", "add", "name", &name, "link", lower, "type", "macvlan"]);
    move_in(to, &name, interface);
}

fn move_in(to: &Container, name: &str, interface: &str) {
    run("ip", &["link", "set", name, "netns", &to.pid()]);
    to.ip(&["link", "set", name, "name", interface, "up"]);
}

fn rows(words: &[&str]) -> Vec<Value> {
    let ran = docker_ovs(words);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

#[test]
fn every_row_agrees_with_docker_ip_and_ovs() {
    lab::need!(Docker);
    let scene = Scene::build(&mut Dice::seeded("SCENE_SEED"));
    check_containers(&scene);
    check_ports(&scene);
    check_capture(&scene);
}

/// A capture answers as the host does, byte for byte. What is of other tests is not asked for, and what
/// settles by itself, such as an address that the kernel is checking, is captured again.
fn check_capture(scene: &Scene) {
    let mut asked: Vec<Vec<&str>> = Vec::new();
    for container in &scene.containers {
        let name = container.name();
        asked.extend([vec!["port", name], vec!["explain", name], vec!["who", name]]);
        asked.extend([
            vec!["port", name, "--format", "json"],
            vec!["port", name, "--format", "csv"],
        ]);
    }
    for bridge in &scene.bridges {
        let name = bridge.name();
        asked.extend([vec!["ports", name], vec!["ls", "--all", "--bridge", name]]);
        asked.extend([vec!["ports", name, "--format", "json"], vec!["graph", "--bridge", name]]);
        asked.extend([vec!["ls", "--all", "--no-trunc", "--bridge", name, "--format", "json"]]);
    }
    let of_ports: Vec<_> = scene
        .bridges
        .iter()
        .flat_map(|bridge| (1..4).map(move |number| format!("{}:{number}", bridge.name())))
        .collect();
    asked.extend(of_ports.iter().map(|port| vec!["who", port, "--format", "json"]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.tar");
    let file = file.to_str().unwrap();
    let mut different = Vec::new();
    let same = lab::comes_true(|| {
        let live: Vec<_> = asked.iter().map(|words| docker_ovs(words)).collect();
        assert_eq!(docker_ovs(&["capture", file]).code, 0);
        let recorded =
            asked.iter().map(|words| docker_ovs(&[&["--from", file], &words[..]].concat()));
        let both = live.into_iter().zip(recorded);
        let differs = both.zip(&asked).filter(|((live, recorded), _)| {
            (&live.stdout, live.code) != (&recorded.stdout, recorded.code)
        });
        different =
            differs.map(|((live, recorded), words)| (words.clone(), live, recorded)).collect();
        different.is_empty()
    });
    assert!(same, "{different:#?}");
}

/// The containers' side: who is where, by our own record, by `ip` and by `ovs-vsctl`.
fn check_containers(scene: &Scene) {
    let listed = rows(&["ls", "--format", "json"]);
    for container in &scene.containers {
        let own: Vec<_> = listed.iter().filter(|row| text(row, "ID") == container.id()).collect();
        let links =
            run("nsenter", &["--target", &container.pid(), "--net", "ip", "-json", "address"]);
        let links: Vec<Value> = serde_json::from_str(&links).unwrap();
        let ether: Vec<_> = links.iter().filter(|link| link["link_type"] == "ether").collect();
        assert_eq!(own.len(), ether.len(), "{own:?}");
        for link in ether {
            let name = text(link, "ifname");
            let row = own.iter().find(|row| text(row, "Interface") == name).unwrap();
            assert_eq!((&row["MAC"], &row["Ifindex"]), (&link["address"], &link["ifindex"]));
            let addresses = link["addr_info"].as_array().unwrap().iter();
            let addresses: Vec<_> =
                addresses.map(|a| format!("{}/{}", text(a, "local"), a["prefixlen"])).collect();
            assert_eq!(row["Addresses"], serde_json::json!(addresses));
            let expected = &scene.expected[&(container.name().to_owned(), name.to_owned())];
            assert_eq!(row["Port"].as_str(), expected.as_deref(), "{row}");
            if let Some(port) = expected {
                assert_eq!(row["OFPort"], u64::from(ofport_of(port)), "{row}");
                assert_eq!(text(row, "Bridge"), run("ovs-vsctl", &["iface-to-br", port]), "{row}");
                let tag = run("ovs-vsctl", &["get", "Port", port, "tag"]);
                assert_eq!(row["VLAN"].to_string().replace("null", "[]"), tag, "{row}");
            }
        }
    }
}

/// The switch's side: every port, by `ovs-ofctl show` and `dpif/show`, and who was left behind.
fn check_ports(scene: &Scene) {
    let dpif = run("ovs-appctl", &["dpif/show"]);
    for bridge in &scene.bridges {
        let listed = rows(&["ports", bridge.name(), "--format", "json"]);
        let shown = run("ovs-ofctl", &["show", bridge.name()]);
        let shown: Vec<_> = shown.lines().filter(|line| line.contains("): addr:")).collect();
        assert_eq!(listed.len(), shown.len(), "{listed:?} {shown:?}");
        let mut last = 0;
        for row in &listed {
            let number = row["OFPort"].as_u64().unwrap();
            assert!(number > last, "in number order");
            last = number;
            let name = text(row, "Port");
            let ofctl = if number == 65534 { "LOCAL".to_owned() } else { number.to_string() };
            let ofctl = format!("{ofctl}({name}):");
            assert!(shown.iter().any(|line| line.trim().starts_with(&ofctl)), "{ofctl}");
            let dp = row["DPPort"].as_u64().map_or("none".to_owned(), |dp| dp.to_string());
            let line = format!("{name} {number}/{dp}:");
            assert!(dpif.lines().any(|shown| shown.trim().starts_with(&line)), "{line}\n{dpif}");
            check_occupant(scene, row);
        }
    }
}

fn check_occupant(scene: &Scene, row: &Value) {
    let name = text(row, "Port");
    let owner = scene.expected.iter().find(|(_, port)| port.as_deref() == Some(name));
    let alive = std::path::Path::new("/sys/class/net").join(name).exists();
    let expected = match owner {
        Some(_) => "container",
        None if row["OFPort"] == 65534 => "local",
        None if text(row, "Type") == "patch" => "patch",
        None if !alive => "orphaned",
        None => "host",
    };
    assert_eq!(text(row, "Occupant"), expected, "{row}");
    if let Some(((container, interface), _)) = owner {
        assert_eq!(text(row, "Who"), format!("{container}:{interface}"), "{row}");
    }
}
