//! One Snapshot of what was found. What is missing is absent, and says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::identity::{Identities, SourceIdentity, World};
use model::ids::{Engine, NetnsId};
use model::snapshot::{Container, Link, Namespace, Observed, Scope};
use model::switch::{Bridge, Port, SwitchSource};
use model::{Snapshot, SourceError, SourceErrorKind};
use serde_json::json;

use crate::Recording;
use crate::gather::{Gathered, time};
use crate::links::links;
use crate::tables::{Row, Tables};
use crate::texts::Shown;

/// Device numbers of namespaces that a recording does not tell: nsfs has none of them.
const MADE_UP: u64 = u64::MAX - 1;
/// The namespace that the host's own links are in.
const OF_THE_HOST: NetnsId = NetnsId { dev: MADE_UP, ino: 1 };

/// The Snapshot; none where nothing was found.
pub(crate) fn assemble(mut gathered: Gathered) -> Option<Recording> {
    if let Some(snapshot) = gathered.snapshot.take() {
        let Gathered { answers, remarks, .. } = gathered;
        return Some(Recording { snapshot, answers, remarks });
    }
    let (bridges, database) = switch(&mut gathered);
    let kernel = kernel(&gathered);
    let is_nothing = bridges.is_none()
        && gathered.openflow.is_empty()
        && gathered.datapaths.is_empty()
        && kernel.is_empty()
        && gathered.engines.is_empty();
    if is_nothing {
        return None;
    }
    let of_host = kernel.first().filter(|namespace| namespace.id == OF_THE_HOST);
    let is_switchs = |host: &&Namespace| has_switch(host, bridges.as_deref().unwrap_or_default());
    let switch_netns = of_host.filter(is_switchs).map(|host| host.id);
    let taken = gathered.log.as_ref().and_then(|(_, log)| log.dates).map_or(0, |(_, last)| last);
    let mut snapshot = Snapshot {
        version: Snapshot::VERSION,
        host: gathered.host.clone().unwrap_or_default(),
        taken: gathered.at.unwrap_or(taken),
        scope: Scope::Everything,
        switch_netns,
        engines: engines(std::mem::take(&mut gathered.engines)),
        named_engines: BTreeSet::new(),
        identities: identities(switch_netns, database),
        other_engines: Vec::new(),
        kernel: observed((!kernel.is_empty()).then_some(kernel), "the kernel's links"),
        switch: BTreeMap::from([
            (SwitchSource::Ovsdb, observed(bridges, "the switch's database")),
            (SwitchSource::OpenFlow, observed(some(gathered.openflow), "OpenFlow")),
            (
                SwitchSource::Appctl,
                observed(some(gathered.datapaths), "ovs-vswitchd's control socket"),
            ),
        ]),
    };
    snapshot.cut_names();
    Some(Recording { snapshot, answers: gathered.answers, remarks: gathered.remarks })
}

/// A Snapshot that has these bridges and nothing else.
pub(crate) fn of_switch(bridges: Vec<Bridge>) -> Snapshot {
    Snapshot {
        version: Snapshot::VERSION,
        host: String::new(),
        taken: 0,
        scope: Scope::Everything,
        switch_netns: None,
        engines: engines(BTreeMap::new()),
        named_engines: BTreeSet::new(),
        identities: identities(None, None),
        other_engines: Vec::new(),
        kernel: observed(None, "the kernel's links"),
        switch: BTreeMap::from([(SwitchSource::Ovsdb, Observed::Fresh { rows: bridges.into() })]),
    }
}

fn some<T>(rows: Vec<T>) -> Option<Vec<T>> {
    (!rows.is_empty()).then_some(rows)
}

fn observed<T>(rows: Option<Vec<T>>, what: &str) -> Observed<T> {
    rows.ok_or_else(|| missing(what)).into()
}

fn missing(what: &str) -> SourceError {
    SourceError::new(SourceErrorKind::Unreachable, what, "the recording has nothing of it")
}

fn engines(found: BTreeMap<Engine, Vec<Container>>) -> BTreeMap<Engine, Observed<Container>> {
    if found.is_empty() {
        let docker = Engine("docker".into());
        return BTreeMap::from([(docker, Observed::Absent { why: missing("docker") })]);
    }
    let observed = |mut rows: Vec<Container>| {
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        rows.dedup_by(|a, b| a.id == b.id);
        rows.iter_mut().filter(|row| row.pid.is_some()).for_each(not_entered);
        Observed::Fresh { rows: rows.into() }
    };
    found.into_iter().map(|(engine, rows)| (engine, observed(rows))).collect()
}

/// `docker inspect` tells the process, and only the kernel which namespace that is in.
fn not_entered(row: &mut Container) {
    let what = format!("the network namespace of {}", row.name);
    row.netns_error = Some(missing(&what));
}

/// That a recording was made proves nothing of who the sources were.
fn identities(switch_netns: Option<NetnsId>, database: Option<String>) -> Identities {
    let why = "it was recorded by others, which does not tell who answered";
    let world = || World::Unknown { why: why.to_owned() };
    let vswitchd = match switch_netns {
        // The namespace has the switch's own links, which is all that is asked of it.
        Some(_) => None,
        None => Some(SourceIdentity::new(None, world())),
    };
    let database = SourceIdentity { id: database, ..SourceIdentity::new(None, world()) };
    Identities { vswitchd, database: Some(database), engines: BTreeMap::new() }
}

/// Whether the switch's own links are in a namespace: an internal port's, which only the switch makes.
fn has_switch(host: &Namespace, bridges: &[Bridge]) -> bool {
    let made = |link: &Arc<Link>| matches!(link.kind.as_deref(), Some("openvswitch" | "tun"));
    let is_of = |port: &Arc<Port>| {
        let mut links = host.links.iter().filter(|link| made(link));
        port.kind == "internal" && links.any(|link| link.name == port.iface)
    };
    bridges.iter().flat_map(|bridge| &bridge.ports).any(is_of)
}

