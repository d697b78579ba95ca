//! What there is, by identity: links by namespace and index, rows by their `_uuid`, containers by
//! their id; and what a verb may have changed of it.

use std::collections::{BTreeMap, BTreeSet};

use lab::{run, try_run};
use serde_json::Value;

use super::{At, Scene};

/// A link: its namespace and its index there.
pub(super) type LinkId = (String, u64);

/// What is told of a link beside its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: String,
    address: String,
    alias: String,
    master: String,
    /// The index of the other end, where that is in another namespace.
    pub(super) away: Option<u64>,
    /// What it works by: that it is up, its addresses and, inside a container, its MTU.
    works: BTreeSet<String>,
}

impl Link {
    /// What `link` works by in `netns`. Addresses of IPv6 come and go by themselves, and vswitchd
    /// sets the MTU of internal ports.
    fn works_by(netns: &str, link: &Value) -> BTreeSet<String> {
        let has_flag = |flag: &Value| flag.as_str() == Some("UP");
        let up = link["flags"].as_array().is_some_and(|flags| flags.iter().any(has_flag));
        let mut works: BTreeSet<_> = up.then(|| "up".to_owned()).into_iter().collect();
        let addresses = link["addr_info"].as_array().into_iter().flatten();
        let addresses = addresses.filter(|address| address["family"] == "inet");
        works.extend(addresses.map(|one| format!("{}/{}", one["local"], one["prefixlen"])));
        if netns != "host" && netns != "switch" {
            works.insert(format!("mtu {}", link["mtu"]));
        }
        works
    }
}

/// An Interface of the host's database.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    ids: BTreeMap<String, String>,
    ofport: Value,
    bridge: String,
}

/// What there is.
#[derive(Debug)]
pub(super) struct Truth {
    /// The links of every namespace that the scene knows.
    pub(super) links: BTreeMap<LinkId, Link>,
    /// The Interfaces of the host's database.
    pub(super) rows: BTreeMap<String, Row>,
    /// All that the host's database, the second one and the switch's say of ports.
    databases: [String; 3],
    /// The containers of both engines: which, their names, and what runs in them.
    containers: BTreeSet<String>,
}

const PORTS: [&str; 11] = [
    "--format=json",
    "--",
    "--columns=_uuid,name,external_ids",
    "list",
    "Interface",
    "--",
    "--columns=_uuid,interfaces",
    "list",
    "Port",
    "--",
    "--columns=_uuid,name,ports",
];

impl Truth {
    pub(super) fn of(scene: &Scene) -> Self {
        let list = [&PORTS[..], &["list", "Bridge"]].concat();
        let databases =
            [run("ovs-vsctl", &list), scene.second.vsctl(&list), scene.switch.vsctl(&list)];
        let docker = run(
            "docker",
            &["ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.State}}"],
        );
        let own = |line: &&str| scene.containers.iter().any(|row| line.starts_with(row.id()));
        let mut containers: BTreeSet<_> = docker.lines().filter(own).map(str::to_owned).collect();
        containers.insert(scene.podman.pid());
        let rows = rows_of(&databases[0]);
        Self { links: links(scene), rows, databases, containers }
    }

    /// Whether a link is a container's own, or the other end of one.
    fn leads_to(&self, link: &LinkId, container: &str) -> bool {
        let is_own = |(netns, _): &LinkId| netns.starts_with(container);
        let away = self.links[link].away;
        let mut inside = self.links.iter().filter(|(id, _)| is_own(id));
        is_own(link) || inside.any(|(id, seen)| away == Some(id.1) && seen.away == Some(link.1))
    }

    /// Whether an interface has only been given back the address that is recorded of it, after its
    /// container had changed that; or follows one that was, as a bridge does its members.
    fn is_put_back(&self, (netns, _): &LinkId, was: &Link, is: &Link) -> bool {
        let recorded = self.rows.values().filter(|row| {
            let of = row.ids.get("container_id").is_some_and(|id| netns.starts_with(&**id));
            of && row.ids.get("docker-ovs.mac") == Some(&is.address)
        });
        let interfaces: Vec<_> =
            recorded.filter_map(|row| row.ids.get("container_iface")).collect();
        let mut beside = self.links.iter().filter(|((home, _), _)| home == netns);
        let followed =
            beside.any(|(_, link)| interfaces.contains(&&link.name) && link.address == was.address);
        followed && Link { address: is.address.clone(), ..was.clone() } == *is
    }

