//! A host with 5,000 containers, each with one veth on one of ten bridges: how long does
//! relating all of it take? `cargo bench -p docker-ovs-model`
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a bench may panic"
)]

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use docker_ovs_model::ids::{ContainerId, DatapathId, Ifindex, Mac, NetnsId, Nsid, OfPort};
use docker_ovs_model::snapshot::{Container, EngineName, Link, Namespace, Observed, Peer, Scope};
use docker_ovs_model::switch::{Bridge, OfPortState, Port, SwitchSource};
use docker_ovs_model::timeline::Timeline;
use docker_ovs_model::{Snapshot, resolve};

const CONTAINERS: u16 = 5000;
const BRIDGES: u16 = 10;
const HOST: NetnsId = NetnsId { dev: 4, ino: 1 };

fn home(i: u16) -> NetnsId {
    NetnsId { dev: 4, ino: 1000 + u64::from(i) }
}

/// Ids differ from their first digits on.
fn id(i: u16) -> String {
    format!("{:016x}", u64::from(i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(4)
}

fn veth(index: u32, name: String, peer: u32, nsid: i32) -> Link {
    let [.., high, low] = index.to_be_bytes();
    Link {
        ifindex: Ifindex(index),
        name: name.into(),
        kind: Some("veth".to_owned()),
        ethernet: true,
        mac: Some(Mac([2, 0, 0, 0, high, low])),
        mtu: 1500,
        up: true,
        peer: Some(Peer { ifindex: Ifindex(peer), nsid: Some(Nsid(nsid)) }),
        ..Link::default()
    }
}

fn container(i: u16) -> Container {
    Container {
        id: ContainerId(id(i).into()),
        name: format!("container{i}").into(),
        state: "running".to_owned(),
        pid: Some(10_000 + u32::from(i)),
        netns: Some(home(i)),
        netns_error: None,
        unread: false,
        sandbox: None,
        network_mode: "none".to_owned(),
        labels: std::collections::BTreeMap::new(),
    }
}

fn namespace(i: u16) -> Namespace {
    let links = vec![Arc::new(veth(2, "eth0".to_owned(), 100 + u32::from(i), 0))];
    Namespace { nsids: [(Nsid(0), HOST)].into(), links, ..Namespace::empty(home(i), Vec::new()) }
}

fn port(i: u16) -> Port {
    Port {
        iface: format!("veth{i}").into(),
        ofport: OfPortState::Assigned(OfPort(i / BRIDGES + 1)),
        kind: "system".to_owned(),
        ifindex: Some(Ifindex(100 + u32::from(i))),
        external_ids: [
            ("container_id".to_owned(), id(i)),
            ("container_iface".to_owned(), "eth0".to_owned()),
        ]
        .into(),
        ..Port::default()
    }
}

fn bridge(b: u16) -> Bridge {
    let ports = (0..CONTAINERS).filter(|i| i % BRIDGES == b).map(|i| Arc::new(port(i))).collect();
    let datapath_id = Some(DatapathId(u64::from(b)));
    Bridge { name: format!("br{b}").into(), datapath_id, ports, ..Bridge::default() }
}

fn snapshot() -> Snapshot {
    let host = Namespace {
        nsids: (0..CONTAINERS).map(|i| (Nsid(i.into()), home(i))).collect(),
        links: (0..CONTAINERS)
            .map(|i| Arc::new(veth(100 + u32::from(i), format!("veth{i}"), 2, i.into())))
            .collect(),
        ..Namespace::empty(HOST, Vec::new())
    };
    let namespaces = std::iter::once(host).chain((0..CONTAINERS).map(namespace)).collect();
    Snapshot {
        version: Snapshot::VERSION,
        host: "bench".to_owned(),
        taken: 0,
        scope: Scope::Everything,
        switch_netns: Some(HOST),
        named_engines: std::collections::BTreeSet::new(),
        identities: docker_ovs_model::identity::Identities::default(),
        other_engines: Vec::new(),
        engines: [(
            EngineName("docker".into()),
            Observed::Fresh { rows: (0..CONTAINERS).map(container).collect() },
        )]
        .into(),
        kernel: Observed::Fresh { rows: namespaces },
        switch: [(
            SwitchSource::Ovsdb,
            Observed::Fresh { rows: (0..BRIDGES).map(bridge).collect() },
        )]
        .into(),
    }
}

fn bench(criterion: &mut Criterion) {
    let snapshot = snapshot();
    assert_eq!(resolve(&snapshot).attachments.len(), usize::from(CONTAINERS));
    criterion.bench_function("resolve 5,000 attachments", |b| {
        b.iter(|| resolve(&snapshot));
    });
    criterion.bench_function("resolve and compare 5,000 attachments", |b| {
        let mut timeline = Timeline::new();
        timeline.advance(&resolve(&snapshot), 0);
        b.iter(|| assert!(timeline.advance(&resolve(&snapshot), 1).is_empty()));
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
