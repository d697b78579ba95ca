//! The other way round: from a number, an address or a name to the container it belongs to.

mod about;

pub use about::{is_about, is_port_about, is_tenant_about};

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use crate::PortLinks;
use crate::evidence::Evidence;
use crate::ids::{Ifindex, Mac, OfPort};
use crate::snapshot::{Link, Snapshot};
use crate::wiring::{Attachment, PortRef, SwitchPort, Wire, Wiring};

/// What the caller has seen and wants a name for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhoQuery {
    /// `BRIDGE:3`, `BRIDGE:0x3` or `BRIDGE:LOCAL`.
    PortOf {
        /// The bridge.
        bridge: String,
        /// Its port.
        ofport: OfPort,
    },
    /// `3`: an OpenFlow port of any bridge, or an ifindex of the switch's namespace.
    Number(u32),
    /// `in_port=3`, `0x3` or `LOCAL`, as ovs-ofctl(8) writes one: an OpenFlow port of any bridge.
    OfPort {
        /// The port.
        ofport: OfPort,
        /// The word, where an interface may have it as its name.
        name: Option<String>,
    },
    /// `ifindex:3`.
    Ifindex(Ifindex),
    /// A hardware address.
    Mac(Mac),
    /// An address, its prefix length left out.
    Ip(IpAddr),
    /// The name of a host interface, or of an Interface, Port or bond of the database; `BRIDGE:NAME`, or
    /// `CONTAINER:INTERFACE`.
    Name(String),
}

impl From<&str> for WhoQuery {
    fn from(text: &str) -> Self {
        let ifindex = text.strip_prefix("ifindex:").and_then(|n| n.parse().ok());
        let number = || text.parse().ok().map(Self::Number);
        let mac = || text.parse().ok().map(Self::Mac);
        let ip = || text.split('/').next()?.parse().ok().map(Self::Ip);
        let known = ifindex.map(|n| Self::Ifindex(Ifindex(n))).or_else(number).or_else(mac);
        let known = known.or_else(ip).or_else(|| port_of(text)).or_else(|| written_port(text));
        known.unwrap_or_else(|| Self::Name(unquoted(text).to_owned()))
    }
}

impl WhoQuery {
    /// The same word as a name, which comes before a port that it may be too: `LOCAL`, `0x3` and `3` are names that
    /// an interface may have.
    #[must_use]
    pub fn as_name(&self) -> Option<Self> {
        match self {
            Self::Number(number) => Some(Self::Name(number.to_string())),
            Self::OfPort { name, .. } => name.clone().map(Self::Name),
            _ => None,
        }
    }
}

/// The match of flows that a port stands in (ovs-fields(7)).
const IN_PORT: &str = "in_port=";

fn port_of(text: &str) -> Option<WhoQuery> {
    let (bridge, port) = text.rsplit_once(':')?;
    let ofport = written_ofport(port)?;
    (!bridge.is_empty()).then(|| WhoQuery::PortOf { bridge: bridge.to_owned(), ofport })
}

/// A bridge's own port, as Open vSwitch's programs print it.
const LOCAL: &str = "LOCAL";

/// A port without its bridge, written in a way in which ports are.
fn written_port(text: &str) -> Option<WhoQuery> {
    let Some(port) = text.strip_prefix(IN_PORT) else {
        // In small letters it is a name as any other.
        let is_port = text == LOCAL || !text.eq_ignore_ascii_case(LOCAL);
        let ofport = written_ofport(text).filter(|_| is_port)?;
        return Some(WhoQuery::OfPort { ofport, name: Some(text.to_owned()) });
    };
    let name = || (!port.is_empty()).then(|| WhoQuery::Name(unquoted(port).to_owned()));
    let ofport = written_ofport(port).map(|ofport| WhoQuery::OfPort { ofport, name: None });
    ofport.or_else(name)
}

/// An OpenFlow port as ovs-ofctl(8) writes it: in digits, in hexadecimal digits behind `0x`, or as LOCAL.
fn written_ofport(port: &str) -> Option<OfPort> {
    let hex = || u16::from_str_radix(port.strip_prefix("0x")?, 16).ok();
    let local = port.eq_ignore_ascii_case(LOCAL).then_some(OfPort::LOCAL);
    local.or_else(|| port.parse().ok().or_else(hex).map(OfPort))
}

