//! Rules as the kernel's machine carries them out: values are loaded into registers, and compared
//! (linux/netfilter/nf_tables.h).

use std::net::IpAddr;

use crate::bytes::Attributes;
use crate::table::{Match, Rule, Verdict};

const NFTA_LIST_ELEM: u16 = 1;
const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_DATA_VALUE: u16 = 1;
const NFTA_DATA_VERDICT: u16 = 2;
const NFTA_VERDICT_CODE: u16 = 1;

const VERDICT_REGISTER: u32 = 0;
const FIRST_REGISTER: u32 = 1;
const SECOND_REGISTER: u32 = 2;

const META_IIFNAME: u32 = 6;
const META_OIFNAME: u32 = 7;
const META_NFPROTO: u32 = 15;
const META_L4PROTO: u32 = 16;

const NETWORK_HEADER: u32 = 1;
const TRANSPORT_HEADER: u32 = 2;

/// `NFPROTO_IPV4` and `NFPROTO_IPV6` of linux/netfilter.h.
const IPV4: u8 = 2;
const IPV6: u8 = 10;

/// Bytes of a link's name, as registers have it (`IFNAMSIZ`).
const NAME: usize = 16;

/// How a value in the first register is compared (`enum nft_cmp_ops`).
const EQUAL: u32 = 0;
const OTHER: u32 = 1;

/// The list of a rule's expressions.
pub(crate) fn of(rule: &Rule) -> Attributes {
    let mut expressions = Vec::new();
    rule.matches.iter().for_each(|wanted| match_one(wanted, &mut expressions));
    verdict(&rule.verdict, &mut expressions);
    expressions.into_iter().fold(Attributes::new(), |list, (name, data)| {
        let expression = Attributes::new().text(NFTA_EXPR_NAME, name);
        list.nested(NFTA_LIST_ELEM, &expression.nested(NFTA_EXPR_DATA, &data))
    })
}

