//! The packet that is traced, as ovs-fields(7) writes one.

mod words;

use std::net::IpAddr;

use flowtext::{Message, Tracked};
use model::ids::Mac;
use model::route::{Asking, Cast, RouteOut, RuleKeys, SendSettings, Transport};

use crate::end::{End, number};
use crate::learnt::LearntTables;
pub(crate) use words::NEIGHBOR_TTL;
use words::{
    BROADCAST, Ends, asked_of, destination_port, message, network, network_of, of_group, protocol,
    routed, source_port, transport, ttl,
};

/// The flags of TCP, as a megaflow has them.
const TCP_FLAGS: &str = "tcp_flags";

/// What kind of packet it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PacketKind {
    /// The first packet of a TCP connection to this port.
    Tcp(u16),
    /// A datagram to this port.
    Udp(u16),
    /// An echo request.
    Icmp,
    /// Who has this address? Of IPv6 a neighbour solicitation.
    Arp,
    /// In the user's own words.
    Raw(String),
}

impl PacketKind {
    /// What the sender's kernel is told of such a packet to `target` when it is asked for a route; none of what is
    /// sent past all routes.
    pub fn transport(&self, direction: Direction, target: IpAddr) -> Option<Transport> {
        routed(self, direction, target)
    }

    /// Why the routes of such a packet may be other ones than the kernel told, by what rules of `called` look at.
    pub fn rules_doubt(
        &self,
        direction: Direction,
        rules: RuleKeys,
        called: &str,
    ) -> Option<String> {
        let is_chosen = match direction {
            Direction::Original => rules.port_src,
            Direction::Reply => rules.port_dst,
        };
        let why = |what: &str| Some(format!("the rules of `ip rule` of {called} look at {what}"));
        match self {
            Self::Arp | Self::Raw(_) => None,
            Self::Tcp(_) | Self::Udp(_) if is_chosen => why("the port that who asks has chosen"),
            _ if rules.user => why("the user who sends"),
            _ => None,
        }
    }
}

/// A packet on its way between two ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// As ovs-fields(7) writes it, with the port that it comes in by.
    pub text: String,
    /// Its Ethernet destination, where that is known.
    pub eth_dst: Option<[u8; 6]>,
    /// Its Ethernet source, where that is known.
    pub eth_src: Option<[u8; 6]>,
    /// Its tags.
    pub vlans: Vec<u16>,
    /// Its IP destination.
    pub ip_dst: Option<IpAddr>,
    /// Its IP source, where that is known.
    pub ip_src: Option<IpAddr>,
    /// The port that it comes from, if it has one.
    pub port_src: Option<u16>,
    /// The port that it goes to, if it has one.
    pub port_dst: Option<u16>,
    /// How many routers it may pass, where that is known.
    pub ttl: Option<u8>,
    /// What it says as a message of ARP, neighbour discovery or ICMP.
    pub message: Message,
    /// What was chosen, not known: fields that no verdict may rest on.
    pub assumed: Vec<&'static str>,
    /// The conntrack state of a recirculation.
    pub ct_state: &'static str,
    /// Which way of its connection it goes.
    pub direction: Direction,
    /// Of an answer what conntrack was told of the connection by what it answers, in which zones; none where that
    /// is not known.
    pub committed: Option<Vec<Tracked>>,
    /// The tables that packets before it add flows to.
    pub learnt: LearntTables,
    /// Why it may be another packet, or be sent otherwise.
    pub doubt: Option<String>,
}

/// The fields that the sender chose, and a trace does not know: the port by which the one that asks is answered, the
/// flow label of IPv6, what a message of neighbour discovery says besides addresses, how far a group is sent to, and what
/// `route` says that its kernel may write otherwise.
fn assumed(
    kind: &PacketKind,
    direction: Direction,
    is_ipv6: bool,
    route: &RouteOut,
) -> Vec<&'static str> {
    let is_ported = matches!(kind, PacketKind::Tcp(_) | PacketKind::Udp(_));
    let is_arp = *kind == PacketKind::Arp;
    let ports: &'static [&'static str] = match direction {
        _ if !is_ported => &[],
        Direction::Original => &["tcp_src", "udp_src", "tp_src"],
        Direction::Reply => &["tcp_dst", "udp_dst", "tp_dst"],
    };
    let SendSettings { asks_ecn, asking, .. } = route.sending;
    let may_pick = asking == Asking::MaybeAsAnother;
    let asks_by_other = is_arp && !is_ipv6 && direction == Direction::Original && may_pick;
    let begins_with_ecn = matches!(kind, PacketKind::Tcp(_)) && asks_ecn;
    let all: [(bool, &'static [&'static str]); 6] = [
        (is_ipv6, &["ipv6_label"]),
        (is_ipv6 && is_arp, &["nd_reserved", "nd_options_type"]),
        (!is_arp && route.cast == Cast::Multicast, &["nw_ttl"]),
        (begins_with_ecn, &[TCP_FLAGS]),
        (asks_by_other, &["arp_spa"]),
        (is_ported, ports),
    ];
    all.into_iter()
        .filter(|(applies, _)| *applies)
        .flat_map(|(_, fields)| fields)
        .copied()
        .collect()
}

