//! The upper links of a link that is to go: a VLAN, a macvlan, an ipvlan, a VXLAN sends by the lower link,
//! and the kernel deletes it together with that one, in whichever namespace it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{Ifindex, LinkKey, NetnsId};
use crate::snapshot::{Link, Namespace, Peer, Scope, Snapshot};

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
    let mut doubt = None;
    while let Some(lower) = open.pop() {
        for (space, link, beneath) in by_lower.get(&lower.ifindex).into_iter().flatten() {
            let words = || in_words(snapshot, space, link);
            match stands_on(snapshot, space, link, *beneath, lower) {
                Stands::No => continue,
                Stands::Perhaps(why) => {
                    doubt.get_or_insert_with(|| format!("{} may stand on it: {why}", words()));
                    continue;
                }
                Stands::Yes if Some(space.id) != own => return Some(Upper::Foreign(words())),
                Stands::Yes => {}
            }
            let upper = LinkKey { netns: space.id, ifindex: link.ifindex };
            if seen.insert(upper) {
                open.push(upper);
            }
        }
    }
    let unread = || {
        let owner = unread(snapshot)?;
        Some(format!("whether a link of {owner} stands on it was not read"))
    };
    doubt.or_else(unread).map(Upper::Unknown)
}

/// An upper link, with its namespace and what is told of the lower one.
type UpperLink<'a> = (&'a Namespace, &'a Link, Peer);

/// All upper links by the index of the lower one.
fn by_lower(snapshot: &Snapshot) -> BTreeMap<Ifindex, Vec<UpperLink<'_>>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for space in snapshot.kernel.rows() {
        for link in &space.links {
            for lower in link.lowers() {
                all.entry(lower.ifindex).or_default().push((space, &**link, lower));
            }
        }
    }
    all
}

/// Whether one link sends by another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    No,
    /// It may, and why that is not known.
    Perhaps(&'static str),
    Yes,
}

/// Whether `link` sends by `lower`, which has the index of what is `beneath` it. A namespace has one word for each
/// other one, and none for itself (`net_namespace.c` of the kernel): where its word for the other's is not known, and
/// neither is what the link's word means, many links have that index. Where the kernel names no namespace, the
/// hardware address decides.
fn stands_on(
    snapshot: &Snapshot,
    space: &Namespace,
    link: &Link,
    beneath: Peer,
    lower: LinkKey,
) -> Stands {
    if let Some(nsid) = beneath.nsid {
        let is_named = || space.nsids.values().any(|netns| *netns == lower.netns);
        return match space.nsids.get(&nsid) {
            Some(netns) if *netns == lower.netns => Stands::Yes,
            None if space.id != lower.netns && !is_named() => {
                Stands::Perhaps("in which namespace its parent is was not read")
            }
            _ => Stands::No,
        };
    }
    if space.id == lower.netns {
        return Stands::Yes;
    }
    if !link.hides_its_parents_netns() {
        return Stands::No;
    }
    let home = snapshot.namespace(lower.netns);
    let mut parents = home.into_iter().flat_map(|home| &home.links);
    if parents.any(|parent| parent.ifindex == lower.ifindex && link.has_mac_of(parent)) {
        return Stands::Yes;
    }
    let beside = space.links.iter().map(|link| &**link);
    if link.may_stand_elsewhere(beside) {
        Stands::Perhaps("the kernel does not say in which namespace its parent is")
    } else {
        Stands::No
    }
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
