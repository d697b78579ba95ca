//! The upper links of a link that is to go: a VLAN, a macvlan, an ipvlan sends by the lower link
//! (`IFLA_LINK`), and the kernel deletes it together with that one, in whichever namespace it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{Ifindex, LinkKey, NetnsId};
use crate::snapshot::{Link, Namespace, Scope, Snapshot};

/// Why links may not be deleted: an upper link of another namespace would be gone too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Upper {
    /// There is one: what it is, in words.
    Foreign(String),
    /// Whether there is one is not known, and why.
    Unknown(String),
}

/// The upper link of one of `ends`, or of an upper link of it, that is in another namespace than `own`,
/// whose links go together.
pub(super) fn foreign_upper(snapshot: &Snapshot, ends: &[LinkKey], own: NetnsId) -> Option<Upper> {
    upper_of(snapshot, ends, Some(own))
}

/// The same; any upper link at all where `own` is none.
pub(super) fn upper_of(
    snapshot: &Snapshot,
    ends: &[LinkKey],
    own: Option<NetnsId>,
) -> Option<Upper> {
    if snapshot.scope == Scope::One {
        let why = "whether another namespace has a link that stands on it was not read";
        return Some(Upper::Unknown(why.to_owned()));
    }
    let by_lower = by_lower(snapshot);
    let mut seen: BTreeSet<LinkKey> = ends.iter().copied().collect();
    let mut open = ends.to_vec();
    while let Some(lower) = open.pop() {
        let same_index = by_lower.get(&lower.ifindex).into_iter().flatten();
        for (space, link) in same_index.filter(|(space, link)| is_upper_of(space, link, lower)) {
            if Some(space.id) != own {
                return Some(Upper::Foreign(in_words(snapshot, space, link)));
            }
            let upper = LinkKey { netns: space.id, ifindex: link.ifindex };
            if seen.insert(upper) {
                open.push(upper);
            }
        }
    }
    unread(snapshot)
        .map(|owner| Upper::Unknown(format!("whether a link of {owner} stands on it was not read")))
}

/// All upper links, each with its namespace, by the index of the lower one.
fn by_lower(snapshot: &Snapshot) -> BTreeMap<Ifindex, Vec<(&Namespace, &Link)>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for space in snapshot.kernel.rows() {
        for link in space.links.iter().filter(|link| !link.is_paired()) {
            if let Some(lower) = link.peer {
                all.entry(lower.ifindex).or_default().push((space, &**link));
            }
        }
    }
    all
}

/// Whether `link` sends by `lower`. Where its namespace has no known word for the other's, the index
/// decides: it may be the one.
fn is_upper_of(space: &Namespace, link: &Link, lower: LinkKey) -> bool {
    let Some(beneath) = link.peer else { return false };
    let netns = match beneath.nsid {
        None => Some(space.id),
        Some(nsid) => space.nsids.get(&nsid).copied(),
    };
    beneath.ifindex == lower.ifindex && netns.is_none_or(|netns| netns == lower.netns)
}

fn in_words(snapshot: &Snapshot, space: &Namespace, link: &Link) -> String {
    let kind = link.kind.as_deref().unwrap_or("link");
    format!("the {kind} {} of {}", link.name, owner(snapshot, space))
}

/// Who has a namespace.
fn owner(snapshot: &Snapshot, space: &Namespace) -> String {
    if Some(space.id) == snapshot.switch_netns {
        return "the host".to_owned();
    }
    let tenant = snapshot.containers().find(|row| row.netns == Some(space.id));
    let called = || space.called().into_iter().next().unwrap_or_else(|| space.id.to_string());
    tenant.map_or_else(called, |row| row.name.to_string())
}

/// Whose namespace may have links that were not seen.
fn unread(snapshot: &Snapshot) -> Option<String> {
    let spaces = snapshot.kernel.rows().iter().filter(|space| !space.is_read());
    let missing = |netns| snapshot.namespace(netns).is_none();
    let containers = snapshot.containers();
    let containers = containers.filter(|row| row.unread || row.netns.is_some_and(missing));
    let spaces = spaces.map(|space| owner(snapshot, space));
    spaces.chain(containers.map(|row| row.name.to_string())).next()
}
