//! What is written down of a pool: its subnet, and which addresses and blocks that has.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{POOL, json};
use crate::memory::MemoryChange;

/// A subnet has at most so many bits' worth of blocks.
const MAX_BLOCK_BITS: u32 = 8;
/// A subnet with fewer bits for hosts is too small for blocks.
const LEAST_HOST_BITS: u32 = 4;

/// A pool, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolRecord {
    /// The subnet.
    pub subnet: IpNet,
    /// The part of it that is handed out, unless it is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<IpNet>,
    /// What was handed out last without having been asked for by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<IpAddr>,
    /// How often anything of it has changed.
    #[serde(default)]
    pub changes: u64,
    /// When it was made, in seconds since the Unix epoch.
    #[serde(default)]
    pub made: u64,
    /// The mesh that its network is in: addresses are of this host's blocks alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mesh: Option<String>,
    /// Whether its network is gone, and only its blocks are still to be given back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
}

impl PoolRecord {
    /// A pool that nothing was handed out of; `made` is in seconds since the Unix epoch.
    pub fn new(subnet: IpNet, range: Option<IpNet>, made: u64) -> Self {
        Self { subnet, range, last: None, changes: 0, made, mesh: None, released: false }
    }

    /// The change of `external_ids` that writes down a new pool.
    pub fn written_as(&self, id: &str) -> MemoryChange {
        let remember = BTreeMap::from([(format!("{POOL}{id}"), json(self))]);
        MemoryChange { forget: BTreeMap::new(), remember }
    }

    /// What can be handed out at all, as numbers: neither the address of the subnet itself nor that of
    /// all its hosts (RFC 1122 section 3.2.1.3, RFC 4291 section 2.6.1); of two addresses or one, all
    /// (RFC 3021, RFC 6164).
    fn usable(&self) -> RangeInclusive<u128> {
        let all = span(&self.subnet);
        match &self.subnet {
            IpNet::V4(subnet) if subnet.prefix_len() <= 30 => all.start() + 1..=all.end() - 1,
            IpNet::V6(subnet) if subnet.prefix_len() <= 126 => all.start() + 1..=*all.end(),
            _ => all,
        }
    }

    /// Whether an address can be a container's or a gateway's.
    pub fn is_usable(&self, ip: IpAddr) -> bool {
        self.subnet.contains(&ip) && self.usable().contains(&number(ip))
    }

    fn host_bits(&self) -> u32 {
        u32::from(self.subnet.max_prefix_len() - self.subnet.prefix_len())
    }

    /// Whether the subnet is large enough for blocks of several hosts.
    pub fn has_blocks(&self) -> bool {
        self.host_bits() >= LEAST_HOST_BITS
    }

    /// How many blocks the subnet has: the same number on every host, whatever its range.
    pub fn block_count(&self) -> u32 {
        1 << (self.host_bits() / 2).min(MAX_BLOCK_BITS)
    }

    /// A block by its place; none beyond the last.
    pub fn block(&self, place: u32) -> Option<IpNet> {
        // Whatever place was read: beyond the last there is no number to be had.
        if place >= self.block_count() {
            return None;
        }
        let bits = self.block_count().trailing_zeros();
        let prefix = self.subnet.prefix_len() + u8::try_from(bits).ok()?;
        let first = u128::from(place) << (self.host_bits() - bits);
        let ip = address(number(self.subnet.network()) + first, self.is_v4());
        IpNet::new(ip, prefix).ok()
    }

    /// The blocks that a host may have: not the first, and none that nothing is handed out of.
    pub fn claimable(&self) -> impl Iterator<Item = u32> + '_ {
        (1..self.block_count()).filter(|place| self.handed_out_of(*place).is_some())
    }

    /// Whether an address may be the network's own where it is in a mesh.
    pub fn is_in_first_block(&self, ip: IpAddr) -> bool {
        self.block(0).is_some_and(|block| block.contains(&ip))
    }

    /// What is handed out of a block, as numbers; none of the first.
    pub(super) fn handed_out_of(&self, place: u32) -> Option<RangeInclusive<u128>> {
        let block = self.block(place).filter(|_| place > 0)?;
        Some(both(&span(&block), &self.handed_out())).filter(|span| !span.is_empty())
    }

    pub(super) fn is_v4(&self) -> bool {
        matches!(self.subnet, IpNet::V4(_))
    }

    /// What is handed out where no address is asked for by itself, as numbers.
    pub(super) fn handed_out(&self) -> RangeInclusive<u128> {
        both(&self.usable(), &span(self.range.as_ref().unwrap_or(&self.subnet)))
    }
}

fn span(net: &IpNet) -> RangeInclusive<u128> {
    let first = number(net.network());
    let bits = u32::from(net.max_prefix_len() - net.prefix_len());
    let most = 1_u128.checked_shl(bits).map_or(u128::MAX, |count| count - 1);
    first..=first | most
}

fn both(one: &RangeInclusive<u128>, other: &RangeInclusive<u128>) -> RangeInclusive<u128> {
    *one.start().max(other.start())..=*one.end().min(other.end())
}

pub(super) fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

pub(super) fn address(number: u128, is_v4: bool) -> IpAddr {
    match u32::try_from(number) {
        Ok(bits) if is_v4 => Ipv4Addr::from_bits(bits).into(),
        _ => Ipv6Addr::from_bits(number).into(),
    }
}
