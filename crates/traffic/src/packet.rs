//! The packet that is traced, as ovs-fields(7) writes one.

use std::net::{IpAddr, Ipv6Addr};

use model::ids::Mac;

use crate::end::{End, number};

/// The port that it comes from, of TCP and UDP.
const SOURCE_PORT: u16 = 40_000;
/// How many routers it may pass: what Linux sets (`net.ipv4.ip_default_ttl`).
const TTL: u8 = 64;

/// What kind of packet it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
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

/// A packet on its way between two ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// As ovs-fields(7) writes it, with the port that it comes in by.
    pub text: String,
    /// Its Ethernet destination, where that is known.
    pub eth_dst: Option<[u8; 6]>,
    /// Its tags.
    pub vlans: Vec<u16>,
    /// Its IP destination.
    pub ip_dst: Option<IpAddr>,
    /// What was chosen, not known: fields that no verdict may rest on.
    pub assumed: &'static [&'static str],
    /// The conntrack state of a recirculation.
    pub ct_state: &'static str,
}

/// Why no packet can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// An address is not known.
    #[error("{0}")]
    Unknown(String),
    /// The next hop is another one than the destination.
    #[error("{0} is reached by the gateway {1}")]
    ByGateway(IpAddr, IpAddr),
    /// It does not leave the network namespace of its sender.
    #[error("{0} is an address of the sender's own network namespace")]
    Kept(IpAddr),
}

impl Packet {
    /// The packet of a kind that `from` sends to `to`.
    ///
    /// # Errors
    /// [`PacketError::ByGateway`] where it goes to a gateway first: then `next` is that one, and the
    /// packet is asked for with it. [`PacketError::Kept`] where Linux sends nothing; a question for an
    /// address, which is made by hand there, is sent.
    pub fn new(kind: &Kind, from: &End, to: &End, next: Option<&End>) -> Result<Self, PacketError> {
        if let Kind::Raw(words) = kind {
            return Ok(Self::raw(words, from));
        }
        let (source, target) = addresses(from, to)?;
        if *kind != Kind::Arp && keeps(from, target) {
            return Err(PacketError::Kept(target));
        }
        let hop = hop(from, source, target)?;
        let is_next = next.is_some();
        if let Some(gateway) = hop.filter(|_| !is_next) {
            return Err(PacketError::ByGateway(target, gateway));
        }
        let from_mac = from.mac.ok_or_else(|| unknown(from))?;
        let ask = *kind == Kind::Arp;
        // Who asks for an address does not know the MAC: of a gateway's, where one is in between.
        let wanted = if ask { hop.unwrap_or(target) } else { target };
        let to_mac = if ask {
            asked_of(wanted)
        } else {
            let at = next.unwrap_or(to);
            at.mac.ok_or_else(|| unknown(at))?
        };
        let vlans: Vec<_> = from.tag().into_iter().collect();
        let mut words = vec![format!("in_port={}", in_port(from))];
        words.push(protocol(kind, target).to_owned());
        words.extend(vlans.iter().map(|tag| format!("dl_vlan={tag}")));
        words.push(format!("dl_src={from_mac}"));
        words.push(format!("dl_dst={to_mac}"));
        words.extend(network(kind, source, wanted, from_mac));
        words.extend(transport(kind, target));
        let ports = matches!(kind, Kind::Tcp(_) | Kind::Udp(_));
        Ok(Self {
            text: words.join(","),
            eth_dst: Some(to_mac.0),
            vlans,
            ip_dst: (!ask || target.is_ipv6()).then_some(if ask {
                network_of(wanted)
            } else {
                target
            }),
            assumed: match (ports, target.is_ipv6()) {
                (true, true) => &["tcp_src", "udp_src", "tp_src", "ipv6_label"],
                (true, false) => &["tcp_src", "udp_src", "tp_src"],
                (false, true) => &["ipv6_label"],
                (false, false) => &[],
            },
            ct_state: if ask { "trk,inv" } else { "trk,new" },
        })
    }

    /// The packet in the user's words.
    fn raw(words: &str, from: &End) -> Self {
        let has_port = words.split(',').any(|word| word.trim().starts_with("in_port="));
        let text =
            if has_port { words.to_owned() } else { format!("in_port={},{words}", in_port(from)) };
        let value = |names: &[&str]| {
            let mut parts = words.split(',').filter_map(|word| word.trim().split_once('='));
            parts.find(|(name, _)| names.contains(name)).map(|(_, value)| value)
        };
        let mac = value(&["dl_dst", "eth_dst"]).and_then(|text| text.parse::<Mac>().ok());
        let ip = value(&["nw_dst", "ip_dst", "ipv6_dst"]).and_then(|text| text.parse().ok());
        let vlan = value(&["dl_vlan"]).and_then(|text| text.parse().ok());
        Self {
            text,
            eth_dst: mac.map(|mac| mac.0),
            vlans: vlan.into_iter().collect(),
            ip_dst: ip,
            assumed: &[],
            ct_state: "trk,new",
        }
    }

