//! A host that never was, and what may happen to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use docker_ovs_model::identity::{Identities, SourceIdentity, World};
use docker_ovs_model::ids::{ContainerId, Ifindex, Mac, NetnsId, Nsid};
use docker_ovs_model::plan::{
    Connect, Disconnect, Generated, Plan, PlanError, Prune, Restore, RestoreAction, connect, prune,
    remembered, restore, undecided,
};
use docker_ovs_model::snapshot::{
    Container, EngineName, Link, Namespace, Observed, Scope, VswitchdSockets,
};
use docker_ovs_model::switch::{Bridge, Port, SwitchSource};
use docker_ovs_model::{Snapshot, SourceError, SourceErrorKind, rehearse, resolve};

pub(crate) const SWITCH: NetnsId = NetnsId { dev: 4, ino: 1 };

pub(crate) fn home(n: u64) -> NetnsId {
    NetnsId { dev: 4, ino: 10 + n }
}

pub(crate) fn generated(n: u32) -> Generated {
    let [.., last] = n.to_be_bytes();
    Generated { host_end: format!("dov-{n:08x}"), mac: Mac([2, 0, 0, 0, 0, last]), now: 1000 }
}

pub(crate) fn container(n: u64) -> Container {
    Container {
        id: ContainerId(format!("{n:x}").repeat(64).into()),
        name: format!("c{n}").into(),
        state: "running".to_owned(),
        pid: Some(100),
        netns: Some(home(n)),
        netns_error: None,
        unread: false,
        sandbox: None,
        network_mode: "none".to_owned(),
        labels: BTreeMap::new(),
    }
}

/// The link that each namespace has for as long as it lives.
fn loopback() -> Arc<Link> {
    Arc::new(Link {
        ifindex: Ifindex(1),
        name: "lo".into(),
        mtu: 65536,
        up: true,
        ..Link::default()
    })
}

fn namespace(id: NetnsId) -> Namespace {
    let nsids = if id == SWITCH { BTreeMap::new() } else { [(Nsid(0), SWITCH)].into() };
    Namespace {
        nsids,
        links: vec![loopback()],
        packet_sockets: (id == SWITCH).then(BTreeSet::new),
        vswitchd_sockets: (id == SWITCH).then(VswitchdSockets::default),
        ..Namespace::empty(id, Vec::new())
    }
}

pub(crate) const ENGINE: &str = "engine-1";
pub(crate) const SYSTEM: &str = "system-1";

/// All of this host, and proven to be.
fn identities() -> Identities {
    let here = || World::Here { evidence: "the test says so".to_owned() };
    let source = |id: Option<&str>| SourceIdentity {
        id: id.map(str::to_owned),
        pid: Some(1),
        user: None,
        world: here(),
    };
    Identities {
        vswitchd: Some(source(None)),
        database: Some(source(Some(SYSTEM))),
        engines: [(EngineName("docker".into()), source(Some(ENGINE)))].into(),
    }
}

/// Three running containers and two bridges, `br0` and `br1`, with nothing on them.
pub(crate) fn host() -> Snapshot {
    let rows = (1..=3).map(container).collect();
    let spaces = [SWITCH, home(1), home(2), home(3)].map(namespace).into();
    let bridge = |name: &str| Bridge {
        name: name.into(),
        datapath: Some("netdev".to_owned()),
        ..Bridge::default()
    };
    Snapshot {
        version: Snapshot::VERSION,
        host: "host".to_owned(),
        taken: 0,
        scope: Scope::Everything,
        switch_netns: Some(SWITCH),
        named_engines: std::collections::BTreeSet::new(),
        identities: identities(),
        other_engines: Vec::new(),
        engines: [(EngineName("docker".into()), Observed::Fresh { rows })].into(),
        kernel: Observed::Fresh { rows: spaces },
        switch: [(
            SwitchSource::Ovsdb,
            Observed::Fresh { rows: [bridge("br0"), bridge("br1")].into() },
        )]
        .into(),
    }
}

pub(crate) fn request(bridge: &str, container: &str) -> Connect {
    Connect { bridge: bridge.to_owned(), container: container.to_owned(), ..Connect::default() }
}

pub(crate) fn plan(host: &Snapshot, request: &Connect, n: u32) -> Result<Plan, PlanError> {
    connect(host, &resolve(host), request, &generated(n))
}

pub(crate) fn connected(host: &Snapshot, request: &Connect, n: u32) -> Snapshot {
    rehearse(host, &plan(host, request, n).unwrap().steps)
}

/// The host after a container's namespace went, and came back empty if `again`.
pub(crate) fn restarted(host: &Snapshot, n: u64, again: bool) -> Snapshot {
    let mut after = host.clone();
    for space in after.kernel.rows_mut() {
        if space.id == home(n) {
            space.links = vec![loopback()];
        }
        let word = space.nsids.iter().find(|(_, id)| **id == home(n)).map(|(word, _)| *word);
        let leads =
            |link: &Arc<Link>| word.is_some() && link.peer.is_some_and(|peer| peer.nsid == word);
        space.links.retain(|link| !leads(link));
        let links = &space.links;
        let lives = |index: &Ifindex| links.iter().any(|link| link.ifindex == *index);
        space.packet_sockets.iter_mut().for_each(|sockets| sockets.retain(lives));
        if let Some(own) = &mut space.vswitchd_sockets {
            let before = own.links.len();
            own.links.retain(lives);
            own.lost += before - own.links.len();
        }
    }
    if !again {
        for rows in after.engines.values_mut() {
            for row in rows.rows_mut().iter_mut().filter(|row| row.netns == Some(home(n))) {
                (row.pid, row.netns, row.state) = (None, None, "exited".to_owned());
            }
        }
    }
    after
}

