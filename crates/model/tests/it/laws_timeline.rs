//! Events are what becomes different: who applies them in order knows what is there, at every moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use docker_ovs_model::evidence::Note;
use docker_ovs_model::ids::{Ifindex, Name, NetnsId};
use docker_ovs_model::snapshot::{Observed, Scope};
use docker_ovs_model::switch::Port;
use docker_ovs_model::timeline::{Change, Field, Timeline};
use docker_ovs_model::wiring::{Attachment, AttachmentState, EndpointRef, SwitchPort, Wire};
use docker_ovs_model::{Snapshot, SourceError, SourceErrorKind, Wiring, resolve};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::laws::snapshots;
use crate::plans::scene::{connected, host, request};

fn key(a: &Attachment) -> (NetnsId, Ifindex) {
    (a.netns, a.link.ifindex)
}

/// As the kernel has it; not every Snapshot here is sane.
fn has_unique_indexes(wiring: &Wiring) -> bool {
    let keys: BTreeSet<_> = wiring.attachments.iter().map(key).collect();
    keys.len() == wiring.attachments.len()
}

/// What events tell of an attachment: all that an answer has of it, but for notes that come and go with
/// looks, and why a way could not be followed.
fn view(a: &Attachment) -> impl PartialEq + std::fmt::Debug + '_ {
    let link = (&a.link.name, a.link.mac, &a.link.addresses, a.link.mtu);
    let wire = Some(&a.wire).filter(|wire| !matches!(wire, Wire::Unresolved { .. }));
    (&a.tenants, link, wire, &a.port, lasting(&a.notes))
}

fn lasting(notes: &[Note]) -> Vec<&Note> {
    notes.iter().filter(|note| !note.is_passing()).collect()
}

/// The same of a port whose link is gone; what OVS believes of that link is in no answer, and of the words in
/// its row just whose endpoint it is: who had it is its occupant's.
fn port_view(port: &SwitchPort) -> (SwitchPort, Option<Arc<EndpointRef>>) {
    let row = Port { ifindex: None, external_ids: BTreeMap::new(), ..(*port.port).clone() };
    let notes = lasting(&port.notes).into_iter().cloned().collect();
    (SwitchPort { port: Arc::new(row), notes, ..port.clone() }, EndpointRef::of(&port.port))
}

fn apply(known: &mut BTreeMap<(NetnsId, Ifindex), Attachment>, change: Change) {
    match change {
        Change::Appeared(now) | Change::Changed { now, .. } => {
            known.insert(key(&now), *now);
        }
        Change::Vanished(told) => assert!(known.remove(&key(&told)).is_some()),
        Change::Orphaned(_) | Change::Cleared(_) => {}
    }
}

/// What a client has that began with a reset and applied each event since.
#[derive(Default)]
struct Replica {
    attachments: BTreeMap<(NetnsId, Ifindex), Attachment>,
    orphans: BTreeMap<(Name, Name), SwitchPort>,
}

impl Replica {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Orphaned(port) => {
                self.orphans.insert((port.bridge.clone(), port.port.iface.clone()), *port);
            }
            Change::Cleared(port) => {
                let known = self.orphans.remove(&(port.bridge.clone(), port.port.iface.clone()));
                assert_eq!(known.as_ref().map(port_view), Some(port_view(&port)));
            }
            change => apply(&mut self.attachments, change),
        }
    }

    /// That it is what is answered now.
    fn agrees(&self, told: &Wiring) -> bool {
        let is_told = |a: &&Attachment| !a.tenants.is_empty() || !a.netns_names.is_empty();
        let answered: Vec<_> = told.attachments.iter().filter(is_told).collect();
        let same = |a: &&Attachment| {
            self.attachments.get(&key(a)).is_some_and(|known| view(known) == view(a))
        };
        let orphans = told.ports.iter().filter(|port| port.occupant.is_orphaned());
        let orphans: Vec<_> = orphans.collect();
        let same_port = |port: &&SwitchPort| {
            let known = self.orphans.get(&(port.bridge.clone(), port.port.iface.clone()));
            known.map(port_view) == Some(port_view(port))
        };
        answered.len() == self.attachments.len()
            && answered.iter().all(same)
            && orphans.len() == self.orphans.len()
            && orphans.iter().all(same_port)
    }
}

