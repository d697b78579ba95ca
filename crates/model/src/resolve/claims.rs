//! What others wrote into `external_ids`: who has this port?
//!
//! Counts only where the kernel could not be followed; where it could, a claim
//! that says otherwise is a leftover and named as such.

use std::collections::{BTreeMap, HashMap};

use crate::dialects::{Claim, Owner, claims_of};
use crate::evidence::{Evidence, Note};
use crate::ids::{ContainerId, Mac, NetnsId};
use crate::snapshot::{Container, Link, Namespace, Observed, Snapshot};
use crate::wiring::Wire;

use super::facts::{Facts, group};
use super::trace::Trace;

/// Which seats are claimed for whom, with the writer of the claim.
#[derive(Default)]
pub(super) struct Claims {
    links: HashMap<(NetnsId, String), Vec<(usize, &'static str)>>,
    attached_macs: HashMap<Mac, Vec<(usize, &'static str)>>,
    port_macs: HashMap<Mac, Vec<usize>>,
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
        }
    }

    fn on(&self, home: NetnsId, link: &Link) -> &[(usize, &'static str)] {
        self.links.get(&(home, link.name.clone())).map_or(&[], Vec::as_slice)
    }
}

/// Containers by every name that a claim may use for them.
struct People<'a> {
    names: HashMap<&'a str, &'a Container>,
    ids: BTreeMap<&'a str, &'a Container>,
    pids: HashMap<u32, &'a Container>,
}

impl<'a> People<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let all = || snapshot.engines.values().flat_map(Observed::rows);
        Self {
            names: all().map(|row| (row.name.as_str(), row)).collect(),
            ids: all().map(|row| (row.id.0.as_str(), row)).collect(),
            pids: all().filter_map(|row| Some((row.pid?, row))).collect(),
        }
    }

    /// The namespace a claim speaks of; none when its words fit nobody, or several.
    fn home(&self, facts: &Facts<'_>, claim: &Claim<'_>) -> Option<NetnsId> {
        match claim.owner? {
            Owner::Container(words) => self.container(words)?.netns,
            Owner::Pid(pid) => self.pids.get(&pid)?.netns,
            Owner::Netns(path) => {
                let name = path.rsplit('/').next()?;
                let known = |ns: &&Namespace| ns.names.iter().any(|n| n == name);
                facts.namespaces().find(known).map(|ns| ns.id)
            }
        }
    }

    /// By name, full id, or an id prefix that fits only one.
    fn container(&self, words: &str) -> Option<&'a Container> {
        if words.is_empty() {
            return None;
        }
        if let Some(named) = self.names.get(words).or_else(|| self.ids.get(words)) {
            return Some(named);
        }
        let mut fits = self.ids.range(words..).take_while(|(id, _)| id.starts_with(words));
        let first = fits.next()?.1;
        fits.next().is_none().then_some(first)
    }
}

/// The container that a claim's words speak of, as far as they can be read without a namespace.
pub(super) fn last_owner(seat: &crate::switch::Port) -> Option<String> {
    let claims = claims_of(seat);
    let claim = claims.iter().find(|claim| claim.owner.is_some())?;
    Some(match claim.owner? {
        Owner::Container(words) => short(words),
        Owner::Pid(pid) => format!("process {pid}"),
        Owner::Netns(path) => path.to_owned(),
    })
}

fn short(words: &str) -> String {
    let is_id = words.len() == 64 && words.bytes().all(|b| b.is_ascii_hexdigit());
    if is_id { ContainerId(words.to_owned()).short().to_owned() } else { words.to_owned() }
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
