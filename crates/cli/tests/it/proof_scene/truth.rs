//! What there is, by identity: links by namespace and index, rows by their `_uuid`, containers by
//! their id; and what a verb may have changed of it.

use std::collections::{BTreeMap, BTreeSet};

use lab::run;
use serde_json::{Value, json};

use super::links::{Link, LinkId, links};
use super::tables::{Columns, LIST, Tables, map, settings};
use super::{At, Scene};

/// An Interface of the host's database.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    ids: BTreeMap<String, String>,
    ofport: Value,
    ofport_request: Value,
    /// The Port that it belongs to, by its `_uuid`, and the bridge of that, by its name.
    belongs_to: (String, String),
    settings: Columns,
}

/// What there is.
#[derive(Debug)]
pub(super) struct Truth {
    /// The links of every namespace that the scene knows.
    pub(super) links: BTreeMap<LinkId, Link>,
    /// The Interfaces of the host's database.
    pub(super) rows: BTreeMap<String, Row>,
    /// All that the host's database, the second one and the switch's say of bridges and ports.
    databases: [Tables; 3],
    /// The containers of both engines: which, their names, and what runs in them.
    containers: BTreeSet<String>,
}

impl Truth {
    pub(super) fn of(scene: &Scene) -> Self {
        let told = [run("ovs-vsctl", &LIST), scene.second.vsctl(&LIST), scene.switch.vsctl(&LIST)];
        let databases = told.map(|told| Tables::of(&told));
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

    /// Whether it asks for the number that it asked for; what bears a record and asked for none may be given its
    /// own to keep.
    fn still_asks_for(&self, was: &Self) -> bool {
        let asked_for_none = was.ofport_request == json!(["set", []]);
        let keeps = was.bears_a_record() && asked_for_none && self.ofport_request == self.ofport;
        self.ofport_request == was.ofport_request || keeps
    }

    fn is_of(&self, container: &str) -> bool {
        self.ids.get("container_id").is_some_and(|id| id == container)
    }
}

/// The Interfaces of a database.
fn rows_of(tables: &Tables) -> BTreeMap<String, Row> {
    let row = |(id, columns): (&String, &Columns)| {
        let port = tables.port_of(id).unwrap_or_default();
        let bridge = tables.bridge_of(port).unwrap_or_default();
        let row = Row {
            name: columns["name"].as_str().unwrap_or_default().to_owned(),
            ids: map(&columns["external_ids"]),
            ofport: columns["ofport"].clone(),
            ofport_request: columns["ofport_request"].clone(),
            belongs_to: (port.to_owned(), bridge.to_owned()),
            settings: settings(columns),
        };
        (id.clone(), row)
    };
    tables.interfaces.iter().map(row).collect()
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
        if here != asked.at || asked.dry {
            let (was, is) = (before.databases[n].configured(), after.databases[n].configured());
            assert_eq!(was, is, "{here:?} has changed: {told}");
        }
    }
    assert_eq!(before.containers, after.containers, "{told}");
    compare_links(before, after, asked, told);
    compare_bridges_and_ports(before, after, told);
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
        assert_eq!((&row.name, &row.belongs_to), (&now.name, &now.belongs_to), "{told}");
        assert_eq!(row.lasting_ids(), now.lasting_ids(), "{told}");
        assert_eq!(row.settings, now.settings, "{}: {told}", row.name);
        assert!(now.still_asks_for(row), "{row:?} became {now:?}: {told}");
        assert!(living.is_none() || row.ofport == now.ofport, "{row:?} became {now:?}: {told}");
    }
}

/// A Port goes with its Interfaces, which are compared one by one; no bridge goes.
fn compare_bridges_and_ports(before: &Truth, after: &Truth, told: &str) {
    let (before, after) = (&before.databases[0], &after.databases[0]);
    for (id, was) in &before.ports {
        if let Some(is) = after.ports.get(id) {
            assert_eq!(settings(was), settings(is), "{told}");
        }
    }
    for (id, was) in &before.bridges {
        let is = after.bridges.get(id).map(settings);
        assert_eq!(Some(settings(was)), is, "{told}");
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
