//! A container and a bridge: what is taken there, and the steps that join them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ids::{Name, NetnsId, OfPort};
use crate::port_record::PortRecord;
use crate::query;
use crate::snapshot::{Container, Link, Snapshot};
use crate::switch::{Bridge, Port};
use crate::wiring::{ContainerRef, Occupant, Wiring};

use super::{FIRST_FREE, LAST, PlanError, Wanted, is_debris, name};
use super::{KernelStep, OfPortRequests, ReplacePort, Step, SwitchStep, Veth};

/// Where something is to be connected.
pub(super) struct Planner<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) wiring: &'a Wiring,
    pub(super) bridge: &'a Bridge,
    pub(super) container: &'a Container,
    pub(super) netns: NetnsId,
}

/// The namespace of a running container that has one of its own.
pub(super) fn home_of(snapshot: &Snapshot, row: &Container) -> Result<NetnsId, PlanError> {
    let host = || PlanError::HostNetwork { name: row.name.to_string() };
    if row.on_host_network() {
        return Err(host());
    }
    let netns = query::home(snapshot, row)?;
    if Some(netns) == snapshot.switch_netns { Err(host()) } else { Ok(netns) }
}

pub(super) fn delete(link: &Link) -> Step {
    KernelStep::DeleteLink { name: link.name.clone(), ifindex: link.ifindex }.into()
}

