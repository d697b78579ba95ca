//! What `ovs-vsctl` and `etcdctl` say of meshes and their tunnels, and what must be right of them.

use std::collections::{BTreeMap, BTreeSet};

use lab::{Etcd, Switch};
use serde_json::Value;

use crate::tool::picture::text;

use super::mesh::{Fleet, HOST, MESHES, Memberships};
use super::scene::Scene;

/// The prefix of everything in etcd.
const PREFIX: &str = "/docker-ovs/v1/default/";
/// The number of a tunnel's port is this and the number of the host that it leads to.
const BASE: u64 = 64_000;

/// A tunnel as the switch has it, or is to have it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tunnel {
    bridge: String,
    mesh: String,
    host: String,
    /// Type, remote and local address, key, UDP port.
    place: [String; 5],
    /// As it is, and as it was asked for.
    numbers: [u64; 2],
    is_protected: bool,
    is_probed: bool,
    error: String,
}

/// Which mesh a bridge is in, and the address that tunnels to it lead to.
type OfBridges = BTreeMap<String, Option<(String, String)>>;

/// Rows of a table, by id, with maps as objects.
fn rows(switch: &Switch, table: &str, columns: &str) -> BTreeMap<String, Value> {
    let columns = format!("--columns=_uuid,{columns}");
    let told = switch.vsctl(&["--no-wait", "--format=json", &columns, "list", table]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let names = told["headings"].as_array().unwrap();
    let rows = told["data"].as_array().unwrap().iter().map(|row| {
        let cells = row.as_array().unwrap().iter().map(plain);
        let names = names.iter().map(|name| name.as_str().unwrap().to_owned());
        let row: serde_json::Map<_, _> = names.zip(cells).collect();
        (text_of(&row["_uuid"]), Value::Object(row))
    });
    rows.collect()
}

/// A value of the database as plain JSON: RFC 7047, section 5.1.
fn plain(cell: &Value) -> Value {
    match (cell[0].as_str(), &cell[1]) {
        (Some("uuid"), id) => id.clone(),
        (Some("set"), Value::Array(all)) => Value::Array(all.iter().map(plain).collect()),
        (Some("map"), Value::Array(pairs)) => {
            let pairs = pairs.iter().map(|pair| (text_of(&pair[0]), pair[1].clone()));
            Value::Object(pairs.collect())
        }
        _ => cell.clone(),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// One or many, as the database has sets.
fn each(cell: &Value) -> Vec<String> {
    match cell {
        Value::Array(all) => all.iter().map(text_of).collect(),
        one => vec![text_of(one)],
    }
}

/// What a switch has of meshes.
#[derive(Debug, Default)]
struct OfSwitch {
    bridges: OfBridges,
    tunnels: BTreeSet<Tunnel>,
    /// What bears the name or a mark of a tunnel of a mesh, and is on no bridge as one.
    loose: Vec<String>,
    /// Tunnels that do not carry, as BFD says.
    silent: Vec<String>,
}

fn of_switch(switch: &Switch) -> OfSwitch {
    let bridges = rows(switch, "Bridge", "name,external_ids,ports");
    let ports = rows(switch, "Port", "name,interfaces,protected");
    let columns = "name,type,options,external_ids,bfd,bfd_status,ofport,ofport_request,error";
    let interfaces = rows(switch, "Interface", columns);
    let mut of = OfSwitch::default();
    let mut seen = BTreeSet::new();
    for bridge in bridges.values() {
        let (name, ids) = (text_of(&bridge["name"]), &bridge["external_ids"]);
        let mesh = ids["docker-ovs.mesh"].as_str().map(str::to_owned);
        let ip = text_of(&ids["docker-ovs.mesh-ip"]);
        let is_half = mesh.is_some() == ip.is_empty();
        of.loose.extend(is_half.then(|| format!("{name}: {ids}")));
        of.bridges.insert(name.clone(), mesh.map(|mesh| (mesh, ip)));
        for port in each(&bridge["ports"]).iter().filter_map(|id| ports.get(id)) {
            for id in each(&port["interfaces"]) {
                let Some(interface) = interfaces.get(&id).filter(|of| is_of_mesh(of)) else {
                    continue;
                };
                seen.insert(id);
                let is_up = interface["bfd_status"]["state"] == "up";
                of.silent.extend((!is_up).then(|| text_of(&interface["name"])));
                of.tunnels.insert(tunnel(&name, port, interface));
            }
        }
    }
    let loose = interfaces.iter().filter(|(id, row)| is_of_mesh(row) && !seen.contains(*id));
    of.loose.extend(loose.map(|(_, row)| row.to_string()));
    of
}

fn is_of_mesh(interface: &Value) -> bool {
    let is_marked = interface["external_ids"].get("docker-ovs.tunnel-mesh").is_some();
    is_marked || (text(interface, "name").starts_with("dov") && !text(interface, "type").is_empty())
}

fn tunnel(bridge: &str, port: &Value, interface: &Value) -> Tunnel {
    let (ids, options) = (&interface["external_ids"], &interface["options"]);
    let option = |key: &str| text_of(&options[key]);
    let number = |column: &str| interface[column].as_u64().unwrap_or_default();
    Tunnel {
        bridge: bridge.to_owned(),
        mesh: text_of(&ids["docker-ovs.tunnel-mesh"]),
        host: text_of(&ids["docker-ovs.tunnel-host"]),
        place: [
            text_of(&interface["type"]),
            option("remote_ip"),
            option("local_ip"),
            option("key"),
            option("dst_port"),
        ],
        numbers: [number("ofport"), number("ofport_request")],
        is_protected: port["protected"] == true,
        is_probed: interface["bfd"]["enable"] == "true",
        error: text_of(&interface["error"]),
    }
}

/// The JSON of keys with a prefix, by what follows it.
fn records(etcd: &Etcd, prefix: &str) -> BTreeMap<String, Value> {
    let prefix = format!("{PREFIX}{prefix}/");
    let said = etcd.says(&["get", "--prefix", &prefix]);
    let lines: Vec<_> = said.lines().collect();
    let pairs = lines.chunks(2).filter(|pair| pair.len() == 2);
    let pairs = pairs.map(|pair| {
        (pair[0].trim_start_matches(&*prefix).to_owned(), serde_json::from_str(pair[1]).unwrap())
    });
    pairs.collect()
}

/// What etcd has.
#[derive(Debug)]
struct OfEtcd {
    hosts: BTreeMap<String, Value>,
    meshes: BTreeMap<String, Value>,
}

impl OfEtcd {
    fn of(etcd: &Etcd) -> Self {
        Self { hosts: records(etcd, "hosts"), meshes: records(etcd, "nets") }
    }

    /// The members of a mesh: host, number and how it is in it.
    fn members(&self, mesh: &str) -> Vec<(&String, u64, &Value)> {
        let members = self.hosts.iter().filter_map(|(host, record)| {
            let of = record["Meshes"].get(mesh)?;
            Some((host, record["Number"].as_u64().unwrap_or_default(), of))
        });
        members.collect()
    }

    /// The tunnels that a host is to have whose bridges are so.
    fn wanted(&self, host: &str, bridges: &OfBridges) -> BTreeSet<Tunnel> {
        let mut wanted = BTreeSet::new();
        for (bridge, of) in bridges {
            let Some((mesh, ip)) = of else { continue };
            let record = &self.meshes[mesh];
            for (other, number, member) in self.members(mesh).into_iter().filter(|of| of.0 != host)
            {
                wanted.insert(Tunnel {
                    bridge: bridge.clone(),
                    mesh: mesh.clone(),
                    host: other.clone(),
                    place: [
                        text_of(&record["Type"]),
                        text_of(&member["LocalIP"]),
                        ip.clone(),
                        record["Key"].to_string(),
                        record["DstPort"].to_string(),
                    ],
                    numbers: [BASE + number; 2],
                    is_protected: true,
                    is_probed: true,
                    error: String::new(),
                });
            }
        }
        wanted
    }

    /// Whether a host tells what its bridges' rows say.
    fn tells(&self, host: &str, bridges: &OfBridges) -> Result<(), String> {
        let told = self.hosts.get(host).map(|record| record["Meshes"].clone());
        let told = told.unwrap_or_default();
        let told = told.as_object().into_iter().flatten().map(|(mesh, of)| {
            (text_of(&of["Bridge"]), Some((mesh.clone(), text_of(&of["LocalIP"]))))
        });
        let told: OfBridges = told.collect();
        let is = bridges.iter().filter(|(_, of)| of.is_some());
        let is: OfBridges = is.map(|(bridge, of)| (bridge.clone(), of.clone())).collect();
        let why = || format!("etcd has of {host} {told:?}, its switch {is:?}");
        (told == is).then_some(()).ok_or_else(why)
    }
}

/// Whether a switch is as it may be by what was asked for, and as it is to be by what etcd has.
fn is_right(
    host: &str,
    is: &OfSwitch,
    may: &Memberships,
    etcd: &OfEtcd,
    kept: bool,
) -> Result<(), String> {
    for (bridge, of) in is.bridges.iter().filter(|(bridge, _)| *bridge != "br-phy") {
        let mesh = of.as_ref().map(|(mesh, _)| mesh.as_str());
        let why = || format!("{bridge} of {host} is in {mesh:?}, where it may be in {may:?}");
        may.may_be(bridge, mesh).then_some(()).ok_or_else(why)?;
    }
    let loose = || format!("{host} has {:?}", is.loose);
    is.loose.is_empty().then_some(()).ok_or_else(loose)?;
    if !kept {
        return Ok(());
    }
    etcd.tells(host, &is.bridges)?;
    let wanted = etcd.wanted(host, &is.bridges);
    let why = || format!("{host} has the tunnels {:#?}, and should have {wanted:#?}", is.tunnels);
    (wanted == is.tunnels).then_some(()).ok_or_else(why)
}

impl Fleet {
    fn other_switch(&self) -> OfSwitch {
        of_switch(&self.other.switch)
    }
}

impl Scene {
    /// Whether both hosts have the tunnels that they are to have, and say so; where a daemon does not run its
    /// host is as it was.
    pub(super) fn has_its_tunnels(&self) -> Result<(), String> {
        let (fleet, own) = (&self.fleet, of_switch(&self.switch));
        let etcd = OfEtcd::of(&fleet.etcd);
        is_right(HOST, &own, &fleet.own, &etcd, true)?;
        let other = fleet.other_switch();
        is_right(fleet.other.name(), &other, &fleet.others, &etcd, fleet.other_runs)?;
        for switch in [&self.switch, &fleet.other.switch] {
            let ports = switch.vsctl(&["list-ports", "br-phy"]);
            (ports == "phy").then_some(()).ok_or_else(|| format!("br-phy has {ports}"))?;
        }
        self.tells_its_meshes(&etcd)?;
        // Where the other host's daemon does not run, that may never have had its end.
        let has_end = |tunnel: &Tunnel| other.tunnels.iter().any(|end| end.mesh == tunnel.mesh);
        let has_both_ends = !own.tunnels.is_empty() && own.tunnels.iter().all(has_end);
        let down = || format!("BFD is not up on {:?}", own.silent);
        (!has_both_ends || own.silent.is_empty()).then_some(()).ok_or_else(down)
    }

    /// What the daemon tells of meshes is what etcd has.
    fn tells_its_meshes(&self, etcd: &OfEtcd) -> Result<(), String> {
        let daemon = self.daemon.as_ref().unwrap();
        let status = daemon.json("/v1/fleet");
        if status["Liveness"] != "live" || status["Published"] != true {
            return Err(format!("the daemon is in no fleet: {status}"));
        }
        let told = daemon.json("/v1/fleet/meshes");
        let told = told.as_array().unwrap().iter().flat_map(|mesh| {
            let members = mesh["Members"].as_array().into_iter().flatten();
            members.map(|of| {
                let place = [text(mesh, "Mesh"), text(of, "Host"), text(of, "Bridge")];
                (place.map(str::to_owned), of["OFPort"].as_u64().unwrap_or_default())
            })
        });
        let told: BTreeSet<_> = told.collect();
        let is = etcd.meshes.keys().flat_map(|mesh| {
            etcd.members(mesh).into_iter().map(|(host, number, of)| {
                ([mesh.clone(), host.clone(), text_of(&of["Bridge"])], BASE + number)
            })
        });
        let is: BTreeSet<_> = is.collect();
        let why = || format!("the daemon tells of the members {told:#?}, there are {is:#?}");
        (told == is).then_some(()).ok_or_else(why)
    }

    /// What was open of memberships is decided; what there is of tunnels is counted.
    pub(super) fn concludes_meshes(&mut self) {
        let (own, other) = (of_switch(&self.switch), self.fleet.other_switch());
        let meshes = |of: &OfSwitch| {
            let each = of
                .bridges
                .iter()
                .map(|(bridge, of)| (bridge.clone(), of.as_ref().map(|(mesh, _)| mesh.clone())));
            each.collect()
        };
        self.fleet.own.conclude(&meshes(&own));
        self.fleet.others.conclude(&meshes(&other));
        *self.done.entry("tunnels at quiet points").or_default() += own.tunnels.len();
    }

    /// Whether nothing is left of any mesh on either switch and in what the hosts tell.
    pub(super) fn is_in_no_mesh(&self) -> bool {
        let etcd = OfEtcd::of(&self.fleet.etcd);
        let is_bare = |of: &OfSwitch| {
            of.tunnels.is_empty() && of.loose.is_empty() && of.bridges.values().all(Option::is_none)
        };
        is_bare(&of_switch(&self.switch))
            && is_bare(&self.fleet.other_switch())
            && MESHES.iter().all(|mesh| etcd.members(mesh).is_empty())
    }
}
