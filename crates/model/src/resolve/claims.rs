//! What others wrote into `external_ids`: who has this port?
//!
//! Counts only where the kernel could not be followed; where it could, a claim
//! that says otherwise is a leftover and named as such.

use rustc_hash::FxHashMap;

use crate::dialects::{Claim, claims_of};
use crate::evidence::{Evidence, Note};
use crate::ids::{Mac, NetnsId};
use crate::snapshot::{Link, Namespace, Snapshot};
use crate::wiring::{LastTenant, Wire};

use super::containers::People;
use super::index::{Facts, Few, group};
use super::trace::Trace;

/// A seat, and the writer of the claim to it.
type Claimed = (usize, &'static str);

/// Which seats are claimed for whom.
#[derive(Default)]
pub(super) struct Claims<'a> {
    /// In the order of the seats.
    made: Vec<(usize, Claim<'a>)>,
    people: People<'a>,
    links: FxHashMap<(NetnsId, &'a str), Few<Claimed>>,
    attached_macs: FxHashMap<Mac, Few<Claimed>>,
    port_macs: FxHashMap<Mac, Few<usize>>,
}

impl<'a> Claims<'a> {
    pub(super) fn of(facts: &Facts<'a>, snapshot: &'a Snapshot) -> Self {
        let seats = || facts.seats.iter().enumerate();
        let claims =
            seats().flat_map(|(i, seat)| claims_of(seat.port).into_iter().map(move |c| (i, c)));
        let made: Vec<_> = claims.collect();
        // Without claims nobody needs to be known by name.
        let people = if made.is_empty() { People::default() } else { People::of(snapshot) };
        let by_link = made.iter().filter_map(|(seat, claim)| {
            let home = people.home(facts, claim)?;
            Some(((home, claim.interface?), (*seat, claim.writer)))
        });
        let by_mac =
            made.iter().filter_map(|(seat, claim)| Some((claim.mac?, (*seat, claim.writer))));
        Self {
            links: group(by_link),
            attached_macs: group(by_mac),
            port_macs: group(seats().filter_map(|(i, seat)| Some((seat.port.mac?, i)))),
            people,
            made,
        }
    }

    /// Who a seat was claimed for, whether or not that container still runs.
    pub(super) fn owner(&self, seat: usize) -> Option<LastTenant> {
        let from = self.made.partition_point(|(claimed, _)| *claimed < seat);
        let own = self.made[from..].iter().take_while(|(claimed, _)| *claimed == seat);
        own.map(|(_, claim)| claim).find_map(|claim| self.people.last(claim))
    }

    fn on(&self, home: NetnsId, link: &'a Link) -> &[Claimed] {
        self.links.get(&(home, &*link.name)).map_or(&[], |few| few)
    }
}

/// Lets claims answer where the kernel could not, and names those the kernel refutes.
pub(super) fn complete<'a>(
    facts: &Facts<'a>,
    home: &Namespace,
    link: &'a Link,
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

fn by_words(facts: &Facts<'_>, claimed: &[Claimed], trace: &mut Trace) {
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
    let attached = facts.claims.attached_macs.get(&mac).map_or(&[][..], |few| few);
    by_words(facts, attached, trace);
    if trace.seats.is_empty() {
        let same = facts.claims.port_macs.get(&mac).into_iter().flatten();
        let free = same.filter(|seat| facts.seats[**seat].link.is_none());
        trace.seats.extend(free.copied());
        trace.evidence.extend(
            trace
                .seats
                .iter()
                .map(|seat| Evidence::SameMac { iface: facts.seats[*seat].port.iface.clone() }),
        );
    }
}
