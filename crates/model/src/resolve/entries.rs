//! The ports of all bridges as the best switch source has them, with the others' numbers.

use std::ops;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use crate::OfPortBySource;
use crate::ids::{DpPort, Ifindex, Name};
use crate::snapshot::{Link, Namespace, Observed, Snapshot};
use crate::switch::{Bridge, FakeBridge, Port, SwitchSource};
use crate::vlan::Vlans;

use super::group::{OneOrMore, group};
use super::not_receiving::{NotReceiving, mark_deaf, strangers};
use super::port_link::{PortLink, SwitchLinks};

/// Length in bytes to which OpenFlow cuts port names (`OFP_MAX_PORT_NAME_LEN` less the NUL).
pub const OPENFLOW_NAME: usize = 15;

/// A port on its bridge.
pub(super) struct PortEntry<'a> {
    pub(super) bridge: &'a Bridge,
    pub(super) port: &'a Arc<Port>,
    /// Its link in the switch's namespace.
    pub(super) link: Option<&'a Link>,
    /// How that was found, or why it cannot be told.
    pub(super) of_link: PortLink<'a>,
    pub(super) dp_port: Option<DpPort>,
    pub(super) ofports: OfPortBySource,
    /// Why vswitchd, which opens a packet socket for each system port of the userspace datapath once,
    /// does not listen to the link that the port seems to be; none where it does.
    pub(super) unheard: Option<NotReceiving>,
    /// The fake bridge it is on.
    fake: Option<&'a FakeBridge>,
}

impl PortEntry<'_> {
    /// Whether what its link sends comes in by it: so it is of a link that the switch made for that.
    /// None where that depends on its kind, and the source does not tell it.
    pub(super) fn takes_what_is_sent(&self) -> Option<bool> {
        let kind = self.link.and_then(|link| link.kind.as_deref());
        match (self.port.kind.as_str(), kind) {
            ("internal" | "tap", _) | ("", Some("openvswitch")) => Some(true),
            ("", Some("tun")) if self.port.iface == self.bridge.name => Some(true),
            ("", Some("tun")) => None,
            _ => Some(false),
        }
    }

    /// Whether no link has its name, and the source tells no index of its link, as the database alone does: it may
    /// have been renamed. Of ports that vswitchd may listen to by a packet socket, for only these show what it holds.
    fn is_told_by_name_alone(&self) -> bool {
        let has_row = self.ofports.get(SwitchSource::Ovsdb).is_some();
        let may_be_heard = matches!(self.port.kind.as_str(), "" | "system");
        !has_row && self.link.is_none() && may_be_heard
    }

    /// `bridge/interface`, for messages.
    pub(super) fn label(&self) -> String {
        format!("{}/{}", self.bridge.name, self.port.iface)
    }

    /// Its VLANs, which the database alone tells.
    pub(super) fn vlans(&self) -> Option<Vlans> {
        self.ofports.get(SwitchSource::Ovsdb).map(|_| self.port.vlans())
    }

    /// Name of the fake bridge it is on.
    pub(super) fn fake_bridge(&self) -> Option<Name> {
        self.fake.map(|fake| fake.name.clone())
    }
}

/// Which of the [`PortEntries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PortIx(usize);

/// All ports, by bridge, then number.
pub(super) struct PortEntries<'a> {
    entries: Vec<PortEntry<'a>>,
    /// By their link in the switch's namespace.
    by_link: FxHashMap<Ifindex, OneOrMore<PortIx>>,
    /// By links that may be theirs.
    by_doubt: FxHashMap<Ifindex, OneOrMore<PortIx>>,
    /// Whether there are links that vswitchd listens to in place of a port's.
    has_strangers: bool,
    /// Made when first asked for.
    by_name: OnceLock<FxHashMap<&'a str, OneOrMore<PortIx>>>,
}

