//! A host whose bridge has as many ports as a test wants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use docker_ovs_journal::Entry;
use model::identity::Identities;
use model::ids::{ContainerId, EngineName, Ifindex, NetnsId, OfPort};
use model::snapshot::{Container, Link, Namespace, Observed, Scope};
use model::switch::{Bridge, OfPortState, Port, SwitchSource};
use model::timeline::Timeline;
use model::{Snapshot, resolve};

pub(crate) const SWITCH: NetnsId = NetnsId { dev: 4, ino: 1 };

/// A container on a port: its name, and the number.
pub(crate) type Plugged = (u16, u16);

pub(crate) fn container(name: u16) -> Container {
    Container {
        id: ContainerId(format!("{name:064x}").into()),
        name: format!("c{name}").into(),
        state: "running".to_owned(),
        pid: Some(1000 + u32::from(name)),
        netns: Some(netns(name)),
        netns_error: None,
        unread: false,
        sandbox: None,
        network_mode: "bridge".to_owned(),
        labels: BTreeMap::new(),
    }
}

fn netns(name: u16) -> NetnsId {
    NetnsId { dev: 4, ino: 100 + u64::from(name) }
}

fn port(name: u16, ofport: u16) -> Arc<Port> {
    Arc::new(Port {
        iface: format!("p{name}").into(),
        ofport: OfPortState::Assigned(OfPort(ofport)),
        kind: "internal".to_owned(),
        ..Port::default()
    })
}

fn link(ifindex: u32, name: &str, kind: Option<&str>) -> Arc<Link> {
    let kind = kind.map(str::to_owned);
    let link = Link {
        ifindex: Ifindex(ifindex),
        name: name.into(),
        kind,
        mtu: 1500,
        up: true,
        ..Link::default()
    };
    Arc::new(Link { ethernet: name != "lo", ..link })
}

fn namespace(id: NetnsId, links: Vec<Arc<Link>>) -> Namespace {
    Namespace { links, ..Namespace::empty(id, Vec::new()) }
}

/// A host where these containers have internal ports of `br0`.
pub(crate) fn host(plugged: &[Plugged], at: u64) -> Snapshot {
    let containers: Vec<_> = plugged.iter().map(|(name, _)| container(*name)).collect();
    let own = |(name, _): &Plugged| {
        let links = vec![link(1, "lo", None), link(2, &format!("p{name}"), Some("openvswitch"))];
        namespace(netns(*name), links)
    };
    let switch = namespace(SWITCH, vec![link(1, "lo", None)]);
    let kernel: Vec<_> = [switch].into_iter().chain(plugged.iter().map(own)).collect();
    let ports = plugged.iter().map(|(name, ofport)| port(*name, *ofport)).collect();
    let bridge = Bridge { name: "br0".into(), ports, ..Bridge::default() };
    Snapshot {
        version: Snapshot::VERSION,
        host: "here".to_owned(),
        taken: at,
        scope: Scope::Everything,
        switch_netns: Some(SWITCH),
        engines: [(EngineName("docker".into()), Observed::Fresh { rows: containers.into() })]
            .into(),
        named_engines: BTreeSet::new(),
        identities: Identities::default(),
        other_engines: Vec::new(),
        kernel: Observed::Fresh { rows: kernel.into() },
        switch: [(SwitchSource::Ovsdb, Observed::Fresh { rows: vec![bridge].into() })].into(),
    }
}

/// Looks one after the other, with what is told of each.
#[derive(Default)]
pub(crate) struct Day {
    timeline: Timeline,
    is_begun: bool,
}

impl Day {
    pub(crate) fn look(&mut self, plugged: &[Plugged], at: u64) -> Entry {
        let snapshot = host(plugged, at);
        let events = self.timeline.advance(&resolve(&snapshot), at);
        let events = if std::mem::replace(&mut self.is_begun, true) { events } else { Vec::new() };
        Entry { snapshot: Arc::new(snapshot), events, at }
    }
}

/// Who is on a port of `br0`.
pub(crate) fn on_port(snapshot: &Snapshot, ofport: u16) -> Vec<String> {
    let wiring = resolve(snapshot);
    let on = wiring.attachments.iter().filter(|row| row.port.ofport() == Some(OfPort(ofport)));
    on.flat_map(|row| row.tenants.iter().map(|who| who.name.to_string())).collect()
}
