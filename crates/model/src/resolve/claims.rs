//! What others wrote into `external_ids`: who has this port?
//!
//! Counts only where the kernel could not be followed; where it could, a claim
//! that says otherwise is a leftover and named as such.

use std::collections::{BTreeMap, HashMap};

use crate::dialects::{Claim, Owner, claims_of};
use crate::evidence::{Evidence, Note};
use crate::ids::{Mac, NetnsId};
use crate::snapshot::{Container, Engine, Link, Namespace, Snapshot};
use crate::wiring::{ContainerRef, LastTenant, Wire};

use super::facts::{Facts, group};
use super::trace::Trace;

/// Which seats are claimed for whom, with the writer of the claim.
#[derive(Default)]
pub(super) struct Claims {
    links: HashMap<(NetnsId, String), Vec<(usize, &'static str)>>,
    attached_macs: HashMap<Mac, Vec<(usize, &'static str)>>,
    port_macs: HashMap<Mac, Vec<usize>>,
    owners: HashMap<usize, LastTenant>,
}

impl Claims {
    pub(super) fn of(facts: &Facts<'_>, snapshot: &Snapshot) -> Self {
        let people = People::of(snapshot);
        let claims = || {
            let seats = facts.seats.iter().enumerate();
            seats.flat_map(|(i, seat)| claims_of(seat.port).into_iter().map(move |c| (i, c)))
        };
        let by_link = claims().filter_map(|(seat, claim)| {
            let home = people.home(facts, &claim)?;
            Some(((home, claim.interface?.to_owned()), (seat, claim.writer)))
        });
        let by_mac = claims().filter_map(|(seat, claim)| Some((claim.mac?, (seat, claim.writer))));
        let own = facts.seats.iter().enumerate();
        Self {
            links: group(by_link),
            attached_macs: group(by_mac),
            port_macs: group(own.filter_map(|(i, seat)| Some((seat.port.mac?, i)))),
            owners: claims()
                .filter_map(|(seat, claim)| Some((seat, people.last(&claim)?)))
                .collect(),
        }
    }

    /// Who a seat was claimed for, whether or not that container still runs.
    pub(super) fn owner(&self, seat: usize) -> Option<&LastTenant> {
        self.owners.get(&seat)
    }

    fn on(&self, home: NetnsId, link: &Link) -> &[(usize, &'static str)] {
        self.links.get(&(home, link.name.clone())).map_or(&[], Vec::as_slice)
    }
}

/// Containers by every name that a claim may use for them.
struct People<'a> {
    names: HashMap<&'a str, Known<'a>>,
    ids: BTreeMap<&'a str, Known<'a>>,
    pids: HashMap<u32, Known<'a>>,
}

#[derive(Clone, Copy)]
struct Known<'a> {
    engine: &'a Engine,
    row: &'a Container,
}

impl<'a> People<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let all = || {
            let engines = snapshot.engines.iter();
            engines
                .flat_map(|(engine, rows)| rows.rows().iter().map(move |row| Known { engine, row }))
        };
        Self {
            names: all().map(|known| (known.row.name.as_str(), known)).collect(),
            ids: all().map(|known| (known.row.id.0.as_str(), known)).collect(),
            pids: all().filter_map(|known| Some((known.row.pid?, known))).collect(),
        }
    }

    /// The namespace a claim speaks of; none when its words fit nobody, or several.
    fn home(&self, facts: &Facts<'_>, claim: &Claim<'_>) -> Option<NetnsId> {
        match claim.owner? {
            Owner::Container(words) => self.container(words)?.row.netns,
            Owner::Pid(pid) => self.pids.get(&pid)?.row.netns,
            Owner::Netns(path) => {
                let name = path.rsplit('/').next()?;
                let known = |ns: &&Namespace| ns.names.iter().any(|n| n == name);
                facts.namespaces().find(known).map(|ns| ns.id)
            }
        }
    }

    /// By name, full id, or an id prefix that fits only one.
    fn container(&self, words: &str) -> Option<Known<'a>> {
        if words.is_empty() {
            return None;
        }
        if let Some(named) = self.names.get(words).or_else(|| self.ids.get(words)) {
            return Some(*named);
        }
        let mut fits = self.ids.range(words..).take_while(|(id, _)| id.starts_with(words));
        let first = *fits.next()?.1;
        fits.next().is_none().then_some(first)
    }

    fn last(&self, claim: &Claim<'_>) -> Option<LastTenant> {
        let (words, known) = match claim.owner? {
            Owner::Container(words) => (words.to_owned(), self.container(words)),
            Owner::Pid(pid) => (format!("process {pid}"), None),
            Owner::Netns(path) => (path.to_owned(), None),
        };
        let container = known.map(|Known { engine, row }| ContainerRef {
            name: row.name.clone(),
            id: row.id.clone(),
            engine: engine.clone(),
        });
        Some(LastTenant { words, container, interface: claim.interface.map(str::to_owned) })
    }
}

/// Lets claims answer where the kernel could not, and names those the kernel refutes.
pub(super) fn complete(
    facts: &Facts<'_>,
    home: &Namespace,
    link: &Link,
    mut trace: Trace,
) -> Trace {
    let claimed = facts.claims.on(home.id, link);
    if trace.is_followed() {
        let refuted = claimed.iter().filter(|(seat, _)| !trace.seats.contains(seat));
        trace.notes.extend(refuted.map(|(seat, writer)| Note::FalseClaim {
            writer: (*writer).to_owned(),
            port: facts.seats[*seat].label(),
        }));
        return trace;
    }
    by_words(facts, claimed, &mut trace);
    if trace.seats.is_empty() {
        by_mac(facts, link, &mut trace);
    }
    if matches!(link.kind.as_deref(), Some("openvswitch" | "tun")) && !trace.seats.is_empty() {
        trace.wire = Wire::Internal;
    }
    trace
}

fn by_words(facts: &Facts<'_>, claimed: &[(usize, &'static str)], trace: &mut Trace) {
    for (seat, writer) in claimed {
        trace.evidence.push(Evidence::ExternalIds {
            writer: (*writer).to_owned(),
            iface: facts.seats[*seat].port.iface.clone(),
        });
        if !trace.seats.contains(seat) {
            trace.seats.push(*seat);
        }
    }
}

fn by_mac(facts: &Facts<'_>, link: &Link, trace: &mut Trace) {
    let Some(mac) = link.mac else { return };
    let attached = facts.claims.attached_macs.get(&mac).map_or(&[][..], Vec::as_slice);
    by_words(facts, attached, trace);
    if trace.seats.is_empty() {
        let same = facts.claims.port_macs.get(&mac).into_iter().flatten();
        let free = same.filter(|seat| facts.link_here(&facts.seats[**seat].port.iface).is_none());
        trace.seats.extend(free);
        trace.evidence.extend(
            trace
                .seats
                .iter()
                .map(|seat| Evidence::SameMac { iface: facts.seats[*seat].port.iface.clone() }),
        );
    }
}
