//! Pools of addresses that a network driver hands out itself, and who has which address, in
//! `external_ids` of the switch's own row: an engine asks for a pool before it says on which bridge
//! its network will be.
//!
//! `docker-ovs.pool.POOL` is a pool, `docker-ovs.address.POOL.ADDRESS` an address that is in use. Values
//! are JSON. A pool's value counts its changes, so that each change of anything of it can have the
//! database refuse where another one was faster. At most [`MAX_ADDRESSES`] addresses are in use at once.
//!
//! The pool of a network that is in a mesh is handed out by blocks, of which each is one host's:
//! `docker-ovs.block.POOL.BLOCK`. The first block is no host's: the addresses that are the network's own
//! are there, the same on every host. One that this machine had under a former name, and has not got back yet, is
//! `docker-ovs.waiting-block.POOL.BLOCK`: nothing is handed out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::memory::MemoryChange;

mod record;

use record::{address, number};

pub use record::PoolRecord;

/// What the keys of pools begin with.
const POOL: &str = "docker-ovs.pool.";
/// What the keys of addresses begin with.
const ADDRESS: &str = "docker-ovs.address.";
/// What the keys of blocks begin with.
const BLOCK: &str = "docker-ovs.block.";
/// What the keys of blocks begin with that are waited for.
const WAITING_BLOCK: &str = "docker-ovs.waiting-block.";
/// The value of a block's key.
const CLAIMED: &str = "claimed";
/// At most so many addresses of all pools are in use.
pub const MAX_ADDRESSES: usize = 4096;
/// At most so many pools are there.
pub const MAX_POOLS: usize = 256;

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
    /// The blocks that were this machine's under a former name, which is not silent yet: nothing is handed out of
    /// them.
    pub waiting: BTreeSet<u32>,
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
        let (id, addresses) = (id.to_owned(), BTreeMap::new());
        let (blocks, waiting) = (BTreeSet::new(), BTreeSet::new());
        pools.insert(id.clone(), Pool { id, record, addresses, blocks, waiting, written });
    }
    for (key, value) in ids {
        let (rest, is_waiting) = match (key.strip_prefix(BLOCK), key.strip_prefix(WAITING_BLOCK)) {
            (Some(rest), _) => (rest, false),
            (None, Some(rest)) => (rest, true),
            (None, None) => continue,
        };
        let Some((id, block)) = rest.split_once('.') else { continue };
        let (Some(pool), Ok(block)) = (pools.get_mut(id), block.parse()) else { continue };
        pool.written.insert(key.clone(), value.clone());
        if is_waiting {
            pool.waiting.insert(block);
        } else {
            pool.blocks.insert(block);
        }
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

    /// The change after which these blocks, and no others, are this host's, and those are waited for: one change,
    /// so that none is forgotten in between.
    pub fn with_blocks(&self, blocks: &BTreeSet<u32>, waiting: &BTreeSet<u32>) -> MemoryChange {
        let mut change = self.counted(self.record.clone());
        let kinds = [(BLOCK, &self.blocks, blocks), (WAITING_BLOCK, &self.waiting, waiting)];
        for (kind, before, after) in kinds {
            let key = |place: &u32| format!("{kind}{}.{place}", self.id);
            let gone = before.difference(after).map(key);
            change.forget.extend(gone.map(|key| (key, CLAIMED.to_owned())));
            let new = after.difference(before).map(key);
            change.remember.extend(new.map(|key| (key, CLAIMED.to_owned())));
        }
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

#[cfg(test)]
mod tests;
