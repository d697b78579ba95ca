//! Why the destination does not take a packet.

use std::net::IpAddr;

use flowtext::{Header, Output, VlanTag};

use super::port_output::tunnel;
use super::{Judged, is_group};
use crate::packet::{NEIGHBOR_TTL, PacketKind};

/// Why the destination does not take a packet.
pub(super) struct Refusal {
    pub(super) text: String,
    pub(super) certain: bool,
}

impl Refusal {
    pub(super) fn sure(text: String) -> Self {
        Self { text, certain: true }
    }

    pub(super) fn unsure(text: String) -> Self {
        Self { text, certain: false }
    }
}

impl Judged<'_> {
    /// Why the destination does not take what leaves by its port.
    pub(super) fn refusal(&self, Output { header, .. }: &Output) -> Option<Refusal> {
        if let Some(why) = &header.doubt {
            return Some(Refusal::unsure(why.clone()));
        }
        if let Some(what) = &header.altered {
            return Some(Refusal::unsure(format!("the packet is changed on its way: {what}")));
        }
        if let Some(remote) = tunnel(header, self.to.port.as_ref()) {
            return Some(Refusal::sure(format!("in a tunnel to {remote}")));
        }
        if let Some(why) = &self.to.broken {
            return Some(Refusal::sure(why.clone()));
        }
        // A tag of VLAN 0 has a priority alone.
        let borne: Vec<_> = header.vlans.iter().filter(|tag| tag.vid != 0).collect();
        let tags: Vec<_> = borne.iter().map(|tag| tag.vid).collect();
        if tags != self.to.tags {
            let bears = match tags.last() {
                None => "without a VLAN tag".to_owned(),
                Some(tag) => format!("with the tag of VLAN {tag}"),
            };
            return Some(Refusal::sure(format!("{bears}, which it does not take")));
        }
        // Linux tells VLAN links of one number apart by the EtherType of the tag, which is not known of a link.
        if let Some(tag) = borne.iter().find(|tag| tag.tpid != VlanTag::DOT1Q) {
            return Some(Refusal::unsure(format!(
                "it bears a tag of VLAN {} with EtherType {:#06x}, and whether the VLAN link of {} takes those \
                 is not known",
                tag.vid, tag.tpid, self.to.called
            )));
        }
        let by_source = || self.source_refusal(header);
        let by_message = || self.no_arp_refusal().or_else(|| self.message_refusal(header));
        self.address_refusal(header).or_else(by_source).or_else(by_message)
    }

    /// By the address that rules wrote as its source. Linux takes nothing from some (`ip_route_input_slow` of
    /// net/ipv4/route.c, `ip6_rcv_core` of net/ipv6/ip6_input.c), and from its own where a setting says so.
    fn source_refusal(&self, header: &Header) -> Option<Refusal> {
        if header.ip_src == self.packet.ip_src {
            return None;
        }
        let Some(ip) = header.ip_src else {
            let told = "a part of the address that it comes from is written on its way";
            return Some(Refusal::unsure(told.to_owned()));
        };
        let (is_refused, setting) = match ip {
            IpAddr::V4(four) if four.is_loopback() => (false, Some("route_localnet")),
            IpAddr::V4(four) => {
                let [first, ..] = four.octets();
                let own = self.to.addresses.iter().map(|address| &address.ip).chain(&self.to.local);
                let is_own = { own }.any(|own| *own == ip);
                let is_refused = first == 0 || four.is_multicast() || four.is_broadcast();
                (is_refused, is_own.then_some("accept_local"))
            }
            IpAddr::V6(six) => (six.is_multicast() || six.is_loopback(), None),
        };
        if is_refused {
            return Some(Refusal::sure(format!("from the address {ip}, which nothing comes from")));
        }
        let told = |setting: &str| format!("from {ip}, which it takes with `{setting}` alone");
        setting.map(|setting| Refusal::unsure(told(setting)))
    }

    /// By ARP that the link does not do. Neighbour discovery goes to a group that such a link joins only if it was told
    /// so after it had its address (`addrconf_join_solict` of net/ipv6/addrconf.c).
    fn no_arp_refusal(&self) -> Option<Refusal> {
        self.to.link.as_ref().filter(|link| link.no_arp)?;
        let told = format!("{} does no ARP (`ip link set … arp off`)", self.to.called);
        if self.is_neighbor_discovery() {
            return Some(Refusal::unsure(told));
        }
        let is_arp = *self.kind == PacketKind::Arp || self.flow() == "arp";
        is_arp.then(|| Refusal::sure(told))
    }

    /// By what it says as a message of ARP, neighbour discovery or ICMP, and by how many routers a message of neighbour
    /// discovery may have passed: none (`ndisc_rcv` of net/ipv6/ndisc.c).
    fn message_refusal(&self, header: &Header) -> Option<Refusal> {
        // What was not said, and is not written, is not known to be wrong.
        let is_said = header.ttl.or(self.packet.ttl).is_some();
        if self.is_neighbor_discovery() && is_said && header.ttl != Some(NEIGHBOR_TTL) {
            let told = |ttl: u8| {
                format!("with the hop limit {ttl}, and neighbour discovery has {NEIGHBOR_TTL}")
            };
            return Some(header.ttl.map_or_else(
                || Refusal::unsure("its hop limit is not known".to_owned()),
                |ttl| Refusal::sure(told(ttl)),
            ));
        }
        (header.message != self.packet.message).then(|| {
            let what = if *self.kind == PacketKind::Icmp { "as ICMP" } else { "of addresses" };
            Refusal::unsure(format!("what it says {what} is changed on its way"))
        })
    }

    fn address_refusal(&self, header: &Header) -> Option<Refusal> {
        let group = is_group(Some(header.eth_dst));
        // Linux takes TCP of what is for it alone (`tcp_v4_rcv` of net/ipv4/tcp_ipv4.c), whatever the address.
        if group && self.is_tcp() {
            let told = model::ids::Mac(header.eth_dst);
            return Some(Refusal::sure(format!(
                "for the MAC {told} of several, which takes no TCP"
            )));
        }
        // What is written in the user's own words is judged by its port.
        self.packet.eth_dst?;
        match self.to.mac {
            Some(mac) if mac.0 != header.eth_dst && !group => {
                let told = model::ids::Mac(header.eth_dst);
                return Some(Refusal::sure(format!("for the MAC {told}, which is not its own")));
            }
            None if !group => {
                return Some(Refusal::unsure(format!(
                    "the MAC of {} is not known",
                    self.to.called
                )));
            }
            _ => {}
        }
        let changed = header.ip_dst != self.packet.ip_dst;
        // Linux takes what is for any address of the namespace, whichever link has it.
        let own = self.to.addresses.iter().map(|address| &address.ip).chain(&self.to.local);
        let own = { own }.any(|ip| Some(*ip) == header.ip_dst);
        (changed && !own).then(|| {
            let ip = header.ip_dst.map(|ip| ip.to_string()).unwrap_or_default();
            Refusal::sure(format!("for the address {ip}, which is not its own"))
        })
    }
}
