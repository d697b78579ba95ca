//! What stands on a link that is to go: a VLAN, a macvlan, an ipvlan sends by the link beneath it
//! (`IFLA_LINK`), and the kernel deletes it together with that one, in whichever namespace it is.

use std::collections::BTreeSet;

use crate::ids::{LinkKey, NetnsId};
use crate::snapshot::{Link, Namespace, Scope, Snapshot};

/// Why links may not be deleted: what stands on them would be gone too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Burden {
    /// Another's link, in words.
    Upper(String),
    /// Whether there is one is not known, and why.
    Unknown(String),
}

/// What stands on one of `ends`, or on what stands there, and is in another namespace than `own`,
/// whose links go together.
pub(super) fn burden_of(snapshot: &Snapshot, ends: &[LinkKey], own: NetnsId) -> Option<Burden> {
    if snapshot.scope == Scope::One {
        let why = "whether another namespace has a link that stands on it was not read";
        return Some(Burden::Unknown(why.to_owned()));
    }
    let mut beneath: BTreeSet<LinkKey> = ends.iter().copied().collect();
    let mut open = ends.to_vec();
    while let Some(lower) = open.pop() {
        for space in snapshot.kernel.rows() {
            for link in space.links.iter().filter(|link| stands_on(space, link, lower)) {
                if space.id != own {
                    return Some(Burden::Upper(in_words(snapshot, space, link)));
                }
                let upper = LinkKey { netns: space.id, ifindex: link.ifindex };
                if beneath.insert(upper) {
                    open.push(upper);
                }
            }
        }
    }
    unread(snapshot).map(|owner| {
        Burden::Unknown(format!("whether a link of {owner} stands on it was not read"))
    })
}

/// Whether `link` sends by `lower`. Where its namespace has no known word for the other's, the index
/// decides: it may be the one.
fn stands_on(space: &Namespace, link: &Link, lower: LinkKey) -> bool {
    let Some(beneath) = link.peer.filter(|_| !link.is_paired()) else { return false };
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
    let containers = snapshot.containers().filter(|row| row.netns.is_some_and(missing));
    let spaces = spaces.map(|space| owner(snapshot, space));
    spaces.chain(containers.map(|row| row.name.to_string())).next()
}