/// Why no packet can be made: an address is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PacketError(pub String);

/// Which way of a connection it goes, as conntrack(8) calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The first one, of a connection that is not known yet.
    Original,
    /// What is said to it, of a connection that is known.
    Reply,
}

impl Packet {
    /// The packet of a kind that `from` sends to `to` by a route: to `next`, where that has a gateway.
    ///
    /// # Errors
    /// [`PacketError`].
    pub fn new(
        kind: &PacketKind,
        direction: Direction,
        (from, to): (&End, &End),
        route: &RouteOut,
        next: Option<&End>,
    ) -> Result<Self, PacketError> {
        let (source, target) = addresses(from, to)?;
        let asks = *kind == PacketKind::Arp;
        // Whichever link of the namespace has the address that the route prefers. Who solicits a neighbour does that
        // from one of its own link (`ndisc_solicit` of net/ipv6/ndisc.c).
        let is_kept = |ip: &IpAddr| {
            from.bound_to.is_none() && !(asks && ip.is_ipv6()) && from.local.contains(ip)
        };
        let is_own = |ip: &IpAddr| from.addresses.iter().any(|address| address.ip == *ip);
        let source = route.source.filter(|ip| is_own(ip) || is_kept(ip)).unwrap_or(source);
        let from_mac = from.mac.ok_or_else(|| unknown(from))?;
        // Who asks for an address does not know the MAC: of a gateway's, where one is in between.
        let wanted = if asks { route.gateway.unwrap_or(target) } else { target };
        let by_other_family = wanted.is_ipv6() != source.is_ipv6();
        let source = if by_other_family { solicitor(from)? } else { source };
        let known = || route.neighbor.or(next.unwrap_or(to).mac);
        let to_mac = match (route.cast, direction) {
            (_, Direction::Original) if asks => asked_of(wanted),
            // An answer to who asked goes to that one alone.
            (Cast::Unicast, _) => known().ok_or_else(|| unknown(next.unwrap_or(to)))?,
            (Cast::Broadcast, _) => BROADCAST,
            (Cast::Multicast, _) => of_group(target),
        };
        let hops = route.sending.hops;
        let ends = Ends { from_mac, to_mac, source, wanted, hops };
        let vlans = from.tags.clone();
        let mut words = vec![format!("in_port={}", in_port(from))];
        words.push(protocol(kind, wanted).to_owned());
        words.extend(vlans.last().map(|tag| format!("dl_vlan={tag}")));
        words.push(format!("dl_src={from_mac}"));
        words.push(format!("dl_dst={to_mac}"));
        words.extend(network(kind, direction, &ends));
        words.extend(transport(kind, direction, target));
        let solicited = asks && direction == Direction::Original;
        Ok(Self {
            text: words.join(","),
            eth_dst: Some(to_mac.0),
            eth_src: Some(from_mac.0),
            vlans,
            ip_dst: (!asks || wanted.is_ipv6())
                .then(|| if solicited { network_of(wanted) } else { wanted }),
            ip_src: Some(source),
            port_src: source_port(kind, direction),
            port_dst: destination_port(kind, direction),
            ttl: Some(ttl(kind, hops)),
            message: message(kind, direction, &ends),
            assumed: assumed(kind, direction, wanted.is_ipv6(), route),
            ct_state: match direction {
                _ if asks => "trk,inv",
                Direction::Original => "trk,new",
                Direction::Reply => "trk,est,rpl",
            },
            direction,
            committed: None,
            learnt: LearntTables::default(),
            doubt: None,
        })
    }

    /// Whether it may begin a connection with ECN, so that the answer may have ECN too (RFC 3168, section 6.1.1).
    pub fn asks_ecn(&self) -> bool {
        self.assumed.contains(&TCP_FLAGS)
    }