impl Planner<'_> {
    /// The container, named.
    pub(super) fn who(&self) -> ContainerRef {
        let mut all = self.snapshot.containers_by_engine();
        let engine = all.find(|(_, row)| row.id == self.container.id);
        ContainerRef {
            name: self.container.name.clone(),
            id: self.container.id.clone(),
            engine: engine.map(|(engine, _)| engine.clone()).unwrap_or_default(),
        }
    }

    /// Veth, port, addresses, number: vswitchd is at work on the number while the container's
    /// end is set up.
    pub(super) fn steps(
        &self,
        record: &PortRecord,
        port: Arc<Port>,
        old: Option<Arc<Port>>,
        keep_settings: bool,
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
            add: Some(port),
            keep_settings,
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
            gateways: record.gateways.clone(),
        };
        let (bridge, iface) = (self.bridge.name.clone(), port.iface.clone());
        let number = SwitchStep::Await { bridge, iface, wanted: port.ofport_request };
        [configure.into(), number.into()]
    }

    /// What an interface of ours lacks that is on its port: all that comes after that where the
    /// program was killed before it set the interface up; and what earlier versions did not do.
    pub(super) fn lacks(&self, record: &PortRecord, port: &Port) -> Vec<Step> {
        let mut same = self.inside().filter(|link| *link.name == *record.interface);
        let Some(link) = same.next().filter(|_| record.ours) else { return Vec::new() };
        let bare = !record.addresses.iter().any(|ip| link.addresses.contains(ip));
        let unfinished = !link.up && bare;
        let checksums = link.tx_checksum_offload == Some(true) || unfinished;
        let checksums = self.finish_checksums(record).filter(|_| checksums);
        let rest = unfinished.then(|| self.rest(record, port)).into_iter().flatten();
        checksums.into_iter().chain(rest).collect()
    }

    fn all_ports(&self) -> Vec<&Port> {
        self.wiring.ports.iter().map(|row| &*row.port).collect()
    }

    fn here(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.snapshot.switch_namespace().into_iter().flat_map(|ns| &ns.links)
    }

    fn inside(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.snapshot.namespace(self.netns).into_iter().flat_map(|ns| &ns.links)
    }

    /// The host's ends of veths into this container that a killed program left.
    pub(super) fn debris(&self) -> Vec<Arc<Link>> {
        let ports = self.all_ports();
        let home = self.snapshot.namespace(self.netns);
        let away = |nsid| home.and_then(|home| home.nsids.get(&nsid).copied());
        let leads_here = |link: &&Arc<Link>| {
            self.inside().filter_map(|inside| Some((inside, inside.peer?))).any(|(inside, far)| {
                let back = link.peer.map(|peer| peer.ifindex) == Some(inside.ifindex);
                back && far.ifindex == link.ifindex
                    && far.nsid.and_then(away) == self.snapshot.switch_netns
            })
        };
        let debris = self.here().filter(|link| is_debris(link, &ports)).filter(leads_here);
        debris.cloned().collect()
    }

    /// The name inside: free once the debris is gone.
    pub(super) fn interface(
        &self,
        wanted: Option<&str>,
        debris: &[Arc<Link>],
    ) -> Result<Name, PlanError> {
        let freed: Vec<_> = debris.iter().filter_map(|link| Some(link.peer?.ifindex)).collect();
        let taken: BTreeSet<&str> =
            self.inside().filter(|link| !freed.contains(&link.ifindex)).map(|l| &*l.name).collect();
        let Some(wanted) = wanted else {
            let remembered = self.remembered();
            let names = (0..=u32::MAX).map(|n| format!("eth{n}"));
            let free = |name: &String| !taken.contains(&**name) && !remembered.contains(name);
            return Ok(names.into_iter().find(free).unwrap_or_default().into());
        };
        name::check(wanted)?;
        if taken.contains(wanted) {
            let container = self.container.name.to_string();
            return Err(PlanError::InterfaceTaken { container, interface: wanted.to_owned() });
        }
        Ok(wanted.into())
    }

    /// Interfaces of this container that the database remembers: not to be taken by chance.
    fn remembered(&self) -> BTreeSet<String> {
        let records = self.wiring.ports.iter().filter_map(|row| PortRecord::of(&row.port));
        let own = records.filter(|record| record.owner(&[self.container]).is_some());
        own.map(|record| record.interface).collect()
    }

    /// The port that the same interface of the same container had, before it went.
    pub(super) fn predecessor(&self, interface: &str) -> Option<Arc<Port>> {
        let on_bridge = self.bridge.ports.iter().filter(|port| port.bond.is_none());
        let mut same = on_bridge.filter(|port| {
            PortRecord::of(port).is_some_and(|record| {
                record.ours
                    && record.interface == interface
                    && record.owner(&[self.container]).is_some()
            })
        });
        same.find(|port| self.here().all(|link| link.name != port.iface)).cloned()
    }

    pub(super) fn check_host_end(&self, host_end: &str) -> Result<(), PlanError> {
        name::check(host_end)?;
        let taken = |what| Err(PlanError::HostNameTaken { name: host_end.to_owned(), what });
        if let Some(row) = self.wiring.ports.iter().find(|row| *row.port.iface == *host_end) {
            return taken(format!("a port of {}", row.bridge));
        }
        if self.here().any(|link| *link.name == *host_end) {
            return taken("an interface of the host".to_owned());
        }
        Ok(())
    }

    pub(super) fn number(
        &self,
        wanted: Wanted,
        old: Option<&Port>,
    ) -> Result<Option<OfPort>, PlanError> {
        match wanted {
            Wanted::Auto => Ok(None),
            Wanted::Exactly(ofport) if !(1..=LAST).contains(&ofport.0) => {
                Err(PlanError::BadNumber { ofport })
            }
            Wanted::Exactly(ofport) => self.free(ofport, old).map(Some),
            Wanted::Free => {
                let used = self.used(old);
                let before = old.and_then(number_of).filter(|ofport| !used.contains(&ofport.0));
                let free = || (FIRST_FREE..=LAST).find(|n| !used.contains(n)).map(OfPort);
                let none = || PlanError::NoFreeNumber { bridge: self.bridge.name.to_string() };
                before.or_else(free).map(Some).ok_or_else(none)
            }
        }
    }

    /// The numbers that others than `old` have or ask for.
    fn used(&self, old: Option<&Port>) -> BTreeSet<u16> {
        let others = self.bridge.ports.iter().filter(|port| Some(&***port) != old);
        others.flat_map(|port| numbers(port)).collect()
    }

    /// This number, unless another port than `old` has it.
    pub(super) fn free(&self, wanted: OfPort, old: Option<&Port>) -> Result<OfPort, PlanError> {
        let used = self.used(old).contains(&wanted.0);
        if used { Err(self.in_use(wanted, old)) } else { Ok(wanted) }
    }

    fn in_use(&self, ofport: OfPort, old: Option<&Port>) -> PlanError {
        let here = self.wiring.ports.iter().filter(|row| row.bridge == self.bridge.name);
        let mut others = here.filter(|row| Some(&*row.port) != old);
        let holder = others.find(|row| numbers(&row.port).any(|n| n == ofport.0));
        let who = holder.map_or_else(String::new, |row| {
            let iface = &row.port.iface;
            match (&row.occupant, PortRecord::of(&row.port)) {
                (Occupant::Unknown { .. } | Occupant::Orphaned { .. }, Some(record)) => {
                    format!("{iface} of {}:{}", record.owner_name(), record.interface)
                }
                (Occupant::Unknown { .. }, None) => iface.to_string(),
                (occupant, _) => format!("{iface}, {occupant}"),
            }
        });
        PlanError::NumberInUse { bridge: self.bridge.name.to_string(), ofport, who }
    }
}

/// Which interfaces ask for the number of one of these ports, as far as was seen.
pub(super) fn requesters(wiring: &Wiring, ports: [Option<&Port>; 2]) -> OfPortRequests {
    let wanted = ports.map(|port| port.and_then(|port| port.ofport_request));
    let all = wiring.ports.iter().map(|row| &row.port);
    let requests = all.filter_map(|port| Some((port.iface.clone(), port.ofport_request?)));
    requests.filter(|(_, ofport)| wanted.contains(&Some(*ofport))).collect()
}

/// The number that a port asks for, or else has.
pub(super) fn number_of(port: &Port) -> Option<OfPort> {
    port.ofport_request.or(port.ofport.assigned())
}

/// The numbers that a port has or asks for.
fn numbers(port: &Port) -> impl Iterator<Item = u16> + use<> {
    port.ofport.assigned().into_iter().chain(port.ofport_request).map(|ofport| ofport.0)
}
