//! What may happen to a host, one after the other, by chance.

use std::collections::BTreeSet;
use std::sync::Arc;

use docker_ovs_model::ids::{Ifindex, NetnsId, Nsid};
use docker_ovs_model::plan::Connect;
use docker_ovs_model::snapshot::{Link, Observed, Peer};
use docker_ovs_model::{Snapshot, rehearse};
use proptest::prelude::*;

use crate::plans::laws::requests;
use crate::plans::scene::{SYSTEM, home, host, plan, restarted};

/// What happened to the host, one after the other.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Connect(Connect),
    /// A connect that was killed after its first step.
    Killed(Connect),
    Restart(u64),
    Stop(u64),
    /// The container is removed; its record stays.
    Remove(usize),
    /// Two containers change names.
    Swap,
    /// Another program takes every port.
    DeletePorts,
    /// The bridges were deleted and made again: they remember nothing.
    DeleteBridges,
    /// The host's end of this place gets another name, and vswitchd lets go of it.
    Rename(usize),
    /// The rows and the marks were written for another database.
    OtherDatabase,
    /// The interface is moved where no look goes.
    Hide(u64),
    /// A container has a link that stands on one of the host's, or of another container.
    Stand {
        by: usize,
        on: usize,
    },
}

pub(super) fn happenings() -> impl Strategy<Value = Vec<Event>> {
    let one = prop_oneof![
        4 => requests().prop_map(Event::Connect),
        2 => requests().prop_map(Event::Killed),
        2 => (1..=3_u64).prop_map(Event::Restart),
        2 => (1..=3_u64).prop_map(Event::Stop),
        1 => (0..3_usize).prop_map(Event::Remove),
        1 => Just(Event::Swap),
        1 => Just(Event::DeletePorts),
        1 => Just(Event::DeleteBridges),
        1 => (0..4_usize).prop_map(Event::Rename),
        1 => Just(Event::OtherDatabase),
        1 => (1..=3_u64).prop_map(Event::Hide),
        2 => (0..3_usize, 0..4_usize).prop_map(|(by, on)| Event::Stand { by, on }),
    ];
    prop::collection::vec(one, 1..9)
}

pub(super) fn after(events: &[Event]) -> Snapshot {
    let mut now = host();
    for (n, event) in (1..).zip(events) {
        now = match event {
            Event::Connect(request) | Event::Killed(request) => {
                let Ok(plan) = plan(&now, request, n) else { continue };
                let far = if matches!(event, Event::Killed(_)) { 1 } else { plan.steps.len() };
                rehearse(&now, &plan.steps[..far])
            }
            Event::Restart(n) => restarted(&now, *n, true),
            Event::Stop(n) => restarted(&now, *n, false),
            _ => changed(now, event),
        };
    }
    now
}

fn changed(mut now: Snapshot, event: &Event) -> Snapshot {
    let mut containers: Vec<_> = now.containers().cloned().collect();
    match event {
        Event::Remove(n) if *n < containers.len() => {
            if let Some(netns) = containers.remove(*n).netns {
                now = restarted(&now, netns.ino - 10, true);
            }
        }
        Event::Swap if containers.len() > 1 => {
            let first = containers[0].name.clone();
            containers[0].name = std::mem::replace(&mut containers[1].name, first);
        }
        Event::DeletePorts | Event::DeleteBridges => {
            for row in now.switch.values_mut().flat_map(Observed::rows_mut) {
                row.ports.clear();
                if matches!(event, Event::DeleteBridges) {
                    row.external_ids.clear();
                }
            }
            for space in now.kernel.rows_mut() {
                space.packet_sockets.iter_mut().for_each(BTreeSet::clear);
                space.vswitchd_sockets.iter_mut().for_each(|own| own.links.clear());
            }
        }
        Event::Rename(at) => rename(&mut now, *at),
        Event::OtherDatabase => {
            let database = now.identities.database.as_mut().unwrap();
            let other = if database.id.as_deref() == Some("other") { SYSTEM } else { "other" };
            database.id = Some(other.to_owned());
        }
        Event::Hide(n) => {
            // Where no source leads, a look knows of nothing that it has not read.
            let own = containers.iter().filter_map(|row| row.netns).find(|id| *id == home(*n));
            let mut spaces = now.kernel.rows_mut().iter_mut();
            if let Some(space) = spaces.find(|space| Some(space.id) == own) {
                space.links.clear();
            }
        }
        Event::Stand { by, on } => {
            if let Some(by) = containers.get(*by).and_then(|row| row.netns) {
                stand(&mut now, by, *on);
            }
        }
        _ => {}
    }
    for rows in now.engines.values_mut() {
        *rows = Observed::Fresh { rows: containers.clone().into() };
    }
    now
}

/// Gives one of the host's ends another name; the port of the old one is without a link.
fn rename(now: &mut Snapshot, at: usize) {
    let Some(space) = now.kernel.rows_mut().first_mut() else { return };
    let mut ends = space.links.iter_mut().filter(|link| link.is_paired());
    let Some(link) = ends.nth(at).map(Arc::make_mut) else { return };
    let old = std::mem::replace(&mut link.name, format!("named{}", link.ifindex).into());
    let index = link.ifindex;
    for sockets in space.listened_to_mut() {
        sockets.remove(&index);
    }
    for port in now.switch.values_mut().flat_map(Observed::rows_mut).flat_map(|row| &mut row.ports)
    {
        if port.iface == old {
            Arc::make_mut(port).ifindex = None;
        }
    }
}

/// Gives a namespace a link on the last veth of the one at `on`.
fn stand(now: &mut Snapshot, by: NetnsId, on: usize) {
    const WORD: Nsid = Nsid(7);
    let rows = now.kernel.rows_mut();
    let Some(lower) = rows.get(on).filter(|row| row.id != by) else { return };
    let home = lower.id;
    let Some(beneath) = lower.links.iter().rfind(|link| link.is_paired()) else { return };
    let beneath = beneath.ifindex;
    let Some(space) = rows.iter_mut().find(|row| row.id == by && row.is_read()) else { return };
    let ifindex = Ifindex(100 + u32::try_from(space.links.len()).unwrap());
    space.nsids.insert(WORD, home);
    space.links.push(Arc::new(Link {
        ifindex,
        name: format!("up{}", ifindex.0).into(),
        kind: Some("macvlan".to_owned()),
        ethernet: true,
        peer: Some(Peer { ifindex: beneath, nsid: Some(WORD) }),
        ..Link::default()
    }));
}