/// A name without the quotes in which Open vSwitch's programs print one that is no plain word.
fn unquoted(name: &str) -> &str {
    let inside = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    inside.filter(|inside| !inside.is_empty()).unwrap_or(name)
}

/// Whether a word is this port of this bridge by its name: `br0:veth1234`.
fn is_port_by_name(word: &str, is_on: impl Fn(&str) -> bool, iface: &str) -> bool {
    let parts = word.rsplit_once(':');
    parts.is_some_and(|(bridge, name)| unquoted(name) == iface && is_on(bridge))
}

/// What a query matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchedBy {
    /// The OpenFlow port.
    OfPort,
    /// The hardware address.
    Mac,
    /// An address.
    Address,
    /// The name of a port or host interface.
    Name,
    /// The ifindex on the host.
    Ifindex,
}

impl fmt::Display for MatchedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OfPort => "OpenFlow port",
            Self::Mac => "MAC",
            Self::Address => "address",
            Self::Name => "name",
            Self::Ifindex => "ifindex",
        })
    }
}

/// A match: an attachment, or a port that no attachment is on, or none that has the port's address.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "an answer has few of them")]
pub enum Match<'a> {
    /// A container-side link, as an answer to the query.
    Attachment(Cow<'a, Attachment>),
    /// A port without a container on it, or with what has other addresses than the port itself.
    Port(&'a SwitchPort),
}

/// The links of the host that a query means by any of their names, by an index, or by an address of either kind, and
/// the ports that these are or whose own rows have it, as bridge and interface: a link that was renamed is its
/// port's all the same.
#[derive(Default)]
struct HostLinks<'a> {
    names: HashSet<&'a str>,
    ports: HashSet<(&'a str, &'a str)>,
}

impl<'a> HostLinks<'a> {
    fn meant(snapshot: &'a Snapshot, wiring: &'a Wiring, query: &WhoQuery) -> Self {
        let is_meant = |link: &Link| match query {
            WhoQuery::Name(name) => {
                *link.name == **name || link.altnames.iter().any(|other| **other == **name)
            }
            WhoQuery::Number(n) => link.ifindex == Ifindex(*n),
            WhoQuery::Ifindex(n) => link.ifindex == *n,
            WhoQuery::Mac(mac) => link.mac == Some(*mac),
            WhoQuery::Ip(ip) => link.addresses.iter().any(|cidr| cidr.ip == *ip),
            WhoQuery::PortOf { .. } | WhoQuery::OfPort { .. } => false,
        };
        let links = snapshot.switch_namespace().into_iter().flat_map(|here| &here.links);
        let meant = links.filter(|link| is_meant(link));
        let names: HashSet<_> = meant.map(|link| &*link.name).collect();
        let links = (!names.is_empty()).then(|| PortLinks::new(snapshot));
        let link = |row: &SwitchPort| links.as_ref()?.of(row);
        let is_link = |row: &SwitchPort| link(row).is_some_and(|link| names.contains(&*link.name));
        let ports = wiring.ports.iter().filter(|row| has_address(row, query) || is_link(row));
        let ports = ports.map(|row| (&*row.bridge, &*row.port.iface)).collect();
        Self { names, ports }
    }

    /// Whether the host's end of this interface is one of them.
    fn are_end_of(&self, attachment: &Attachment) -> bool {
        attachment.host_interface().is_some_and(|end| self.names.contains(end))
    }

    fn are_port(&self, bridge: &str, iface: &str) -> bool {
        self.ports.contains(&(bridge, iface))
    }
}

/// Everything that a query fits, each once, with what fitted. A word that may be a name or a port is a port where
/// nothing has that name.
pub fn who<'a>(
    snapshot: &'a Snapshot,
    wiring: &'a Wiring,
    query: &WhoQuery,
) -> Vec<(MatchedBy, Match<'a>)> {
    let named = query.as_name().map(|name| hits_of(snapshot, wiring, &name));
    let named = named.filter(|hits| !hits.is_empty());
    named.unwrap_or_else(|| hits_of(snapshot, wiring, query))
}