pub(crate) fn port(host: &mut Snapshot, port: Port) {
    let rows = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    rows[0].ports.push(Arc::new(port));
}

pub(super) fn docker() -> EngineName {
    EngineName("docker".into())
}

pub(super) fn podman() -> EngineName {
    EngineName("podman".into())
}

/// The host with a second engine, whose container is called as one of Docker's is and has an interface on `br1`, and
/// with a second source of the switch's, which tells of the same ports.
pub(super) fn with_other_sources(host: &Snapshot) -> Snapshot {
    let mut host = host.clone();
    let docker = &host.identities.engines[&docker()];
    let identity = SourceIdentity { id: Some("podman:/s".to_owned()), ..docker.clone() };
    host.identities.engines.insert(podman(), identity);
    let row = Container { name: "c3".into(), ..container(4) };
    host.engines.insert(podman(), Observed::Fresh { rows: [row].into() });
    let mut spaces = host.kernel.rows().to_vec();
    spaces.push(namespace(home(4)));
    host.kernel = Observed::Fresh { rows: spaces.into() };
    let request = Connect { interface: Some("eth0".to_owned()), ..request("br1", "podman:c3") };
    // What is remembered of another one of that name may stand in the way.
    if let Ok(plan) = plan(&host, &request, 77) {
        host = rehearse(&host, &plan.steps);
    }
    with_source(&host, SwitchSource::OpenFlow)
}

/// The host where another source than the database tells of the ports, too.
pub(crate) fn with_source(host: &Snapshot, source: SwitchSource) -> Snapshot {
    let mut host = host.clone();
    let bridges = host.ovsdb_bridges().iter();
    let rows = bridges.map(|bridge| told_by(source, bridge)).collect();
    host.switch.insert(source, Observed::Fresh { rows });
    host
}

/// A bridge as another source tells of it: names and numbers of its ports, and the kinds of those where that is not
/// OpenFlow.
fn told_by(source: SwitchSource, bridge: &Bridge) -> Bridge {
    let has_kinds = source != SwitchSource::OpenFlow;
    let numbered = bridge.ports.iter().filter(|port| port.ofport.assigned().is_some());
    let ports = numbered.map(|port| {
        let (iface, ofport) = (port.iface.clone(), port.ofport);
        let kind = if has_kinds { port.kind.clone() } else { String::new() };
        Arc::new(Port { iface, ofport, kind, ..Port::default() })
    });
    let (name, ports) = (bridge.name.clone(), ports.collect());
    let datapath = bridge.datapath.clone().filter(|_| has_kinds);
    Bridge { name, datapath, ports, ..Bridge::default() }
}

pub(super) fn silent() -> SourceError {
    SourceError::new(SourceErrorKind::TimedOut, "Docker", "no answer")
}

/// The host once these are all the containers there are.
pub(super) fn having(host: &Snapshot, rows: Vec<Container>) -> Snapshot {
    let mut host = host.clone();
    host.engines.insert(docker(), Observed::Fresh { rows: rows.into() });
    host
}

/// A host whose c1 has what it had in a namespace that is nested in its own.
pub(super) fn nested(host: &Snapshot) -> Snapshot {
    let mut host = host.clone();
    let mut spaces = host.kernel.rows().to_vec();
    let mut own = spaces.iter().find(|space| space.id == home(1)).unwrap().clone();
    own.id = home(4);
    own.links.retain(|link| *link.name == *"lo");
    spaces.push(own);
    host.kernel = Observed::Fresh { rows: spaces.into() };
    let mut rows: Vec<Container> = host.containers().cloned().collect();
    for row in rows.iter_mut().filter(|row| row.netns == Some(home(1))) {
        row.netns = Some(home(4));
    }
    having(&host, rows)
}

/// The host after c1, which had eth0 on br0, was removed.
pub(super) fn removed() -> Snapshot {
    let exited = restarted(&connected(&host(), &request("br0", "c1"), 1), 1, false);
    having(&exited, vec![container(2), container(3)])
}

pub(super) fn pruned(host: &Snapshot) -> usize {
    prune(host, &resolve(host), &Prune::default()).len()
}

pub(super) fn doubts(host: &Snapshot) -> Vec<String> {
    let all = undecided(host, &resolve(host), &Prune::default());
    all.into_iter().map(|one| one.why).collect()
}

pub(super) fn restored(host: &Snapshot) -> Vec<RestoreAction> {
    let wiring = resolve(host);
    let all = remembered(host, &wiring, &Restore::default()).unwrap();
    all.iter().map(|one| restore(host, &wiring, one, &generated(9))).collect()
}

pub(super) fn port_of(host: &mut Snapshot, change: impl Fn(&mut Port)) {
    let bridges = host.switch.get_mut(&SwitchSource::Ovsdb).unwrap().rows_mut();
    bridges.iter_mut().flat_map(|row| &mut row.ports).map(Arc::make_mut).for_each(change);
}

pub(super) fn links_of(host: &mut Snapshot, change: impl Fn(&mut Link)) {
    let links = host.kernel.rows_mut().iter_mut().flat_map(|space| &mut space.links);
    links.map(Arc::make_mut).for_each(change);
}

pub(super) fn request_to_disconnect(words: &str, force: bool) -> Disconnect {
    let (bridge, container) = ("br0".to_owned(), words.to_owned());
    Disconnect { bridge, container, interface: None, force }
}

/// A row of the first container as ovs-docker writes it, which was given the full id.
pub(crate) fn bare(iface: &str, interface: &str) -> Port {
    let ids = [("container_id", &*container(1).id.0), ("container_iface", interface)];
    Port {
        iface: iface.into(),
        kind: "system".to_owned(),
        external_ids: ids.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        ..Port::default()
    }
}