    /// The answer to it, where there is one: the same the other way, of a connection that is known.
    ///
    /// # Errors
    /// As [`Packet::new`].
    pub fn reply(
        kind: &Kind,
        from: &End,
        to: &End,
        next: Option<&End>,
    ) -> Result<Self, PacketError> {
        let mut packet = Self::new(kind, from, to, next)?;
        let swap = |text: &str, port: u16| {
            let there = format!("_src={SOURCE_PORT},");
            let text = text.replace(&there, &format!("_src={port},"));
            text.replace(&format!("_dst={port}"), &format!("_dst={SOURCE_PORT}"))
        };
        packet.text = match kind {
            Kind::Tcp(port) => {
                swap(&packet.text, *port).replace("tcp_flags=0x002", "tcp_flags=0x012")
            }
            Kind::Udp(port) => swap(&packet.text, *port),
            Kind::Icmp => packet
                .text
                .replace("icmp_type=8", "icmp_type=0")
                .replace("icmpv6_type=128", "icmpv6_type=129"),
            Kind::Arp => packet.text.replace("arp_op=1", "arp_op=2"),
            Kind::Raw(_) => packet.text,
        };
        if *kind == Kind::Arp {
            packet.answered(from, to);
        } else {
            packet.ct_state = "trk,est,rpl";
        }
        Ok(packet)
    }

    /// An answer to who asked goes to that one alone.
    fn answered(&mut self, from: &End, to: &End) {
        let (Some(mac), Some(own)) = (to.mac, from.mac) else { return };
        if let Some(asked) = self.eth_dst.map(Mac) {
            self.text = self.text.replace(&format!("dl_dst={asked}"), &format!("dl_dst={mac}"));
        }
        self.text = self.text.replace("arp_tha=00:00:00:00:00:00", &format!("arp_tha={mac}"));
        let solicited = self.text.replace("icmpv6_type=135", "icmpv6_type=136");
        self.text = solicited.replace(&format!("nd_sll={own}"), &format!("nd_tll={own}"));
        self.eth_dst = Some(mac.0);
    }
}

fn in_port(from: &End) -> String {
    from.port.as_ref().map(number).unwrap_or_default()
}

fn unknown(end: &End) -> PacketError {
    PacketError::Unknown(format!("the MAC of {} is not known", end.called))
}

/// An address of each, of one family; best are two in one network.
fn addresses(from: &End, to: &End) -> Result<(IpAddr, IpAddr), PacketError> {
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
        PacketError::Unknown(why)
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

/// The gateway, where the target is in another network.
fn hop(from: &End, source: IpAddr, target: IpAddr) -> Result<Option<IpAddr>, PacketError> {
    let own = from.addresses.iter().filter(|address| address.ip == source);
    if own.clone().any(|address| address.holds(target)) {
        return Ok(None);
    }
    let gateway = from.gateways().iter().find(|ip| ip.is_ipv4() == target.is_ipv4());
    gateway.copied().map(Some).ok_or_else(|| {
        PacketError::Unknown(format!(
            "{target} is in no network of {}, and no gateway of its is known",
            from.called
        ))
    })
}

/// Where who asks for an address sends that: to all, or to the group of those who may have it
/// (RFC 4861, section 2.3).
fn asked_of(ip: IpAddr) -> Mac {
    match ip {
        IpAddr::V4(_) => Mac([0xff; 6]),
        IpAddr::V6(ip) => {
            let [.., a, b, c] = ip.octets();
            Mac([0x33, 0x33, 0xff, a, b, c])
        }
    }
}

fn network_of(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => {
            let [.., a, b, c] = ip.octets();
            let low = u16::from_be_bytes([b, c]);
            IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), low))
        }
    }
}

fn protocol(kind: &Kind, target: IpAddr) -> &'static str {
    match (kind, target.is_ipv6()) {
        (Kind::Tcp(_), false) => "tcp",
        (Kind::Tcp(_), true) => "tcp6",
        (Kind::Udp(_), false) => "udp",
        (Kind::Udp(_), true) => "udp6",
        (Kind::Icmp, false) => "icmp",
        (Kind::Icmp | Kind::Arp, true) => "icmp6",
        (Kind::Arp, false) => "arp",
        (Kind::Raw(_), _) => "ip",
    }
}

fn network(kind: &Kind, source: IpAddr, target: IpAddr, mac: Mac) -> Vec<String> {
    match (kind, target.is_ipv6()) {
        (Kind::Arp, false) => vec![
            format!("arp_spa={source}"),
            format!("arp_tpa={target}"),
            "arp_op=1".to_owned(),
            format!("arp_sha={mac}"),
            "arp_tha=00:00:00:00:00:00".to_owned(),
        ],
        (Kind::Arp, true) => vec![
            format!("ipv6_src={source}"),
            format!("ipv6_dst={}", network_of(target)),
            "nw_ttl=255".to_owned(),
            "icmpv6_type=135,icmpv6_code=0".to_owned(),
            format!("nd_target={target},nd_sll={mac}"),
        ],
        (_, false) => vec![format!("nw_src={source},nw_dst={target},nw_ttl={TTL}")],
        (_, true) => vec![format!("ipv6_src={source},ipv6_dst={target},nw_ttl={TTL}")],
    }
}

/// With the protocol in the names of fields: Open vSwitch does not know `tp_src` of UDP here.
fn transport(kind: &Kind, target: IpAddr) -> Vec<String> {
    match kind {
        Kind::Tcp(port) => vec![format!("tcp_src={SOURCE_PORT},tcp_dst={port},tcp_flags=0x002")],
        Kind::Udp(port) => vec![format!("udp_src={SOURCE_PORT},udp_dst={port}")],
        Kind::Icmp if target.is_ipv6() => vec!["icmpv6_type=128,icmpv6_code=0".to_owned()],
        Kind::Icmp => vec!["icmp_type=8,icmp_code=0".to_owned()],
        Kind::Arp | Kind::Raw(_) => Vec::new(),
    }
}
