//! Events are what becomes different: who applies them in order knows what is there, at every moment.

use std::collections::{BTreeMap, BTreeSet};

use docker_ovs_model::ids::{Ifindex, NetnsId};
use docker_ovs_model::snapshot::Observed;
use docker_ovs_model::timeline::{Change, Timeline};
use docker_ovs_model::wiring::{Attachment, PortState};
use docker_ovs_model::{Wiring, resolve};
use proptest::prelude::*;

use crate::laws::snapshots;

fn key(a: &Attachment) -> (NetnsId, Ifindex) {
    (a.netns, a.link.ifindex)
}

/// As the kernel has it; not every Snapshot here is sane.
fn has_unique_indexes(wiring: &Wiring) -> bool {
    let keys: BTreeSet<_> = wiring.attachments.iter().map(key).collect();
    keys.len() == wiring.attachments.len()
}

/// What events tell of an attachment.
fn view(a: &Attachment) -> impl PartialEq + '_ {
    let port = a.port.port();
    let port = port.map(|port| (&port.bridge, port.ofport, &port.vlans));
    (&a.tenants, &a.link.name, a.link.mac, &a.link.addresses, a.port.word(), port)
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
                let pending = matches!(attachment.port, PortState::Pending(_));
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
}
