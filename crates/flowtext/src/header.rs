//! What a packet bears on its way, and what datapath actions change of it.

use std::net::IpAddr;

use crate::address::mac;
use crate::conntrack::{KeptField, Tracked};
use crate::datapath::{Outputs, calls};
use crate::split::parts;

/// The layers that `set` may change, as far as they are followed.
const SET_LAYERS: [&str; 13] = [
    "eth", "ipv4", "ipv6", "tcp", "udp", "sctp", "tunnel", "vlan", "arp", "nd", "nd_ext", "icmp",
    "icmpv6",
];

/// A VLAN tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VlanTag {
    /// Its VLAN.
    pub vid: u16,
    /// Its EtherType: 0x8100 of IEEE 802.1Q, 0x88a8 of 802.1ad, 0 where it cannot be read.
    pub tpid: u16,
}

impl VlanTag {
    /// The EtherType of 802.1Q, which stands for itself where none is written.
    pub const DOT1Q: u16 = 0x8100;

    /// A tag of 802.1Q.
    pub fn dot1q(vid: u16) -> Self {
        Self { vid, tpid: Self::DOT1Q }
    }

    /// `tpid=0x88a8,vid=100,pcp=0`
    fn read(inside: &str) -> Self {
        let value = |key: &str| parts(inside).find_map(|part| part.strip_prefix(key));
        let vid = value("vid=").and_then(|vid| vid.parse().ok()).unwrap_or(0);
        let hex = |tpid: &str| u16::from_str_radix(tpid.strip_prefix("0x")?, 16).ok();
        Self { vid, tpid: value("tpid=").map_or(Self::DOT1Q, |tpid| hex(tpid).unwrap_or(0)) }
    }
}

/// What a message of ARP (RFC 826), of neighbour discovery (RFC 4861) or of ICMP says. None is what it has not, what
/// is not known, and what was written in part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The operation of ARP, or the type of ICMP.
    pub kind: Option<u8>,
    /// The code of ICMP.
    pub code: Option<u8>,
    /// The address that it is from, by ARP.
    pub sender_ip: Option<IpAddr>,
    /// The address that it asks for or tells of.
    pub target_ip: Option<IpAddr>,
    /// The MAC of its sender: `arp_sha`, `nd_sll`.
    pub sender_mac: Option<[u8; 6]>,
    /// The MAC of its target: `arp_tha`, `nd_tll`.
    pub target_mac: Option<[u8; 6]>,
    /// Which of these MACs a message of neighbour discovery bears: 1 for the sender's, 2 for the target's.
    pub option: Option<u8>,
}

impl Message {
    /// `arp(sip=10.0.0.1,op=2/0xff)`, `nd(target=fd00::1)`, `nd_ext(nd_options_type=2)`, `icmp(type=0,code=0)`
    fn set(&mut self, layer: &str, fields: &str) {
        for (name, value) in parts(fields).filter_map(|part| part.split_once('=')) {
            match (layer, name) {
                ("arp", "op") | ("icmp" | "icmpv6", "type") => self.kind = byte(value),
                ("icmp" | "icmpv6", "code") => self.code = byte(value),
                ("arp", "sip") => self.sender_ip = value.parse().ok(),
                ("arp", "tip") | ("nd", "target") => self.target_ip = value.parse().ok(),
                ("arp", "sha") | ("nd", "sll") => self.sender_mac = whole_mac(value),
                ("arp", "tha") | ("nd", "tll") => self.target_mac = whole_mac(value),
                ("nd_ext", "nd_options_type") => self.option = byte(value),
                _ => {}
            }
        }
    }
}

/// A number of a byte that is written as a whole. The operation of ARP has two, of which Open vSwitch knows the lower.
fn byte(value: &str) -> Option<u8> {
    value.strip_suffix("/0xff").unwrap_or(value).parse().ok()
}

/// A MAC that is written as a whole.
fn whole_mac(value: &str) -> Option<[u8; 6]> {
    mac(value.as_bytes(), 0).filter(|_| !value.contains('/'))
}

/// What a packet bears on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Its Ethernet destination.
    pub eth_dst: [u8; 6],
    /// Its Ethernet source; none where that is not known, or a part of it was written.
    pub eth_src: Option<[u8; 6]>,
    /// Its VLAN tags, the outer one last.
    pub vlans: Vec<VlanTag>,
    /// Its IP destination, if it is an IP packet; none where a part of that was written.
    pub ip_dst: Option<IpAddr>,
    /// Its destination port, if it has one: the same.
    pub port_dst: Option<u16>,
    /// Its IP source; none where it has none, or a part of that was written.
    pub ip_src: Option<IpAddr>,
    /// Its source port: the same.
    pub port_src: Option<u16>,
    /// How many routers it may pass: its time to live, or hop limit; none where that is not known.
    pub ttl: Option<u8>,
    /// What it says as a message of ARP, neighbour discovery or ICMP.
    pub message: Message,
    /// Where the tunnel takes it to whose header it bears, by `tnl_push`.
    pub tunnel: Option<String>,
    /// Where a tunnel would take it to, by `set(tunnel(…))`: that stays with the packet, and means nothing
    /// to a port that is no tunnel.
    pub tunnel_key: Option<String>,
    /// Whether conntrack translates its addresses: to which is not told.
    pub translated: bool,
    /// What conntrack looked at last, where that was kept.
    pub tracked: Option<Tracked>,
    /// Its `ct_mark`.
    pub mark: KeptField,
    /// Its `ct_label`.
    pub label: KeptField,
    /// What was done to it that is not followed, such as `push_mpls`.
    pub altered: Option<String>,
    /// Why it is not certain that it is there: a meter, a choice by hash, a part of all packets.
    pub doubt: Option<String>,
}

