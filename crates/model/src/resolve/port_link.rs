//! Which link of the switch's namespace a port is, by identity first: the index that vswitchd
//! holds, the name, an alternative name, the name cut to what the kernel keeps of it.
//!
//! An index counts only where something confirms it: OVSDB's is found by name and outlives its
//! link, and the kernel may give it to another one.

use std::sync::{Arc, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ids::Ifindex;
use crate::occupant::SwitchPort;
use crate::port_mark::PortMark;
use crate::snapshot::{Link, Namespace, Snapshot};
use crate::switch::{Bridge, Port};

/// What the kernel keeps of a longer name (`IFNAMSIZ` of linux/if.h less the NUL), for instance
/// of an internal port's in the userspace datapath.
const KERNEL_NAME: usize = 15;

/// How a port's link was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundBy {
    /// It has the interface's name.
    Name,
    /// The interface's name is an alternative name of it.
    AltName,
    /// It has the first 15 bytes of the interface's name.
    CutName,
    /// It has the index that vswitchd holds, and vswitchd holds it still.
    Ifindex,
}

/// The link of a port, or why it cannot be told.
#[derive(Clone, Debug, Default)]
pub(super) struct PortLink<'a> {
    pub(super) link: Option<&'a Link>,
    pub(super) found_by: Option<FoundBy>,
    /// Where it may be one of these links, and nothing tells whether.
    pub(super) doubt: Option<Doubt>,
}

/// Links that may be a port's.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    /// Why they may be.
    pub(super) why: String,
    /// Which.
    pub(super) links: Vec<Ifindex>,
}

/// The links of the switch's namespace, by what ports may know of them.
pub(super) struct SwitchLinks<'a> {
    row: Option<&'a Namespace>,
    by_name: FxHashMap<&'a str, &'a Link>,
    by_altname: FxHashMap<&'a str, &'a Link>,
    by_index: OnceLock<FxHashMap<Ifindex, &'a Link>>,
    bridges: Vec<&'a Bridge>,
    port_names: OnceLock<FxHashSet<&'a str>>,
}

impl<'a> SwitchLinks<'a> {
    /// Of the row of the switch's namespace, and the bridges whose ports are looked for.
    pub(super) fn new(row: Option<&'a Namespace>, bridges: Vec<&'a Bridge>) -> Self {
        let links = || row.into_iter().flat_map(|row| &row.links).map(|link| &**link);
        let altnames = links().flat_map(|link| link.altnames.iter().map(move |name| (name, link)));
        Self {
            by_name: links().map(|link| (&*link.name, link)).collect(),
            by_altname: altnames.map(|(name, link)| (&**name, link)).collect(),
            by_index: OnceLock::new(),
            port_names: OnceLock::new(),
            bridges,
            row,
        }
    }

    /// The link of `port`. Only some kinds of port have one.
    pub(super) fn of(&self, bridge: &Bridge, port: &Port) -> PortLink<'a> {
        if !has_link(&port.kind) {
            return PortLink::default();
        }
        let called = self.called(port);
        let index = port.ifindex.filter(|index| index.0 != 0);
        if called.is_some_and(|(link, _)| index.is_none_or(|index| index == link.ifindex)) {
            return found(called);
        }
        let held = index.and_then(|index| self.by_index().get(&index)).copied();
        match (held, called) {
            (None, called) => found(called),
            (Some(held), called) => match self.holds(bridge, port, held) {
                // It may be this port's, which was given the name of the other one; or that one's, and
                // the index an old one, as is that of a port that vswitchd could not open, or where
                // the link bears the other one's mark.
                Some(true) | None if self.has_name_of_another(port, held) => {
                    let is_old =
                        port.error.is_some() || self.has_mark_of_another(bridge, port, held);
                    if is_old { found(called) } else { contested(held, called) }
                }
                Some(true) => {
                    // Another port may have been given the link of this index since.
                    let as_well =
                        called.filter(|(link, _)| self.holds(bridge, port, link) == Some(true));
                    found(as_well.or(Some((held, FoundBy::Ifindex))))
                }
                Some(false) => found(called),
                None => unconfirmed(held, called.map(|(link, _)| link)),
            },
        }
    }

    /// The link that has the port's name. One of another kind has been given the name of an internal
    /// port that was moved or renamed: that one was made by the switch, and stays what it is.
    fn called(&self, port: &Port) -> Option<(&'a Link, FoundBy)> {
        let may_be =
            |(link, _): &(&Link, FoundBy)| !is_made_by_the_switch(port) || is_internal(link);
        self.by_any_name(port).filter(may_be)
    }

    fn by_any_name(&self, port: &Port) -> Option<(&'a Link, FoundBy)> {
        let by_name = self.by_name.get(&*port.iface).map(|link| (*link, FoundBy::Name));
        let by_altname = || Some((*self.by_altname.get(&*port.iface)?, FoundBy::AltName));
        by_name.or_else(by_altname).or_else(|| Some((self.by_cut_name(port)?, FoundBy::CutName)))
    }

    /// The link that has what the kernel keeps of the interface's name, unless vswitchd holds
    /// another one, or a port has just that name.
    fn by_cut_name(&self, port: &Port) -> Option<&'a Link> {
        let cut = cut_name(&port.iface)?;
        let link = *self.by_name.get(cut)?;
        // A port that vswitchd could not open has no link, though another one has what its name is cut to.
        let held = port.ifindex.is_none_or(|index| index == link.ifindex) && port.error.is_none();
        (held && !self.port_names().contains(cut)).then_some(link)
    }

    /// Whether vswitchd holds this link as this port; none where nothing tells.
    fn holds(&self, bridge: &Bridge, port: &Port, link: &Link) -> Option<bool> {
        match port.kind.as_str() {
            "internal" => Some(is_internal(link)),
            "system" => match bridge.datapath.as_deref()? {
                "netdev" => self.row?.is_listened_to(link.ifindex),
                "system" => {
                    let master = link.master.and_then(|master| self.by_index().get(&master));
                    Some(master.is_some_and(|master| is_datapath(master)))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether another port has this link's name.
    fn has_name_of_another(&self, port: &Port, link: &Link) -> bool {
        link.name != port.iface && self.port_names().contains(&*link.name)
    }

    /// Whether this link was made for the port whose name it has, and not for `port`.
    fn has_mark_of_another(&self, bridge: &Bridge, port: &Port, link: &Link) -> bool {
        let is_marked = |bridge: &Bridge, port: &Port| PortMark::of(&bridge.name, port).is_on(link);
        let mut named = self.bridges.iter().flat_map(|other| {
            let ports = other.ports.iter().filter(|row| row.iface == link.name);
            ports.map(move |row| (other, row))
        });
        !is_marked(bridge, port) && named.any(|(other, row)| is_marked(other, row))
    }

    fn by_index(&self) -> &FxHashMap<Ifindex, &'a Link> {
        self.by_index.get_or_init(|| {
            let links = self.row.into_iter().flat_map(|row| &row.links);
            links.map(|link| (link.ifindex, &**link)).collect()
        })
    }

    fn port_names(&self) -> &FxHashSet<&'a str> {
        self.port_names.get_or_init(|| {
            let ports = self.bridges.iter().flat_map(|bridge| &bridge.ports);
            ports.filter(|port| has_link(&port.kind)).map(|port| &*port.iface).collect()
        })
    }
}

/// The links that ports are, for who asks of some of them after all has been resolved.
pub struct PortLinks<'a> {
    links: SwitchLinks<'a>,
}

