//! What namespaces call each other where veths join them directly, past the switch's: then a
//! Linux bridge in one of them may be on the way of the other's.

use std::collections::{BTreeMap, BTreeSet};

use model::ids::Nsid;
use model::snapshot::{Link, Namespace};
use netns::Netns;

use super::rows::name_others;

/// Namespaces whose links have the same indexes: of more than this none is asked about.
const MANY: usize = 16;

/// Adds to `rows`, which were read of `spaces`, what those call each other that have both ends of
/// a veth. An end tells the index of the other one, so that few are asked about.
pub(super) fn name_each_other(rows: &mut [Namespace], spaces: &[&Netns]) {
    let mut ends: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        for (own, peer, _) in unnamed(row) {
            ends.entry((own, peer)).or_default().push(i);
        }
    }
    let mut asked: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        for (own, peer, _) in unnamed(row) {
            let others = ends.get(&(peer, own)).filter(|others| others.len() <= MANY);
            let others = others.into_iter().flatten().copied().filter(|other| *other != i);
            asked.entry(i).or_default().extend(others);
        }
    }
    asked.retain(|_, others| !others.is_empty());
    let asked: Vec<_> = asked.into_iter().collect();
    let space = |i: &usize| spaces.get(*i).copied();
    let homes: Vec<&Netns> = asked.iter().filter_map(|(i, _)| space(i)).collect();
    let named = netns::visit(&homes, |at, socket| {
        let Some(((_, others), row)) = asked.get(at).and_then(|one| Some((one, rows.get(one.0)?)))
        else {
            return Ok(BTreeMap::new());
        };
        let mut row = Namespace { links: Vec::new(), ..row.clone() };
        let others: Vec<&Netns> = others.iter().filter_map(space).collect();
        name_others(socket, &mut row, &others)?;
        Ok(row.nsids)
    });
    for ((i, _), nsids) in asked.iter().zip(named) {
        if let (Ok(nsids), Some(row)) = (nsids, rows.get_mut(*i)) {
            row.nsids = nsids;
        }
    }
}

/// The veths of a namespace whose other end is in one that it has no known word for: the own
/// index, the other end's, and the word.
fn unnamed(row: &Namespace) -> impl Iterator<Item = (u32, u32, Nsid)> {
    let pairs = row.links.iter().filter(|link| link.is_paired());
    pairs.filter_map(|link| {
        let Link { ifindex, peer, .. } = &**link;
        let (peer, nsid) = ((*peer)?.ifindex, (*peer)?.nsid?);
        (!row.nsids.contains_key(&nsid)).then_some((ifindex.0, peer.0, nsid))
    })
}
