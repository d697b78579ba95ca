//! Links and addresses as rtnetlink(7) tells them (linux/rtnetlink.h, linux/if_link.h).
//!
//! Tolerant on purpose: an attribute of unknown shape costs that attribute, never the link.

use std::net::IpAddr;

use crate::message::{attributes, i32_at, u16_at, u32_at};

pub(crate) const IFINFOMSG: usize = 16;
pub(crate) const IFADDRMSG: usize = 8;
const ARPHRD_ETHER: u16 = 1;
pub(crate) const IFF_UP: u32 = 1;
const IFF_NOARP: u32 = 0x80;
pub(crate) const IFLA_ADDRESS: u16 = 1;
pub(crate) const IFLA_IFNAME: u16 = 3;
pub(crate) const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
pub(crate) const IFLA_MASTER: u16 = 10;
pub(crate) const IFLA_LINKINFO: u16 = 18;
pub(crate) const IFLA_IFALIAS: u16 = 20;
pub(crate) const IFLA_EXT_MASK: u16 = 29;
/// Nested: the alternative names, each an IFLA_ALT_IFNAME (Linux 5.5).
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
const IFLA_LINK_NETNSID: u16 = 37;
/// The namespace that a request is about, and the answer to it (Linux 4.15).
pub(crate) const IFLA_TARGET_NETNSID: u16 = 46;
pub(crate) const IFLA_INFO_KIND: u16 = 1;
pub(crate) const IFLA_INFO_DATA: u16 = 2;
const IFLA_VLAN_ID: u16 = 1;
/// In network byte order.
const IFLA_VLAN_PROTOCOL: u16 = 5;
const IFLA_BR_VLAN_FILTERING: u16 = 7;
/// Of the kinds that do not tell by IFLA_LINK what they send by: the attributes of IFLA_INFO_DATA that do
/// (IFLA_VXLAN_LINK, IFLA_AMT_LINK, IFLA_HSR_SLAVE1 and 2 of linux/if_link.h).
const UNDERLAYS: [(&str, &[u16]); 3] = [("vxlan", &[3]), ("amt", &[4]), ("hsr", &[1, 2])];
pub(crate) const IFA_ADDRESS: u16 = 1;
pub(crate) const IFA_LOCAL: u16 = 2;
/// All of them, of which the header has the first eight (Linux 3.14).
pub(crate) const IFA_FLAGS: u16 = 8;
const IFA_F_OPTIMISTIC: u32 = 0x04;
const IFA_F_DADFAILED: u32 = 0x08;
const IFA_F_TENTATIVE: u32 = 0x40;
pub(crate) const NETNSA_NSID: u16 = 1;

/// A kernel network device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Its index in its namespace.
    pub ifindex: u32,
    /// Its name; bytes that are not UTF-8 are written as `\xNN`.
    pub name: String,
    /// `IFLA_INFO_KIND`: `veth`, `vlan`, …; none for hardware.
    pub kind: Option<String>,
    /// Whether its type is `ARPHRD_ETHER`.
    pub ethernet: bool,
    /// Its hardware address, where that has six bytes.
    pub mac: Option<[u8; 6]>,
    /// Its MTU in bytes.
    pub mtu: u32,
    /// Whether it is administratively up.
    pub up: bool,
    /// Whether it does no ARP (`IFF_NOARP`).
    pub no_arp: bool,
    /// `IFLA_LINK`: the peer of a veth, the parent of a macvlan, ipvlan or vlan.
    pub link: Option<u32>,
    /// `IFLA_LINK_NETNSID`: the namespace of that link, as this one calls it. -1 where it is
    /// another one that has no id here; none where it is this one.
    pub link_nsid: Option<i32>,
    /// The links that a vxlan, an amt or an hsr sends by, in that namespace too: the kernel deletes it with
    /// the last of them, and tells none of them as `IFLA_LINK`.
    pub underlays: Vec<u32>,
    /// `IFLA_MASTER`: the link it is enslaved to.
    pub master: Option<u32>,
    /// `IFLA_VLAN_ID`, for kind `vlan`.
    pub vlan: Option<u16>,
    /// `IFLA_VLAN_PROTOCOL`, for kind `vlan`: the EtherType of its tags.
    pub vlan_protocol: Option<u16>,
    /// `IFLA_BR_VLAN_FILTERING`, for kind `bridge`: whether it passes by VLAN (`vlan_filtering` of ip-link(8)).
    pub vlan_filtering: Option<bool>,
    /// `IFLA_IFALIAS`: its alias (ip-link(8)); shown as the name is.
    pub alias: Option<String>,
    /// `IFLA_ALT_IFNAME`: its alternative names (`altname` of ip-link(8)), which may have up to
    /// 127 bytes; shown as the name is.
    pub altnames: Vec<String>,
}

