//! Containers come, go, move between networks and are killed by chance, on networks of the driver's, those of
//! Docker and of Podman at once, and the driver is killed meanwhile: at every quiet point rows, links,
//! namespaces and numbers are those of the containers that run, and of nothing else.
//!
//! `make soak MINUTES=10` does 500 operations, as `DOCKER_OVS_TEST_DRIVER_STEPS=500` does; the seed is printed, and
//! `DOCKER_OVS_TEST_SOAK_SEED=N` has the same operations again.
#![allow(
    clippy::disallowed_methods,
    reason = "a test starts the program it tests, and waits for it"
)]

mod engine;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lab::{Bridge, Need, Network, Plugin, Podman, run, unique};
use rustix::process::Signal;
use serde_json::Value;

use crate::driver::driver;
use crate::tool::dice::Dice;
use crate::tool::{command, number};

use engine::{Engine, Whose};

/// How many operations there are in a minute of `make soak`, and where nothing is asked for.
const A_MINUTE: usize = 50;
const USUAL: usize = 25;
/// How many operations lie between two quiet points, at most.
const BETWEEN: usize = 12;
/// How many containers each engine has.
const CONTAINERS: usize = 6;

/// A port of the bridge, as the database has it.
#[derive(Debug)]
struct Row {
    whose: Whose,
    /// Name of the container.
    name: String,
    ofport: u64,
    iface: String,
}

