//! Namespaces that no engine and no name leads to, and that are on the way of a link all the same:
//! found by the processes in them.

use std::collections::{BTreeMap, BTreeSet};

use model::ids::{NetnsId, Nsid};
use model::snapshot::Namespace;
use netns::Netns;

use super::inhabited::processes;
use super::rows::id;

/// So many questions for a word are put in one look.
const MOST: usize = 16 * 1024;

/// The namespaces that links of `rows`, which were read of `spaces`, lead straight to, and that are
/// none of these. Costs nothing where there are no such links; else a walk over all processes.
#[allow(clippy::indexing_slicing, reason = "the indexes are those of the rows and spaces")]
pub(super) fn found_by_process(rows: &[Namespace], spaces: &[&Netns]) -> Vec<Netns> {
    let open: Vec<usize> = (0..rows.len()).filter(|i| rows[*i].exits().next().is_some()).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let known: BTreeSet<NetnsId> = rows.iter().map(|row| row.id).collect();
    let others: Vec<Netns> = inhabited_but(&known);
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

/// The namespaces that a process is in, but for those that are `known`. What may not be looked at
/// is left out.
fn inhabited_but(known: &BTreeSet<NetnsId>) -> Vec<Netns> {
    let mut found: BTreeMap<NetnsId, Netns> = BTreeMap::new();
    let spaces = processes().unwrap_or_default().into_iter();
    for space in spaces.filter_map(|pid| Netns::of_process(pid).ok()) {
        if !known.contains(&id(&space)) {
            found.entry(id(&space)).or_insert(space);
        }
    }
    found.into_values().collect()
}
