//! What `ct(…)` has conntrack keep of a connection, as `format_odp_conntrack_action` of lib/odp-util.c writes it.

use std::net::IpAddr;

use crate::split::parts;

/// What a packet is to conntrack in a zone: one way of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The zone.
    pub zone: u16,
    /// The addresses, from and to; none where one is not known.
    pub addresses: Option<(IpAddr, IpAddr)>,
    /// The ports, from and to; none where it has none, or one is not known.
    pub ports: Option<(u16, u16)>,
}

impl Tracked {
    /// Whether `answer` is the other way of the connection.
    pub fn is_answered_by(&self, answer: &Self) -> bool {
        let back = |(from, to): (IpAddr, IpAddr)| (to, from);
        let is_mirrored = self.addresses.is_some() && self.addresses.map(back) == answer.addresses;
        let ports = self.ports.map(|(from, to)| (to, from));
        self.zone == answer.zone && is_mirrored && ports == answer.ports
    }
}

/// Where a field that conntrack keeps of a connection, `ct_mark` or `ct_label`, is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptField {
    /// Which of its bits the `ct(…)` wrote by which conntrack looked at the packet last; none where that wrote it not
    /// at all.
    pub bits: Option<u128>,
    /// Whether it was written before that, of this connection or of the same in another zone.
    pub before: bool,
}

impl KeptField {
    /// What it is after a `ct(…)` with this `inside`; `key` is how that writes the field.
    pub(crate) fn tracked(self, inside: &str, key: &str, was_written: bool) -> Self {
        let before = self.before || self.bits.is_some() || was_written;
        Self { bits: written(inside, key), before }
    }
}

/// `mark=0x1/0xffffffff`: the bits that are written. Of what cannot be read none is known.
fn written(inside: &str, key: &str) -> Option<u128> {
    let value = parts(inside).find_map(|part| part.strip_prefix(key))?;
    let mask = |mask: &str| u128::from_str_radix(mask.strip_prefix("0x")?, 16).ok();
    let bits = value.split_once('/').map_or(Some(u128::MAX), |(_, bits)| mask(bits));
    Some(bits.unwrap_or_default())
}
