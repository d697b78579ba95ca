//! The rows of a Snapshot, indexed by the keys that are really unique.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use crate::SourceError;
use crate::identity::{Identities, SourceIdentity, World};
use crate::ids::{Ifindex, LinkKey, NetnsId};
use crate::one_container::{Run, is_told_twice, may_be_marked};
use crate::snapshot::{Container, EngineName, Link, Namespace, Observed, Scope, Snapshot};
use crate::switch::Bridge;
use crate::wiring::ContainerRef;

use super::clashes::Clashes;
use super::containers::ContainerIndex;
use super::entries::{PortEntries, answering};
use super::group::{OneOrMore, group};
use super::halves;

/// The namespaces that were read, in order and by id.
struct Namespaces<'a> {
    all: Vec<&'a Namespace>,
    by_id: FxHashMap<NetnsId, &'a Namespace>,
}

impl<'a> Namespaces<'a> {
    fn new(rows: &'a [Namespace]) -> Self {
        let by_id: FxHashMap<_, _> = rows.iter().map(|row| (row.id, row)).collect();
        let mut all: Vec<_> = by_id.values().copied().collect();
        all.sort_unstable_by_key(|row| row.id);
        Self { all, by_id }
    }

    fn links(&self) -> impl Iterator<Item = (&'a Namespace, &'a Link)> {
        self.all.iter().flat_map(|row| row.links.iter().map(|link| (*row, &**link)))
    }
}

pub(super) struct Index<'a> {
    snapshot: &'a Snapshot,
    pub(super) scope: Scope,
    /// Where port names are link names; none where that is not known.
    pub(super) switch_netns: Option<NetnsId>,
    /// Why it is not known, where that was asked.
    pub(super) switch_netns_error: Option<&'a str>,
    namespaces: Namespaces<'a>,
    links: FxHashMap<LinkKey, &'a Link>,
    /// Veths by the link that they name and their own index: who may be at the other end.
    /// Made when first asked for: most hosts never need it.
    veths_by_peer: OnceLock<FxHashMap<(LinkKey, Ifindex), OneOrMore<LinkKey>>>,
    /// Links by what they are enslaved to. Made when first asked for.
    members: OnceLock<FxHashMap<LinkKey, OneOrMore<LinkKey>>>,
    /// Links by what they stand on. Made when first asked for.
    uppers: OnceLock<FxHashMap<LinkKey, OneOrMore<LinkKey>>>,
    tenants: FxHashMap<NetnsId, OneOrMore<Tenant<'a>>>,
    pub(super) ports: PortEntries<'a>,
    switch: Option<&'a Observed<Bridge>>,
    identities: &'a Identities,
    engines: &'a BTreeMap<EngineName, Observed<Container>>,
    pub(super) kernel_known: bool,
    /// Made when first asked for.
    unread_because: OnceLock<String>,
}

/// A container of a namespace, named once for all its attachments.
pub(super) type Tenant<'a> = (Arc<ContainerRef>, &'a Container);

impl<'a> Index<'a> {
    /// With the containers by the names that claims may use for them.
    pub(super) fn new(snapshot: &'a Snapshot) -> (Self, ContainerIndex<'a>) {
        let namespaces = Namespaces::new(snapshot.kernel.rows());
        let switch = snapshot.switch_netns.and_then(|id| namespaces.by_id.get(&id).copied());
        let of_switch = || (links(&namespaces), PortEntries::new(snapshot, switch));
        let of_engines = || (tenants(snapshot), ContainerIndex::new(snapshot));
        let ((links, ports), (tenants, containers)) =
            halves::both(namespaces.all.len(), of_switch, of_engines);
        let index = Self {
            snapshot,
            scope: snapshot.scope,
            switch_netns: snapshot.switch_netns,
            switch_netns_error: snapshot.switch_netns_error(),
            links,
            veths_by_peer: OnceLock::new(),
            members: OnceLock::new(),
            uppers: OnceLock::new(),
            tenants,
            ports,
            switch: answering(snapshot).map(|(_, rows)| rows),
            identities: &snapshot.identities,
            engines: &snapshot.engines,
            kernel_known: matches!(
                snapshot.kernel,
                Observed::Fresh { .. } | Observed::Partial { .. }
            ),
            unread_because: OnceLock::new(),
            namespaces,
        };
        (index, containers)
    }

