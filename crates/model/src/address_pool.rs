//! Pools of addresses that a network driver hands out itself, and who has which address, in
//! `external_ids` of the switch's own row: an engine asks for a pool before it says on which bridge
//! its network will be.
//!
//! `docker-ovs.pool.POOL` is a pool, `docker-ovs.address.POOL.ADDRESS` an address that is in use. Values
//! are JSON. A pool's value counts its changes, so that each change of anything of it can have the
//! database refuse where another one was faster. At most [`MOST`] addresses are in use at once.
//!
//! The pool of a network that is in a mesh is handed out by blocks, of which each is one host's:
//! `docker-ovs.block.POOL.BLOCK`. The first block is no host's: the addresses that are the network's own
//! are there, the same on every host.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::memory::MemoryChange;

/// What the keys of pools begin with.
const POOL: &str = "docker-ovs.pool.";
/// What the keys of addresses begin with.
const ADDRESS: &str = "docker-ovs.address.";
/// What the keys of blocks begin with.
const BLOCK: &str = "docker-ovs.block.";
/// The value of a block's key.
const CLAIMED: &str = "claimed";
/// A subnet has at most so many bits' worth of blocks.
const MOST_BLOCK_BITS: u32 = 8;
/// A subnet with fewer bits for hosts is too small for blocks.
const LEAST_HOST_BITS: u32 = 4;
/// At most so many addresses of all pools are in use.
pub const MOST: usize = 4096;
/// At most so many pools are there.
pub const MOST_POOLS: usize = 256;

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

/// What has an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holder {
    /// The network itself: a gateway, or an auxiliary address.
    Network,
    /// An interface of a container.
    Container,
}

/// An address in use, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressRecord {
    /// What has it.
    pub holder: Holder,
    /// Since when, in seconds since the Unix epoch.
    pub since: u64,
    /// The boot of this host that it was handed out in (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
    /// Name of the container, where the engine said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A pool and what of it is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its id: letters and digits.
    pub id: String,
    /// What is written down of it.
    pub record: PoolRecord,
    /// The addresses in use.
    pub addresses: BTreeMap<IpAddr, AddressRecord>,
    /// The blocks that are this host's, by their place in the subnet.
    pub blocks: BTreeSet<u32>,
    /// The pairs of `external_ids` that say so.
    written: BTreeMap<String, String>,
}

/// All pools, by id; values that make no sense are left out.
pub fn of(ids: &BTreeMap<String, String>) -> BTreeMap<String, Pool> {
    let mut pools = BTreeMap::new();
    for (key, value) in ids {
        let Some(id) = key.strip_prefix(POOL).filter(|id| is_id(id)) else { continue };
        let Ok(record) = serde_json::from_str(value) else { continue };
        let written = BTreeMap::from([(key.clone(), value.clone())]);
        let (id, addresses, blocks) = (id.to_owned(), BTreeMap::new(), BTreeSet::new());
        pools.insert(id.clone(), Pool { id, record, addresses, blocks, written });
    }
    for (key, value) in ids {
        let Some((id, block)) = key.strip_prefix(BLOCK).and_then(|rest| rest.split_once('.'))
        else {
            continue;
        };
        let (Some(pool), Ok(block)) = (pools.get_mut(id), block.parse()) else { continue };
        pool.written.insert(key.clone(), value.clone());
        pool.blocks.insert(block);
    }
    for (key, value) in ids {
        let Some((id, ip)) = key.strip_prefix(ADDRESS).and_then(|rest| rest.split_once('.')) else {
            continue;
        };
        let (Some(pool), Ok(ip)) = (pools.get_mut(id), ip.parse()) else { continue };
        pool.written.insert(key.clone(), value.clone());
        // One that cannot be read is in use all the same.
        let record = serde_json::from_str(value).unwrap_or_else(|_| AddressRecord {
            holder: Holder::Network,
            since: 0,
            boot: String::new(),
            name: None,
        });
        pool.addresses.insert(ip, record);
    }
    pools
}

/// Whether it can be the id of a pool.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
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
        1 << (self.host_bits() / 2).min(MOST_BLOCK_BITS)
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
    fn handed_out_of(&self, place: u32) -> Option<RangeInclusive<u128>> {
        let block = self.block(place).filter(|_| place > 0)?;
        Some(both(&span(&block), &self.handed_out())).filter(|span| !span.is_empty())
    }

    fn is_v4(&self) -> bool {
        matches!(self.subnet, IpNet::V4(_))
    }

    /// What is handed out where no address is asked for by itself, as numbers.
    fn handed_out(&self) -> RangeInclusive<u128> {
        both(&self.usable(), &span(self.range.as_ref().unwrap_or(&self.subnet)))
    }
}

