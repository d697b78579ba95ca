//! Relating all rows of a very large host, and looking a port up among them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::identity::Identities;
use model::ids::{ContainerId, DatapathId, Ifindex, Mac, NetnsId, Nsid, OfPort};
use model::snapshot::{Container, EngineName, Link, Namespace, Observed, Peer, Scope};
use model::switch::{Bridge, OfPortState, Port, SwitchSource};
use model::who::{WhoQuery, who};
use model::{Snapshot, resolve};

use crate::fake_engine::id;
use crate::measure::median;
use crate::rows::{ResultTable, Tools};

/// Containers, each with one veth on a port.
const PORTS: u32 = 100_000;
const BRIDGES: u32 = 10;
const ROUNDS: usize = 5;
const HOST: NetnsId = NetnsId { dev: 4, ino: 1 };

/// Measures once, of the build that this program is of: that is done in this process.
pub(crate) fn tell(rows: &mut ResultTable, size: usize, tools: &Tools) {
    if size > 100 || !is_own(tools) {
        return;
    }
    let snapshot = snapshot();
    let taken: Vec<_> = (0..ROUNDS).map(|_| once(&snapshot)).collect();
    let seconds = median(taken).as_secs_f64();
    rows.line("resolve and who of 100,000 ports, s", seconds, 1.0, "");
}

fn once(snapshot: &Snapshot) -> Duration {
    let start = Instant::now();
    let wiring = resolve(snapshot);
    let found = who(snapshot, &wiring, &WhoQuery::from("br3:7")).len();
    let none = who(snapshot, &wiring, &WhoQuery::Name("nothing".to_owned())).len();
    let taken = start.elapsed();
    assert!(found > 0 && none == 0, "{found} and {none} were found");
    taken
}

/// Whether these programs are those that were built together with this one.
fn is_own(tools: &Tools) -> bool {
    let program = std::env::current_exe().expect("this program has a path");
    let folder = program.parent().map(Path::canonicalize);
    folder.and_then(Result::ok) == tools.binaries.canonicalize().ok()
}

fn home(i: u32) -> NetnsId {
    NetnsId { dev: 4, ino: 1000 + u64::from(i) }
}

fn id_of(i: u32) -> String {
    id(usize::try_from(i).expect("it is no larger"))
}

/// What a namespace calls the `i`th other one.
fn nsid(i: u32) -> Nsid {
    Nsid(i32::try_from(i).expect("it is small"))
}

fn veth(index: u32, name: String, peer: u32, of: u32) -> Arc<Link> {
    let [_, a, b, c] = index.to_be_bytes();
    Arc::new(Link {
        ifindex: Ifindex(index),
        name: name.into(),
        kind: Some("veth".to_owned()),
        ethernet: true,
        mac: Some(Mac([2, 0, 0, a, b, c])),
        mtu: 1500,
        up: true,
        peer: Some(Peer { ifindex: Ifindex(peer), nsid: Some(nsid(of)) }),
        ..Link::default()
    })
}

fn container(i: u32) -> Container {
    let name = format!("container{i}").into();
    let one = Container::new(ContainerId(id_of(i).into()), name, "running".to_owned());
    let network_mode = "none".to_owned();
    Container { pid: Some(10_000 + i), netns: Some(home(i)), network_mode, ..one }
}

fn namespace(i: u32) -> Namespace {
    let links = vec![veth(2, "eth0".to_owned(), 100 + i, 0)];
    Namespace { nsids: [(Nsid(0), HOST)].into(), links, ..Namespace::empty(home(i), Vec::new()) }
}

fn port(i: u32) -> Arc<Port> {
    let number = u16::try_from(i / BRIDGES + 1).expect("a bridge has room for them");
    let claim = [("container_id", id_of(i)), ("container_iface", "eth0".to_owned())];
    Arc::new(Port {
        iface: format!("veth{i}").into(),
        ofport: OfPortState::Assigned(OfPort(number)),
        kind: "system".to_owned(),
        ifindex: Some(Ifindex(100 + i)),
        external_ids: claim.map(|(key, value)| (key.to_owned(), value)).into(),
        ..Port::default()
    })
}

fn bridge(b: u32) -> Bridge {
    let ports = (0..PORTS).filter(|i| i % BRIDGES == b).map(port).collect();
    let datapath_id = Some(DatapathId(b.into()));
    Bridge { name: format!("br{b}").into(), datapath_id, ports, ..Bridge::default() }
}

fn snapshot() -> Snapshot {
    let host = Namespace {
        nsids: (0..PORTS).map(|i| (nsid(i), home(i))).collect(),
        links: (0..PORTS).map(|i| veth(100 + i, format!("veth{i}"), 2, i)).collect(),
        ..Namespace::empty(HOST, Vec::new())
    };
    let namespaces = std::iter::once(host).chain((0..PORTS).map(namespace)).collect();
    let containers = Observed::Fresh { rows: (0..PORTS).map(container).collect() };
    let bridges = Observed::Fresh { rows: (0..BRIDGES).map(bridge).collect() };
    Snapshot {
        version: Snapshot::VERSION,
        host: "large".to_owned(),
        taken: 0,
        scope: Scope::Everything,
        switch_netns: Some(HOST),
        named_engines: BTreeSet::new(),
        identities: Identities::default(),
        other_engines: Vec::new(),
        engines: [(EngineName("docker".into()), containers)].into(),
        kernel: Observed::Fresh { rows: namespaces },
        switch: [(SwitchSource::Ovsdb, bridges)].into(),
    }
}
