//! The rows of a Snapshot, indexed by the keys that are really unique.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::evidence::Note;
use crate::ids::{DpPort, LinkKey, NetnsId};
use crate::snapshot::{Container, Engine, Link, Namespace, Observed, Scope, Snapshot};
use crate::switch::{Bridge, Port, Via};
use crate::wiring::ContainerRef;
use crate::{Routes, Trouble};

use super::claims::Claims;
use super::trace;

/// Length to which OpenFlow cuts port names (`OFP_MAX_PORT_NAME_LEN` less the NUL).
const OPENFLOW_NAME: usize = 15;

pub(super) struct Facts<'a> {
    pub(super) scope: Scope,
    /// Where port names are link names; the zero id when nobody knows.
    pub(super) switch_netns: Option<NetnsId>,
    namespaces: BTreeMap<NetnsId, &'a Namespace>,
    links: FxHashMap<LinkKey, &'a Link>,
    /// Veths by (the index they name, their own index): who may be at the other end.
    /// Made when first asked for: most hosts never need it.
    veths_by_peer: OnceCell<FxHashMap<(u32, u32), Few<LinkKey>>>,
    tenants: FxHashMap<NetnsId, Few<Tenant<'a>>>,
    pub(super) seats: Vec<Seat<'a>>,
    seats_by_name: FxHashMap<&'a str, Few<usize>>,
    /// Linux bridges, each with the links that tie it to the switch.
    pub(super) uplinks: FxHashMap<LinkKey, Few<(usize, &'a str)>>,
    pub(super) claims: Claims<'a>,
    switch_trouble: Option<&'a Trouble>,
    engines: &'a BTreeMap<Engine, Observed<Container>>,
    pub(super) kernel_known: bool,
}

/// A container of a namespace, named once for all its attachments.
pub(super) type Tenant<'a> = (Arc<ContainerRef>, &'a Container);

/// A port on its bridge, as the answering road tells it, with the others' numbers.
pub(super) struct Seat<'a> {
    pub(super) bridge: &'a Bridge,
    pub(super) port: &'a Arc<Port>,
    /// The link of that name in the switch's namespace.
    pub(super) link: Option<&'a Link>,
    pub(super) dp_port: Option<DpPort>,
    pub(super) routes: Routes,
}

impl<'a> Facts<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let namespaces: BTreeMap<_, _> =
            snapshot.kernel.rows().iter().map(|ns| (ns.id, ns)).collect();
        let seats = seats(snapshot);
        let mut facts = Self {
            scope: snapshot.scope,
            switch_netns: snapshot.switch_netns,
            links: links(&namespaces),
            veths_by_peer: OnceCell::new(),
            tenants: tenants(snapshot),
            seats_by_name: group(seats.iter().enumerate().map(|(i, s)| (&*s.port.iface, i))),
            seats,
            uplinks: FxHashMap::default(),
            claims: Claims::default(),
            switch_trouble: answering(snapshot).and_then(|(_, rows)| rows.trouble()),
            engines: &snapshot.engines,
            kernel_known: snapshot.kernel.is_fresh(),
            namespaces,
        };
        let here: FxHashMap<_, _> = facts.here().map(|link| (&*link.name, link)).collect();
        for seat in &mut facts.seats {
            seat.link = here.get(&*seat.port.iface).copied();
        }
        facts.uplinks = trace::uplinks(&facts);
        facts.claims = Claims::of(&facts, snapshot);
        facts
    }

    /// Namespaces that may hold containers: all but the switch's own.
    pub(super) fn tenancies(&self) -> impl Iterator<Item = &'a Namespace> {
        let own = self.switch_netns;
        self.namespaces.values().copied().filter(move |ns| Some(ns.id) != own)
    }

    pub(super) fn namespace(&self, id: NetnsId) -> Option<&'a Namespace> {
        self.namespaces.get(&id).copied()
    }

    pub(super) fn namespaces(&self) -> impl Iterator<Item = &'a Namespace> {
        self.namespaces.values().copied()
    }

    pub(super) fn tenants(&self, id: NetnsId) -> &[Tenant<'a>] {
        self.tenants.get(&id).map_or(&[], |few| few)
    }

    pub(super) fn link(&self, at: LinkKey) -> Option<&'a Link> {
        self.links.get(&at).copied()
    }

    /// The links of the switch's namespace.
    pub(super) fn here(&self) -> impl Iterator<Item = &'a Link> {
        self.switch_netns
            .and_then(|id| self.namespace(id))
            .into_iter()
            .flat_map(|ns| &ns.links)
            .map(|link| &**link)
    }

    /// Ports of the interface called `name`.
    pub(super) fn seats_named(&self, name: &str) -> &[usize] {
        self.seats_by_name.get(name).map_or(&[], |few| few)
    }

    /// Veths elsewhere that name index `own` as their peer and have index `far` themselves.
    pub(super) fn far_ends(&self, own: u32, far: u32) -> &[LinkKey] {
        self.veths_by_peer
            .get_or_init(|| veths_by_peer(&self.namespaces))
            .get(&(own, far))
            .map_or(&[], |few| few)
    }

    pub(super) fn switch_trouble(&self) -> Option<&'a Trouble> {
        self.switch_trouble
    }

    /// Why an engine has not told anything newer.
    pub(super) fn engine_trouble(&self, engine: &Engine) -> Option<&'a Trouble> {
        self.engines.get(engine)?.trouble()
    }
}

