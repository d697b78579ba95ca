//! What the engines, `ip`, `ovs-vsctl` and `ovs-ofctl` say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_link;

use lab::{Switch, run, try_run};
use serde_json::Value;

use crate::tool::picture::text;

use super::engines::Engines;

/// An interface of a container that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Interface {
    pub(super) index: u64,
    pub(super) mac: String,
    pub(super) mtu: u64,
    pub(super) addresses: BTreeSet<String>,
    /// Bridge, OpenFlow port and VLAN, if it is on a port.
    pub(super) place: Option<(String, String, String)>,
}

/// A port of a bridge.
#[derive(Clone, Debug)]
pub(super) struct Port {
    pub(super) bridge: String,
    tag: String,
    /// Empty for one with a link.
    kind: String,
    pub(super) ids: BTreeMap<String, String>,
    number: String,
    /// The index of its link, and of that link's other end.
    link: Option<(u64, u64)>,
}

/// A container that runs.
#[derive(Debug, Default)]
pub(super) struct Running {
    pub(super) pid: String,
    pub(super) netns: String,
    pub(super) interfaces: BTreeMap<String, Interface>,
    /// Those that are up.
    pub(super) up: BTreeSet<String>,
    /// As ip-route(8) prints them.
    pub(super) routes: String,
}

/// All that there is.
#[derive(Debug, Default)]
pub(super) struct Truth {
    /// By full id.
    pub(super) running: BTreeMap<String, Running>,
    /// By name.
    pub(super) ports: BTreeMap<String, Port>,
    /// Full ids and names of all containers.
    pub(super) names: BTreeMap<String, String>,
}

impl Truth {
    pub(super) fn of(engines: &Engines, switch: &Switch) -> Self {
        let told = engines.told();
        let ports = ports(switch);
        let running = told.iter().filter_map(|told| {
            let pid = told.pid.as_ref()?;
            Some((told.id.clone(), look_inside(pid, &ports)?))
        });
        let running = running.collect();
        let names = told.into_iter().map(|told| (told.id, told.name)).collect();
        Self { running, ports, names }
    }

    /// Bridge and port of what has lost its link.
    pub(super) fn orphans(&self) -> BTreeSet<(String, String)> {
        let is_lost = |(name, port): &(&String, &Port)| {
            port.link.is_none() && port.kind.is_empty() && **name != port.bridge
        };
        let lost = self.ports.iter().filter(is_lost);
        lost.map(|(name, port)| (port.bridge.clone(), name.clone())).collect()
    }
}

fn look_inside(pid: &str, ports: &BTreeMap<String, Port>) -> Option<Running> {
    let ip = |words: &[&str]| {
        try_run("nsenter", &[&["--target", pid, "--net", "ip"], words].concat()).ok()
    };
    let links: Vec<Value> = serde_json::from_str(&ip(&["-json", "address"])?).ok()?;
    let netns = read_link(format!("/proc/{pid}/ns/net")).ok()?.to_string_lossy().into_owned();
    let mut inside = Running { pid: pid.to_owned(), netns, ..Running::default() };
    inside.routes = ip(&["route"])?;
    for link in links.iter().filter(|link| link["link_type"] == "ether") {
        let name = text(link, "ifname").to_owned();
        let ends = (link["link_index"].as_u64(), link["ifindex"].as_u64().unwrap_or_default());
        let port = ports
            .iter()
            .find(|(_, port)| port.link.is_some_and(|(here, there)| (Some(here), there) == ends));
        if link["flags"].to_string().contains("\"UP\"") {
            inside.up.insert(name.clone());
        }
        let addresses = link["addr_info"].as_array().into_iter().flatten();
        let addresses = addresses.map(|one| format!("{}/{}", text(one, "local"), one["prefixlen"]));
        let interface = Interface {
            index: ends.1,
            mac: text(link, "address").to_owned(),
            mtu: link["mtu"].as_u64().unwrap_or_default(),
            addresses: addresses.collect(),
            place: port
                .map(|(_, port)| (port.bridge.clone(), port.number.clone(), port.tag.clone())),
        };
        inside.interfaces.insert(name, interface);
    }
    Some(inside)
}

fn ports(switch: &Switch) -> BTreeMap<String, Port> {
    let within = format!("--net=/run/netns/{}", switch.netns().name());
    let links = run("nsenter", &[&within, "ip", "-json", "link"]);
    let links: Vec<Value> = serde_json::from_str(&links).unwrap();
    let links: BTreeMap<_, _> = links
        .iter()
        .map(|link| {
            let ends = (link["ifindex"].as_u64(), link["link_index"].as_u64());
            (text(link, "ifname"), (ends.0.unwrap_or_default(), ends.1.unwrap_or_default()))
        })
        .collect();
    let mut found = BTreeMap::new();
    for bridge in switch.vsctl(&["list-br"]).lines() {
        let at = format!("unix:{}/{bridge}.mgmt", switch.rundir().display());
        // A vswitchd that has just been started may not answer yet.
        let shown = try_run("ovs-ofctl", &["show", &at]).unwrap_or_default();
        for name in switch.vsctl(&["list-ports", bridge]).lines() {
            // What is removed meanwhile is not there.
            let Some(port) = port(switch, bridge, name, &shown) else { continue };
            let port = Port { link: links.get(name).copied(), ..port };
            found.insert(name.to_owned(), port);
        }
    }
    found
}

/// What the database and the bridge say of it.
fn port(switch: &Switch, bridge: &str, name: &str, shown: &str) -> Option<Port> {
    let db = format!("--db={}", switch.remote());
    let of = |words: &[&str]| try_run("ovs-vsctl", &[&[&db, "get"], words].concat()).ok();
    let interface = of(&["Interface", name, "type", "external_ids"])?;
    let (kind, ids) = interface.split_once('\n')?;
    Some(Port {
        bridge: bridge.to_owned(),
        tag: of(&["Port", name, "tag"])?,
        kind: kind.trim_matches('"').to_owned(),
        ids: words(ids),
        number: number_in(shown, name),
        link: None,
    })
}

/// The number of a port, as `ovs-ofctl show` has it: `N(NAME): addr:…`.
fn number_in(shown: &str, name: &str) -> String {
    let wanted = format!("({name}): ");
    let line = shown.lines().find(|line| line.contains(&wanted)).unwrap_or_default();
    line.trim().split('(').next().unwrap_or_default().to_owned()
}

/// `{a=b, "c.d"="e"}` as ovs-vsctl(8) prints a map; no value here has a comma in quotes but one that
/// is not read.
fn words(map: &str) -> BTreeMap<String, String> {
    let pairs = map.trim_matches(['{', '}']).split(", ");
    let pairs = pairs.filter_map(|pair| pair.split_once('='));
    let plain = |text: &str| text.trim_matches('"').to_owned();
    pairs.map(|(key, value)| (plain(key), plain(value))).collect()
}
