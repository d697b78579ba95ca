//! What an answer to a packet is made of: the addresses and ports of the packet as it arrived.

use std::net::IpAddr;

use flowtext::Header;

use crate::packet::{Packet, PacketKind};

/// What an answer to a packet is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyPacket {
    /// The address that the answer goes to.
    pub source: IpAddr,
    /// The address that it comes from.
    pub target: IpAddr,
    /// The packet as it is answered: to the port that it arrived at.
    pub kind: PacketKind,
    /// Why the answer may be another one.
    pub doubt: Option<String>,
}

impl ReplyPacket {
    /// Of `packet` to `target`, and the copies of it that arrive, if any do.
    pub fn new(
        kind: &PacketKind,
        packet: &Packet,
        target: IpAddr,
        arrived: &[Header],
    ) -> Option<Self> {
        let source = packet.ip_src?;
        let first = arrived.first();
        // Who asks for an address is told that one, wherever the question was sent to.
        let written = first.and_then(|header| header.ip_dst).filter(|_| *kind != PacketKind::Arp);
        let port = first.and_then(|header| header.port_dst);
        let kind = match (kind, port) {
            (PacketKind::Tcp(_), Some(port)) => PacketKind::Tcp(port),
            (PacketKind::Udp(_), Some(port)) => PacketKind::Udp(port),
            _ => kind.clone(),
        };
        let target = written.unwrap_or(target);
        Some(Self { source, target, kind, doubt: doubt(packet, arrived) })
    }
}

fn doubt(packet: &Packet, arrived: &[Header]) -> Option<String> {
    let is_other = |header: &Header| {
        header.translated || header.ip_src != packet.ip_src || header.port_src != packet.port_src
    };
    if arrived.iter().any(is_other) {
        return Some(
            "who sent it is changed on its way, and the answer goes to another one".to_owned(),
        );
    }
    let to = |header: &Header| (header.ip_dst, header.port_dst);
    let differ = arrived.iter().any(|header| arrived.first().map(to) != Some(to(header)));
    differ.then(|| "several copies of it arrive, for several addresses or ports".to_owned())
}