impl<'a> PortEntries<'a> {
    /// Of a whole Snapshot; `switch` is the row of the switch's namespace.
    pub(super) fn new(snapshot: &'a Snapshot, switch: Option<&'a Namespace>) -> Self {
        let mut entries = entries(snapshot, switch);
        let linked = entries.iter().enumerate();
        let by_link = group(linked.filter_map(|(i, entry)| Some((entry.link?.ifindex, PortIx(i)))));
        let doubted = entries.iter().enumerate().flat_map(|(i, entry)| {
            let links = entry.of_link.doubt.iter().flat_map(|doubt| &doubt.links);
            links.map(move |link| (*link, PortIx(i)))
        });
        // What vswitchd listens to in place of the first port whose link it does not listen to, or is not told.
        let is_open =
            |entry: &PortEntry<'_>| entry.unheard.is_some() || entry.is_told_by_name_alone();
        let first = entries.iter().position(is_open).map(PortIx);
        let strangers = first.map(|_| strangers(switch, &by_link)).unwrap_or_default();
        let instead = strangers.iter().filter_map(|link| Some((*link, first?)));
        let by_doubt = group(doubted.chain(instead));
        let unheard = entries.iter_mut().filter_map(|entry| entry.unheard.as_mut()).collect();
        mark_deaf(unheard, switch, strangers.len());
        let has_strangers = !strangers.is_empty();
        Self { entries, by_link, by_doubt, has_strangers, by_name: OnceLock::new() }
    }

    /// Ports whose link is this one of the switch's namespace.
    pub(super) fn of_link(&self, ifindex: Ifindex) -> &[PortIx] {
        self.by_link.get(&ifindex).map_or(&[], |ports| ports)
    }

    /// Why this link of the switch's namespace may be a port's although that was not told.
    pub(super) fn doubt(&self, ifindex: Ifindex) -> Option<String> {
        let port = &self[*self.by_doubt.get(&ifindex)?.first()?];
        let doubt = port.of_link.doubt.as_ref().map(|doubt| doubt.why.clone());
        let (name, label) = (&port.port.iface, port.label());
        let instead = if port.is_told_by_name_alone() {
            format!(
                "this source tells ports by their names alone: no link is called {name}, and vswitchd may listen to \
                 this one as port {label}"
            )
        } else {
            format!(
                "vswitchd does not listen to the link that is called {name} now, and it may listen to \
                 this one as port {label}"
            )
        };
        Some(doubt.unwrap_or(instead))
    }

    /// Why the link of this port may be there although none is called like it.
    pub(super) fn renaming(&self, entry: &PortEntry<'_>) -> Option<String> {
        let may_be = self.has_strangers && entry.is_told_by_name_alone();
        may_be.then(|| {
            "this source tells ports by their names alone, and vswitchd listens to a link that no port is called like"
                .to_owned()
        })
    }

    /// Ports of the interface called `name`.
    pub(super) fn named(&self, name: &str) -> &[PortIx] {
        let make = || {
            let names = self.entries.iter().enumerate();
            group(names.map(|(i, entry)| (&*entry.port.iface, PortIx(i))))
        };
        self.by_name.get_or_init(make).get(name).map_or(&[], |ports| ports)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (PortIx, &PortEntry<'a>)> {
        self.entries.iter().enumerate().map(|(i, entry)| (PortIx(i), entry))
    }
}

impl<'a> ops::Index<PortIx> for PortEntries<'a> {
    type Output = PortEntry<'a>;

    #[allow(clippy::indexing_slicing, reason = "a port's index is made with the list of all ports")]
    fn index(&self, ix: PortIx) -> &PortEntry<'a> {
        &self.entries[ix.0]
    }
}

/// One value for each port.
pub(super) struct PerPort<T>(Vec<T>);

impl<T: Clone + Default> PerPort<T> {
    pub(super) fn new(ports: &PortEntries<'_>) -> Self {
        Self(vec![T::default(); ports.entries.len()])
    }
}

impl<T> PerPort<T> {
    #[allow(clippy::indexing_slicing, reason = "a port's index is made with the list of all ports")]
    pub(super) fn get(&self, ix: PortIx) -> &T {
        &self.0[ix.0]
    }

    #[allow(clippy::indexing_slicing, reason = "a port's index is made with the list of all ports")]
    pub(super) fn get_mut(&mut self, ix: PortIx) -> &mut T {
        &mut self.0[ix.0]
    }

    /// In the order of the ports.
    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.0.into_iter()
    }
}

/// The switch source that answers: the first in rank that has rows, else the first there is.
pub(crate) fn answering(snapshot: &Snapshot) -> Option<(SwitchSource, &Observed<Bridge>)> {
    let sources = || snapshot.switch.iter().map(|(source, rows)| (*source, rows));
    sources().find(|(_, rows)| rows.absence().is_none()).or_else(|| sources().next())
}