    /// The link that a row of the host's database is, as far as the scene knows: that which it was
    /// when the row was made, or the host's of that name.
    pub(super) fn living(&self, scene: &Scene, row: &Row) -> Option<&LinkId> {
        if let Some(made) = scene.made.get(&row.name) {
            return self.links.get_key_value(made).map(|(id, _)| id);
        }
        let host = |(id, seen): &(&LinkId, &Link)| id.0 == "host" && seen.name == row.name;
        self.links.iter().find(host).map(|(id, _)| id)
    }
}

impl Row {
    /// Whether it says of itself that docker-ovs or ovs-docker made it.
    fn bears_a_record(&self) -> bool {
        self.ids.contains_key("container_id")
    }

    /// What must not change: a container's new name may be noted.
    fn lasting_ids(&self) -> BTreeMap<&String, &String> {
        self.ids.iter().filter(|(key, _)| *key != "docker-ovs.name").collect()
    }

    fn is_of(&self, container: &str) -> bool {
        self.ids.get("container_id").is_some_and(|id| id == container)
    }
}

/// The links of every namespace that the scene knows.
pub(super) fn links(scene: &Scene) -> BTreeMap<LinkId, Link> {
    let mut links = links_of("host", &run("ip", &["--json", "address"]));
    let mut within = |netns: &str, pid: &str| {
        let told = try_run("nsenter", &["--target", pid, "--net", "ip", "--json", "address"]);
        links.extend(told.map(|told| links_of(netns, &told)).unwrap_or_default());
    };
    within("switch", &scene.switch.netns());
    for container in &scene.containers {
        let pid = try_run("docker", &["inspect", "--format", "{{.State.Pid}}", container.id()]);
        let Some(pid) = pid.ok().filter(|pid| pid != "0") else { continue };
        within(&format!("{}/{pid}", container.id()), &pid);
    }
    let inner = run("ip", &["--json", "--netns", scene.inner.name(), "address"]);
    links.extend(links_of("inner", &inner));
    links
}

fn links_of(netns: &str, told: &str) -> BTreeMap<LinkId, Link> {
    let links: Vec<Value> = serde_json::from_str(told).unwrap_or_default();
    let text = |link: &Value, key: &str| link[key].as_str().unwrap_or_default().to_owned();
    let link = |link: Value| {
        let seen = Link {
            name: text(&link, "ifname"),
            address: text(&link, "address"),
            alias: text(&link, "ifalias"),
            // What becomes a port of the kernel's datapath is enslaved to it.
            master: text(&link, "master").replace("ovs-system", ""),
            away: link["link_netnsid"].as_i64().and_then(|_| link["link_index"].as_u64()),
            works: Link::works_by(netns, &link),
        };
        ((netns.to_owned(), link["ifindex"].as_u64().unwrap()), seen)
    };
    links.into_iter().map(link).collect()
}