impl Seat<'_> {
    /// `bridge/interface`, for messages.
    pub(super) fn label(&self) -> String {
        format!("{}/{}", self.bridge.name, self.port.iface)
    }

    /// What is uncertain about this port itself.
    pub(super) fn doubts(&self, facts: &Facts<'_>) -> Vec<Note> {
        let mut numbers = self.routes.iter().filter_map(|(_, n)| n.assigned());
        let disagree = numbers.next().is_some_and(|first| numbers.any(|other| other != first));
        let conflict = disagree.then(|| Note::Conflict { says: self.routes.iter().collect() });
        let refused = self
            .port
            .ofport_request
            .filter(|wanted| self.port.ofport.assigned().is_some_and(|given| given != *wanted));
        let refused = refused.map(|wanted| Note::NotAsRequested { requested: wanted.0 });
        // Where there are rows in spite of trouble, they are old ones.
        let stale = facts.switch_trouble.map(|why| Note::Stale { why: why.to_string() });
        let conflict = conflict.into_iter().chain(refused);
        conflict.chain(self.old_ifindex()).chain(self.deaf(facts)).chain(stale).collect()
    }

    /// Whether vswitchd opened the link that has the name now. It opens a packet socket for
    /// each system port of the userspace datapath, once.
    fn deaf(&self, facts: &Facts<'_>) -> Option<Note> {
        let userspace = self.bridge.datapath.as_deref() == Some("netdev");
        let open = userspace && self.port.kind == "system";
        self.port.ofport.assigned().filter(|_| open)?;
        let ifindex = self.link?.ifindex;
        let heard = facts.namespace(facts.switch_netns?)?.heard.as_ref()?;
        (!heard.contains(&ifindex)).then_some(Note::Deaf)
    }

    fn old_ifindex(&self) -> Option<Note> {
        let ovs = self.port.ifindex.filter(|ovs| ovs.0 != 0)?;
        let kernel = self.link?.ifindex;
        (ovs != kernel).then_some(Note::OldIfindex { ovs, kernel })
    }
}

/// Nearly always one.
pub(super) type Few<T> = SmallVec<[T; 1]>;

/// Collects values under their keys, in order.
pub(super) fn group<K: std::hash::Hash + Eq, V>(
    pairs: impl Iterator<Item = (K, V)>,
) -> FxHashMap<K, Few<V>> {
    let mut groups: FxHashMap<K, Few<V>> = FxHashMap::default();
    groups.reserve(pairs.size_hint().0);
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}

/// The road that answers: the first in rank that has rows, else the first there is.
fn answering(snapshot: &Snapshot) -> Option<(Via, &crate::Observed<Bridge>)> {
    let roads = || snapshot.switch.iter().map(|(via, rows)| (*via, rows));
    roads()
        .find(|(_, rows)| !matches!(rows, crate::Observed::Absent { .. }))
        .or_else(|| roads().next())
}

fn links<'a>(namespaces: &BTreeMap<NetnsId, &'a Namespace>) -> FxHashMap<LinkKey, &'a Link> {
    let every = namespaces.values().flat_map(|ns| ns.links.iter().map(move |link| (ns.id, link)));
    let mut links = FxHashMap::default();
    links.reserve(namespaces.values().map(|ns| ns.links.len()).sum());
    links.extend(every.map(|(netns, link)| (LinkKey { netns, ifindex: link.ifindex }, &**link)));
    links
}