fn hits_of<'a>(
    snapshot: &'a Snapshot,
    wiring: &'a Wiring,
    query: &WhoQuery,
) -> Vec<(MatchedBy, Match<'a>)> {
    let links = &HostLinks::meant(snapshot, wiring, query);
    let bridge = match query {
        WhoQuery::PortOf { bridge, .. } => Some(bridge.as_str()),
        _ => None,
    };
    let attachments = wiring.attachments.iter().map(|found| found.on_bridge(wiring, bridge));
    let fitting =
        attachments.filter_map(|found| Some((fits_attachment(query, &found, links)?, found)));
    let fitting: Vec<_> = fitting.collect();
    // What is behind a port has not the port's own addresses: the port itself is told.
    let is_by_address = matches!(query, WhoQuery::Mac(_) | WhoQuery::Ip(_));
    let plugged = wiring.attachments.iter().filter(|_| !is_by_address);
    let plugged = plugged.flat_map(|found| found.port.ports());
    let told = fitting.iter().flat_map(|(_, found)| found.port.ports());
    let taken: HashSet<_> = plugged.chain(told).map(|port| (&*port.bridge, &*port.iface)).collect();
    let unattached = wiring.ports.iter();
    let unattached = unattached.filter(|row| !taken.contains(&(&*row.bridge, &*row.port.iface)));
    let unattached =
        unattached.filter_map(|row| Some((fits_port(query, row, links)?, Match::Port(row))));
    let unattached: Vec<_> = unattached.collect();
    let plugged = fitting.into_iter().map(|(by, found)| (by, Match::Attachment(found)));
    plugged.chain(unattached).collect()
}

fn fits_attachment(
    query: &WhoQuery,
    attachment: &Attachment,
    links: &HostLinks<'_>,
) -> Option<MatchedBy> {
    let ports = attachment.port.ports();
    let is = |port: &PortRef, wanted: OfPort| port.ofport.assigned() == Some(wanted);
    let on = |wanted: OfPort| ports.iter().any(|port| is(port, wanted));
    // An index means something in the switch's namespace only, as the caller's word for a host link.
    let is_far = |evidence: &Evidence, wanted: Ifindex| matches!(evidence, Evidence::VethPeer { ifindex, elsewhere: false, .. } if *ifindex == wanted);
    let by_port = || ports.iter().any(|port| links.are_port(&port.bridge, &port.iface));
    let by_own_port = || is_end_of_port(attachment) && by_port();
    let far =
        |wanted| attachment.evidence.iter().any(|evidence| is_far(evidence, wanted)) || by_port();
    match query {
        WhoQuery::PortOf { bridge, ofport } => {
            let fits = ports.iter().any(|port| is(port, *ofport) && port.is_on(bridge));
            fits.then_some(MatchedBy::OfPort)
        }
        WhoQuery::Number(n) if u16::try_from(*n).is_ok_and(|n| on(OfPort(n))) => {
            Some(MatchedBy::OfPort)
        }
        WhoQuery::Number(n) => far(Ifindex(*n)).then_some(MatchedBy::Ifindex),
        WhoQuery::OfPort { ofport, .. } => on(*ofport).then_some(MatchedBy::OfPort),
        WhoQuery::Ifindex(n) => far(*n).then_some(MatchedBy::Ifindex),
        WhoQuery::Mac(mac) => {
            (attachment.link.mac == Some(*mac) || by_own_port()).then_some(MatchedBy::Mac)
        }
        WhoQuery::Ip(ip) => {
            let mut own = attachment.link.addresses.iter();
            (own.any(|cidr| cidr.ip == *ip) || by_own_port()).then_some(MatchedBy::Address)
        }
        WhoQuery::Name(name) => {
            let host = attachment.host_interface() == Some(name) || links.are_end_of(attachment);
            let port = ports.iter().any(|port| {
                let others = [port.bond.as_deref(), port.port_name.as_deref()];
                *port.iface == **name
                    || others.contains(&Some(name))
                    || is_port_by_name(name, |bridge| port.is_on(bridge), &port.iface)
            });
            let is_named = || about::is_interface(attachment, name);
            (host || port || by_port() || is_named()).then_some(MatchedBy::Name)
        }
    }
}

/// Whether the port that it is on is its own other end, or itself: others may be behind a port by a Linux bridge or as
/// a macvlan, and have not what is the port's alone.
fn is_end_of_port(attachment: &Attachment) -> bool {
    matches!(attachment.wire, Wire::Veth { .. } | Wire::Internal)
}

