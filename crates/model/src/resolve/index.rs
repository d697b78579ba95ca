//! The rows of a Snapshot, indexed by the keys that are really unique.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::SourceError;
use crate::ids::{LinkKey, NetnsId};
use crate::snapshot::{Container, Engine, Link, Namespace, Observed, Scope, Snapshot};
use crate::wiring::ContainerRef;

use super::entries::{PortEntries, answering};
use super::group::{OneOrMore, group};

type Namespaces<'a> = BTreeMap<NetnsId, &'a Namespace>;

pub(super) struct Index<'a> {
    pub(super) scope: Scope,
    /// Where port names are link names; none where that is not known.
    pub(super) switch_netns: Option<NetnsId>,
    /// Why it is not known, where that was asked.
    pub(super) switch_netns_error: Option<&'a str>,
    namespaces: Namespaces<'a>,
    links: FxHashMap<LinkKey, &'a Link>,
    /// Veths by (the index they name, their own index): who may be at the other end.
    /// Made when first asked for: most hosts never need it.
    veths_by_peer: OnceCell<FxHashMap<(u32, u32), OneOrMore<LinkKey>>>,
    tenants: FxHashMap<NetnsId, OneOrMore<Tenant<'a>>>,
    pub(super) ports: PortEntries<'a>,
    switch_error: Option<&'a SourceError>,
    engines: &'a BTreeMap<Engine, Observed<Container>>,
    pub(super) kernel_known: bool,
}

/// A container of a namespace, named once for all its attachments.
pub(super) type Tenant<'a> = (Arc<ContainerRef>, &'a Container);

impl<'a> Index<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let rows = snapshot.kernel.rows().iter();
        let namespaces: Namespaces<'_> = rows.map(|ns| (ns.id, ns)).collect();
        let switch = snapshot.switch_netns.and_then(|id| namespaces.get(&id).copied());
        Self {
            scope: snapshot.scope,
            switch_netns: snapshot.switch_netns,
            switch_netns_error: snapshot.switch_netns_error(),
            links: links(&namespaces),
            veths_by_peer: OnceCell::new(),
            tenants: tenants(snapshot),
            ports: PortEntries::new(snapshot, switch),
            switch_error: answering(snapshot).and_then(|(_, rows)| rows.source_error()),
            engines: &snapshot.engines,
            kernel_known: snapshot.kernel.is_fresh(),
            namespaces,
        }
    }

    /// Namespaces that may hold containers: all but the switch's own.
    pub(super) fn container_namespaces(&self) -> impl Iterator<Item = &'a Namespace> {
        let own = self.switch_netns;
        self.namespaces.values().copied().filter(move |ns| Some(ns.id) != own)
    }

    pub(super) fn namespace(&self, id: NetnsId) -> Option<&'a Namespace> {
        self.namespaces.get(&id).copied()
    }

    pub(super) fn namespaces(&self) -> impl Iterator<Item = &'a Namespace> {
        self.namespaces.values().copied()
    }

    /// The row of the switch's namespace, if it was read.
    pub(super) fn switch_namespace(&self) -> Option<&'a Namespace> {
        self.namespace(self.switch_netns?)
    }

    pub(super) fn tenants(&self, id: NetnsId) -> &[Tenant<'a>] {
        self.tenants.get(&id).map_or(&[], |tenants| tenants)
    }

    pub(super) fn link(&self, at: LinkKey) -> Option<&'a Link> {
        self.links.get(&at).copied()
    }

    /// The links of the switch's namespace.
    pub(super) fn switch_links(&self) -> impl Iterator<Item = &'a Link> {
        self.switch_namespace().into_iter().flat_map(|ns| &ns.links).map(|link| &**link)
    }

    /// Veths elsewhere that name index `own` as their peer and have index `far` themselves.
    pub(super) fn far_ends(&self, own: u32, far: u32) -> &[LinkKey] {
        self.veths_by_peer
            .get_or_init(|| veths_by_peer(&self.namespaces))
            .get(&(own, far))
            .map_or(&[], |ends| ends)
    }

    pub(super) fn switch_error(&self) -> Option<&'a SourceError> {
        self.switch_error
    }

    /// Why an engine has not told anything newer.
    pub(super) fn engine_error(&self, engine: &Engine) -> Option<&'a SourceError> {
        self.engines.get(engine)?.source_error()
    }
}

fn links<'a>(namespaces: &Namespaces<'a>) -> FxHashMap<LinkKey, &'a Link> {
    let every = namespaces.values().flat_map(|ns| ns.links.iter().map(move |link| (ns.id, link)));
    let mut links = FxHashMap::default();
    links.reserve(namespaces.values().map(|ns| ns.links.len()).sum());
    links.extend(every.map(|(netns, link)| (LinkKey { netns, ifindex: link.ifindex }, &**link)));
    links
}

fn veths_by_peer(namespaces: &Namespaces<'_>) -> FxHashMap<(u32, u32), OneOrMore<LinkKey>> {
    let every = namespaces.values().flat_map(|ns| ns.links.iter().map(move |link| (ns.id, link)));
    let veths = every.filter(|(_, link)| link.is_paired());
    group(veths.filter_map(|(netns, link)| {
        let peer = link.peer?;
        Some(((peer.ifindex.0, link.ifindex.0), LinkKey { netns, ifindex: link.ifindex }))
    }))
}

fn tenants(snapshot: &Snapshot) -> FxHashMap<NetnsId, OneOrMore<Tenant<'_>>> {
    let mut homes: FxHashMap<NetnsId, OneOrMore<Tenant<'_>>> = FxHashMap::default();
    for (engine, row) in snapshot.containers_by_engine() {
        let Some(netns) = row.netns else { continue };
        let tenant =
            ContainerRef { name: row.name.clone(), id: row.id.clone(), engine: engine.clone() };
        homes.entry(netns).or_default().push((Arc::new(tenant), row));
    }
    for home in homes.values_mut() {
        home.sort_by(|a, b| a.0.cmp(&b.0));
    }
    homes
}