impl<'a> PortLinks<'a> {
    /// Of the ports of `snapshot`.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let bridges = super::answering(snapshot).into_iter().flat_map(|(_, rows)| rows.rows());
        Self { links: SwitchLinks::new(snapshot.switch_namespace(), bridges.collect()) }
    }

    /// The link of the switch's namespace that this port is, by identity; none where it is none, or where that
    /// cannot be told.
    pub fn of(&self, port: &SwitchPort) -> Option<&'a Arc<Link>> {
        let bridge = self.links.bridges.iter().find(|bridge| bridge.name == port.bridge)?;
        let link = self.links.of(bridge, &port.port).link?;
        let mut links = self.links.row.into_iter().flat_map(|row| &row.links);
        links.find(|one| one.ifindex == link.ifindex)
    }
}

fn found(called: Option<(&Link, FoundBy)>) -> PortLink<'_> {
    let (link, found_by) = called.unzip();
    PortLink { link, found_by, doubt: None }
}

/// A link that is this port's by its index, and another one's by its name: one that is
/// listened to, or a port of the datapath, is so as either.
fn contested<'a>(held: &Link, called: Option<(&Link, FoundBy)>) -> PortLink<'a> {
    let why = format!(
        "vswitchd held the link of index {}, which has the name of another port, {}, now, and nothing tells \
         which of both it is",
        held.ifindex, held.name
    );
    in_doubt(why, held, called.map(|(link, _)| link))
}

fn unconfirmed<'a>(held: &Link, called: Option<&Link>) -> PortLink<'a> {
    let why = format!(
        "vswitchd held the link of index {}, which is {} now, and nothing tells whether it still does",
        held.ifindex, held.name
    );
    in_doubt(why, held, called)
}

fn in_doubt<'a>(why: String, held: &Link, called: Option<&Link>) -> PortLink<'a> {
    let links = std::iter::once(held).chain(called).map(|link| link.ifindex).collect();
    PortLink { doubt: Some(Doubt { why, links }), ..PortLink::default() }
}

/// Whether a port of this kind is a link of the kernel; a source that does not tell the kind may
/// speak of one.
pub(super) fn has_link(kind: &str) -> bool {
    matches!(kind, "system" | "internal" | "tap" | "afxdp" | "afxdp-nonpmd" | "")
}

/// Whether the link of a port is one that the switch made, and no link of the host's that it opened.
pub(super) fn is_made_by_the_switch(port: &Port) -> bool {
    matches!(port.kind.as_str(), "internal" | "tap")
}

/// Whether a link is of a kind that internal ports have: `openvswitch` in the kernel's datapath, a
/// tap in the userspace's.
pub(super) fn is_internal(link: &Link) -> bool {
    matches!(link.kind.as_deref(), Some("openvswitch" | "tun"))
}

/// Whether a link is what the kernel's datapath enslaves its ports to.
pub(super) fn is_datapath(link: &Link) -> bool {
    link.kind.as_deref() == Some("openvswitch")
}

/// What the kernel keeps of a name that is too long for it; none if it is not. The cut may fall
/// inside a character: no link is shown under such a name.
pub(super) fn cut_name(name: &str) -> Option<&str> {
    if name.len() <= KERNEL_NAME { None } else { name.get(..KERNEL_NAME) }
}