/// A look, as those are that follow each other: at everything, and a source may be missing from it, the engines,
/// the kernel, the switch.
fn without(mut snapshot: Snapshot, missing: u8) -> Snapshot {
    snapshot.scope = Scope::Everything;
    let why = || SourceError::new(SourceErrorKind::TimedOut, "it", "no answer");
    let absent = missing & 1 != 0;
    snapshot
        .engines
        .values_mut()
        .filter(|_| absent)
        .for_each(|rows| *rows = Observed::Absent { why: why() });
    if missing & 2 != 0 {
        snapshot.kernel = Observed::Absent { why: why() };
    }
    let absent = missing & 4 != 0;
    snapshot
        .switch
        .values_mut()
        .filter(|_| absent)
        .for_each(|rows| *rows = Observed::Absent { why: why() });
    snapshot
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn events_applied_to_the_old_wiring_give_the_new_one(
        first in snapshots(),
        second in snapshots(),
    ) {
        let mut timeline = Timeline::new();
        let mut known = BTreeMap::new();
        for (at, snapshot) in [first, second].iter().enumerate() {
            let wiring = resolve(snapshot);
            prop_assume!(has_unique_indexes(&wiring));
            for event in timeline.advance(&wiring, at as u64) {
                prop_assert_eq!(event.at, at as u64);
                apply(&mut known, event.change);
            }
            prop_assert_eq!(timeline.advance(&wiring, 9), vec![]);
            let inhabited = wiring.attachments.iter();
            let inhabited = inhabited.filter(|a| !a.tenants.is_empty() || !a.netns_names.is_empty());
            for attachment in inhabited {
                let pending = matches!(attachment.port, AttachmentState::Pending(_));
                let unseen = wiring.unseen.switch && attachment.port.port().is_none();
                let told = &known[&key(attachment)];
                prop_assert!(pending || unseen || view(told) == view(attachment));
            }
            let hidden = known.iter().filter(|(_, told)| wiring.unseen.hides(told)).count();
            prop_assert!(known.len() <= wiring.attachments.len() + hidden);
        }
    }

    #[test]
    fn what_cannot_be_seen_has_not_vanished(snapshot in snapshots()) {
        prop_assume!(has_unique_indexes(&resolve(&snapshot)));
        let mut timeline = Timeline::new();
        timeline.advance(&resolve(&snapshot), 0);
        let why = docker_ovs_model::SourceError::new(docker_ovs_model::SourceErrorKind::Gone, "it", "no");
        let mut blind = snapshot.clone();
        blind.engines.values_mut().for_each(|rows| *rows = Observed::Absent { why: why.clone() });
        blind.kernel = Observed::Absent { why: why.clone() };
        blind.switch.values_mut().for_each(|rows| *rows = Observed::Absent { why: why.clone() });
        prop_assert_eq!(timeline.advance(&resolve(&blind), 1), vec![]);
    }

    #[test]
    fn a_stream_is_a_replica_whatever_is_missing_meanwhile(
        looks in vec((snapshots(), prop::sample::select(vec![0u8, 0, 0, 1, 2, 4, 7]), any::<bool>()), 1..6),
    ) {
        let (mut timeline, mut replica) = (Timeline::new(), Replica::default());
        for (at, (snapshot, missing, impatient)) in looks.into_iter().enumerate() {
            let wiring = Arc::new(resolve(&without(snapshot, missing)));
            prop_assume!(has_unique_indexes(&wiring));
            let mut events = timeline.advance(&wiring, at as u64);
            if impatient {
                events.extend(timeline.stop_waiting(&wiring, at as u64));
            }
            for event in events {
                replica.apply(event.change);
            }
            let told = timeline.as_told(&wiring);
            prop_assert!(replica.agrees(&told), "{:#?}", told);
        }
    }
}

/// Of a port's VLANs each column alone is a change: the tag stays what it was.
#[test]
fn another_vlan_mode_or_other_cvlans_alone_are_an_event() {
    let request = docker_ovs_model::plan::Connect { vlan: Some(20), ..request("br0", "c1") };
    let mut now = connected(&host(), &request, 1);
    let mut timeline = Timeline::new();
    timeline.advance(&resolve(&now), 0);
    let changes: [fn(&mut Port); 3] = [
        |port| port.vlan_mode = Some("native-untagged".to_owned()),
        |port| port.vlan_mode = Some("dot1q-tunnel".to_owned()),
        |port| port.cvlans = vec![5],
    ];
    for (at, change) in (1..).zip(changes) {
        for rows in now.switch.values_mut() {
            let ports = rows.rows_mut().iter_mut().flat_map(|bridge| &mut bridge.ports);
            ports.map(Arc::make_mut).filter(|port| port.tag == Some(20)).for_each(change);
        }
        let events = timeline.advance(&resolve(&now), at);
        let [event] = &events[..] else { panic!("{at}: {events:#?}") };
        let Change::Changed { fields, .. } = &event.change else { panic!("{at}: {event:#?}") };
        assert_eq!(fields[..], [Field::Vlan], "{at}");
    }
}