/// The namespaces that were recorded, the host's first.
fn kernel(gathered: &Gathered) -> Vec<Namespace> {
    let all: BTreeSet<_> = gathered.namespaces.keys().chain(gathered.nsids.keys()).collect();
    let ids: BTreeMap<&String, NetnsId> =
        all.into_iter().zip((2..).map(|ino| NetnsId { dev: MADE_UP, ino })).collect();
    let mut all = Vec::new();
    let host = merged(&gathered.links);
    if !host.is_empty() {
        let nsids = gathered.nsids.iter();
        let nsids = nsids.filter_map(|(name, nsid)| Some(((*nsid)?, *ids.get(name)?)));
        all.push(Namespace { nsids: nsids.collect(), ..namespace(OF_THE_HOST, host) });
    }
    for (name, texts) in &gathered.namespaces {
        let Some(id) = ids.get(name) else { continue };
        let names = vec![name.clone()];
        all.push(Namespace { names, ..namespace(*id, merged(texts)) });
    }
    all
}

fn namespace(id: NetnsId, links: Vec<Arc<Link>>) -> Namespace {
    Namespace {
        id,
        names: Vec::new(),
        paths: Vec::new(),
        process: None,
        nsids: BTreeMap::new(),
        links,
        packet_sockets: None,
        vswitchd_sockets: None,
        source_error: None,
    }
}

/// The links that several texts tell of, each with what any of them tells.
fn merged(texts: &[String]) -> Vec<Arc<Link>> {
    let mut all: BTreeMap<u32, Link> = BTreeMap::new();
    for link in texts.iter().flat_map(|text| links(text)) {
        let link = Arc::unwrap_or_clone(link);
        match all.get_mut(&link.ifindex.0) {
            Some(known) if known.name == link.name => fill(known, link),
            Some(_) => {}
            None => drop(all.insert(link.ifindex.0, link)),
        }
    }
    all.into_values().map(Arc::new).collect()
}

fn fill(known: &mut Link, other: Link) {
    known.kind = known.kind.take().or(other.kind);
    known.peer = known.peer.or(other.peer);
    known.master = known.master.or(other.master);
    known.vlan = known.vlan.or(other.vlan);
    known.alias = known.alias.take().or(other.alias);
    for address in other.addresses {
        if !known.addresses.contains(&address) {
            known.addresses.push(address);
        }
    }
}

/// The bridges by the best that tells of them: the database's file, then its tables as text, then what
/// `ovs-vsctl show` tells with the numbers of others.
fn switch(gathered: &mut Gathered) -> (Option<Vec<Bridge>>, Option<String>) {
    if let Some((called, log)) = &gathered.log {
        let told = told(called, log);
        let (bridges, id) = log.tables().bridges();
        gathered.remarks.extend(told);
        return (Some(bridges), id);
    }
    let listed = std::mem::take(&mut gathered.tables);
    let has = |name: &str| listed.0.get(name).is_some_and(|rows| !rows.is_empty());
    if gathered.is_dumped || (has("Interface") && has("Port") && has("Bridge")) {
        let (bridges, id) = listed.bridges();
        return (Some(bridges), id);
    }
    let Some(shown) = gathered.shown.take() else { return (None, None) };
    let (tables, unnumbered) =
        completed(shown, &listed, &[&gathered.openflow, &gathered.datapaths]);
    if unnumbered > 0 {
        gathered.remarks.push(format!(
            "the recording has no number of {unnumbered} interfaces that ovs-vsctl show lists: they are left out"
        ));
    }
    let (bridges, _) = tables.bridges();
    (Some(bridges), None)
}

fn told(called: &str, log: &crate::Log) -> Option<String> {
    let (first, last) = log.dates?;
    let called = if called.is_empty() { "the database" } else { called };
    let (first, last, count) = (time(first), time(last), log.transactions);
    Some(format!(
        "{called} knows {first} to {last}, {count} transactions; this is the last of them"
    ))
}

/// What `ovs-vsctl show` tells, with the columns of `ovs-vsctl list` or the numbers of `others`, ovs-ofctl and
/// vswitchd; and how many interfaces have no number in any of them.
fn completed(shown: Shown, listed: &Tables, others: &[&[Bridge]]) -> (Tables, usize) {
    let Shown { mut tables, interfaces } = shown;
    let named = |row: &Row| row.get("name").and_then(|name| name.as_str()).map(str::to_owned);
    let rows = listed.0.get("Interface").into_iter().flat_map(|rows| rows.values());
    let listed: BTreeMap<String, &Row> = rows.filter_map(|row| Some((named(row)?, row))).collect();
    let bridges: BTreeMap<String, String> = interfaces.into_iter().collect();
    let number = |interface: &str| {
        let bridge = bridges.get(interface)?;
        let told = others.iter().copied().flatten().filter(|one| *one.name == **bridge);
        let mut ports = told.flat_map(|one| &one.ports);
        let number =
            ports.find_map(|port| port.ofport.assigned().filter(|_| *port.iface == *interface));
        number.map(|number| json!(number.0))
    };
    let rows = tables.table("Interface");
    for row in rows.values_mut() {
        let Some(name) = named(row) else { continue };
        if let Some(known) = listed.get(&name) {
            row.extend(known.iter().map(|(column, value)| (column.clone(), value.clone())));
        } else if let Some(number) = number(&name) {
            row.insert("ofport".to_owned(), number);
        }
    }
    let before = rows.len();
    rows.retain(|_, row| row.contains_key("ofport"));
    let unnumbered = before - rows.len();
    (tables, unnumbered)
}
