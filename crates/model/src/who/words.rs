//! What a word of the user may mean: a port, a number, an address or a name, by its shape alone.

use std::net::IpAddr;

use crate::ids::{Ifindex, Mac, OfPort};

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
pub(super) fn unquoted(name: &str) -> &str {
    let inside = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    inside.filter(|inside| !inside.is_empty()).unwrap_or(name)
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
