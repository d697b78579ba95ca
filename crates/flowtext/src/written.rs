//! The destinations that actions write into a packet (ovs-actions(7), "Field Modification Actions" and `ct`).

use std::net::IpAddr;

use crate::action::Action;
use crate::address::mac;
use crate::field::Actual;
use crate::split::{call, parts};

/// What a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mac,
    Ipv4,
    Ipv6,
}

/// The fields that have a destination, or the address that is asked for: each by all of its names
/// (ovs-fields(7)).
const DESTINATIONS: [(Kind, &[&str]); 9] = [
    (Kind::Mac, &["eth_dst", "dl_dst", "NXM_OF_ETH_DST", "OXM_OF_ETH_DST"]),
    (Kind::Mac, &["arp_tha", "NXM_NX_ARP_THA", "OXM_OF_ARP_THA"]),
    (Kind::Mac, &["nd_tll", "NXM_NX_ND_TLL", "OXM_OF_IPV6_ND_TLL"]),
    (Kind::Ipv4, &["ip_dst", "nw_dst", "NXM_OF_IP_DST", "OXM_OF_IPV4_DST"]),
    (Kind::Ipv4, &["arp_tpa", "NXM_OF_ARP_TPA", "OXM_OF_ARP_TPA"]),
    (Kind::Ipv4, &["tun_dst", "NXM_NX_TUN_IPV4_DST"]),
    (Kind::Ipv6, &["ipv6_dst", "NXM_NX_IPV6_DST", "OXM_OF_IPV6_DST"]),
    (Kind::Ipv6, &["nd_target", "NXM_NX_ND_TARGET", "OXM_OF_IPV6_ND_TARGET"]),
    (Kind::Ipv6, &["tun_ipv6_dst", "NXM_NX_TUN_IPV6_DST"]),
];

/// What is written to a field, or to some of its bits.
#[derive(Clone, Copy, Debug)]
struct Write {
    /// Which of [`DESTINATIONS`].
    field: usize,
    value: u128,
    mask: u128,
}

/// Whether a list of actions writes a destination that may be this one: its bits, as far as they are
/// written, or a range of network address translation that has it.
pub fn may_write(actions: &[Action], own: &Actual) -> bool {
    let fits = |write: Option<Write>| write.is_some_and(|write| write.fits(own));
    let mut begun: Option<Write> = None;
    for action in actions {
        // An address is written in parts that follow one another, as OpenFlow loads 64 bits at most.
        let next = write(action);
        let joined = begun.zip(next).and_then(|(begun, next)| begun.join(next));
        if joined.is_none() && fits(begun) {
            return true;
        }
        begun = joined.or(next);
        let inner = match action.name.as_str() {
            "learn" => learnt(&action.arguments, own),
            "ct" => translates(&action.arguments, own),
            _ => false,
        };
        if inner || may_write(&action.actions, own) {
            return true;
        }
    }
    fits(begun)
}

/// Whether a flow that is learnt writes it.
fn learnt(arguments: &str, own: &Actual) -> bool {
    let mut loads = Action::list(arguments);
    loads.retain(|action| action.name == "load");
    may_write(&loads, own)
}

impl Write {
    /// Both, where the second one is of other bits of the same field.
    fn join(self, next: Self) -> Option<Self> {
        let is_rest = self.field == next.field && self.mask & next.mask == 0;
        is_rest.then_some(Self {
            value: self.value | next.value,
            mask: self.mask | next.mask,
            ..self
        })
    }

    fn fits(&self, own: &Actual) -> bool {
        let kind = DESTINATIONS.get(self.field).map(|(kind, _)| *kind);
        let (of, own) = match own {
            Actual::Mac(mac) => {
                (Kind::Mac, mac.iter().fold(0, |all, byte| all << 8 | u128::from(*byte)))
            }
            Actual::Ip(IpAddr::V4(ip)) => (Kind::Ipv4, u128::from(ip.to_bits())),
            Actual::Ip(IpAddr::V6(ip)) => (Kind::Ipv6, ip.to_bits()),
        };
        kind == Some(of) && self.mask != 0 && own & self.mask == self.value
    }
}