fn entries<'a>(snapshot: &'a Snapshot, switch: Option<&'a Namespace>) -> Vec<PortEntry<'a>> {
    let Some((answers, rows)) = answering(snapshot) else { return Vec::new() };
    let others = other_sources(snapshot, answers);
    let mut bridges: Vec<_> = rows.rows().iter().collect();
    bridges.sort_by_key(|bridge| &bridge.name);
    let links = SwitchLinks::new(switch, bridges.clone());
    let mut entries = Vec::with_capacity(bridges.iter().map(|bridge| bridge.ports.len()).sum());
    for bridge in bridges {
        let mut ports: Vec<_> = bridge.ports.iter().collect();
        ports.sort_by_key(|port| (port.ofport.assigned(), &port.iface));
        let fakes = bridge.fake_bridges_by_vlan();
        entries.extend(ports.into_iter().map(|port| {
            let of_link = links.of(bridge, port);
            let (ofports, dp_port) = numbers(answers, bridge, port, &others);
            let fake = port.tag.and_then(|vlan| fakes.get(&vlan).copied());
            let link = of_link.link;
            let unheard = NotReceiving::of(bridge, port, link, switch);
            PortEntry { bridge, port, link, of_link, dp_port, ofports, unheard, fake }
        }));
    }
    entries
}

/// Ports of the sources that only confirm, by bridge and name as they have it.
type OtherSources<'a> = FxHashMap<(&'a str, &'a str), OneOrMore<(SwitchSource, &'a Port)>>;

fn other_sources(snapshot: &Snapshot, answers: SwitchSource) -> OtherSources<'_> {
    let others = snapshot.switch.iter().filter(|(source, _)| **source != answers);
    group(others.flat_map(|(source, rows)| {
        let ports = rows.rows().iter().flat_map(|b| b.ports.iter().map(move |port| (b, port)));
        ports.map(|(bridge, port)| ((&*bridge.name, &*port.iface), (*source, &**port)))
    }))
}

/// A port's OpenFlow number by every source, and its datapath port by the first that has it.
fn numbers(
    answers: SwitchSource,
    bridge: &Bridge,
    port: &Port,
    others: &OtherSources<'_>,
) -> (OfPortBySource, Option<DpPort>) {
    let mut ofports = OfPortBySource::default();
    ofports.insert(answers, port.ofport);
    let mut dp_port = port.dp_port;
    let cut = openflow_name(&port.iface);
    let cut = cut.as_deref().and_then(|name| others.get(&(&*bridge.name, name)));
    let own = others.get(&(&*bridge.name, &*port.iface)).into_iter().flatten();
    let own = own.take(ALIKE).copied();
    for (source, other) in own.chain(cut.and_then(|cut| by_cut_name(port, cut))) {
        ofports.insert(source, other.ofport);
        dp_port = dp_port.or(other.dp_port);
    }
    (ofports, dp_port)
}

/// Of so many ports of one name, or one beginning, it is told which is which.
const ALIKE: usize = 64;

/// Only OpenFlow cuts names. Of several that share 15 bytes one of the same number confirms;
/// otherwise it cannot be known which is which.
fn by_cut_name<'a>(
    port: &Port,
    found: &[(SwitchSource, &'a Port)],
) -> Option<(SwitchSource, &'a Port)> {
    if found.len() > ALIKE {
        return None;
    }
    let mut cut = found.iter().filter(|(source, _)| *source == SwitchSource::OpenFlow);
    let (first, second) = (cut.next()?, cut.next());
    let same = |(_, other): &&(SwitchSource, &Port)| other.ofport == port.ofport;
    let Some(second) = second else { return Some(*first) };
    [first, second].into_iter().chain(cut).find(same).copied()
}

/// What OpenFlow calls a port whose name is too long for it; none if it is not. The cut may
/// fall inside a character, whose rest is then written as `\xNN`.
pub fn openflow_name(name: &str) -> Option<String> {
    let start = name.as_bytes().get(..OPENFLOW_NAME).filter(|start| start.len() < name.len())?;
    let chunks = start.utf8_chunks().map(|chunk| {
        let odd: String = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
        chunk.valid().to_owned() + &odd
    });
    Some(chunks.collect())
}
