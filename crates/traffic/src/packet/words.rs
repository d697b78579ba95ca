//! The words of a packet, as ovs-fields(7) has them.

use std::net::{IpAddr, Ipv6Addr};

use flowtext::Message;
use model::ids::Mac;
use model::route::Transport;

use super::{Direction, PacketKind};

/// The port that a connection comes from.
const SOURCE_PORT: u16 = 40_000;
/// How many routers it may pass: what Linux usually sets (`net.ipv4.ip_default_ttl`).
const TTL: u8 = 64;
/// That of neighbour discovery: what passed a router is no neighbour's (RFC 4861, section 7.1).
pub(crate) const NEIGHBOR_TTL: u8 = 255;
/// To all on the link.
pub(super) const BROADCAST: Mac = Mac([0xff; 6]);

/// Who a packet is from and for.
pub(super) struct Ends {
    pub(super) from_mac: Mac,
    pub(super) to_mac: Mac,
    pub(super) source: IpAddr,
    /// The address that it is for, or that is asked about.
    pub(super) wanted: IpAddr,
    /// How many routers it may pass, where the sender's kernel told.
    pub(super) hops: Option<u8>,
}

/// Where who asks for an address sends that: to all, or to the group of those who may have it
/// (RFC 4861, section 2.3).
pub(super) fn asked_of(ip: IpAddr) -> Mac {
    match ip {
        IpAddr::V4(_) => BROADCAST,
        IpAddr::V6(_) => of_group(network_of(ip)),
    }
}

/// The MAC of a group: its address after a prefix (RFC 1112, section 6.4; RFC 2464, section 7).
pub(super) fn of_group(ip: IpAddr) -> Mac {
    match ip {
        IpAddr::V4(ip) => {
            let [_, a, b, c] = ip.octets();
            Mac([0x01, 0x00, 0x5e, a & 0x7f, b, c])
        }
        IpAddr::V6(ip) => {
            let [.., a, b, c, d] = ip.octets();
            Mac([0x33, 0x33, a, b, c, d])
        }
    }
}

pub(super) fn network_of(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => {
            let [.., a, b, c] = ip.octets();
            let low = u16::from_be_bytes([b, c]);
            IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), low))
        }
    }
}

pub(super) fn protocol(kind: &PacketKind, target: IpAddr) -> &'static str {
    match (kind, target.is_ipv6()) {
        (PacketKind::Tcp(_), false) => "tcp",
        (PacketKind::Tcp(_), true) => "tcp6",
        (PacketKind::Udp(_), false) => "udp",
        (PacketKind::Udp(_), true) => "udp6",
        (PacketKind::Icmp, false) => "icmp",
        (PacketKind::Icmp | PacketKind::Arp, true) => "icmp6",
        (PacketKind::Arp, false) => "arp",
        (PacketKind::Raw(_), _) => "ip",
    }
}

pub(super) fn network(kind: &PacketKind, direction: Direction, ends: &Ends) -> Vec<String> {
    let Ends { from_mac, to_mac, source, wanted, hops } = ends;
    let ttl = ttl(kind, *hops);
    match (kind, wanted.is_ipv6()) {
        (PacketKind::Arp, false) => {
            let (operation, target) = match direction {
                Direction::Original => (1, Mac([0; 6])),
                Direction::Reply => (2, *to_mac),
            };
            vec![
                format!("arp_spa={source},arp_tpa={wanted},arp_op={operation}"),
                format!("arp_sha={from_mac},arp_tha={target}"),
            ]
        }
        (PacketKind::Arp, true) => {
            // A solicitation goes to a group, and tells the asker's MAC; an advertisement tells the target's.
            let (destination, words) = match direction {
                Direction::Original => {
                    let asked = format!("nd_target={wanted},nd_sll={from_mac}");
                    (network_of(*wanted), format!("icmpv6_type=135,icmpv6_code=0,{asked}"))
                }
                Direction::Reply => {
                    let told = format!("nd_target={source},nd_tll={from_mac}");
                    (*wanted, format!("icmpv6_type=136,icmpv6_code=0,{told}"))
                }
            };
            vec![format!("ipv6_src={source},ipv6_dst={destination},nw_ttl={ttl},{words}")]
        }
        (_, false) => vec![format!("nw_src={source},nw_dst={wanted},nw_ttl={ttl}")],
        (_, true) => vec![format!("ipv6_src={source},ipv6_dst={wanted},nw_ttl={ttl}")],
    }
}