/// What an action writes to a destination: `mod_nw_dst:10.0.0.2`, `set_field:0.0.0.2/0.0.0.255->ip_dst`,
/// `load:0x2->NXM_OF_IP_DST[0..7]`.
fn write(action: &Action) -> Option<Write> {
    let arguments = &*action.arguments;
    let (written, to) = match action.name.as_str() {
        "mod_dl_dst" => (arguments, "eth_dst"),
        "mod_nw_dst" => (arguments, "ip_dst"),
        "load" | "set_field" => arguments.split_once("->")?,
        _ => return None,
    };
    let (name, bits) = to.split_once('[').unwrap_or((to, "]"));
    let field = DESTINATIONS.iter().position(|(_, names)| names.contains(&name))?;
    let (kind, _) = *DESTINATIONS.get(field)?;
    let width: u32 = match kind {
        Kind::Mac => 48,
        Kind::Ipv4 => 32,
        Kind::Ipv6 => 128,
    };
    let bits = bits.strip_suffix(']')?;
    let (low, high) = match bits.split_once("..") {
        Some((low, high)) => (low.parse().ok()?, high.parse().ok()?),
        None if bits.is_empty() => (0, width - 1),
        None => (bits.parse().ok()?, bits.parse().ok()?),
    };
    let length = u32::checked_sub(high, low).filter(|_| high < width)? + 1;
    let part = u128::MAX >> (128 - length);
    let (text, mask) = match written.split_once('/') {
        None => (written, part),
        Some((text, mask)) => (text, kind.mask(mask, width)? & part),
    };
    let value = kind.value(text)? & mask;
    Some(Write { field, value: value << low, mask: mask << low })
}

impl Kind {
    fn value(self, text: &str) -> Option<u128> {
        if let Some(digits) = text.strip_prefix("0x") {
            return u128::from_str_radix(digits, 16).ok();
        }
        if let Ok(number) = text.parse() {
            return Some(number);
        }
        match self {
            Self::Mac => {
                let mac = mac(text.as_bytes(), 0).filter(|_| text.len() == 17)?;
                Some(mac.iter().fold(0, |all, byte| all << 8 | u128::from(*byte)))
            }
            Self::Ipv4 => Some(u128::from(text.parse::<std::net::Ipv4Addr>().ok()?.to_bits())),
            Self::Ipv6 => Some(text.parse::<std::net::Ipv6Addr>().ok()?.to_bits()),
        }
    }

    /// A mask, of an IP address maybe as the length of its prefix.
    fn mask(self, text: &str, width: u32) -> Option<u128> {
        let full = u128::MAX >> (128 - width);
        match text.parse::<u32>() {
            Ok(prefix) if self != Self::Mac => Some(full & !full.checked_shr(prefix).unwrap_or(0)),
            _ => self.value(text),
        }
    }
}

/// Whether `ct(…)` translates to a range of destinations that has this one: `nat(dst=10.0.0.2-10.0.0.9:80,hash)`.
fn translates(arguments: &str, own: &Actual) -> bool {
    let Actual::Ip(own) = own else { return false };
    let nat = parts(arguments).filter(|part| part.starts_with("nat("));
    let mut ranges = nat.filter_map(|part| call(part).1).flat_map(parts);
    ranges.any(|part| part.strip_prefix("dst=").is_some_and(|range| is_in(range, *own)))
}

/// Whether a range has an address; ports may stand behind it.
fn is_in(range: &str, own: IpAddr) -> bool {
    let Some((first, rest)) = address(range) else { return false };
    let last = rest.strip_prefix('-').and_then(address).map_or(first, |(last, _)| last);
    first <= own && own <= last
}

/// The address that a text begins with, and what stands behind it: one of IPv6 is in brackets where a port
/// follows (`format_NAT` of lib/ofp-actions.c).
fn address(text: &str) -> Option<(IpAddr, &str)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (ip, rest) = rest.split_once(']')?;
        return Some((ip.parse().ok()?, rest));
    }
    let until = |mark: char| {
        let (ip, rest) = text.split_at(text.find(mark).unwrap_or(text.len()));
        Some((ip.parse().ok()?, rest))
    };
    until('-').or_else(|| until(':'))
}

#[cfg(test)]
mod tests {
    use super::{Actual, may_write};
    use crate::action::Action;

