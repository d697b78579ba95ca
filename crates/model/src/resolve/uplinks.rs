//! The Linux bridges next to the switch, and the ports each can be reached through.

use rustc_hash::FxHashMap;

use crate::ids::LinkKey;
use crate::snapshot::Link;

use super::entries::PortIx;
use super::group::{OneOrMore, group};
use super::index::Index;
use super::veth::far_end;

/// By Linux bridge: its ports on the switch, each with the link that leads there.
pub(super) type Uplinks<'a> = FxHashMap<LinkKey, OneOrMore<(PortIx, &'a str)>>;

/// The uplink of a Linux bridge is its own device as a port, an enslaved link as a port, or an
/// enslaved veth whose other end is one.
pub(super) fn uplinks<'a>(index: &Index<'a>) -> Uplinks<'a> {
    let Some(netns) = index.switch_netns else { return FxHashMap::default() };
    let is_bridge = |link: &Link| link.kind.as_deref() == Some("bridge");
    let own = index.switch_links().filter(|link| is_bridge(link)).map(|link| (link, link.ifindex));
    let enslaved = index.switch_links().filter_map(|link| Some((link, link.master?)));
    let enslaved = enslaved.filter(|(_, master)| {
        index.link(LinkKey { netns, ifindex: *master }).is_some_and(is_bridge)
    });
    group(own.chain(enslaved).flat_map(|(link, bridge)| {
        let ports = ports_behind(index, LinkKey { netns, ifindex: link.ifindex }, link);
        let key = LinkKey { netns, ifindex: bridge };
        ports.iter().map(move |port| (key, (*port, &*link.name)))
    }))
}

/// The ports of this name, or of the name at the other end of a veth in the same namespace.
fn ports_behind<'i>(index: &'i Index<'_>, at: LinkKey, link: &Link) -> &'i [PortIx] {
    let named = index.ports.named(&link.name);
    if !named.is_empty() || !link.is_paired() {
        return named;
    }
    match far_end(index, at, link) {
        Ok((far, end, _)) if far.netns == at.netns => index.ports.named(&end.name),
        _ => &[],
    }
}