fn rows_of(told: &str) -> BTreeMap<String, Row> {
    let tables: Vec<Value> =
        serde_json::Deserializer::from_str(told).into_iter().map(Result::unwrap).collect();
    let rows = |table: usize| tables[table]["data"].as_array().unwrap().iter();
    let uuid = |cell: &Value| cell[1].as_str().unwrap_or_default().to_owned();
    let set = |cell: &Value| -> Vec<String> {
        if cell[0] == "set" {
            cell[1].as_array().unwrap().iter().map(uuid).collect()
        } else {
            vec![uuid(cell)]
        }
    };
    let map = |cell: &Value| {
        let pairs = cell[1].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
    };
    let bridge_of = |interface: &str| {
        let mut ports = rows(1).filter(|port| set(&port[1]).iter().any(|own| own == interface));
        let port = ports.next().map(|port| uuid(&port[0])).unwrap_or_default();
        let mut bridges = rows(2).filter(|bridge| set(&bridge[2]).contains(&port));
        bridges.next().map(|bridge| bridge[1].to_string()).unwrap_or_default()
    };
    let numbers =
        run("ovs-vsctl", &["--format=json", "--columns=_uuid,ofport", "list", "Interface"]);
    let numbers: Value = serde_json::from_str(&numbers).unwrap();
    let number_of = |interface: &str| {
        let mut all = numbers["data"].as_array().unwrap().iter();
        all.find(|row| uuid(&row[0]) == interface).map(|row| row[1].clone()).unwrap_or_default()
    };
    let row = |row: &Value| {
        let id = uuid(&row[0]);
        let name = row[1].as_str().unwrap_or_default().to_owned();
        let row = Row { name, ids: map(&row[2]), ofport: number_of(&id), bridge: bridge_of(&id) };
        (id, row)
    };
    rows(0).map(row).collect()
}

/// What a verb was asked to do.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) words: Vec<String>,
    /// Whose database it may change.
    pub(super) at: At,
    /// Whose interface it may take, if anyone's.
    pub(super) taken: Option<String>,
    /// Whether it may remove what others made, once it is gone.
    pub(super) all: bool,
    /// Whether it may change anything.
    pub(super) dry: bool,
}

/// What an acting verb may not have done.
pub(super) fn compare(scene: &Scene, before: &Truth, after: &Truth, asked: &Asked, told: &str) {
    for (n, here) in [At::Host, At::Second, At::Switch].into_iter().enumerate() {
        let same = before.databases[n] == after.databases[n];
        assert!(same || (here == asked.at && !asked.dry), "{here:?} has changed: {told}");
    }
    assert_eq!(before.containers, after.containers, "{told}");
    compare_links(before, after, asked, told);
    for (uuid, row) in &before.rows {
        let living = before.living(scene, row);
        let leads_inside = |id: &str| living.is_some_and(|link| before.leads_to(link, id));
        let taken = asked.taken.as_deref().is_some_and(|id| row.is_of(id) || leads_inside(id));
        let Some(now) = after.rows.get(uuid) else {
            assert!(living.is_none() || taken, "the living {row:?} ({living:?}) is gone: {told}");
            let may = taken || asked.all || row.bears_a_record();
            assert!(may, "the foreign {row:?} is gone: {told}");
            continue;
        };
        assert_eq!((&row.name, &row.bridge), (&now.name, &now.bridge), "{told}");
        assert_eq!(row.lasting_ids(), now.lasting_ids(), "{told}");
        assert!(living.is_none() || row.ofport == now.ofport, "{row:?} became {now:?}: {told}");
    }
}

fn compare_links(before: &Truth, after: &Truth, asked: &Asked, told: &str) {
    let mut lost = Vec::new();
    for (id, was) in &before.links {
        let Some(is) = after.links.get(id) else {
            lost.push((id, was));
            continue;
        };
        // An engine may set up what it starts meanwhile; what worked has to work on.
        let kept = was.works.is_subset(&is.works);
        assert!(kept, "{id:?} was {was:?} and is {is:?}: {told}");
        let is = Link { works: was.works.clone(), ..is.clone() };
        if asked.dry || !before.is_put_back(id, was, &is) {
            assert_eq!(was, &is, "{id:?}: {told}");
        }
    }
    let may = |(netns, _): &LinkId| asked.taken.as_ref().is_some_and(|id| netns.starts_with(id));
    let inside: Vec<_> = lost.iter().filter(|(id, _)| may(id)).collect();
    let ends: BTreeSet<_> = inside.iter().filter_map(|(_, seen)| seen.away).collect();
    let foreign: Vec<_> = lost.iter().filter(|(id, _)| !may(id) && !ends.contains(&id.1)).collect();
    assert!(foreign.is_empty(), "links are gone: {foreign:?}: {told}");
    let same = before.links.len() == after.links.len();
    assert!(same || !asked.dry, "a dry run changed links: {told}");
}