fn veths_by_peer(
    namespaces: &BTreeMap<NetnsId, &Namespace>,
) -> FxHashMap<(u32, u32), Few<LinkKey>> {
    let every = namespaces.values().flat_map(|ns| ns.links.iter().map(move |link| (ns.id, link)));
    let veths = every.filter(|(_, link)| link.kind.as_deref() == Some("veth"));
    group(veths.filter_map(|(netns, link)| {
        let peer = link.peer?;
        Some(((peer.ifindex.0, link.ifindex.0), LinkKey { netns, ifindex: link.ifindex }))
    }))
}

fn tenants(snapshot: &Snapshot) -> FxHashMap<NetnsId, Few<Tenant<'_>>> {
    let mut homes: FxHashMap<NetnsId, Few<Tenant<'_>>> = FxHashMap::default();
    for (engine, rows) in &snapshot.engines {
        for row in rows.rows() {
            let Some(netns) = row.netns else { continue };
            let tenant =
                ContainerRef { name: row.name.clone(), id: row.id.clone(), engine: engine.clone() };
            homes.entry(netns).or_default().push((Arc::new(tenant), row));
        }
    }
    for home in homes.values_mut() {
        home.sort_by(|a, b| a.0.cmp(&b.0));
    }
    homes
}

/// By bridge, then number.
fn seats(snapshot: &Snapshot) -> Vec<Seat<'_>> {
    let Some((answers, rows)) = answering(snapshot) else { return Vec::new() };
    let others = other_roads(snapshot, answers);
    let mut bridges: Vec<_> = rows.rows().iter().collect();
    bridges.sort_by_key(|bridge| &bridge.name);
    let mut seats = Vec::with_capacity(bridges.iter().map(|bridge| bridge.ports.len()).sum());
    for bridge in bridges {
        let mut ports: Vec<_> = bridge.ports.iter().collect();
        ports.sort_by_key(|port| (port.ofport.assigned(), &port.iface));
        seats.extend(ports.into_iter().map(|port| seat(answers, bridge, port, &others)));
    }
    seats
}

/// Ports of the roads that only confirm, by bridge and name as they tell it.
type Roads<'a> = FxHashMap<(&'a str, &'a str), Few<(Via, &'a Port)>>;

fn other_roads(snapshot: &Snapshot, answers: Via) -> Roads<'_> {
    let others = snapshot.switch.iter().filter(|(via, _)| **via != answers);
    group(others.flat_map(|(via, rows)| {
        let ports = rows.rows().iter().flat_map(|b| b.ports.iter().map(move |port| (b, port)));
        ports.map(|(bridge, port)| ((&*bridge.name, &*port.iface), (*via, &**port)))
    }))
}

fn seat<'a>(answers: Via, bridge: &'a Bridge, port: &'a Arc<Port>, others: &Roads<'a>) -> Seat<'a> {
    let mut routes = Routes::default();
    routes.insert(answers, port.ofport);
    let mut dp_port = port.dp_port;
    let told = |name: &str| others.get(&(&*bridge.name, name)).cloned().unwrap_or_default();
    let cut = openflow_name(&port.iface).map(|name| told(&name)).unwrap_or_default();
    for (via, other) in told(&port.iface).into_iter().chain(by_cut_name(port, cut)) {
        routes.insert(via, other.ofport);
        dp_port = dp_port.or(other.dp_port);
    }
    Seat { bridge, port, link: None, dp_port, routes }
}

/// Only OpenFlow cuts names. Of several that share 15 bytes one of the same number confirms;
/// otherwise nobody can tell which is which.
fn by_cut_name<'a>(port: &Port, found: Few<(Via, &'a Port)>) -> Option<(Via, &'a Port)> {
    let found: Vec<_> = found.into_iter().filter(|(via, _)| *via == Via::OpenFlow).collect();
    match found.as_slice() {
        [one] => Some(*one),
        several => several.iter().find(|(_, other)| other.ofport == port.ofport).copied(),
    }
}

/// What OpenFlow calls a port whose name is too long for it; none if it is not. The cut may
/// fall inside a character, whose rest is then written as `\xNN`.
fn openflow_name(name: &str) -> Option<String> {
    let start = name.as_bytes().get(..OPENFLOW_NAME).filter(|start| start.len() < name.len())?;
    let chunks = start.utf8_chunks().map(|chunk| {
        let odd: String = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
        chunk.valid().to_owned() + &odd
    });
    Some(chunks.collect())
}
