//! One Snapshot of what was found. What is missing is absent, and says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::Snapshot;
use model::identity::{Identities, SourceIdentity, World};
use model::ids::{EngineName, NetnsId};
use model::snapshot::{Container, Link, Namespace, Observed, Scope};
use model::switch::{Bridge, Port, SwitchSource};

use crate::Recording;
use crate::absence::{missing, partial};
use crate::gather::{Gathered, time};
use crate::kernel::{OF_THE_HOST, kernel, links_of};
use crate::switch::switch;

/// The Snapshot; none where nothing was found.
pub(crate) fn assemble(mut gathered: Gathered) -> Option<Recording> {
    if let Some(snapshot) = whole(&mut gathered) {
        let is_capture = gathered.snapshots == 1 && gathered.answers_are_captured;
        let Gathered { answers, remarks, .. } = gathered;
        let answers = answers.of_its_moment(is_capture);
        return Some(Recording { snapshot, answers, remarks });
    }
    if gathered.at.is_some() {
        of_its_past(&mut gathered)?;
    }
    let (bridges, database) = switch(&mut gathered);
    let kernel = kernel(&gathered);
    gathered.remarks.extend(kernel.left_out.iter().cloned());
    let is_nothing = bridges.absence().is_some()
        && gathered.openflow.is_empty()
        && gathered.datapaths.is_empty()
        && kernel.namespaces.is_empty()
        && gathered.engines.is_empty();
    if is_nothing {
        return None;
    }
    let of_host = kernel.namespaces.first().filter(|namespace| namespace.id == OF_THE_HOST);
    let is_switchs = |host: &&Namespace| has_switch(host, bridges.rows());
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
        kernel: links_of(kernel, &gathered),
        switch: BTreeMap::from([
            (SwitchSource::Ovsdb, bridges),
            (SwitchSource::OpenFlow, openflow(gathered.openflow)),
            (
                SwitchSource::Appctl,
                observed(some(gathered.datapaths), "ovs-vswitchd's control socket"),
            ),
        ]),
    };
    snapshot.cut_names();
    Some(Recording { snapshot, answers: gathered.answers, remarks: gathered.remarks })
}

/// The snapshot among the files, which tells of the whole host: what else there is is of another moment. Where
/// that moment is asked about, a database that tells its past counts.
fn whole(gathered: &mut Gathered) -> Option<Snapshot> {
    let snapshot = gathered.snapshot.take()?;
    let is_asked = gathered.at.is_none_or(|at| at == snapshot.taken);
    if !is_asked && gathered.log.is_some() {
        return None;
    }
    let last = gathered.log.as_ref().and_then(|(_, log)| log.dates).map(|(_, last)| last);
    let is_later = last.is_some_and(|last| last > snapshot.taken);
    if gathered.log.is_some() || gathered.tells_of_one_moment() {
        let taken = time(snapshot.taken);
        let later = if is_later { "; the database goes on, and tells by itself" } else { "" };
        let told = format!("of its files a snapshot of {taken} is taken, and no other{later}");
        gathered.remarks.push(told);
    }
    Some(snapshot)
}

/// Leaves what tells of another moment than the one that is asked about: all but a database. None where there
/// is none.
fn of_its_past(gathered: &mut Gathered) -> Option<()> {
    gathered.log.as_ref()?;
    if gathered.tells_of_one_moment() || gathered.answered > 0 {
        let told = "the database tells of that moment; all other files of the recording do not, and are left out";
        gathered.remarks.push(told.to_owned());
    }
    gathered.forget_one_moment();
    Some(())
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

/// A text of ovs-ofctl is of one bridge, and does not tell which others there are.
fn openflow(rows: Vec<Bridge>) -> Observed<Bridge> {
    const WHAT: &str = "OpenFlow";
    if rows.is_empty() {
        return Observed::Absent { why: missing(WHAT) };
    }
    let why = partial(WHAT, "each text of the recording is of one bridge, and there may be others");
    Observed::Partial { rows: rows.into(), why }
}

fn engines(
    found: BTreeMap<EngineName, Vec<Container>>,
) -> BTreeMap<EngineName, Observed<Container>> {
    if found.is_empty() {
        let docker = EngineName("docker".into());
        return BTreeMap::from([(docker, Observed::Absent { why: missing("docker") })]);
    }
    let observed = |engine: &EngineName, mut rows: Vec<Container>| {
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        rows.dedup_by(|a, b| a.id == b.id);
        rows.iter_mut().filter(|row| row.pid.is_some()).for_each(not_entered);
        // Only those that were asked about.
        let why = format!("the recording has what {engine} inspect printed of some containers");
        Observed::Partial { rows: rows.into(), why: partial(&engine.0, why) }
    };
    let all = found.into_iter().map(|(engine, rows)| {
        let rows = observed(&engine, rows);
        (engine, rows)
    });
    all.collect()
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
