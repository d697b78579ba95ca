//! Links whose other end the kernel does not tell, and that may be a port's: hardware, as an
//! SR-IOV function is, and internal ports that were moved.

use rustc_hash::FxHashMap;

use crate::ids::{LinkKey, Mac, NetnsId};
use crate::snapshot::Link;

use super::entries::PortEntry;
use super::group::OneOrMore;
use super::index::Index;
use super::port_link::has_link;

/// Links of one kind: whether one can be a port's other end depends on its kind alone, and of links
/// that are alike it counts whether they are none, one or several.
type LinkKind<'a> = (Option<&'a str>, Only);

/// Such links of all namespaces but the switch's.
#[derive(Default)]
pub(super) struct UntraceableLinks<'a> {
    places: FxHashMap<(NetnsId, &'a str), OneOrMore<LinkKind<'a>>>,
    names: FxHashMap<&'a str, OneOrMore<LinkKind<'a>>>,
    homes: FxHashMap<(NetnsId, Mac), OneOrMore<LinkKind<'a>>>,
    macs: FxHashMap<Mac, OneOrMore<LinkKind<'a>>>,
}

/// Which link, if it is only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Only {
    #[default]
    None,
    One(LinkKey),
    Several,
}

impl Only {
    pub(super) fn add(&mut self, other: Self) {
        *self = match (*self, other) {
            (one, Self::None) | (Self::None, one) => one,
            (one, other) if one == other => one,
            _ => Self::Several,
        };
    }

    /// Whether there is no other one than this.
    pub(super) fn is_no_other_than(self, at: LinkKey) -> bool {
        self == Self::None || self == Self::One(at)
    }
}

impl<'a> UntraceableLinks<'a> {
    pub(super) fn new(index: &Index<'a>) -> Self {
        let mut all = Self::default();
        for home in index.container_namespaces() {
            for link in home.links.iter().filter(|link| may_be_claimed(link)) {
                let at = LinkKey { netns: home.id, ifindex: link.ifindex };
                let kind = (link.kind.as_deref(), Only::One(at));
                add(all.places.entry((home.id, &*link.name)).or_default(), kind);
                add(all.names.entry(&*link.name).or_default(), kind);
                if let Some(mac) = link.mac {
                    add(all.homes.entry((home.id, mac)).or_default(), kind);
                    add(all.macs.entry(mac).or_default(), kind);
                }
            }
        }
        all
    }

    /// Those of a namespace that have this name and may be this port.
    pub(super) fn called(&self, netns: NetnsId, name: &str, port: &PortEntry<'_>) -> Only {
        only(self.places.get(&(netns, name)), port)
    }

    /// The same of all namespaces.
    pub(super) fn named(&self, name: &str, port: &PortEntry<'_>) -> Only {
        only(self.names.get(name), port)
    }

    /// Those of a namespace that have this address and may be this port.
    pub(super) fn at_home(&self, netns: NetnsId, mac: Mac, port: &PortEntry<'_>) -> Only {
        only(self.homes.get(&(netns, mac)), port)
    }

    /// The same of all namespaces.
    pub(super) fn with_mac(&self, mac: Mac, port: &PortEntry<'_>) -> Only {
        only(self.macs.get(&mac), port)
    }
}

/// There are few kinds of links that may be claimed.
fn add<'a>(kinds: &mut OneOrMore<LinkKind<'a>>, (kind, link): LinkKind<'a>) {
    match kinds.iter_mut().find(|(known, _)| *known == kind) {
        Some((_, only)) => only.add(link),
        None => kinds.push((kind, link)),
    }
}

fn only(kinds: Option<&OneOrMore<LinkKind<'_>>>, port: &PortEntry<'_>) -> Only {
    let mut all = Only::None;
    for (_, links) in kinds.into_iter().flatten().filter(|(kind, _)| is_like(*kind, port)) {
        all.add(*links);
    }
    all
}

/// Whether a link is of a kind that can be the other end of a port without the kernel telling.
pub(super) fn may_be_claimed(link: &Link) -> bool {
    link.ethernet && matches!(link.kind.as_deref(), None | Some("tun" | "openvswitch"))
}

/// Whether a link of its kind can be the other end of this port. A port whose kind is of links in
/// the switch's namespace has none elsewhere, but an internal one; patches and tunnels have none.
pub(super) fn may_be(link: &Link, entry: &PortEntry<'_>) -> bool {
    is_like(link.kind.as_deref(), entry)
}

fn is_like(kind: Option<&str>, entry: &PortEntry<'_>) -> bool {
    match (entry.port.kind.as_str(), kind) {
        ("internal", Some("tun")) => entry.bridge.datapath.as_deref() != Some("system"),
        ("internal", Some("openvswitch")) => entry.bridge.datapath.as_deref() != Some("netdev"),
        // A tap is a tap of either datapath; and a source may not tell the kind of its ports.
        ("tap", Some("tun")) | ("", _) => true,
        ("internal" | "tap", _) => false,
        // For the note that its own link lives, or is gone.
        (kind, _) if has_link(kind) => entry.link.is_some(),
        (kind, None | Some("tun")) => kind.starts_with("dpdk"),
        _ => false,
    }
}
