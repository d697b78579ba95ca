//! The copy of a packet that comes back to its sender.

use flowtext::{Header, Output};
use model::ids::Mac;

use super::port_output::is_port;
use crate::end::End;
use crate::packet::{NEIGHBOR_TTL, Packet};

/// The operation of ARP that answers.
const REPLY: u8 = 2;
/// The type of ICMPv6 that answers (RFC 4861, section 4.4), and the option that has the MAC of its target.
const ADVERTISEMENT: u8 = 136;
const TARGET_OPTION: u8 = 2;

/// A copy of a packet that goes back to its sender, for that one's MAC: the packet was sent for another one's, or for
/// all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnedCopy {
    /// The MAC that it tells for the address that was asked for; none where it is no answer to the question, and
    /// where several copies differ.
    pub told: Option<Mac>,
}

impl ReturnedCopy {
    /// Of the `packet` of `from` what goes back there.
    pub(super) fn of(packet: &Packet, from: &End, outputs: &[Output]) -> Option<Self> {
        let port = from.port.as_ref()?;
        let is_certain = |header: &Header| header.doubt.is_none() && header.altered.is_none();
        let is_own = |header: &Header| {
            from.mac.is_some_and(|mac| mac.0 == header.eth_dst) && is_certain(header)
        };
        let here = outputs.iter().filter(|output| is_port(output, port));
        let mut told = here.map(|one| &one.header).filter(|header| is_own(header));
        let first = answer(packet, told.next()?);
        let is_one = told.all(|header| answer(packet, header) == first);
        Some(Self { told: first.filter(|_| is_one) })
    }
}

/// The MAC that a copy tells, as an answer that Linux takes (`arp_process` of net/ipv4/arp.c, `ndisc_recv_na` of
/// net/ipv6/ndisc.c).
fn answer(packet: &Packet, header: &Header) -> Option<Mac> {
    let asked = packet.message.target_ip?;
    let said = header.message;
    let mac = if asked.is_ipv6() {
        let is_taken = header.ttl == Some(NEIGHBOR_TTL) && header.ip_dst == packet.ip_src;
        let answers = said.kind == Some(ADVERTISEMENT) && said.target_ip == Some(asked);
        said.target_mac.filter(|_| is_taken && answers && said.option == Some(TARGET_OPTION))
    } else {
        said.sender_mac.filter(|_| said.kind == Some(REPLY) && said.sender_ip == Some(asked))
    };
    mac.map(Mac)
}
