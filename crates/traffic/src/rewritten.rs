//! What rules write over where a packet comes from, before other rules look at that (ovs-actions(7)).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use flowtext::{Action, Actual};

use crate::port_word::PortWord;

/// What a field tells of where a packet comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Port,
    Mac,
    Ipv4,
    Ipv6,
}

/// Each field by all of its names (ovs-fields(7)).
const SOURCES: [(Source, &[&str]); 7] = [
    (Source::Port, &["in_port", "in_port_oxm", "NXM_OF_IN_PORT", "OXM_OF_IN_PORT"]),
    (Source::Mac, &["eth_src", "dl_src", "NXM_OF_ETH_SRC", "OXM_OF_ETH_SRC"]),
    (Source::Mac, &["arp_sha", "NXM_NX_ARP_SHA", "OXM_OF_ARP_SHA"]),
    (Source::Mac, &["nd_sll", "NXM_NX_ND_SLL", "OXM_OF_IPV6_ND_SLL"]),
    (Source::Ipv4, &["ip_src", "nw_src", "NXM_OF_IP_SRC", "OXM_OF_IPV4_SRC"]),
    (Source::Ipv4, &["arp_spa", "NXM_OF_ARP_SPA", "OXM_OF_ARP_SPA"]),
    (Source::Ipv6, &["ipv6_src", "NXM_NX_IPV6_SRC", "OXM_OF_IPV6_SRC"]),
];

/// The ports and sources that rules give the packets of an interface; of a part of a field, or of what is copied from
/// another one, any value may come.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is of another field")]
pub(crate) struct Rewritten {
    ports: Vec<PortWord>,
    is_any_port: bool,
    pub(crate) macs: Vec<Actual>,
    pub(crate) is_any_mac: bool,
    pub(crate) ips: Vec<Actual>,
    pub(crate) is_any_ip: bool,
    /// Whether a rule sends them to table 0, where they begin with what is their own.
    begins_again: bool,
}

impl Rewritten {
    /// Whether a list of actions, as it is written, may have anything of this: most have not, and need not be read.
    pub(crate) fn may_be_in(actions: &str) -> bool {
        let words = ["resubmit", "load:", "set_field", "move:", "pop:", "mod_dl_src", "mod_nw_src"];
        words.iter().any(|word| actions.contains(word)) || actions.contains("nat(")
    }

    /// Whether a packet may have come to this table with what was written.
    pub(crate) fn is_met_in(&self, table: u8) -> bool {
        table > 0 || self.begins_again
    }

    /// Whether a packet may look as if it came in by this port.
    pub(crate) fn has_port(&self, written: &str) -> bool {
        self.is_any_port || self.ports.contains(&PortWord::of_openflow(written))
    }

    /// Adds what these actions of a flow in `table` write.
    pub(crate) fn add(&mut self, table: u8, actions: &[Action]) {
        for action in actions {
            let arguments = &*action.arguments;
            match action.name.as_str() {
                "resubmit" => self.resubmits(table, action),
                "mod_dl_src" => self.write(Source::Mac, arguments),
                "mod_nw_src" => self.write(Source::Ipv4, arguments),
                "load" | "set_field" => self.writes(arguments, true),
                "move" => self.writes(arguments, false),
                "pop" => self.writes(&format!("->{arguments}"), false),
                "ct" => self.translates(arguments),
                _ => {}
            }
            self.add(table, &action.actions);
        }
    }

    /// `resubmit(5,1)`, `resubmit:5`: the other rules are looked for as if it came in by that port.
    fn resubmits(&mut self, table: u8, action: &Action) {
        if let Some(port) = &action.port {
            add(&mut self.ports, PortWord::of_openflow(port));
        }
        // A table may have a name.
        let to = action.arguments.split(',').nth(1).filter(|to| !to.is_empty());
        let to = to.map_or(Some(table), |to| to.parse().ok());
        self.begins_again |= to.is_none_or(|to| to == 0);
    }

    /// `VALUE->FIELD`, of a value that is known or not.
    fn writes(&mut self, arguments: &str, is_known: bool) {
        let Some((value, to)) = arguments.split_once("->") else { return };
        let (name, bits) = to.split_once('[').unwrap_or((to, "]"));
        let mut sources = SOURCES.iter().filter(|(_, names)| names.contains(&name));
        let Some((source, _)) = sources.next() else { return };
        let is_whole = bits == "]" && !value.contains('/');
        self.write(*source, if is_known && is_whole { value } else { "" });
    }

    /// `nat(src=10.0.0.1-10.0.0.9:80)` in `ct(…)`.
    fn translates(&mut self, arguments: &str) {
        for (at, _) in arguments.match_indices("nat(src=") {
            let range = arguments.get(at + "nat(src=".len()..).unwrap_or_default();
            let range = range.split([',', ')']).next().unwrap_or_default();
            let source = if range.contains('.') { Source::Ipv4 } else { Source::Ipv6 };
            // Without the ports, which come after a colon, and an address of IPv6 is in brackets before them.
            let address = match (range.strip_prefix('['), source) {
                (Some(bracketed), _) => bracketed.split(']').next(),
                (None, Source::Ipv4) => range.split(':').next(),
                _ => None,
            };
            self.write(source, address.unwrap_or(range));
        }
    }

    /// Notes what is written; what is not understood may be any value.
    fn write(&mut self, source: Source, value: &str) {
        match (source, number(source, value)) {
            (Source::Port, None) if !value.is_empty() => {
                add(&mut self.ports, PortWord::of_openflow(value));
            }
            (Source::Port, Some(number)) => {
                let number = u64::try_from(number).unwrap_or(u64::MAX);
                add(&mut self.ports, PortWord::Number(number));
            }
            (Source::Port, None) => self.is_any_port = true,
            (Source::Mac, Some(number)) => {
                let [_, _, _, _, _, _, _, _, _, _, mac @ ..] = number.to_be_bytes();
                add(&mut self.macs, Actual::Mac(mac));
            }
            (Source::Mac, None) => self.is_any_mac = true,
            (Source::Ipv4, Some(number)) => {
                let [.., a, b, c, d] = number.to_be_bytes();
                add(&mut self.ips, Actual::Ip(Ipv4Addr::new(a, b, c, d).into()));
            }
            (Source::Ipv6, Some(number)) => {
                add(&mut self.ips, Actual::Ip(Ipv6Addr::from_bits(number).into()));
            }
            (Source::Ipv4 | Source::Ipv6, None) => self.is_any_ip = true,
        }
    }
}

fn add<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

/// A value as a number: `0x3`, `3`, or an address of the kind that the field has.
fn number(source: Source, value: &str) -> Option<u128> {
    if let Some(digits) = value.strip_prefix("0x") {
        return u128::from_str_radix(digits, 16).ok();
    }
    if let Ok(number) = value.parse() {
        return Some(number);
    }
    match (source, value.parse::<IpAddr>()) {
        (Source::Mac, _) => {
            let mac: model::ids::Mac = value.parse().ok()?;
            Some(mac.0.iter().fold(0, |all, byte| all << 8 | u128::from(*byte)))
        }
        (Source::Ipv4, Ok(IpAddr::V4(ip))) => Some(ip.to_bits().into()),
        (Source::Ipv6, Ok(IpAddr::V6(ip))) => Some(ip.to_bits()),
        _ => None,
    }
}