struct Scene {
    engines: Vec<Engine>,
    /// Docker's, as long as the driver runs.
    _networks: Vec<Network>,
    bridge: Bridge,
    driver: Plugin,
    /// The number that a name has on a network, once both were seen at rest.
    numbers: BTreeMap<(String, String), u64>,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let (driver, bridge) = (driver(), Bridge::new());
        let folder = tempfile::tempdir().unwrap();
        let vlans = ["vlan=10", "vlan=20"];
        let networks =
            vlans.map(|vlan| Network::create(driver.name(), bridge.name(), &["-o", vlan]));
        let names = || (0..CONTAINERS).map(|_| unique("ks")).collect();
        let of_docker = networks.each_ref().map(|network| network.name().to_owned());
        let mut engines = vec![Engine { podman: None, networks: of_docker, containers: names() }];
        if lab::is_there(Need::Podman) && lab::is_there(Need::Netavark) {
            let plugins = crate::driver_podman::plugins(folder.path());
            let podman = Some((Podman::serve(folder.path()), plugins));
            let networks = ["lan", "office"].map(str::to_owned);
            let engine = Engine { podman, networks, containers: names() };
            let on = format!("bridge={}", bridge.name());
            for (network, vlan) in engine.networks.iter().zip(vlans) {
                let create = ["network", "create", "-d", "ovs", "-o", &on, "-o", vlan, network];
                engine.call(&create).unwrap();
            }
            engines.push(engine);
        }
        let numbers = BTreeMap::new();
        Self { engines, _networks: networks.into(), bridge, driver, numbers, _folder: folder }
    }

    /// One operation; `is_killed` has the driver end in the middle of it.
    fn happen(&mut self, dice: &mut Dice, step: usize) {
        let engine = &self.engines[dice.throw(self.engines.len())];
        let name = &engine.containers[dice.throw(CONTAINERS)];
        let words = engine.choose(name, dice);
        let is_killed = dice.throw(8) == 0;
        let after = Duration::from_millis(dice.throw(120) as u64);
        println!(
            "{step}: {} {}{}",
            engine.kind(),
            words.join(" "),
            if is_killed { ", killed" } else { "" }
        );
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        if !is_killed {
            let done = engine.call(&words);
            assert!(done.is_ok(), "{words:?}: {done:?}");
            return;
        }
        // What is under way may fail then; what there is afterwards has to be whole all the same.
        std::thread::scope(|scope| {
            let under_way = scope.spawn(|| engine.call(&words));
            std::thread::sleep(after);
            self.driver.end(Signal::KILL);
            self.driver.start_again(|words| command("docker-ovs", words));
            let done = under_way.join().unwrap();
            println!("  {done:?}");
            // A network that Docker could not join stays among the container's settings, where no endpoint is.
            if done.is_err()
                && let ["network", "connect", network, name] = words[..]
            {
                let _ = engine.call(&["network", "disconnect", "--force", network, name]);
            }
        });
    }

    /// What the database has.
    fn rows(&self) -> Vec<Row> {
        let on = run("ovs-vsctl", &["list-ports", self.bridge.name()]);
        let columns = "--columns=name,ofport,external_ids";
        let told = run("ovs-vsctl", &["--format=json", columns, "list", "interface"]);
        let told: Value = serde_json::from_str(&told).unwrap();
        let rows = told["data"].as_array().unwrap().iter();
        let rows = rows.filter(|row| on.lines().any(|port| row[0] == port));
        let row = |row: &Value| {
            let ids = row[2][1].as_array().unwrap().iter();
            let ids: BTreeMap<_, _> =
                ids.map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect();
            let id = |key: &str| ids.get(key).copied().unwrap_or_default().to_owned();
            Row {
                whose: (id("container_id"), id("docker-ovs.network-name")),
                name: id("docker-ovs.name"),
                ofport: row[1].as_u64().unwrap_or(0),
                iface: row[0].as_str().unwrap().to_owned(),
            }
        };
        rows.map(row).collect()
    }

    /// What is wrong with rows, links, namespaces and numbers; none where all is well.
    fn fault(&mut self) -> Option<String> {
        let rows = self.rows();
        let mut expected = BTreeSet::new();
        let mut inside = BTreeMap::new();
        for engine in &self.engines {
            let (ports, links) = engine.expected();
            expected.extend(ports);
            inside.extend(links);
        }
        let told: BTreeSet<_> = rows.iter().map(|row| row.whose.clone()).collect();
        if told != expected || told.len() != rows.len() {
            return Some(format!("ports {rows:?}, of {expected:?}"));
        }
        let links: Vec<Value> =
            serde_json::from_str(&run("ip", &["-json", "-details", "link"])).unwrap();
        let of_bridge = format!(" on {}", self.bridge.name());
        let names: BTreeMap<_, _> = links
            .iter()
            .filter(|link| link["ifalias"].as_str().is_some_and(|alias| alias.contains(&of_bridge)))
            .filter_map(|link| Some((link["ifname"].as_str()?, link["ifindex"].as_u64()?)))
            .collect();
        let wanted: BTreeSet<_> = rows.iter().map(|row| row.iface.as_str()).collect();
        if names.keys().copied().collect::<BTreeSet<_>>() != wanted {
            return Some(format!("links {names:?}, of ports {rows:?}"));
        }
        for (id, far) in inside {
            let own =
                rows.iter().filter(|row| row.whose.0 == id).map(|row| names[row.iface.as_str()]);
            let own: BTreeSet<_> = own.collect();
            if own != far {
                return Some(format!("{id} has links to {far:?}, and ports with {own:?}"));
            }
        }
        let numbers: BTreeSet<_> = rows.iter().map(|row| row.ofport).collect();
        if numbers.contains(&0) || numbers.len() != rows.len() {
            return Some(format!("numbers of {rows:?}"));
        }
        for Row { whose: (_, network), name, ofport, .. } in rows {
            let own = *self.numbers.entry((name.clone(), network.clone())).or_insert(ofport);
            if own != ofport {
                return Some(format!("{name} on {network} has {ofport}, and had {own}"));
            }
        }
        None
    }

    fn be_at_rest(&mut self) {
        let mut fault = None;
        let start = std::time::Instant::now();
        // Two rounds of the driver's, and what the rest takes.
        while start.elapsed() < 2 * lab::patience() {
            fault = self.fault();
            if fault.is_none() {
                return;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("{}\n{}", fault.unwrap_or_default(), self.driver.said());
    }

    fn remove_containers(&self) {
        for engine in &self.engines {
            for name in &engine.containers {
                let _ = engine.call(&["rm", "--force", name]);
            }
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.remove_containers();
    }
}

#[test]
fn rows_links_namespaces_and_numbers_are_those_of_the_containers_that_run() {
    lab::alone!(Docker);
    let usual = number("DOCKER_OVS_TEST_SOAK", 0) * A_MINUTE;
    let steps = number("DOCKER_OVS_TEST_DRIVER_STEPS", usual.max(USUAL));
    let mut dice = Dice::seeded("DOCKER_OVS_TEST_SOAK_SEED");
    let mut scene = Scene::new();
    let mut until_rest = 0;
    for step in 0..steps {
        if until_rest == 0 {
            scene.be_at_rest();
            until_rest = 1 + dice.throw(BETWEEN);
        }
        until_rest -= 1;
        scene.happen(&mut dice, step);
    }
    scene.be_at_rest();
    scene.remove_containers();
    scene.driver.wait_until_swept("there is nothing", || scene.rows().is_empty());
}
