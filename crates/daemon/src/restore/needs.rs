//! What one look says of what containers had before they started: by the plans that `restore` would
//! make.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::Snapshot;
use model::ids::{ContainerId, Mac};
use model::plan::{
    Generated, Remembered, RememberedKey, Restore, RestoreAction, remembered, restore,
};
use model::port_record::PortRecord;
use model::snapshot::{Container, Observed};
use model::whereabouts::{ContainerIndex, possible_successor};

use crate::state::State;

/// A container that runs, and its first process, or the inode of its namespace where it has none.
pub(super) type Owner = (ContainerId, u64);

/// What is to be done about one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RestoreNeed {
    /// Nothing is missing.
    #[default]
    Nothing,
    /// Whether something is missing, or may be touched, is not known yet.
    Doubtful,
    /// It can be made again.
    Missing,
}

/// Whether a look can tell what is missing: everything that `restore` rests on was seen in it. Nothing
/// follows from old rows.
pub(super) fn can_be_told(snapshot: &Snapshot) -> bool {
    let ovsdb = snapshot.ovsdb();
    snapshot.kernel.is_fresh()
        && ovsdb.is_some_and(Observed::is_fresh)
        && snapshot.switch_netns.is_some()
        && snapshot.engines.values().any(Observed::is_fresh)
}

/// Whether containers and ports are the same in both, as far as that can be told at a glance.
pub(super) fn shares_rows(one: &Snapshot, other: &Snapshot) -> bool {
    fn same<T>(one: &Observed<T>, other: &Observed<T>) -> bool {
        match (one, other) {
            (Observed::Fresh { rows: one }, Observed::Fresh { rows: other }) => {
                Arc::ptr_eq(one, other)
            }
            _ => false,
        }
    }
    let engines = one.engines.iter().zip(&other.engines);
    let switches = one.switch.iter().zip(&other.switch);
    one.engines.len() == other.engines.len()
        && one.switch.len() == other.switch.len()
        && engines.into_iter().all(|((_, one), (_, other))| same(one, other))
        && switches.into_iter().all(|((_, one), (_, other))| same(one, other))
}

/// All that is remembered, each with the container that it is of, or of the one in whose place that
/// is, where it runs.
pub(super) fn found(
    state: &State,
) -> impl Iterator<Item = (RememberedKey, Remembered, Option<Owner>)> {
    let snapshot = &state.snapshot;
    // No container is named, so none can be missing.
    let mut all = remembered(snapshot, &state.found, &Restore::default()).unwrap_or_default();
    // Of two that have one key that one comes first that counts.
    all.sort_by_key(|one| one.superseded.is_some());
    let containers = ContainerIndex::of(snapshot);
    all.into_iter().filter_map(move |one| {
        let owner = owner(snapshot, &containers, &one).and_then(started);
        Some((one.key()?, one, owner))
    })
}

/// Every container that runs and may have an interface here: no user's.
pub(super) fn running(snapshot: &Snapshot) -> BTreeSet<Owner> {
    let all = snapshot.containers_by_engine();
    let of_host = all.filter(|(engine, _)| snapshot.identities.refusal(engine).is_none());
    of_host.filter_map(|(_, row)| started(row)).collect()
}

fn started(row: &Container) -> Option<Owner> {
    let since = row.pid.map(u64::from).or_else(|| row.netns.map(|netns| netns.ino))?;
    Some((row.id.clone(), since))
}

fn owner<'a>(
    snapshot: &'a Snapshot,
    containers: &ContainerIndex<'a>,
    one: &Remembered,
) -> Option<&'a Container> {
    let record = PortRecord::of(&one.port)?;
    let found = containers.whereabouts(&record);
    if found.container().is_some() {
        return found.container();
    }
    // The successor's, as soon as it is proven that the predecessor is gone.
    found.doubt()?;
    possible_successor(snapshot, &record)
}

/// What is to be done about it, and why that is or is not known.
pub(super) fn judged(state: &State, one: &Remembered) -> (RestoreNeed, String) {
    // Only whether it can be made is asked, so no name or address is needed.
    let generated = Generated { host_end: "dov-00000000".to_owned(), mac: Mac([2; 6]), now: 0 };
    match restore(&state.snapshot, &state.found, one, &generated) {
        RestoreAction::There | RestoreAction::Gone => (RestoreNeed::Nothing, String::new()),
        RestoreAction::Number(_) => {
            (RestoreNeed::Doubtful, "its port has no lasting number yet".to_owned())
        }
        RestoreAction::Again(_) => {
            (RestoreNeed::Missing, "it is about to be made again".to_owned())
        }
        RestoreAction::NotRunning { state } => {
            (RestoreNeed::Doubtful, format!("its container is {state}"))
        }
        RestoreAction::Refused(plan_error) => (RestoreNeed::Doubtful, plan_error.to_string()),
        RestoreAction::NotToBeTouched { why } => (RestoreNeed::Doubtful, why),
    }
}