/// How many routers it may pass, by what the sender's kernel told.
pub(super) fn ttl(kind: &PacketKind, hops: Option<u8>) -> u8 {
    if *kind == PacketKind::Arp { NEIGHBOR_TTL } else { hops.unwrap_or(TTL) }
}

/// What it says as a message of ARP, neighbour discovery or ICMP. A MAC that it does not tell is zeros.
pub(super) fn message(kind: &PacketKind, direction: Direction, ends: &Ends) -> Message {
    let Ends { from_mac, to_mac, source, wanted, .. } = ends;
    let asks = direction == Direction::Original;
    let either = |ask: u8, answer: u8| Some(if asks { ask } else { answer });
    match (kind, wanted.is_ipv6()) {
        (PacketKind::Arp, false) => Message {
            kind: either(1, 2),
            sender_ip: Some(*source),
            target_ip: Some(*wanted),
            sender_mac: Some(from_mac.0),
            target_mac: Some(if asks { [0; 6] } else { to_mac.0 }),
            ..Message::default()
        },
        (PacketKind::Arp, true) => Message {
            kind: either(135, 136),
            code: Some(0),
            target_ip: Some(if asks { *wanted } else { *source }),
            sender_mac: Some(if asks { from_mac.0 } else { [0; 6] }),
            target_mac: Some(if asks { [0; 6] } else { from_mac.0 }),
            option: either(1, 2),
            ..Message::default()
        },
        (PacketKind::Icmp, false) => {
            Message { kind: either(8, 0), code: Some(0), ..Message::default() }
        }
        (PacketKind::Icmp, true) => {
            Message { kind: either(128, 129), code: Some(0), ..Message::default() }
        }
        (PacketKind::Tcp(_) | PacketKind::Udp(_) | PacketKind::Raw(_), _) => Message::default(),
    }
}

/// The port that it comes from, of TCP and UDP.
pub(super) fn source_port(kind: &PacketKind, direction: Direction) -> Option<u16> {
    match (kind, direction) {
        (PacketKind::Tcp(_) | PacketKind::Udp(_), Direction::Original) => Some(SOURCE_PORT),
        (PacketKind::Tcp(port) | PacketKind::Udp(port), Direction::Reply) => Some(*port),
        _ => None,
    }
}

/// The port that it goes to: the same.
pub(super) fn destination_port(kind: &PacketKind, direction: Direction) -> Option<u16> {
    match (kind, direction) {
        (PacketKind::Tcp(port) | PacketKind::Udp(port), Direction::Original) => Some(*port),
        (PacketKind::Tcp(_) | PacketKind::Udp(_), Direction::Reply) => Some(SOURCE_PORT),
        _ => None,
    }
}

/// What the kernel is told of it when it is asked for a route: none where it asks none.
pub(super) fn routed(kind: &PacketKind, direction: Direction, target: IpAddr) -> Option<Transport> {
    // The numbers of protocols are IANA's.
    let protocol = match kind {
        PacketKind::Tcp(_) => 6,
        PacketKind::Udp(_) => 17,
        PacketKind::Icmp if target.is_ipv6() => 58,
        PacketKind::Icmp => 1,
        PacketKind::Arp | PacketKind::Raw(_) => return None,
    };
    let ports = source_port(kind, direction).zip(destination_port(kind, direction));
    Some(Transport { protocol, ports })
}

/// With the protocol in the names of fields: Open vSwitch does not know `tp_src` of UDP here.
pub(super) fn transport(kind: &PacketKind, direction: Direction, target: IpAddr) -> Vec<String> {
    let ports = |port: u16| match direction {
        Direction::Original => (SOURCE_PORT, port),
        Direction::Reply => (port, SOURCE_PORT),
    };
    match kind {
        PacketKind::Tcp(port) => {
            let (source, destination) = ports(*port);
            // SYN, and SYN with ACK (RFC 9293, section 3.1).
            let flags = if direction == Direction::Original { "0x002" } else { "0x012" };
            vec![format!("tcp_src={source},tcp_dst={destination},tcp_flags={flags}")]
        }
        PacketKind::Udp(port) => {
            let (source, destination) = ports(*port);
            vec![format!("udp_src={source},udp_dst={destination}")]
        }
        PacketKind::Icmp => {
            let (name, echo) =
                if target.is_ipv6() { ("icmpv6", [128, 129]) } else { ("icmp", [8, 0]) };
            let [ask, answer] = echo;
            let kind = if direction == Direction::Original { ask } else { answer };
            vec![format!("{name}_type={kind},{name}_code=0")]
        }
        PacketKind::Arp | PacketKind::Raw(_) => Vec::new(),
    }
}