type Expressions = Vec<(&'static str, Attributes)>;

fn match_one(wanted: &Match, out: &mut Expressions) {
    let is = |is: bool| if is { EQUAL } else { OTHER };
    match wanted {
        Match::From { link } => {
            out.push(meta(META_IIFNAME));
            out.push(compare(EQUAL, &padded(link)));
        }
        Match::To { link, is: same } => {
            out.push(meta(META_OIFNAME));
            out.push(compare(is(*same), &padded(link)));
        }
        Match::Source { ip, prefix } => in_range(Address::Source, *ip, *prefix, EQUAL, out),
        Match::Destination { ip, prefix, is: inside } => {
            in_range(Address::Destination, *ip, *prefix, is(*inside), out);
        }
        Match::ToThisHost => to_this_host(out),
        Match::FamilyOf(ip) => family_of(*ip, out),
        Match::Port { protocol, port } => {
            out.push(meta(META_L4PROTO));
            out.push(compare(EQUAL, &[protocol.number()]));
            // The destination follows the source in each of them.
            out.push(load(TRANSPORT_HEADER, 2, 2));
            out.push(compare(EQUAL, &port.to_be_bytes()));
        }
        Match::Translated => translated(out),
    }
}

fn family_of(ip: IpAddr, out: &mut Expressions) {
    out.push(meta(META_NFPROTO));
    out.push(compare(EQUAL, &[family(ip)]));
}

fn family(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { IPV4 } else { IPV6 }
}

#[derive(Clone, Copy)]
enum Address {
    Source,
    Destination,
}

/// Where in a header the address is, in bytes.
fn offset(address: Address, ip: IpAddr) -> u32 {
    match (address, ip) {
        (Address::Source, IpAddr::V4(_)) => 12,
        (Address::Destination, IpAddr::V4(_)) => 16,
        (Address::Source, IpAddr::V6(_)) => 8,
        (Address::Destination, IpAddr::V6(_)) => 24,
    }
}

fn in_range(address: Address, ip: IpAddr, prefix: u8, how: u32, out: &mut Expressions) {
    family_of(ip, out);
    let bytes = octets(ip);
    let mask = mask(bytes.len(), prefix);
    let first: Vec<_> = bytes.iter().zip(&mask).map(|(byte, mask)| byte & mask).collect();
    out.push(load(NETWORK_HEADER, offset(address, ip), bytes.len()));
    out.push(masked(&mask));
    out.push(compare(how, &first));
}

/// The kernel's own routing table tells (`fib daddr type local`).
fn to_this_host(out: &mut Expressions) {
    const NFTA_FIB_DREG: u16 = 1;
    const NFTA_FIB_RESULT: u16 = 2;
    const NFTA_FIB_FLAGS: u16 = 3;
    const ADDRESS_TYPE: u32 = 3;
    const OF_DESTINATION: u32 = 2;
    const RTN_LOCAL: u32 = 2;
    let fib = Attributes::new()
        .number(NFTA_FIB_DREG, FIRST_REGISTER)
        .number(NFTA_FIB_RESULT, ADDRESS_TYPE)
        .number(NFTA_FIB_FLAGS, OF_DESTINATION);
    out.push(("fib", fib));
    out.push(compare(EQUAL, &RTN_LOCAL.to_ne_bytes()));
}

/// As connection tracking remembers it (`ct status dnat`).
fn translated(out: &mut Expressions) {
    const NFTA_CT_DREG: u16 = 1;
    const NFTA_CT_KEY: u16 = 2;
    const STATUS: u32 = 2;
    const IPS_DST_NAT: u32 = 1 << 5;
    let ct = Attributes::new().number(NFTA_CT_DREG, FIRST_REGISTER).number(NFTA_CT_KEY, STATUS);
    out.push(("ct", ct));
    out.push(masked(&IPS_DST_NAT.to_ne_bytes()));
    out.push(compare(OTHER, &[0; 4]));
}

fn verdict(verdict: &Verdict, out: &mut Expressions) {
    const NF_DROP: u32 = 0;
    match verdict {
        Verdict::Drop => {
            let code = Attributes::new().number(NFTA_VERDICT_CODE, NF_DROP);
            let data = Attributes::new().nested(NFTA_DATA_VERDICT, &code);
            out.push(immediate(VERDICT_REGISTER, &data));
        }
        Verdict::Masquerade => out.push(("masq", Attributes::new())),
        Verdict::Translate { ip, port } => translate(*ip, *port, out),
    }
}

fn translate(ip: IpAddr, port: u16, out: &mut Expressions) {
    const NFTA_NAT_TYPE: u16 = 1;
    const NFTA_NAT_FAMILY: u16 = 2;
    const NFTA_NAT_REG_ADDR_MIN: u16 = 3;
    const NFTA_NAT_REG_PROTO_MIN: u16 = 5;
    const DESTINATION: u32 = 1;
    out.push(immediate(FIRST_REGISTER, &value(&octets(ip))));
    out.push(immediate(SECOND_REGISTER, &value(&port.to_be_bytes())));
    let nat = Attributes::new()
        .number(NFTA_NAT_TYPE, DESTINATION)
        .number(NFTA_NAT_FAMILY, u32::from(family(ip)))
        .number(NFTA_NAT_REG_ADDR_MIN, FIRST_REGISTER)
        .number(NFTA_NAT_REG_PROTO_MIN, SECOND_REGISTER);
    out.push(("nat", nat));
}

fn meta(key: u32) -> (&'static str, Attributes) {
    const NFTA_META_DREG: u16 = 1;
    const NFTA_META_KEY: u16 = 2;
    ("meta", Attributes::new().number(NFTA_META_DREG, FIRST_REGISTER).number(NFTA_META_KEY, key))
}

fn compare(how: u32, with: &[u8]) -> (&'static str, Attributes) {
    const NFTA_CMP_SREG: u16 = 1;
    const NFTA_CMP_OP: u16 = 2;
    const NFTA_CMP_DATA: u16 = 3;
    let compared = Attributes::new().number(NFTA_CMP_SREG, FIRST_REGISTER);
    ("cmp", compared.number(NFTA_CMP_OP, how).nested(NFTA_CMP_DATA, &value(with)))
}

fn load(header: u32, offset: u32, length: usize) -> (&'static str, Attributes) {
    const NFTA_PAYLOAD_DREG: u16 = 1;
    const NFTA_PAYLOAD_BASE: u16 = 2;
    const NFTA_PAYLOAD_OFFSET: u16 = 3;
    const NFTA_PAYLOAD_LEN: u16 = 4;
    let payload = Attributes::new()
        .number(NFTA_PAYLOAD_DREG, FIRST_REGISTER)
        .number(NFTA_PAYLOAD_BASE, header)
        .number(NFTA_PAYLOAD_OFFSET, offset)
        .number(NFTA_PAYLOAD_LEN, short(length));
    ("payload", payload)
}

fn masked(mask: &[u8]) -> (&'static str, Attributes) {
    const NFTA_BITWISE_SREG: u16 = 1;
    const NFTA_BITWISE_DREG: u16 = 2;
    const NFTA_BITWISE_LEN: u16 = 3;
    const NFTA_BITWISE_MASK: u16 = 4;
    const NFTA_BITWISE_XOR: u16 = 5;
    let bitwise = Attributes::new()
        .number(NFTA_BITWISE_SREG, FIRST_REGISTER)
        .number(NFTA_BITWISE_DREG, FIRST_REGISTER)
        .number(NFTA_BITWISE_LEN, short(mask.len()))
        .nested(NFTA_BITWISE_MASK, &value(mask))
        .nested(NFTA_BITWISE_XOR, &value(&vec![0; mask.len()]));
    ("bitwise", bitwise)
}

fn immediate(register: u32, data: &Attributes) -> (&'static str, Attributes) {
    const NFTA_IMMEDIATE_DREG: u16 = 1;
    const NFTA_IMMEDIATE_DATA: u16 = 2;
    let immediate = Attributes::new().number(NFTA_IMMEDIATE_DREG, register);
    ("immediate", immediate.nested(NFTA_IMMEDIATE_DATA, data))
}

fn value(bytes: &[u8]) -> Attributes {
    Attributes::new().bytes(NFTA_DATA_VALUE, bytes)
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// So many bits, from the first on.
fn mask(length: usize, prefix: u8) -> Vec<u8> {
    let bits = |at: usize| usize::from(prefix).saturating_sub(at * 8).min(8);
    (0..length).map(|at| u8::MAX.checked_shl(8 - short(bits(at))).unwrap_or(0)).collect()
}

fn padded(link: &str) -> Vec<u8> {
    let mut name = link.as_bytes().to_vec();
    name.resize(NAME, 0);
    name
}

/// Lengths here are of some bytes.
fn short(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_as_many_bits_as_the_prefix() {
        assert_eq!(mask(4, 0), [0, 0, 0, 0]);
        assert_eq!(mask(4, 9), [0xff, 0x80, 0, 0]);
        assert_eq!(mask(4, 24), [0xff, 0xff, 0xff, 0]);
        assert_eq!(mask(4, 32), [0xff; 4]);
        assert_eq!(mask(4, 128), [0xff; 4]);
    }
}
