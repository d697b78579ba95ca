//! A container and a bridge: what is taken there, and the steps that join them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ids::{Name, NetnsId};
use crate::memory::{self, MemoryChange};
use crate::port_record::{EngineMark, PortRecord};
use crate::query;
use crate::snapshot::{Container, EngineName, Link, Scope, Snapshot};
use crate::switch::{Bridge, Port};
use crate::wiring::{ContainerRef, SwitchPort, Wiring};

use super::orphaned_veths::{VethState, judge};
use super::predecessor::is_unmade;
use super::requesters::requesters;
use super::world::require_engine;
use super::{KernelStep, PlanError, ReplacePort, Step, SwitchStep, Veth, name};

/// Where something is to be connected.
pub(super) struct Planner<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) wiring: &'a Wiring,
    pub(super) bridge: &'a Bridge,
    pub(super) container: &'a Container,
    pub(super) netns: NetnsId,
}

/// The namespace of a running container that has one of its own, whose links were read: an interface that was not
/// seen may be there.
pub(super) fn own_netns_of(snapshot: &Snapshot, row: &Container) -> Result<NetnsId, PlanError> {
    let host = || PlanError::HostNetwork { name: row.name.to_string() };
    if row.on_host_network() {
        return Err(host());
    }
    let netns = query::netns_of(snapshot, row)?;
    // It may have joined one that has the host's network, and vswitchd may live in another namespace.
    let mut on_host = snapshot.containers().filter(|other| other.on_host_network());
    let is_hosts =
        Some(netns) == snapshot.switch_netns || on_host.any(|other| other.netns == Some(netns));
    if is_hosts {
        return Err(host());
    }
    match snapshot.namespace(netns) {
        // Where its links are known, something else of it may not be.
        Some(space) if !space.links.is_empty() => Ok(netns),
        space => {
            let what = format!("container {}", row.name);
            let error = space.and_then(|space| space.source_error.as_ref());
            let why = error.map(|error| format!(": {error}")).unwrap_or_default();
            let why = format!("the links in its network namespace were not read{why}");
            Err(PlanError::Undecided { what, why })
        }
    }
}

pub(super) fn delete(link: &Link) -> Step {
    KernelStep::DeleteLink {
        name: link.name.clone(),
        ifindex: link.ifindex,
        alias: link.alias.clone(),
        peer: link.peer.map(|peer| peer.ifindex),
    }
    .into()
}

