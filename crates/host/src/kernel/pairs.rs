//! What namespaces call each other where a link of one leads straight to another one, past the
//! switch's: to the other end of a veth, or to the link beneath a macvlan. Then that namespace is
//! on the way.

use std::collections::{BTreeMap, BTreeSet};

use model::ids::{NetnsId, Nsid};
use model::snapshot::{Link, Namespace};
use netns::Netns;

use super::read::note_unread;

/// So many questions for a word are put in one look, which takes some 50 ms: what is left then is
/// not known.
const MAX_PAIRS: usize = 16 * 1024;

/// Adds to `rows`, which were read of `spaces`, what those call each other where a link leads
/// straight from one to the other. The link tells the index of what it leads to, so that few are
/// asked about. A row that cannot be asked says so. Costs nothing where all of them lead to the
/// switch's namespace.
#[allow(clippy::indexing_slicing, reason = "the indexes are those of the rows and spaces")]
pub(super) fn name_each_other(rows: &mut [Namespace], spaces: &[&Netns]) {
    let open: Vec<usize> = (0..rows.len()).filter(|i| rows[*i].exits().next().is_some()).collect();
    if open.is_empty() {
        return;
    }
    let entries = Entries::of(rows);
    let asked = open.iter().map(|i| (*i, entries.behind(*i, &rows[*i])));
    let asked: Vec<(usize, Vec<usize>)> = asked.filter(|(_, others)| !others.is_empty()).collect();
    let homes: Vec<&Netns> = asked.iter().map(|(i, _)| spaces[*i]).collect();
    let mut left = MAX_PAIRS;
    let named = netns::visit(&homes, |at, socket| {
        let (i, others) = &asked[at];
        let mut open: BTreeSet<Nsid> = rows[*i].exits().map(|(_, nsid)| nsid).collect();
        let mut known: Vec<(Nsid, NetnsId)> = Vec::new();
        for other in others {
            if open.is_empty() || left == 0 {
                break;
            }
            left -= 1;
            if let Some(nsid) = socket.nsid_of(spaces[*other])?.map(Nsid) {
                open.remove(&nsid);
                known.push((nsid, rows[*other].id));
            }
        }
        Ok(known)
    });
    for ((i, _), known) in asked.iter().zip(named) {
        match known {
            Ok(known) => rows[*i].nsids.extend(known),
            Err(error) => note_unread(&mut rows[*i], &error),
        }
    }
}

/// Where links of other namespaces may lead to: which rows have such a link.
struct Entries {
    /// Veths by (the own index, the other end's).
    ends: BTreeMap<(u32, u32), Vec<usize>>,
    /// Links of any kind by their index.
    links: BTreeMap<u32, Vec<usize>>,
}

impl Entries {
    fn of(rows: &[Namespace]) -> Self {
        let mut ends = BTreeMap::new();
        let mut links = BTreeMap::new();
        for (i, row) in rows.iter().enumerate() {
            for link in row.links.iter().filter(|link| link.ethernet) {
                let own = link.ifindex.0;
                let at: &mut Vec<usize> = links.entry(own).or_default();
                at.push(i);
                if let Some(peer) = link.peer.filter(|_| link.is_paired()) {
                    let at: &mut Vec<usize> = ends.entry((own, peer.ifindex.0)).or_default();
                    at.push(i);
                }
            }
        }
        Self { ends, links }
    }

    /// The rows that the exits of row `i` may lead to.
    fn behind(&self, i: usize, row: &Namespace) -> Vec<usize> {
        let mut seen = BTreeSet::from([i]);
        let behind = row.exits().flat_map(|(link, _)| self.at(link));
        behind.copied().filter(|other| seen.insert(*other)).collect()
    }

    fn at(&self, exit: &Link) -> &[usize] {
        let Some(peer) = exit.peer.map(|peer| peer.ifindex.0) else { return &[] };
        let found = if exit.is_paired() {
            self.ends.get(&(peer, exit.ifindex.0))
        } else {
            self.links.get(&peer)
        };
        found.map_or(&[], |rows| rows)
    }
}
