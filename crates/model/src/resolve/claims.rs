//! What tells where a link leads when the kernel does not: the words that others wrote into
//! `external_ids`, a name, a hardware address.
//!
//! All of it counts only for a link whose kind may be a port's other end, and only for a port
//! that has no link of its own in the switch's namespace. A container chooses names and addresses
//! of its own links: what rests on these alone says so, and what fits several links fits none.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::dialects::{Claim, claims_of};
use crate::evidence::{Evidence, Note};
use crate::ids::{LinkKey, Mac, Name, NetnsId};
use crate::snapshot::Link;
use crate::wiring::{LastTenant, Wire};

use super::containers::ContainerIndex;
use super::entries::{PerPort, PortEntry, PortIx};
use super::group::{OneOrMore, group};
use super::index::Index;
use super::port_link::is_made_by_the_switch;
use super::traced::Trace;
use super::untraceable_links::{Only, UntraceableLinks, may_be, may_be_claimed};

/// A port, and the writer of the claim to it.
type Claimed = (PortIx, &'static str);

/// Which ports are claimed for which links.
pub(super) struct Claims<'i, 'a> {
    index: &'i Index<'a>,
    /// In the order of the ports.
    made: Vec<(PortIx, Claim<'a>)>,
    containers: ContainerIndex<'a>,
    /// By the interface that words name.
    links: FxHashMap<(NetnsId, &'a str), OneOrMore<Claimed>>,
    /// By an address that words name, with the namespace if they name that too.
    attached_macs: FxHashMap<(Mac, Option<NetnsId>), OneOrMore<Claimed>>,
    /// Internal ports by the addresses of their links. Made when first asked for.
    port_macs: OnceLock<FxHashMap<Mac, OneOrMore<PortIx>>>,
    /// The same by name, and by what the kernel keeps of a longer name.
    internal_names: OnceLock<FxHashMap<&'a str, OneOrMore<PortIx>>>,
    cut_names: OnceLock<FxHashMap<&'a str, OneOrMore<PortIx>>>,
    untraceable: OnceLock<UntraceableLinks<'a>>,
    /// The link that words name for a port, and the one that is like it. Made when first asked for.
    fitting: PerPort<OnceLock<(Only, Only)>>,
}

/// Of so many ports that are claimed for one link, or by one address, it is told which is meant: who
/// makes rows and links may make any number of either.
const ALIKE: usize = 16;

/// The ports that a link may be.
#[derive(Default)]
struct Candidates {
    all: Vec<(PortIx, ClaimEvidence)>,
    /// The most that speaks for more ports than are told apart.
    crowded: Option<ClaimEvidence>,
}

impl Candidates {
    fn add<T>(&mut self, found: Option<&OneOrMore<T>>, on: impl Fn(&T) -> (PortIx, ClaimEvidence)) {
        let mut found = found.map_or(&[][..], |found| found).iter().map(on);
        if found.len() <= ALIKE {
            self.all.extend(found);
        } else if let Some((_, ground)) = found.next() {
            self.crowded = self.crowded.into_iter().chain([ground]).min();
        }
    }
}

/// What speaks for a link being a port's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ClaimEvidence {
    /// `external_ids` name the container and its interface or address.
    Words(&'static str),
    /// `external_ids` name an address.
    AttachedMac(&'static str),
    /// An internal port has its name.
    Name,
    /// An internal port has its address.
    Mac,
}

impl<'i, 'a> Claims<'i, 'a> {
    pub(super) fn new(index: &'i Index<'a>, containers: ContainerIndex<'a>) -> Self {
        let claims = index.ports.iter().flat_map(|(ix, entry)| {
            claims_of(entry.port).into_iter().map(move |claim| (ix, claim))
        });
        let made: Vec<_> = claims.collect();
        let by_link = made.iter().filter_map(|(ix, claim)| {
            let home = containers.home(claim)?;
            Some(((home, claim.interface?), (*ix, claim.writer)))
        });
        let by_mac = made.iter().filter_map(|(ix, claim)| {
            let home = containers.home(claim);
            Some(((claim.mac.filter(|mac| mac.identifies())?, home), (*ix, claim.writer)))
        });
        Self {
            index,
            links: group(by_link),
            attached_macs: group(by_mac),
            port_macs: OnceLock::new(),
            internal_names: OnceLock::new(),
            cut_names: OnceLock::new(),
            untraceable: OnceLock::new(),
            fitting: PerPort::new(&index.ports),
            containers,
            made,
        }
    }

    /// Who a port was claimed for, whether or not that container still runs.
    pub(super) fn owner(&self, port: PortIx) -> Option<LastTenant> {
        self.of(port).find_map(|claim| self.containers.last(claim))
    }

    /// The namespace of the container that the row of a port names, where that was seen.
    pub(super) fn named_home(&self, port: PortIx) -> Option<NetnsId> {
        self.of(port).find_map(|claim| self.containers.home(claim))
    }

    fn of(&self, port: PortIx) -> impl Iterator<Item = &Claim<'a>> {
        let from = self.made.partition_point(|(claimed, _)| *claimed < port);
        let own = self.made.iter().skip(from).take_while(move |(claimed, _)| *claimed == port);
        own.map(|(_, claim)| claim)
    }

    /// The claims that the kernel refutes, having told the way of this link.
    pub(super) fn refuted(&self, at: LinkKey, link: &Link, trace: &Trace) -> Vec<Note> {
        let claimed = self.links.get(&(at.netns, &*link.name)).filter(|_| trace.is_followed());
        let claimed = claimed.into_iter().flatten().take(ALIKE);
        let refuted = claimed.filter(|(port, _)| !trace.ports.contains(port));
        refuted.map(|(port, writer)| self.false_claim(*port, writer)).collect()
    }

    fn false_claim(&self, port: PortIx, writer: &str) -> Note {
        Note::FalseClaim { writer: writer.to_owned(), port: self.index.ports[port].label() }
    }

    /// Lets claims answer where the kernel could not. `trace` ends at this link.
    pub(super) fn complete(&self, at: LinkKey, link: &Link, mut trace: Trace) -> Trace {
        if !may_be_claimed(link) || !self.index.switch_is_read() {
            return trace;
        }
        let mut found: Vec<(PortIx, ClaimEvidence)> = Vec::new();
        let candidates = self.candidates(at, link);
        for (port, ground) in candidates.all {
            if self.index.ports[port].link.is_some() {
                // Its link lives where vswitchd opened it: it is no other one.
                if let ClaimEvidence::Words(writer) | ClaimEvidence::AttachedMac(writer) = ground {
                    trace.notes.push(self.false_claim(port, writer));
                }
            } else if self.is_only_one(port, at, ground) {
                found.push((port, ground));
            } else {
                trace.notes.push(Note::Contested { port: self.index.ports[port].label() });
            }
        }
        let words =
            |(_, ground): &(PortIx, ClaimEvidence)| matches!(ground, ClaimEvidence::Words(_));
        if found.iter().any(words) {
            found.retain(words);
        }
        // Which of the many is meant may be told by words; nothing tells words apart.
        let is_told = found.iter().any(words)
            && candidates.crowded.is_none_or(|ground| !matches!(ground, ClaimEvidence::Words(_)));
        if candidates.crowded.is_some() && !is_told {
            found.clear();
        }
        self.conclude(link, found, &mut trace);
        if trace.ports.is_empty() && candidates.crowded.is_some() {
            trace.unseen = Some(format!("more than {ALIKE} ports fit equally well"));
        }
        trace
    }

    fn conclude(&self, link: &Link, found: Vec<(PortIx, ClaimEvidence)>, trace: &mut Trace) {
        for (port, ground) in found {
            trace.evidence.push(self.evidence(port, ground));
            if trace.ports.contains(&port) {
                continue;
            }
            trace.ports.push(port);
            trace.notes.extend(match ground {
                ClaimEvidence::Words(_) => None,
                ClaimEvidence::Name => Some(self.not_proven(port, "name")),
                ClaimEvidence::AttachedMac(_) | ClaimEvidence::Mac => {
                    Some(self.not_proven(port, "hardware address"))
                }
            });
        }
        if trace.ports.is_empty() {
            let contested = |note: &Note| matches!(note, Note::Contested { .. });
            if trace.notes.iter().any(contested) {
                trace.unseen = Some("several links fit the same port equally well".to_owned());
            }
            return;
        }
        (trace.claimed, trace.unseen) = (true, None);
        if super::port_link::is_internal(link) {
            trace.wire = Wire::Internal;
        }
    }

    fn not_proven(&self, port: PortIx, by: &str) -> Note {
        Note::NotProven { port: self.index.ports[port].label(), by: by.to_owned() }
    }

    fn evidence(&self, port: PortIx, ground: ClaimEvidence) -> Evidence {
        let iface: Name = self.index.ports[port].port.iface.clone();
        match ground {
            ClaimEvidence::Words(writer) | ClaimEvidence::AttachedMac(writer) => {
                Evidence::ExternalIds { writer: writer.to_owned(), iface }
            }
            ClaimEvidence::Name => Evidence::InternalName { iface },
            ClaimEvidence::Mac => Evidence::SameMac { iface },
        }
    }

    /// The ports that this link may be, each with what speaks for it most, in their order.
    fn candidates(&self, at: LinkKey, link: &Link) -> Candidates {
        let mut found = Candidates::default();
        let words = self.links.get(&(at.netns, &*link.name));
        found.add(words, |(port, writer)| (*port, ClaimEvidence::Words(writer)));
        if let Some(mac) = link.mac.filter(|mac| mac.identifies()) {
            let here = self.attached_macs.get(&(mac, Some(at.netns)));
            found.add(here, |(port, writer)| (*port, ClaimEvidence::Words(writer)));
            let anywhere = self.attached_macs.get(&(mac, None));
            found.add(anywhere, |(port, writer)| (*port, ClaimEvidence::AttachedMac(writer)));
            found.add(self.port_macs().get(&mac), |port| (*port, ClaimEvidence::Mac));
        }
        for named in [self.internal_names().get(&*link.name), self.cut_names().get(&*link.name)] {
            found.add(named, |port| (*port, ClaimEvidence::Name));
        }
        found.all.retain(|(port, _)| may_be(link, &self.index.ports[*port]));
        found.all.sort();
        found.all.dedup_by_key(|(port, _)| *port);
        found
    }

    /// Whether no other link has as good a claim to the port. Words count more than what a
    /// container can set.
    fn is_only_one(&self, port: PortIx, at: LinkKey, ground: ClaimEvidence) -> bool {
        let (by_words, alike) =
            *self.fitting.get(port).get_or_init(|| (self.named_by_words(port), self.alike(port)));
        if matches!(ground, ClaimEvidence::Words(_)) {
            return by_words.is_no_other_than(at);
        }
        // The container that words name is known to be elsewhere, whatever its link is called now.
        let named = self.of(port).filter_map(|claim| self.containers.home(claim));
        by_words == Only::None
            && { named }.all(|home| home == at.netns)
            && alike.is_no_other_than(at)
    }

    /// The link that words name for a port, if it is there.
    fn named_by_words(&self, port: PortIx) -> Only {
        let (mut links, entry) = (Only::None, &self.index.ports[port]);
        for claim in self.of(port) {
            let Some(home) = self.containers.home(claim) else { continue };
            if let Some(name) = claim.interface {
                links.add(self.untraceable().called(home, name, entry));
            }
            if let Some(mac) = claim.mac.filter(|mac| mac.identifies()) {
                links.add(self.untraceable().at_home(home, mac, entry));
            }
        }
        links
    }

    /// The link that is like a port by name or address.
    fn alike(&self, port: PortIx) -> Only {
        let (mut links, entry) = (Only::None, &self.index.ports[port]);
        let mut macs: Vec<Mac> = self.of(port).filter_map(|claim| claim.mac).collect();
        if self.is_internal(port) {
            macs.extend(entry.port.mac.into_iter().chain(entry.port.configured_mac));
            let cut = super::port_link::cut_name(&entry.port.iface).unwrap_or(&entry.port.iface);
            links.add(self.untraceable().named(cut, entry));
        }
        for mac in macs.into_iter().filter(|mac| mac.identifies()) {
            links.add(self.untraceable().with_mac(mac, entry));
        }
        links
    }

    fn is_internal(&self, port: PortIx) -> bool {
        is_made_by_the_switch(self.index.ports[port].port)
    }

    fn port_macs(&self) -> &FxHashMap<Mac, OneOrMore<PortIx>> {
        self.port_macs.get_or_init(|| {
            group(self.internal().flat_map(|(ix, entry)| {
                let macs = BTreeSet::from([entry.port.mac, entry.port.configured_mac]);
                macs.into_iter().flatten().map(move |mac| (mac, ix))
            }))
        })
    }

    fn internal_names(&self) -> &FxHashMap<&'a str, OneOrMore<PortIx>> {
        self.internal_names
            .get_or_init(|| group(self.internal().map(|(ix, entry)| (&*entry.port.iface, ix))))
    }

    fn cut_names(&self) -> &FxHashMap<&'a str, OneOrMore<PortIx>> {
        let cut = |entry: &PortEntry<'a>| super::port_link::cut_name(&entry.port.iface);
        self.cut_names.get_or_init(|| {
            group(self.internal().filter_map(|(ix, entry)| Some((cut(entry)?, ix))))
        })
    }

    fn internal(&self) -> impl Iterator<Item = (PortIx, &'i PortEntry<'a>)> {
        self.index.ports.iter().filter(|(_, entry)| is_made_by_the_switch(entry.port))
    }

    fn untraceable(&self) -> &UntraceableLinks<'a> {
        self.untraceable.get_or_init(|| UntraceableLinks::new(self.index))
    }
}
