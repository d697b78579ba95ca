//! The other way round: from a number, an address or a name to the container it belongs to.

mod about;
mod meant;
mod words;

pub use about::{is_about, is_port_about, is_tenant_about};
pub use meant::Meant;
pub use words::WhoQuery;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use crate::PortLinks;
use crate::evidence::Evidence;
use crate::ids::{Ifindex, OfPort};
use crate::snapshot::{Link, Snapshot};
use crate::wiring::{Attachment, PortRef, SwitchPort, Wire, Wiring};
use words::unquoted;

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