    /// The packet in the user's words. What these mean is told by vswitchd: [`Packet::as_read`], and by that
    /// what it is to conntrack: [`FirstState`](crate::FirstState).
    pub fn raw(words: &str, from: &End) -> Self {
        let has_port = words.split([',', ' ']).any(|word| word.starts_with("in_port="));
        let text =
            if has_port { words.to_owned() } else { format!("in_port={},{words}", in_port(from)) };
        Self {
            text,
            eth_dst: None,
            eth_src: None,
            vlans: Vec::new(),
            ip_dst: None,
            ip_src: None,
            port_src: None,
            port_dst: None,
            ttl: None,
            message: Message::default(),
            assumed: Vec::new(),
            ct_state: "trk,new",
            direction: Direction::Original,
            committed: None,
            learnt: LearntTables::default(),
            doubt: None,
        }
    }

    /// The same packet as vswitchd reads it, by the `Flow:` line of its answer.
    #[must_use]
    pub fn as_read(self, flow: &str) -> Self {
        let fields: Vec<_> =
            flow.split(',').filter_map(|word| word.trim().split_once('=')).collect();
        let value = |names: &[&str]| {
            fields.iter().find(|(name, _)| names.contains(name)).map(|(_, value)| *value)
        };
        // What was not said is told as zeros: then the packet is judged by its port.
        let mac = |names: &[&str]| {
            let mac = value(names).and_then(|text| text.parse::<Mac>().ok());
            mac.filter(|mac| mac.0 != [0; 6]).map(|mac| mac.0)
        };
        let ip = value(&["nw_dst", "ipv6_dst"]).and_then(|text| text.parse::<IpAddr>().ok());
        // The outer one is told first, and is the last one here.
        let tags = fields.iter().rev().filter(|(name, _)| is_tag(name));
        let tags = tags.filter_map(|(_, tag)| tag.parse().ok());
        Self {
            eth_dst: mac(&["dl_dst", "eth_dst"]),
            eth_src: mac(&["dl_src", "eth_src"]),
            ttl: value(&["nw_ttl"]).and_then(|ttl| ttl.parse().ok()).filter(|ttl| *ttl != 0),
            vlans: tags.collect(),
            ip_dst: ip.filter(|ip| !ip.is_unspecified()),
            ..self
        }
    }
}

/// Whether a field is a tag: `dl_vlan`, or of a second one `dl_vlan1`.
fn is_tag(name: &str) -> bool {
    name.strip_prefix("dl_vlan").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The address from which a link solicits a next hop by IPv6 for a packet of IPv4, which has none for it: the
/// link-local one (`ndisc_solicit` of net/ipv6/ndisc.c).
fn solicitor(from: &End) -> Result<IpAddr, PacketError> {
    let own = from.link.iter().flat_map(|link| &link.addresses).map(|address| address.ip);
    let found = { own }.find(|ip| is_link_local(*ip));
    let why = || format!("{} has no link-local address to ask from", from.called);
    found.ok_or_else(|| PacketError(why()))
}

fn in_port(from: &End) -> String {
    from.port.as_ref().map(number).unwrap_or_default()
}

fn unknown(end: &End) -> PacketError {
    PacketError(format!("the MAC of {} is not known", end.called))
}

/// An address of each, of one family; best are two in one network.
///
/// # Errors
/// [`PacketError`]: one has none, or none of the other's family.
pub fn addresses(from: &End, to: &End) -> Result<(IpAddr, IpAddr), PacketError> {
    let usable = |end: &End| -> Vec<_> {
        end.addresses.iter().copied().filter(|address| !is_link_local(address.ip)).collect()
    };
    let (mut near, mut far) = (usable(from), usable(to));
    if near.is_empty() || far.is_empty() {
        (near, far) = (from.addresses.clone(), to.addresses.clone());
    }
    // Where both have one address, another one of the destination's is the way to it.
    if far.iter().any(|address| !keeps(from, address.ip)) {
        far.retain(|address| !keeps(from, address.ip));
    }
    let pairs = || near.iter().flat_map(|near| far.iter().map(move |far| (near, far)));
    let same = |(near, far): &(&model::snapshot::Cidr, &model::snapshot::Cidr)| {
        near.ip.is_ipv4() == far.ip.is_ipv4()
    };
    let best = pairs().filter(same).find(|(near, far)| near.holds(far.ip));
    let any = best.or_else(|| pairs().find(same));
    any.map(|(near, far)| (near.ip, far.ip)).ok_or_else(|| {
        let lacks = if near.is_empty() { from } else { to };
        let why = if near.is_empty() || far.is_empty() {
            format!("{} has no IP address", lacks.called)
        } else {
            format!("{} and {} have no addresses of the same family", from.called, to.called)
        };
        PacketError(why)
    })
}

/// Whether Linux hands it to the sender's own namespace, before it looks at any other route.
fn keeps(from: &End, target: IpAddr) -> bool {
    target.is_loopback() || from.local.contains(&target)
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}