    /// Whether a container may be one of the engine that a record names.
    pub(super) fn may_be_marked(&self, mark: Option<(&str, &str)>, run: Run<'_>) -> bool {
        may_be_marked(self.snapshot, mark, run)
    }

    /// Namespaces that may hold containers: all but the switch's own.
    pub(super) fn container_namespaces(&self) -> impl Iterator<Item = &'a Namespace> {
        let own = self.switch_netns;
        self.namespaces.all.iter().copied().filter(move |ns| Some(ns.id) != own)
    }

    pub(super) fn namespace(&self, id: NetnsId) -> Option<&'a Namespace> {
        self.namespaces.by_id.get(&id).copied()
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

    /// The links that are enslaved to this one.
    pub(super) fn members(&self, master: LinkKey) -> &[LinkKey] {
        let make = || members(&self.namespaces);
        self.members.get_or_init(make).get(&master).map_or(&[], |members| members)
    }

    /// The links that send by this one, in whichever namespace they are.
    pub(super) fn uppers(&self, lower: LinkKey) -> &[LinkKey] {
        let make = || uppers(&self.namespaces);
        self.uppers.get_or_init(make).get(&lower).map_or(&[], |uppers| uppers)
    }

    /// Whether the links of the switch's namespace were read in this look, so that one that is
    /// not among them is not there. A look at one container reads them all where that matters.
    pub(super) fn switch_is_read(&self) -> bool {
        self.kernel_known && self.switch_namespace().is_some_and(Namespace::is_read)
    }

    /// Why no link can be said to be on no port.
    pub(super) fn switch_unknown(&self) -> Option<String> {
        let why = || "which network namespace ovs-vswitchd lives in is not known";
        let unknown = self.switch_netns.is_none();
        unknown.then(|| self.switch_netns_error.unwrap_or_else(why).to_owned())
    }

    /// Why the links of this machine say nothing about the ports of the database.
    pub(super) fn foreign_switch(&self) -> Option<String> {
        let why = |identity: &SourceIdentity| match &identity.world {
            World::Elsewhere { why } => Some(why.clone()),
            World::Here { .. } | World::Unknown { .. } => None,
        };
        let database = self.identities.database.as_ref().and_then(why);
        database.map(|why| format!("the database is not of this machine: {why}"))
    }

    /// Why absence proves nothing: who the switch is was asked and not proven.
    pub(super) fn unidentified(&self) -> Option<String> {
        let sources = [
            ("the database", &self.identities.database),
            ("ovs-vswitchd", &self.identities.vswitchd),
        ];
        sources.into_iter().find_map(|(what, identity)| match &identity.as_ref()?.world {
            World::Here { .. } => None,
            World::Elsewhere { why } => Some(format!("{what} is not of this machine: {why}")),
            World::Unknown { why } => {
                Some(format!("whether {what} is of this machine is not known: {why}"))
            }
        })
    }

    /// Veths that name `own` as their peer, in a word of their namespace that is known, and have
    /// index `far` themselves.
    pub(super) fn far_ends(&self, own: LinkKey, far: Ifindex) -> &[LinkKey] {
        self.veths_by_peer
            .get_or_init(|| veths_by_peer(&self.namespaces))
            .get(&(own, far))
            .map_or(&[], |ends| ends)
    }

    /// Why what is on no port of these rows may be on one: they are old, or some of those there are.
    pub(super) fn switch_error(&self) -> Option<&'a SourceError> {
        self.switch?.source_error()
    }

    /// Why the rows of ports are old ones.
    pub(super) fn old_switch(&self) -> Option<&'a SourceError> {
        self.switch?.staleness()
    }

    /// Why a namespace was not read: a clause that says where containers were looked for.
    pub(super) fn unread_because(&self) -> &str {
        self.unread_because.get_or_init(|| self.why_unread())
    }

    fn why_unread(&self) -> String {
        let asked = self.engines.iter().filter(|(_, rows)| rows.absence().is_none());
        let partly = asked.clone().find_map(|(_, rows)| rows.incompleteness());
        let asked: Vec<_> = asked.map(|(engine, _)| engine.to_string()).collect();
        if self.scope == Scope::One {
            return "that was not read: one container was asked about".to_owned();
        }
        let rows = || self.engines.values().flat_map(Observed::rows);
        let unopened = rows().filter(|row| row.pid.is_some() && row.netns.is_none()).count();
        if let Some(why) = partly {
            return format!("that was not read: {why}");
        }
        if rows().any(|row| row.unread) {
            return "that was not read: that of a container has not been read yet".to_owned();
        }
        match (asked.as_slice(), unopened) {
            ([], _) => "that was not read: no container engine could be asked".to_owned(),
            (_, 0) => {
                format!("that no container of {} has, and that has no name", asked.join(" or "))
            }
            (_, 1) => "that was not read: that of one container could not be opened".to_owned(),
            (_, n) => format!("that was not read: those of {n} containers could not be opened"),
        }
    }

    /// Why an engine has not told anything newer.
    pub(super) fn old_engine(&self, engine: &EngineName) -> Option<&'a SourceError> {
        self.engines.get(engine)?.staleness()
    }
}