impl Planner<'_> {
    /// The container, named.
    pub(super) fn who(&self) -> ContainerRef {
        ContainerRef {
            name: self.container.name.clone(),
            id: self.container.id.clone(),
            engine: self.engine().cloned().unwrap_or_default(),
            qualified: None,
        }
    }

    fn engine(&self) -> Option<&EngineName> {
        self.snapshot.engine_of(self.container)
    }

    /// Makes sure that the container's engine is this host's, as its PIDs are of another world
    /// otherwise, and that its containers can have a link of this host.
    pub(super) fn require_engine(&self) -> Result<(), PlanError> {
        let Some(engine) = self.engine() else { return Ok(()) };
        if let Some(why) = self.snapshot.identities.refusal(engine) {
            let container = self.container.name.to_string();
            return Err(PlanError::Rootless { container, engine: engine.to_string(), why });
        }
        require_engine(self.snapshot, engine)
    }

    /// The record of an interface of this container: whose it is, as far as the sources say who
    /// they are.
    pub(super) fn recorded(&self, record: PortRecord) -> PortRecord {
        let identities = &self.snapshot.identities;
        // An engine that tells no id is of a kind at least.
        let engine = self.engine().map(|engine| EngineMark {
            kind: engine.kind().to_owned(),
            id: identities.engines.get(engine).and_then(|who| who.id.clone()),
        });
        // What is known of it is not forgotten because it did not tell it this time.
        let is_same = |old: &EngineMark| {
            let is_no_worse =
                engine.as_ref().is_some_and(|new| new.id.is_none() && new.kind == old.kind);
            is_no_worse && *record.container == *self.container.id.0
        };
        let engine = record.engine.clone().filter(is_same).or(engine);
        let database = identities.database.as_ref();
        PortRecord {
            engine,
            system: database.and_then(|database| database.id.clone()),
            ..record.for_container(self.container)
        }
    }

    /// What the bridge remembers afterwards: the new port, and none of those that it replaces.
    pub(super) fn memory(&self, replaced: &[&Port], port: Option<&Port>) -> MemoryChange {
        let old = replaced.iter().filter_map(|old| memory::key_of(self.bridge, old));
        let old: Vec<_> = old.collect();
        memory::change(self.bridge, &old, port)
    }

    /// Whether the bridge may remember a port that is there, or is to be made again as it was: under the key of its
    /// record it remembers nothing, that port, or one of the same container that counts no more and has no row. An
    /// id may be another container's as well, in another engine.
    pub(super) fn may_remember(&self, port: &Port) -> bool {
        let Some(record) = PortRecord::of(port) else { return false };
        let Some(kept) = memory::under(self.bridge, &memory::key(&record)) else { return true };
        let mut rows = self.wiring.ports.iter().filter(|row| row.bridge == self.bridge.name);
        let is_there = rows.any(|row| row.port.iface == port.iface);
        let is_own = |record: PortRecord| matches!(self.is_own(&record), Ok(true));
        kept.iface == port.iface || (!is_there && PortRecord::of(&kept).is_some_and(is_own))
    }

    /// Veth, port, addresses, number: vswitchd is at work on the number while the container's
    /// end is set up.
    pub(super) fn steps(
        &self,
        record: &PortRecord,
        port: Arc<Port>,
        old: Option<Arc<Port>>,
        keep_settings: bool,
        memory: MemoryChange,
    ) -> Vec<Step> {
        let veth = Veth {
            host_end: port.iface.clone(),
            container: self.who(),
            netns: self.netns,
            interface: record.interface.as_str().into(),
            mac: record.mac,
            mtu: record.mtu,
            alias: record.alias(&self.bridge.name),
        };
        let rest = self.finish_checksums(record).into_iter().chain(self.rest(record, &port));
        let rest: Vec<_> = rest.collect();
        let ports = ReplacePort {
            bridge: self.bridge.name.clone(),
            expected_requesters: requesters(self.wiring, [old.as_deref(), Some(&port)]),
            remove: old,
            // One that was chosen by chance never was another's.
            name_returns: !name::is_generated(&port.iface),
            add: Some(port),
            keep_settings,
            // What is replaced was orphaned.
            link_is_gone: true,
            memory,
            ..ReplacePort::default()
        };
        [KernelStep::MakeVeth(veth).into(), ports.into()].into_iter().chain(rest).collect()
    }

    /// Has the container's kernel finish checksums where the bridge would not. Before the link is
    /// up, so that no packet passes that is without.
    pub(super) fn finish_checksums(&self, record: &PortRecord) -> Option<Step> {
        let step = || KernelStep::SetTxChecksumOffload {
            container: self.container.name.clone(),
            netns: self.netns,
            interface: record.interface.as_str().into(),
            on: false,
        };
        self.bridge.leaves_checksums().then(|| step().into())
    }

    /// What is still to be done when veth and port are there.
    pub(super) fn rest(&self, record: &PortRecord, port: &Port) -> [Step; 2] {
        let configure = KernelStep::Configure {
            container: self.container.name.clone(),
            netns: self.netns,
            interface: record.interface.as_str().into(),
            addresses: record.addresses.clone(),
            gateways: self.unrouted(&record.gateways),
        };
        let bridge = self.bridge.name.clone();
        let iface = port.iface.clone();
        let wanted = port.ofport_request;
        // What keeps the number remembers it too: vswitchd may have given it to a port whose maker was killed
        // before that.
        let is_kept = record.ours && wanted.is_none() && self.may_remember(port);
        let remember = is_kept.then(|| Arc::new(port.clone()));
        let number = SwitchStep::Await { bridge, iface, from: None, wanted, remember };
        [configure.into(), number.into()]
    }

    pub(super) fn here(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.snapshot.switch_namespace().into_iter().flat_map(|ns| &ns.links)
    }

    pub(super) fn inside(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.snapshot.namespace(self.netns).into_iter().flat_map(|ns| &ns.links)
    }

    /// The host's ends of veths into this container that a killed program left.
    ///
    /// # Errors
    /// [`PlanError::Undecided`] where a wider look may tell what one is.
    pub(super) fn orphaned_veths(&self) -> Result<Vec<Arc<Link>>, PlanError> {
        let mut orphaned = Vec::new();
        for link in self.here().filter(|link| self.leads_inside(link)) {
            match judge(self.snapshot, self.wiring, link) {
                VethState::Orphaned => orphaned.push(Arc::clone(link)),
                VethState::Undecided(why) if self.snapshot.scope == Scope::One => {
                    return Err(PlanError::Undecided { what: link.name.to_string(), why });
                }
                VethState::Undecided(_) | VethState::Kept => {}
            }
        }
        Ok(orphaned)
    }

    fn leads_inside(&self, link: &Link) -> bool {
        self.inside_ends(link).next().is_some()
    }

    /// Whether the other end of a link of the switch's namespace is this interface inside.
    pub(super) fn leads_to(&self, link: &Link, interface: &str) -> bool {
        self.inside_ends(link).any(|end| *end.name == *interface)
    }

    /// The links inside that are the other end of `link`, and say so too.
    fn inside_ends(&self, link: &Link) -> impl Iterator<Item = &Arc<Link>> {
        let home = self.snapshot.namespace(self.netns);
        let near = link.ifindex;
        let peer = link.peer.map(|peer| peer.ifindex);
        self.inside().filter(move |inside| {
            let Some(far) = inside.peer else { return false };
            let there = far.nsid.and_then(|nsid| home?.nsids.get(&nsid).copied());
            peer == Some(inside.ifindex)
                && far.ifindex == near
                && there == self.snapshot.switch_netns
        })
    }

    /// The name inside: free once the orphaned veths are gone.
    pub(super) fn interface(
        &self,
        wanted: Option<&str>,
        orphaned: &[Arc<Link>],
    ) -> Result<Name, PlanError> {
        let freed: Vec<_> = orphaned.iter().filter_map(|link| Some(link.peer?.ifindex)).collect();
        let there = self.inside().filter(|link| !freed.contains(&link.ifindex));
        let taken: BTreeSet<&str> = there.flat_map(|link| link.all_names()).collect();
        let Some(wanted) = wanted else {
            let remembered = self.remembered()?;
            let is_taken = |name: &String| taken.contains(&**name);
            let inherited = remembered.iter().filter(|(_, is_inherited)| **is_inherited);
            let fits = |name: &&String| !is_taken(name) && name::check(name).is_ok();
            if let Some(name) = inherited.map(|(name, _)| name).find(fits) {
                return Ok(name.as_str().into());
            }
            let names = (0..=u32::MAX).map(|n| format!("eth{n}"));
            let free = |name: &String| !is_taken(name) && !remembered.contains_key(name);
            return Ok(names.into_iter().find(free).unwrap_or_default().into());
        };
        name::check(wanted)?;
        if taken.contains(wanted) {
            let container = self.container.name.to_string();
            return Err(PlanError::InterfaceTaken { container, interface: wanted.to_owned() });
        }
        Ok(wanted.into())
    }

    /// The host's end has a name that nothing else has once the orphaned veths are gone, and the port that is
    /// replaced, if that never was a link's.
    pub(super) fn check_host_end(
        &self,
        host_end: &str,
        orphaned: &[Arc<Link>],
        replaced: Option<&Port>,
    ) -> Result<(), PlanError> {
        name::check(host_end)?;
        let taken = |what| Err(PlanError::HostNameTaken { name: host_end.to_owned(), what });
        // Ports and interfaces share one space of names, and a bond is a port.
        let is_called = |port: &Port| {
            let of_port = [port.bond.as_deref(), port.port_name.as_deref()];
            *port.iface == *host_end || of_port.contains(&Some(host_end))
        };
        let goes = |row: &SwitchPort| {
            let is_it = replaced.is_some_and(|old| old.iface == row.port.iface);
            is_it && row.bridge == self.bridge.name && is_unmade(row)
        };
        let mut rows = self.wiring.ports.iter();
        if let Some(row) = rows.find(|row| is_called(&row.port) && !goes(row)) {
            return taken(format!("a port of {}", row.bridge));
        }
        let freed = |link: &Link| orphaned.iter().any(|gone| gone.ifindex == link.ifindex);
        let has = |link: &Link| link.all_names().any(|name| name == host_end);
        if self.here().any(|link| has(link) && !freed(link)) {
            return taken("an interface of the host".to_owned());
        }
        Ok(())
    }
}