/// Whether a port's own row has the address that is asked for: its MAC, or the one that a tunnel leads to.
fn has_address(row: &SwitchPort, query: &WhoQuery) -> bool {
    match query {
        WhoQuery::Mac(mac) => row.port.mac == Some(*mac),
        WhoQuery::Ip(ip) => {
            let remote = row.port.options.get("remote_ip");
            remote.is_some_and(|remote| remote.parse() == Ok(*ip))
        }
        _ => false,
    }
}

fn fits_port(query: &WhoQuery, row: &SwitchPort, links: &HostLinks<'_>) -> Option<MatchedBy> {
    let is_link = || links.are_port(&row.bridge, &row.port.iface);
    let on = |wanted: OfPort| row.port.ofport.assigned() == Some(wanted);
    match query {
        WhoQuery::PortOf { bridge, ofport } => {
            (on(*ofport) && row.is_on(bridge)).then_some(MatchedBy::OfPort)
        }
        WhoQuery::Number(n) if u16::try_from(*n).is_ok_and(|n| on(OfPort(n))) => {
            Some(MatchedBy::OfPort)
        }
        WhoQuery::Number(n) => {
            (row.port.ifindex == Some(Ifindex(*n)) || is_link()).then_some(MatchedBy::Ifindex)
        }
        WhoQuery::OfPort { ofport, .. } => on(*ofport).then_some(MatchedBy::OfPort),
        WhoQuery::Ifindex(n) => {
            (row.port.ifindex == Some(*n) || is_link()).then_some(MatchedBy::Ifindex)
        }
        WhoQuery::Mac(_) => (has_address(row, query) || is_link()).then_some(MatchedBy::Mac),
        WhoQuery::Ip(_) => (has_address(row, query) || is_link()).then_some(MatchedBy::Address),
        WhoQuery::Name(name) => {
            let others = [row.port.bond.as_deref(), row.port.port_name.as_deref()];
            let fits = *row.port.iface == **name
                || others.contains(&Some(name))
                || is_port_by_name(name, |bridge| row.is_on(bridge), &row.port.iface)
                || is_link();
            fits.then_some(MatchedBy::Name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clue_is_known_by_its_shape() {
        let mac = "9a:69:12:bc:3d:1d";
        assert_eq!(WhoQuery::from(mac), WhoQuery::Mac(mac.parse().unwrap()));
        assert_eq!(WhoQuery::from("9a69.12bc.3d1d"), WhoQuery::Mac(mac.parse().unwrap()));
        assert_eq!(WhoQuery::from("3"), WhoQuery::Number(3));
        assert_eq!(WhoQuery::from("ifindex:28"), WhoQuery::Ifindex(Ifindex(28)));
        let port = |bridge: &str, n| WhoQuery::PortOf { bridge: bridge.into(), ofport: OfPort(n) };
        assert_eq!(WhoQuery::from("br0:3"), port("br0", 3));
        assert_eq!(WhoQuery::from("br:0:local"), port("br:0", 65534));
        assert_eq!(WhoQuery::from("br0:0x1f"), port("br0", 31));
        for (text, number) in
            [("in_port=3", 3), ("0x3", 3), ("in_port=LOCAL", 65534), ("LOCAL", 65534)]
        {
            let name = (!text.contains('=')).then(|| text.to_owned());
            let read = WhoQuery::OfPort { ofport: OfPort(number), name: name.clone() };
            assert_eq!(WhoQuery::from(text), read, "{text}");
            assert_eq!(read.as_name(), name.map(WhoQuery::Name), "{text}");
        }
        assert_eq!(WhoQuery::from("3").as_name(), Some(WhoQuery::Name("3".into())));
        assert_eq!(WhoQuery::from("local"), WhoQuery::Name("local".into()));
        assert_eq!(WhoQuery::from("br0:3").as_name(), None);
        assert_eq!(WhoQuery::from("in_port=\"veth 1\""), WhoQuery::Name("veth 1".into()));
        assert_eq!(WhoQuery::from("in_port="), WhoQuery::Name("in_port=".into()));
        assert_eq!(WhoQuery::from("192.0.2.7/24"), WhoQuery::Ip("192.0.2.7".parse().unwrap()));
        assert_eq!(WhoQuery::from("2001:db8::7"), WhoQuery::Ip("2001:db8::7".parse().unwrap()));
        assert_eq!(WhoQuery::from("vethp11082eth0"), WhoQuery::Name("vethp11082eth0".into()));
    }
}