fn links<'a>(namespaces: &Namespaces<'a>) -> FxHashMap<LinkKey, &'a Link> {
    let mut links = FxHashMap::default();
    links.reserve(namespaces.all.iter().map(|row| row.links.len()).sum());
    links.extend(namespaces.links().map(|(row, link)| (key(row, link), link)));
    links
}

fn key(row: &Namespace, link: &Link) -> LinkKey {
    LinkKey { netns: row.id, ifindex: link.ifindex }
}

fn members(namespaces: &Namespaces<'_>) -> FxHashMap<LinkKey, OneOrMore<LinkKey>> {
    group(namespaces.links().filter_map(|(row, link)| {
        let master = LinkKey { netns: row.id, ifindex: link.master? };
        Some((master, key(row, link)))
    }))
}

fn uppers(namespaces: &Namespaces<'_>) -> FxHashMap<LinkKey, OneOrMore<LinkKey>> {
    group(namespaces.links().filter(|(_, link)| link.has_parent()).filter_map(|(row, link)| {
        let lower = link.peer?;
        let netns = lower.nsid.map_or(Some(row.id), |nsid| row.nsids.get(&nsid).copied())?;
        Some((LinkKey { netns, ifindex: lower.ifindex }, key(row, link)))
    }))
}

fn veths_by_peer(namespaces: &Namespaces<'_>) -> FxHashMap<(LinkKey, Ifindex), OneOrMore<LinkKey>> {
    let veths = namespaces.links().filter(|(_, link)| link.is_paired());
    group(veths.filter_map(|(row, link)| {
        let peer = link.peer?;
        let netns = peer.nsid.map_or(Some(row.id), |nsid| row.nsids.get(&nsid).copied())?;
        let named = LinkKey { netns, ifindex: peer.ifindex };
        Some(((named, link.ifindex), key(row, link)))
    }))
}

fn tenants(snapshot: &Snapshot) -> FxHashMap<NetnsId, OneOrMore<Tenant<'_>>> {
    let mut homes: FxHashMap<NetnsId, OneOrMore<Tenant<'_>>> = FxHashMap::default();
    let clashes = Clashes::of(snapshot);
    let identities = &snapshot.identities;
    let is_users = |engine: &EngineName| identities.refusal(engine).is_some();
    let all = || snapshot.containers_by_engine();
    // What users run takes no container's place.
    let of_users = all().filter(|(engine, _)| is_users(engine));
    for (engine, row) in all().filter(|(engine, _)| !is_users(engine)).chain(of_users) {
        let tenant = Arc::new(ContainerRef {
            name: row.name.clone(),
            id: row.id.clone(),
            engine: engine.clone(),
            qualified: clashes.qualified(engine, row),
        });
        for netns in row.namespaces() {
            let home = homes.entry(netns).or_default();
            // One engine may be asked in two ways.
            let is_known = |(known, theirs): &Tenant<'_>| {
                is_told_twice(identities, (&known.engine, theirs), (engine, row))
            };
            if snapshot.engines.len() < 2 || !home.iter().any(is_known) {
                home.push((Arc::clone(&tenant), row));
            }
        }
    }
    for home in homes.values_mut() {
        home.sort_by(|a, b| a.0.cmp(&b.0));
    }
    homes
}