/// An address of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The link.
    pub ifindex: u32,
    /// The address.
    pub ip: IpAddr,
    /// Its prefix length in bits.
    pub prefix: u8,
    /// Whether duplicate address detection has not ended, or has found another one that has it (`tentative` and
    /// `dadfailed` of ip-address(8)): then the kernel takes nothing for it.
    pub tentative: bool,
}

/// The same of a link of a namespace that was named, with the name that the kernel repeats.
pub(crate) fn link_there(body: &[u8]) -> Option<(Option<i32>, Link)> {
    let mut told = attributes(body.get(IFINFOMSG..)?);
    let there = told.find(|(kind, _)| *kind == IFLA_TARGET_NETNSID);
    Some((there.and_then(|(_, value)| i32_at(value, 0)), link(body)?))
}

/// Reads the body of an RTM_NEWLINK message.
pub(crate) fn link(body: &[u8]) -> Option<Link> {
    let mut link = Link {
        ethernet: u16_at(body, 2)? == ARPHRD_ETHER,
        ifindex: u32_at(body, 4)?,
        up: u32_at(body, 8)? & IFF_UP != 0,
        no_arp: u32_at(body, 8)? & IFF_NOARP != 0,
        ..Link::default()
    };
    for (kind, value) in attributes(body.get(IFINFOMSG..)?) {
        match kind {
            IFLA_IFNAME => link.name = text(value),
            IFLA_ADDRESS => link.mac = value.try_into().ok(),
            IFLA_MTU => link.mtu = u32_at(value, 0).unwrap_or(0),
            IFLA_LINK => link.link = u32_at(value, 0).filter(|index| *index != 0),
            IFLA_LINK_NETNSID => link.link_nsid = i32_at(value, 0),
            IFLA_MASTER => link.master = u32_at(value, 0).filter(|index| *index != 0),
            IFLA_IFALIAS => link.alias = Some(text(value)),
            IFLA_LINKINFO => read_link_info(&mut link, value),
            IFLA_PROP_LIST => {
                let names = attributes(value).filter(|(kind, _)| *kind == IFLA_ALT_IFNAME);
                link.altnames = names.map(|(_, name)| text(name)).collect();
            }
            _ => {}
        }
    }
    Some(link)
}

fn read_link_info(link: &mut Link, nested: &[u8]) {
    for (kind, value) in attributes(nested) {
        match (kind, link.kind.as_deref()) {
            (IFLA_INFO_KIND, _) => link.kind = Some(text(value)),
            (IFLA_INFO_DATA, Some("vlan")) => {
                let told = |wanted| {
                    attributes(value).find(|(kind, _)| *kind == wanted).map(|(_, told)| told)
                };
                link.vlan = told(IFLA_VLAN_ID).and_then(|id| u16_at(id, 0));
                link.vlan_protocol =
                    told(IFLA_VLAN_PROTOCOL).and_then(|told| u16_at(told, 0)).map(u16::from_be);
            }
            (IFLA_INFO_DATA, Some("bridge")) => {
                let told = attributes(value).find(|(kind, _)| *kind == IFLA_BR_VLAN_FILTERING);
                link.vlan_filtering =
                    told.and_then(|(_, told)| told.first()).map(|told| *told != 0);
            }
            (IFLA_INFO_DATA, Some(of)) => {
                let told = UNDERLAYS.iter().find(|(kind, _)| *kind == of);
                let told = told.map_or(&[][..], |(_, told)| told);
                let all = attributes(value).filter(|(kind, _)| told.contains(kind));
                let all = all.filter_map(|(_, value)| u32_at(value, 0));
                link.underlays = all.filter(|index| *index != 0).collect();
            }
            _ => {}
        }
    }
}

