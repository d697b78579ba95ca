//! What others wrote into `external_ids`: who has this port?
//!
//! Counts only where the kernel could not be followed; where it could, a claim
//! that says otherwise is a leftover and named as such.

use rustc_hash::FxHashMap;

use crate::dialects::{Claim, claims_of};
use crate::evidence::{Evidence, Note};
use crate::ids::{Mac, Name, NetnsId};
use crate::snapshot::{Link, Namespace, Snapshot};
use crate::wiring::{LastTenant, Wire};

use super::containers::ContainerIndex;
use super::entries::PortIx;
use super::group::{OneOrMore, group};
use super::index::Index;
use super::trace::Trace;

/// A port, and the writer of the claim to it.
type Claimed = (PortIx, &'static str);

/// Which ports are claimed for whom.
pub(super) struct Claims<'i, 'a> {
    index: &'i Index<'a>,
    /// In the order of the ports.
    made: Vec<(PortIx, Claim<'a>)>,
    containers: ContainerIndex<'a>,
    links: FxHashMap<(NetnsId, &'a str), OneOrMore<Claimed>>,
    attached_macs: FxHashMap<Mac, OneOrMore<Claimed>>,
    port_macs: FxHashMap<Mac, OneOrMore<PortIx>>,
}

impl<'i, 'a> Claims<'i, 'a> {
    pub(super) fn new(index: &'i Index<'a>, snapshot: &'a Snapshot) -> Self {
        let claims = index.ports.iter().flat_map(|(ix, entry)| {
            claims_of(entry.port).into_iter().map(move |claim| (ix, claim))
        });
        let made: Vec<_> = claims.collect();
        // Without claims no container needs to be known by name.
        let containers =
            if made.is_empty() { ContainerIndex::default() } else { ContainerIndex::new(snapshot) };
        let by_link = made.iter().filter_map(|(ix, claim)| {
            let home = containers.home(index, claim)?;
            Some(((home, claim.interface?), (*ix, claim.writer)))
        });
        let by_mac = made.iter().filter_map(|(ix, claim)| Some((claim.mac?, (*ix, claim.writer))));
        let port_macs = index.ports.iter().filter_map(|(ix, entry)| Some((entry.port.mac?, ix)));
        Self {
            index,
            links: group(by_link),
            attached_macs: group(by_mac),
            port_macs: group(port_macs),
            containers,
            made,
        }
    }

    /// Who a port was claimed for, whether or not that container still runs.
    pub(super) fn owner(&self, port: PortIx) -> Option<LastTenant> {
        let from = self.made.partition_point(|(claimed, _)| *claimed < port);
        let own = self.made[from..].iter().take_while(|(claimed, _)| *claimed == port);
        own.map(|(_, claim)| claim).find_map(|claim| self.containers.last(claim))
    }

    /// Lets claims answer where the kernel could not, and names those the kernel refutes.
    pub(super) fn complete(&self, home: &Namespace, link: &Link, mut trace: Trace) -> Trace {
        let claimed = self.links.get(&(home.id, &*link.name)).map_or(&[][..], |claimed| claimed);
        if trace.is_followed() {
            let refuted = claimed.iter().filter(|(port, _)| !trace.ports.contains(port));
            trace.notes.extend(refuted.map(|(port, writer)| Note::FalseClaim {
                writer: (*writer).to_owned(),
                port: self.index.ports[*port].label(),
            }));
            return trace;
        }
        self.by_words(claimed, &mut trace);
        if trace.ports.is_empty() {
            self.by_mac(link, &mut trace);
        }
        if matches!(link.kind.as_deref(), Some("openvswitch" | "tun")) && !trace.ports.is_empty() {
            trace.wire = Wire::Internal;
        }
        trace
    }

    fn by_words(&self, claimed: &[Claimed], trace: &mut Trace) {
        for (port, writer) in claimed {
            trace.evidence.push(Evidence::ExternalIds {
                writer: (*writer).to_owned(),
                iface: self.iface(*port),
            });
            if !trace.ports.contains(port) {
                trace.ports.push(*port);
            }
        }
    }

    fn by_mac(&self, link: &Link, trace: &mut Trace) {
        let Some(mac) = link.mac else { return };
        let attached = self.attached_macs.get(&mac).map_or(&[][..], |claimed| claimed);
        self.by_words(attached, trace);
        if trace.ports.is_empty() {
            let same = self.port_macs.get(&mac).into_iter().flatten();
            let free = same.filter(|port| self.index.ports[**port].link.is_none());
            trace.ports.extend(free.copied());
            let same = trace.ports.iter().map(|port| self.iface(*port));
            trace.evidence.extend(same.map(|iface| Evidence::SameMac { iface }));
        }
    }

    fn iface(&self, port: PortIx) -> Name {
        self.index.ports[port].port.iface.clone()
    }
}
