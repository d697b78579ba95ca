//! Links whose other end the kernel does not tell, and that may be a port's: hardware, as an
//! SR-IOV function is, and internal ports that were moved.

use rustc_hash::FxHashMap;

use crate::ids::{LinkKey, Mac, NetnsId};
use crate::snapshot::Link;

use super::entries::PortEntry;
use super::group::{OneOrMore, group};
use super::index::Index;
use super::port_link::has_link;

type Keyed<'a> = (LinkKey, &'a Link);

/// Such links of all namespaces but the switch's.
pub(super) struct UntraceableLinks<'a> {
    places: FxHashMap<(NetnsId, &'a str), Keyed<'a>>,
    names: FxHashMap<&'a str, OneOrMore<Keyed<'a>>>,
    macs: FxHashMap<Mac, OneOrMore<Keyed<'a>>>,
}

impl<'a> UntraceableLinks<'a> {
    pub(super) fn new(index: &Index<'a>) -> Self {
        let links = index.container_namespaces().flat_map(|home| {
            let keyed = move |ifindex| LinkKey { netns: home.id, ifindex };
            home.links.iter().map(move |link| (keyed(link.ifindex), &**link))
        });
        let links: Vec<Keyed<'a>> = links.filter(|(_, link)| may_be_claimed(link)).collect();
        let keyed = || links.iter().copied();
        Self {
            places: keyed().map(|(at, link)| ((at.netns, &*link.name), (at, link))).collect(),
            names: group(keyed().map(|(at, link)| (&*link.name, (at, link)))),
            macs: group(keyed().filter_map(|(at, link)| Some((link.mac?, (at, link))))),
        }
    }

    pub(super) fn called(&self, netns: NetnsId, name: &str) -> Option<Keyed<'a>> {
        self.places.get(&(netns, name)).copied()
    }

    pub(super) fn named(&self, name: &str) -> &[Keyed<'a>] {
        self.names.get(name).map_or(&[], |links| links)
    }

    pub(super) fn with_mac(&self, mac: Mac) -> &[Keyed<'a>] {
        self.macs.get(&mac).map_or(&[], |links| links)
    }
}

/// Whether a link is of a kind that can be the other end of a port without the kernel telling.
pub(super) fn may_be_claimed(link: &Link) -> bool {
    link.ethernet && matches!(link.kind.as_deref(), None | Some("tun" | "openvswitch"))
}

/// Whether a link of its kind can be the other end of this port. A port whose kind is of links in
/// the switch's namespace has none elsewhere, but an internal one; patches and tunnels have none.
pub(super) fn may_be(link: &Link, entry: &PortEntry<'_>) -> bool {
    match (entry.port.kind.as_str(), link.kind.as_deref()) {
        ("internal", Some("tun")) => entry.bridge.datapath.as_deref() != Some("system"),
        ("internal", Some("openvswitch")) => entry.bridge.datapath.as_deref() != Some("netdev"),
        ("internal", _) => false,
        // A source that does not tell the kind of its ports.
        ("", _) => true,
        // For the note that its own link lives, or is gone.
        (kind, _) if has_link(kind) => entry.link.is_some(),
        (kind, None | Some("tun")) => kind.starts_with("dpdk"),
        _ => false,
    }
}