/// Reads the body of an RTM_NEWADDR message. On a point-to-point link IFA_ADDRESS is the
/// other side; IFA_LOCAL, where there is one, is always ours.
///
/// None for an address of another family than IP: a dump holds those too.
pub(crate) fn address(body: &[u8]) -> Option<Address> {
    let prefix = *body.get(1)?;
    let ifindex = u32_at(body, 4)?;
    let find = |wanted| attributes(body.get(IFADDRMSG..)?).find(|(kind, _)| *kind == wanted);
    let (_, value) = find(IFA_LOCAL).or_else(|| find(IFA_ADDRESS))?;
    let flags = find(IFA_FLAGS).and_then(|(_, value)| u32_at(value, 0));
    let flags = flags.or_else(|| body.get(2).copied().map(u32::from))?;
    let is_waiting = flags & IFA_F_TENTATIVE != 0 && flags & IFA_F_OPTIMISTIC == 0;
    let tentative = is_waiting || flags & IFA_F_DADFAILED != 0;
    Some(Address { ifindex, ip: ip(value)?, prefix, tentative })
}

pub(crate) fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
    four.or_else(|| <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok())
}

/// Reads the body of an RTM_NEWNSID message (linux/net_namespace.h).
pub(crate) fn nsid(body: &[u8]) -> Option<i32> {
    // struct rtgenmsg is one byte, padded to four.
    let mut found = attributes(body.get(4..)?);
    let (_, value) = found.find(|(kind, _)| *kind == NETNSA_NSID)?;
    i32_at(value, 0).filter(|nsid| *nsid >= 0)
}

/// A name may hold any byte but `/`, NUL and white space.
pub(crate) fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let chunks = bytes.utf8_chunks().map(|chunk| {
        let odd: String = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
        chunk.valid().to_owned() + &odd
    });
    chunks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body of an RTM_NEWADDR message with these flags in its header, and maybe these in an attribute.
    fn body(header: u8, attribute: Option<u32>) -> Vec<u8> {
        let mut body = vec![10, 64, header, 0];
        body.extend(7_u32.to_ne_bytes());
        let mut add = |kind: u16, value: &[u8]| {
            let length = u16::try_from(4 + value.len()).unwrap();
            body.extend(length.to_ne_bytes());
            body.extend(kind.to_ne_bytes());
            body.extend(value);
        };
        add(IFA_ADDRESS, &std::net::Ipv6Addr::LOCALHOST.octets());
        if let Some(flags) = attribute {
            add(IFA_FLAGS, &flags.to_ne_bytes());
        }
        body
    }

    /// An attribute, padded to four bytes (netlink(7)).
    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).unwrap();
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn a_vlan_link_tells_its_ethertype_and_a_bridge_whether_it_filters() {
        let read = |kind: &str, data: &[Vec<u8>]| {
            let info = [
                attribute(IFLA_INFO_KIND, kind.as_bytes()),
                attribute(IFLA_INFO_DATA, &data.concat()),
            ];
            let body = [vec![0; IFINFOMSG], attribute(IFLA_LINKINFO, &info.concat())];
            let link = link(&body.concat()).unwrap();
            (link.vlan, link.vlan_protocol, link.vlan_filtering)
        };
        let id = attribute(IFLA_VLAN_ID, &10_u16.to_ne_bytes());
        let protocol = attribute(IFLA_VLAN_PROTOCOL, &0x88a8_u16.to_be_bytes());
        assert_eq!(read("vlan", &[id.clone(), protocol]), (Some(10), Some(0x88a8), None));
        assert_eq!(read("vlan", &[id]), (Some(10), None, None));
        for on in [false, true] {
            let filtering = attribute(IFLA_BR_VLAN_FILTERING, &[u8::from(on)]);
            assert_eq!(read("bridge", &[filtering]), (None, None, Some(on)));
        }
        assert_eq!(read("bridge", &[]), (None, None, None));
    }

    #[test]
    fn an_address_is_tentative_until_no_other_one_has_it() {
        for (header, attribute, tentative) in [
            (0x80, Some(0x80), false),
            (0xc0, Some(0xc0), true),
            (0xc4, Some(0xc4), false),
            (0x88, Some(0x88), true),
            (0xc8, Some(0x2c8), true),
            // The attribute has more than the header.
            (0x80, Some(0x280), false),
            (0xc0, None, true),
            (0x80, None, false),
        ] {
            let told = address(&body(header, attribute)).unwrap();
            assert_eq!((told.ifindex, told.prefix), (7, 64));
            assert_eq!(told.tentative, tentative, "{header:#x} {attribute:?}");
        }
    }
}
