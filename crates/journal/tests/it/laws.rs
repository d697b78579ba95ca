//! A Snapshot and what changed since is the Snapshot of now.

use docker_ovs_journal::{Delta, State};
use model::snapshot::Observed;
use model::{Snapshot, SourceError, SourceErrorKind};
use proptest::prelude::*;

use crate::scene::host;

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let plugged = prop::collection::btree_map(0_u16..6, 1_u16..4, 0..5);
    (plugged, 0_u8..4, any::<bool>()).prop_map(|(plugged, source, renamed)| {
        let mut snapshot = host(&plugged.into_iter().collect::<Vec<_>>(), 7);
        let why = SourceError::new(SourceErrorKind::Gone, "it", "it is gone");
        match source {
            0 => snapshot.kernel = Observed::Absent { why },
            1 => snapshot.switch.clear(),
            2 => snapshot.engines.values_mut().for_each(|rows| {
                *rows = Observed::Stale { rows: rows.rows().into(), why: why.clone() };
            }),
            _ => {}
        }
        if renamed {
            snapshot.kernel.rows_mut().iter_mut().for_each(|row| row.names.push("a".to_owned()));
        }
        snapshot
    })
}

/// Rows in the order of their keys, which has no meaning.
fn sorted(mut snapshot: Snapshot) -> Snapshot {
    for rows in snapshot.engines.values_mut() {
        rows.rows_mut().sort_by(|a, b| a.id.cmp(&b.id));
    }
    snapshot.kernel.rows_mut().sort_by_key(|row| row.id);
    for bridges in snapshot.switch.values_mut() {
        bridges
            .rows_mut()
            .iter_mut()
            .for_each(|row| row.ports.sort_by(|a, b| a.iface.cmp(&b.iface)));
    }
    snapshot
}

proptest! {
    #[test]
    fn what_changed_leads_from_one_to_the_other(all in prop::collection::vec(snapshot(), 1..6)) {
        let mut state = State::new(all[0].clone());
        for pair in all.windows(2) {
            let delta = Delta::between(&pair[0], &pair[1]).unwrap();
            let json = serde_json::to_string(&delta).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Delta>(&json).unwrap(), &delta);
            prop_assert_eq!(delta.is_nothing(), sorted(pair[0].clone()) == sorted(pair[1].clone()));
            state.apply(delta, 7);
            prop_assert_eq!(sorted(state.snapshot()), sorted(pair[1].clone()));
        }
    }
}

#[test]
fn rows_with_one_key_are_told_as_a_whole() {
    let mut twice = host(&[(1, 3), (2, 4)], 7);
    twice.switch.values_mut().for_each(|bridges| {
        let bridge = &mut bridges.rows_mut()[0];
        bridge.ports.push(bridge.ports[0].clone());
    });
    assert_eq!(Delta::between(&host(&[], 7), &twice), None);
    assert_eq!(State::new(twice.clone()).snapshot(), twice);
}