impl Pool {
    /// The pairs of `external_ids` that a change of this pool rests on: the pool's own, which counts
    /// all changes of it.
    pub fn rests_on(&self) -> BTreeMap<String, String> {
        let key = format!("{POOL}{}", self.id);
        self.written.get(&key).map(|value| (key.clone(), value.clone())).into_iter().collect()
    }

    /// The next free address after the one that was handed out last, so that none comes again soon;
    /// none where all are in use. `taken` are in use although it is not written down.
    pub fn next_free(&self, taken: &BTreeSet<IpAddr>) -> Option<IpAddr> {
        next_free(&self.record, &self.spans(), |ip| {
            self.addresses.contains_key(&ip) || taken.contains(&ip)
        })
    }

    /// What is handed out, as numbers: where the network is in a mesh, of this host's blocks.
    fn spans(&self) -> Vec<RangeInclusive<u128>> {
        match self.record.mesh {
            None => vec![self.record.handed_out()],
            Some(_) => {
                self.blocks.iter().filter_map(|place| self.record.handed_out_of(*place)).collect()
            }
        }
    }

    /// Whether an address may be a container's of this host: in a mesh only if its block is this host's.
    pub fn is_own(&self, ip: IpAddr) -> bool {
        let is_of = |place: &u32| self.record.block(*place).is_some_and(|net| net.contains(&ip));
        self.record.mesh.is_none() || self.blocks.iter().filter(|place| **place > 0).any(is_of)
    }

    /// How many addresses are left to hand out.
    pub fn free(&self) -> u128 {
        let spans = self.spans();
        let count = |span: &RangeInclusive<u128>| {
            if span.is_empty() { 0 } else { (span.end() - span.start()).saturating_add(1) }
        };
        let all = spans.iter().map(count).fold(0, u128::saturating_add);
        let is_used = |ip: &&IpAddr| spans.iter().any(|span| span.contains(&number(**ip)));
        let used = self.addresses.keys().filter(is_used).count();
        all.saturating_sub(u128::try_from(used).unwrap_or(u128::MAX))
    }

    /// The change after which its network is in a mesh.
    pub fn join(&self, mesh: &str) -> MemoryChange {
        self.counted(PoolRecord { mesh: Some(mesh.to_owned()), ..self.record.clone() })
    }

    /// The change after which these blocks, and no others, are this host's.
    pub fn with_blocks(&self, blocks: &BTreeSet<u32>) -> MemoryChange {
        let mut change = self.counted(self.record.clone());
        let key = |place: &u32| format!("{BLOCK}{}.{place}", self.id);
        let gone = self.blocks.difference(blocks).map(key);
        change.forget.extend(gone.map(|key| (key, CLAIMED.to_owned())));
        let new = blocks.difference(&self.blocks).map(key);
        change.remember.extend(new.map(|key| (key, CLAIMED.to_owned())));
        change
    }

    /// The change after which nothing is handed out of it any more: of a mesh's the blocks are still to
    /// be given back, which needs more than this host.
    pub fn release(&self) -> MemoryChange {
        if self.record.mesh.is_none() || self.blocks.is_empty() {
            return self.forget();
        }
        let all: Vec<_> = self.addresses.keys().copied().collect();
        let mut change = self.give_back(&all);
        let released = self.counted(PoolRecord { released: true, ..self.record.clone() });
        change.remember = released.remember;
        change
    }

    /// The change where an address gets into use. `is_next` tells that the pool chose it.
    pub fn take(&self, ip: IpAddr, record: &AddressRecord, is_next: bool) -> MemoryChange {
        let last = if is_next { Some(ip) } else { self.record.last };
        let mut change = self.counted(PoolRecord { last, ..self.record.clone() });
        let key = self.key(ip);
        change.forget.extend(self.written.get(&key).map(|value| (key.clone(), value.clone())));
        change.remember.insert(key, json(record));
        change
    }

    /// The change after which addresses are free.
    pub fn give_back(&self, ips: &[IpAddr]) -> MemoryChange {
        let mut change = self.counted(self.record.clone());
        let keys = ips.iter().map(|ip| self.key(*ip));
        change.forget.extend(keys.filter_map(|key| {
            let value = self.written.get(&key)?.clone();
            Some((key, value))
        }));
        change
    }

    /// The change after which there is no such pool.
    pub fn forget(&self) -> MemoryChange {
        MemoryChange { forget: self.written.clone(), remember: BTreeMap::new() }
    }

    fn counted(&self, record: PoolRecord) -> MemoryChange {
        let record = PoolRecord { changes: self.record.changes.wrapping_add(1), ..record };
        MemoryChange { forget: self.rests_on(), ..record.written_as(&self.id) }
    }

