//! Namespaces that no engine leads to, or that a look at one container left out, and that are on the
//! way of a link all the same: found by their names and by the processes in them.

use std::collections::{BTreeMap, BTreeSet};

use model::ids::{NetnsId, Nsid};
use model::snapshot::Namespace;
use netns::Netns;

use super::inhabited::processes;
use super::namespaces::named;
use super::rows::id;

/// So many questions for a word are put in one look.
const MOST: usize = 16 * 1024;

/// The namespaces that links of `rows`, which were read of `spaces`, lead straight to, and that are
/// none of these. Costs nothing where there are no such links; else a walk over all processes.
#[allow(clippy::indexing_slicing, reason = "the indexes are those of the rows and spaces")]
pub(super) fn found_between(rows: &[Namespace], spaces: &[&Netns]) -> Vec<Netns> {
    let open: Vec<usize> = (0..rows.len()).filter(|i| rows[*i].exits().next().is_some()).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let known: BTreeSet<NetnsId> = rows.iter().map(|row| row.id).collect();
    let others: Vec<Netns> = others_than(&known);
    let homes: Vec<&Netns> = open.iter().map(|i| spaces[*i]).collect();
    let mut left = MOST;
    let met = netns::visit(&homes, |at, socket| {
        let mut open: BTreeSet<Nsid> = rows[open[at]].exits().map(|(_, nsid)| nsid).collect();
        let mut met = BTreeSet::new();
        for (i, other) in others.iter().enumerate() {
            if open.is_empty() || left == 0 {
                break;
            }
            left -= 1;
            if socket.nsid_of(other)?.is_some_and(|nsid| open.remove(&Nsid(nsid))) {
                met.insert(i);
            }
        }
        Ok(met)
    });
    let met: BTreeSet<usize> = met.into_iter().flatten().flatten().collect();
    let found = others.into_iter().enumerate().filter(|(i, _)| met.contains(i));
    found.map(|(_, space)| space).collect()
}

/// The namespaces that have a name or that a process is in, but for those that are `known`. What may not be looked at
/// is left out.
fn others_than(known: &BTreeSet<NetnsId>) -> Vec<Netns> {
    let mut found: BTreeMap<NetnsId, Netns> = BTreeMap::new();
    let named = named().into_iter().filter_map(|(_, space)| space.ok());
    let pids = processes().unwrap_or_default().into_iter();
    for space in named.chain(pids.filter_map(|pid| Netns::of_process(pid).ok())) {
        if !known.contains(&id(&space)) {
            found.entry(id(&space)).or_insert(space);
        }
    }
    found.into_values().collect()
}