    fn written(actions: &str) -> Vec<&'static str> {
        let all = [
            ("mac", Actual::Mac([2, 0, 0, 0, 0, 2])),
            ("4", Actual::Ip("10.0.0.2".parse().unwrap())),
            ("6", Actual::Ip("fd00::2".parse().unwrap())),
        ];
        let list = Action::list(actions);
        all.iter().filter(|(_, own)| may_write(&list, own)).map(|(name, _)| *name).collect()
    }

    #[test]
    fn a_field_is_written_whole_or_in_part() {
        for (actions, expected) in [
            ("mod_dl_dst:02:00:00:00:00:02,mod_nw_dst:10.0.0.2", &["mac", "4"][..]),
            ("load:0x20000000002->NXM_OF_ETH_DST[]", &["mac"]),
            ("load:0xa000002->NXM_OF_IP_DST[],output:1", &["4"]),
            ("load:0xa000003->NXM_OF_IP_DST[],output:1", &[]),
            ("load:167772162->OXM_OF_IPV4_DST[0..31]", &["4"]),
            ("load:0x2->NXM_OF_IP_DST[0..7]", &["4"]),
            ("load:0x3->NXM_OF_IP_DST[0..7]", &[]),
            ("load:0x1->NXM_OF_IP_DST[1]", &["4"]),
            ("load:0x1->NXM_OF_IP_DST[2]", &[]),
            ("set_field:0.0.0.2/0.0.0.255->ip_dst", &["4"]),
            ("set_field:10.0.0.0/8->nw_dst", &["4"]),
            ("set_field:11.0.0.0/8->nw_dst", &[]),
            ("set_field:02:00:00:00:00:00/ff:ff:00:00:00:00->eth_dst", &["mac"]),
            ("set_field:fd00::2->ipv6_dst", &["6"]),
            ("set_field:0x2->ct_mark,load:0xa000002->NXM_NX_REG0[]", &[]),
            ("load:0xa000002->NXM_OF_IP_SRC[]", &[]),
            ("load:0x2->NXM_OF_IP_DST[0..99],load:0x2->NXM_OF_IP_DST[9..0]", &[]),
            ("clone(load:0xa000002->NXM_OF_IP_DST[],output:3)", &["4"]),
            ("learn(table=1,load:0xa000002->NXM_OF_IP_DST[],output:NXM_OF_IN_PORT[])", &["4"]),
        ] {
            assert_eq!(written(actions), expected, "{actions}");
        }
    }

    #[test]
    fn parts_that_follow_one_another_are_one() {
        let high = "load:0xfd00000000000000->NXM_NX_IPV6_DST[64..127]";
        for (actions, expected) in [
            (format!("{high},load:0x2->NXM_NX_IPV6_DST[0..63],output:1"), &["6"][..]),
            (format!("{high},load:0x3->NXM_NX_IPV6_DST[0..63],output:1"), &[]),
            (format!("{high},output:1,load:0x3->NXM_NX_IPV6_DST[0..63],output:2"), &["6"]),
            ("mod_nw_dst:10.0.0.2,mod_nw_dst:10.0.0.3".to_owned(), &["4"]),
        ] {
            assert_eq!(written(&actions), expected, "{actions}");
        }
    }

    #[test]
    fn a_translation_is_a_range() {
        for (range, expected) in [
            ("10.0.0.2", &["4"][..]),
            ("10.0.0.2:80", &["4"]),
            ("10.0.0.2:80-90", &["4"]),
            ("10.0.0.1-10.0.0.9", &["4"]),
            ("10.0.0.1-10.0.0.9:80-90", &["4"]),
            ("10.0.0.3-10.0.0.9", &[]),
            ("fd00::2", &["6"]),
            ("[fd00::2]:80", &["6"]),
            ("fd00::1-fd00::9", &["6"]),
            ("[fd00::1]-[fd00::9]:80", &["6"]),
            ("[fd00::3]-[fd00::9]:80", &[]),
        ] {
            for flags in ["", ",persistent", ",hash", ",persistent,random"] {
                let actions = format!("ct(commit,zone=1,nat(dst={range}{flags}),table=1)");
                assert_eq!(written(&actions), expected, "{actions}");
            }
            assert!(written(&format!("ct(commit,nat(src={range}))")).is_empty(), "{range}");
        }
    }
}