    fn key(&self, ip: IpAddr) -> String {
        format!("{ADDRESS}{}.{ip}", self.id)
    }
}

/// The first free address of `spans`, in their order, after the last one; then from the beginning.
fn next_free(
    record: &PoolRecord,
    spans: &[RangeInclusive<u128>],
    is_taken: impl Fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    let is_v4 = record.is_v4();
    let last = record.last.map(number);
    let after = spans.iter().map(|span| {
        let start = last.map_or(*span.start(), |last| last.saturating_add(1).max(*span.start()));
        start..=*span.end()
    });
    let mut all = after.chain(spans.iter().cloned()).flatten().map(|number| address(number, is_v4));
    all.find(|ip| !is_taken(*ip))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
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

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

fn address(number: u128, is_v4: bool) -> IpAddr {
    match u32::try_from(number) {
        Ok(bits) if is_v4 => Ipv4Addr::from_bits(bits).into(),
        _ => Ipv6Addr::from_bits(number).into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(subnet: &str, range: Option<&str>) -> PoolRecord {
        let range = range.map(|range| range.parse().unwrap());
        PoolRecord::new(subnet.parse().unwrap(), range, 1)
    }

    fn container() -> AddressRecord {
        AddressRecord { holder: Holder::Container, since: 1, boot: "b".into(), name: None }
    }

    /// `external_ids` with one pool.
    fn ids(record: &PoolRecord) -> BTreeMap<String, String> {
        let mut ids = BTreeMap::from([("system-id".to_owned(), "x".to_owned())]);
        record.written_as("p1").apply(&mut ids);
        ids
    }

    fn pool(ids: &BTreeMap<String, String>) -> Pool {
        of(ids).remove("p1").unwrap()
    }

    fn take(ids: &mut BTreeMap<String, String>) -> Option<IpAddr> {
        let pool = pool(ids);
        let ip = pool.next_free(&BTreeSet::new())?;
        pool.take(ip, &container(), true).apply(ids);
        Some(ip)
    }

    fn all(ids: &mut BTreeMap<String, String>) -> Vec<String> {
        std::iter::from_fn(|| take(ids)).map(|ip| ip.to_string()).collect()
    }

    #[test]
    fn every_usable_address_is_handed_out_once() {
        for (subnet, range, expected) in [
            ("192.0.2.0/30", None, vec!["192.0.2.1", "192.0.2.2"]),
            ("192.0.2.0/31", None, vec!["192.0.2.0", "192.0.2.1"]),
            ("192.0.2.7/32", None, vec!["192.0.2.7"]),
            ("192.0.2.0/24", Some("192.0.2.8/31"), vec!["192.0.2.8", "192.0.2.9"]),
            ("192.0.2.0/24", Some("192.0.2.0/31"), vec!["192.0.2.1"]),
            ("192.0.2.0/24", Some("192.0.2.254/31"), vec!["192.0.2.254"]),
            ("2001:db8::/126", None, vec!["2001:db8::1", "2001:db8::2", "2001:db8::3"]),
            ("2001:db8::/127", None, vec!["2001:db8::", "2001:db8::1"]),
        ] {
            assert_eq!(all(&mut ids(&record(subnet, range))), expected, "{subnet} {range:?}");
        }
        let mut whole = ids(&record("::/0", None));
        assert_eq!(take(&mut whole), "::1".parse().ok());
        let mut whole = ids(&record("0.0.0.0/0", None));
        assert_eq!(take(&mut whole), "0.0.0.1".parse().ok());
    }

    #[test]
    fn what_was_given_back_comes_again_last() {
        let mut ids = ids(&record("192.0.2.0/29", None));
        let (first, second) = (take(&mut ids).unwrap(), take(&mut ids).unwrap());
        pool(&ids).give_back(&[first]).apply(&mut ids);
        let rest = all(&mut ids);
        assert_eq!(rest, ["192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.1"]);
        pool(&ids).give_back(&[second]).apply(&mut ids);
        assert_eq!(take(&mut ids), Some(second));
        pool(&ids).forget().apply(&mut ids);
        assert_eq!(ids.len(), 1, "{ids:?}");
    }

    #[test]
    fn each_change_is_another_value_of_the_pool() {
        let mut ids = ids(&record("192.0.2.0/24", None));
        let before = pool(&ids);
        take(&mut ids);
        let after = pool(&ids);
        assert_ne!(before.rests_on(), after.rests_on());
        assert_eq!(after.give_back(&[]).forget, after.rests_on());
        let ip: IpAddr = "192.0.2.1".parse().unwrap();
        after.give_back(&[ip]).apply(&mut ids);
        assert_ne!(pool(&ids).rests_on(), before.rests_on());
    }

    #[test]
    fn what_cannot_be_read_is_no_pool_but_an_address_in_use() {
        let mut ids = ids(&record("192.0.2.0/24", None));
        ids.insert(format!("{POOL}x y"), "{}".into());
        ids.insert(format!("{POOL}p2"), "{".into());
        ids.insert(format!("{ADDRESS}p1.192.0.2.1"), "?".into());
        ids.insert(format!("{ADDRESS}p9.192.0.2.1"), json(&container()));
        assert_eq!(of(&ids).len(), 1);
        assert_eq!(take(&mut ids), "192.0.2.2".parse().ok());
        assert!(!pool(&ids).record.is_usable("192.0.2.255".parse().unwrap()));
        assert!(!pool(&ids).record.is_usable("192.0.3.1".parse().unwrap()));
        assert!(pool(&ids).record.is_usable("192.0.2.254".parse().unwrap()));
    }

    #[test]
    fn a_pool_of_a_mesh_is_handed_out_by_the_blocks_that_are_this_host_s() {
        let mut ids = ids(&record("192.0.2.0/24", None));
        pool(&ids).join("blue").apply(&mut ids);
        assert_eq!(pool(&ids).record.block_count(), 16);
        assert_eq!(pool(&ids).record.block(15), "192.0.2.240/28".parse().ok());
        assert_eq!(pool(&ids).record.block(16), None);
        assert_eq!((take(&mut ids), pool(&ids).free()), (None, 0));
        pool(&ids).with_blocks(&BTreeSet::from([0, 15])).apply(&mut ids);
        assert_eq!(pool(&ids).free(), 15, "neither the first block nor the broadcast address");
        assert_eq!(take(&mut ids), "192.0.2.240".parse().ok());
        pool(&ids).with_blocks(&BTreeSet::from([2, 15])).apply(&mut ids);
        assert_eq!(pool(&ids).blocks, BTreeSet::from([2, 15]));
        assert_eq!(take(&mut ids), "192.0.2.241".parse().ok());
        let is_own = |ip: &str| pool(&ids).is_own(ip.parse().unwrap());
        assert!(is_own("192.0.2.33") && !is_own("192.0.2.1") && !is_own("192.0.2.128"));
        assert!(pool(&ids).record.is_in_first_block("192.0.2.15".parse().unwrap()));
        pool(&ids).release().apply(&mut ids);
        let released = pool(&ids);
        assert!(released.record.released && released.addresses.is_empty());
        assert_eq!(released.blocks.len(), 2);
        released.forget().apply(&mut ids);
        assert_eq!(ids.len(), 1, "{ids:?}");
    }

    #[test]
    fn a_range_and_the_size_of_a_subnet_say_which_blocks_are_worth_having() {
        let claimable = |subnet: &str, range: Option<&str>| {
            record(subnet, range).claimable().collect::<Vec<_>>()
        };
        assert_eq!(claimable("192.0.2.0/24", Some("192.0.2.128/26")), [8, 9, 10, 11]);
        assert_eq!(claimable("192.0.2.0/28", None), [1, 2, 3]);
        assert_eq!(claimable("10.0.0.0/16", None).len(), 255);
        assert_eq!(claimable("2001:db8::/64", None).len(), 255);
        assert_eq!(record("2001:db8::/64", None).block(1), "2001:db8:0:0:100::/72".parse().ok());
        assert!(!record("192.0.2.0/29", None).has_blocks());
        assert_eq!(record("0.0.0.0/0", None).block(255), "255.0.0.0/8".parse().ok());
    }

    proptest! {
        /// What is in use is never handed out, and none is missed, whatever is taken and given back.
        #[test]
        fn no_address_has_two_holders(steps in prop::collection::vec(any::<Option<u8>>(), 1..80)) {
            let mut ids = ids(&record("192.0.2.0/28", None));
            let mut held: BTreeSet<IpAddr> = BTreeSet::new();
            for step in steps {
                match step {
                    None => {
                        let ip = take(&mut ids);
                        prop_assert_eq!(ip.is_none(), held.len() == 14);
                        prop_assert!(ip.is_none_or(|ip| held.insert(ip)), "{:?} twice", ip);
                    }
                    Some(which) => {
                        let ip = held.iter().nth(usize::from(which) % held.len().max(1)).copied();
                        let Some(ip) = ip else { continue };
                        pool(&ids).give_back(&[ip]).apply(&mut ids);
                        held.remove(&ip);
                    }
                }
                let known: BTreeSet<_> = pool(&ids).addresses.keys().copied().collect();
                prop_assert_eq!(&known, &held);
            }
        }
    }
}