impl Header {
    /// What an action does to the packet.
    pub(crate) fn change(&mut self, name: &str, inside: &str, told: &mut Outputs) {
        match name {
            "drop" | "psample" => {}
            "ct_clear" => self.tracked = None,
            "push_vlan" => self.vlans.push(VlanTag::read(inside)),
            "pop_vlan" => drop(self.vlans.pop()),
            "set" => {
                for (layer, fields) in calls(inside, &SET_LAYERS) {
                    self.set(layer, fields);
                }
            }
            "ct" => self.track(inside, told),
            "meter" => self.doubt = Some(format!("meter {inside} drops what exceeds its rate")),
            "hash" => self.doubt = Some("a hash of the packet chooses where it goes".to_owned()),
            "tnl_push" => self.tunnel = Some(remote(inside)),
            "push_mpls" | "pop_mpls" | "add_mpls" | "push_eth" | "pop_eth" | "push_nsh"
            | "pop_nsh" => self.altered = Some(name.to_owned()),
            _ => told.doubts.push(format!("the datapath action {name} is not known")),
        }
    }

    /// `ct(commit,zone=5,mark=0x1/0xffffffff,nat(…))`
    fn track(&mut self, inside: &str, told: &mut Outputs) {
        // Zone 0 is not written.
        let zone = parts(inside).find_map(|part| part.strip_prefix("zone="));
        let zone = zone.map_or(Some(0), |zone| zone.parse().ok());
        let tracked = zone.map(|zone| Tracked {
            zone,
            addresses: self.ip_src.zip(self.ip_dst),
            ports: self.port_src.zip(self.port_dst),
        });
        let commits = parts(inside).any(|part| matches!(part, "commit" | "force_commit"));
        told.committed.extend(tracked.clone().filter(|_| commits));
        self.tracked = tracked;
        self.mark = self.mark.tracked(inside, "mark=", told.marked);
        self.label = self.label.tracked(inside, "label=", told.labelled);
        told.marked |= self.mark.bits.is_some();
        told.labelled |= self.label.bits.is_some();
        if inside == "error" {
            told.untold.push("what ct(error) does is not told".to_owned());
        }
        if parts(inside).any(|part| part == "nat" || part.starts_with("nat(")) {
            self.translated = true;
            self.altered = Some("network address translation".to_owned());
        }
    }

    fn set(&mut self, layer: &str, fields: &str) {
        let value = |field: &str| {
            parts(fields).find_map(|part| part.strip_prefix(field)?.strip_prefix('='))
        };
        if let Some(source) = value("src") {
            match layer {
                "eth" => self.eth_src = whole_mac(source),
                "ipv4" | "ipv6" => self.ip_src = source.parse().ok(),
                "tcp" | "udp" | "sctp" => self.port_src = source.parse().ok(),
                _ => {}
            }
        }
        if let Some(ttl) = value("ttl").or_else(|| value("hlimit"))
            && matches!(layer, "ipv4" | "ipv6")
        {
            self.ttl = byte(ttl);
        }
        self.message.set(layer, fields);
        let destination = value("dst");
        // A part of the address may be written, as dst=02:…/ff:….
        let whole = destination.filter(|value| !value.contains('/'));
        match (layer, destination) {
            ("tunnel", Some(remote)) => self.tunnel_key = Some(remote.to_owned()),
            ("tunnel", None) => self.tunnel_key = value("ipv6_dst").map(str::to_owned),
            ("vlan", _) => {
                if let Some(vid) = value("vid").and_then(|vid| vid.parse().ok()) {
                    let tpid = self.vlans.pop().map_or(VlanTag::DOT1Q, |tag| tag.tpid);
                    self.vlans.push(VlanTag { vid, tpid });
                }
            }
            ("eth", Some(value)) => match whole.and_then(|value| mac(value.as_bytes(), 0)) {
                Some(mac) => self.eth_dst = mac,
                None => self.masked(value),
            },
            ("ipv4" | "ipv6", Some(value)) => {
                self.ip_dst = whole.and_then(|value| value.parse().ok());
                if self.ip_dst.is_none() {
                    self.masked(value);
                }
            }
            ("tcp" | "udp" | "sctp", Some(value)) => {
                self.port_dst = whole.and_then(|value| value.parse().ok());
                if self.port_dst.is_none() {
                    self.masked(value);
                }
            }
            _ => {}
        }
    }

    fn masked(&mut self, value: &str) {
        self.altered = Some(format!("a destination is set to {value}"));
    }
}

/// The remote end in `tnl_port(4),header(…,ipv4(src=…,dst=192.0.2.1,…),…),out_port(1)`.
fn remote(inside: &str) -> String {
    let header = calls(inside, &["header"]).into_iter().next().map_or("", |(_, fields)| fields);
    let ip = calls(header, &["ipv4", "ipv6"]).into_iter().next().map_or("", |(_, fields)| fields);
    let dst = parts(ip).find_map(|part| part.strip_prefix("dst="));
    dst.unwrap_or("an unknown host").to_owned()
}
