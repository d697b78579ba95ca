//! Blocks of addresses of networks in a mesh: of which subnet which block is which host's.
//!
//! A block is claimed ahead of time by making its key, which fails where another host has made it, and
//! is written down by the host then; addresses are handed out of what is written down alone. So a host goes
//! on with its blocks while etcd is away. No block is given back because of silence: only by the host that
//! has it, when its network is gone, or by hand.

use std::collections::{BTreeMap, BTreeSet};

use etcd::{Client, Compare, Error, KeyValue, Op, Txn};
use ipnet::IpNet;
use model::address_pool::Pool;

use crate::keys::{Key, Keys};

/// How often a claim is tried again where other hosts are faster.
const TRIES: usize = 20;

/// What stands in etcd of a subnet's blocks: whose each is.
pub type Holders = BTreeMap<u32, String>;

/// What follows of what stands in etcd.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The blocks that are this host's: they are in etcd as such.
    pub own: BTreeSet<u32>,
    /// Those that are written down as this host's, and that etcd does not know.
    pub missing: BTreeSet<u32>,
    /// Those that are written down as this host's, and are another one's.
    pub lost: BTreeSet<u32>,
    /// One to claim, where this host is to have more and one is free.
    pub next: Option<u32>,
}

/// Decides for `host`, whose pool is `pool`.
pub fn decide(host: &str, pool: &Pool, holders: &Holders) -> Decision {
    let is_own = |place: &u32| holders.get(place).is_some_and(|holder| holder == host);
    let own: BTreeSet<u32> = holders.keys().copied().filter(is_own).collect();
    let others = pool.blocks.difference(&own).copied();
    let (lost, missing): (BTreeSet<u32>, _) = others.partition(|place| holders.contains_key(place));
    // What was claimed and not written down yet comes first.
    let is_known = own.is_subset(&pool.blocks) && missing.is_empty();
    let mut free = pool.record.claimable().filter(|place| !holders.contains_key(place));
    let next = (is_known && wants_more(pool)).then(|| free.next()).flatten();
    Decision { own, missing, lost, next }
}

/// Whether a pool is to have another block: as long as there are addresses for half a block more.
fn wants_more(pool: &Pool) -> bool {
    let block = pool.record.block(0).map_or(0, |net| net.max_prefix_len() - net.prefix_len());
    pool.free() <= 1_u128.checked_shl(u32::from(block)).unwrap_or(u128::MAX) / 2
}

/// The blocks that are this host's, claimed as far as that is wanted.
///
/// # Errors
/// etcd: nothing is known then, and what is written down stays.
pub async fn keep(
    etcd: &Client,
    keys: &Keys,
    host: &str,
    pool: &Pool,
) -> Result<BTreeSet<u32>, Error> {
    let Some(mesh) = &pool.record.mesh else { return Ok(pool.blocks.clone()) };
    let subnet = pool.record.subnet;
    let mut own = BTreeSet::new();
    for _ in 0..TRIES {
        let holder = |row| holder(keys, pool, &row);
        let (holders, _) = etcd.list(&keys.blocks_of(mesh, &subnet), holder).await?;
        let decision = decide(host, pool, &holders.into_iter().collect());
        own = decision.own;
        let claims = decision.missing.into_iter().chain(decision.next);
        let mut is_done = true;
        for place in claims {
            let key = keys.block(mesh, &subnet, place);
            let put = Op::Put { key: key.clone(), value: host.to_owned().into(), lease: 0 };
            let txn = Txn { compare: vec![Compare::Missing(key)], ops: vec![put] };
            match etcd.txn(txn).await? {
                Some(_) => _ = own.insert(place),
                // Another host was faster, or the call broke off: the list tells.
                None => is_done = false,
            }
        }
        if is_done {
            break;
        }
    }
    Ok(own)
}

/// Whether the blocks of a pool that is handed out of no more are to be given back: not where the network
/// was made anew, whose pool has its blocks under the same keys.
pub fn are_to_give_back<'p>(pool: &Pool, mut all: impl Iterator<Item = &'p Pool>) -> bool {
    let of = |pool: &Pool| (pool.record.mesh.clone(), pool.record.subnet);
    pool.record.released && !all.any(|other| !other.record.released && of(other) == of(pool))
}

/// Gives back the blocks of a host in a subnet of a mesh.
///
/// # Errors
/// etcd: some may be given back.
pub async fn give_back(
    etcd: &Client,
    keys: &Keys,
    host: &str,
    mesh: &str,
    subnet: &IpNet,
) -> Result<(), Error> {
    delete(etcd, &keys.blocks_of(mesh, subnet), host).await.map(drop)
}

/// All blocks of a mesh, or of all: mesh, subnet, place and host of each.
///
/// # Errors
/// etcd.
pub async fn all(
    etcd: &Client,
    keys: &Keys,
    mesh: Option<&str>,
) -> Result<Vec<(String, IpNet, u32, String)>, Error> {
    let prefix = mesh.map_or_else(|| keys.blocks(), |mesh| keys.blocks_of_mesh(mesh));
    let block = |row: KeyValue| {
        let Some(Key::Block(mesh, subnet, place)) = keys.read(&row.key) else { return None };
        Some((mesh.to_owned(), subnet, place, host_of(&row)?))
    };
    let (mut blocks, _) = etcd.list(&prefix, block).await?;
    blocks.sort();
    Ok(blocks)
}

/// Gives back all blocks that a host has in a mesh, and how many those were.
///
/// # Errors
/// etcd: some may be given back.
pub async fn release(etcd: &Client, keys: &Keys, mesh: &str, host: &str) -> Result<usize, Error> {
    delete(etcd, &keys.blocks_of_mesh(mesh), host).await
}

/// Deletes those keys of a prefix that are a host's, as long as they are as they were read; how many it has.
async fn delete(etcd: &Client, prefix: &str, host: &str) -> Result<usize, Error> {
    let (mut pages, mut count) = (etcd.pages(prefix, 0), 0);
    while let Some(page) = pages.next().await? {
        for row in page.rows.into_iter().filter(|row| row.value == host.as_bytes()) {
            count += 1;
            let Ok(key) = String::from_utf8(row.key.to_vec()) else { continue };
            let compare = vec![Compare::Unchanged(key.clone(), row.mod_revision)];
            etcd.txn(Txn { compare, ops: vec![Op::Delete(key)] }).await?;
        }
    }
    Ok(count)
}

/// Whose a block of the pool's subnet is.
pub(crate) fn holder(keys: &Keys, pool: &Pool, row: &KeyValue) -> Option<(u32, String)> {
    let Some(Key::Block(_, _, place)) = keys.read(&row.key) else { return None };
    let is_there = pool.record.block(place).is_some() || pool.blocks.contains(&place);
    // A block whose holder cannot be read has one all the same.
    is_there.then(|| (place, host_of(row).unwrap_or_default()))
}

fn host_of(row: &KeyValue) -> Option<String> {
    let host = std::str::from_utf8(&row.value).ok()?;
    crate::keys::is_name(host).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use model::address_pool::{self, AddressRecord, Holder, PoolRecord};
    use proptest::prelude::*;

    use super::*;

    /// A host with its own database.
    struct Host {
        name: String,
        ids: BTreeMap<String, String>,
        held: BTreeSet<IpAddr>,
    }

    impl Host {
        fn new(name: String, subnet: &str) -> Self {
            let record = PoolRecord::new(subnet.parse().unwrap(), None, 1);
            let mut host = Self { name, ids: BTreeMap::new(), held: BTreeSet::new() };
            record.written_as("p").apply(&mut host.ids);
            host.pool().join("blue").apply(&mut host.ids);
            host
        }

        fn pool(&self) -> Pool {
            address_pool::of(&self.ids).remove("p").unwrap()
        }

        /// What `keep` does against an etcd that is `holders`; `noted` is whether it lives to write it down.
        fn keep(&mut self, holders: &mut Holders, noted: bool) {
            let decision = decide(&self.name, &self.pool(), holders);
            let mut own = decision.own;
            for place in decision.missing.into_iter().chain(decision.next) {
                holders.insert(place, self.name.clone());
                own.insert(place);
            }
            if noted {
                self.pool().with_blocks(&own).apply(&mut self.ids);
            }
        }

        fn take(&mut self) -> Option<IpAddr> {
            let pool = self.pool();
            let ip = pool.next_free(&BTreeSet::new())?;
            let record =
                AddressRecord { holder: Holder::Container, since: 1, boot: "b".into(), name: None };
            pool.take(ip, &record, true).apply(&mut self.ids);
            self.held.insert(ip).then_some(ip)
        }

        fn give(&mut self, which: usize) {
            let Some(ip) = self.held.iter().nth(which % self.held.len().max(1)).copied() else {
                return;
            };
            self.pool().give_back(&[ip]).apply(&mut self.ids);
            self.held.remove(&ip);
        }
    }

    #[test]
    fn blocks_are_claimed_ahead_and_what_another_host_has_is_left_to_it() {
        let (mut a, mut b) =
            (Host::new("a".into(), "192.0.2.0/26"), Host::new("b".into(), "192.0.2.0/26"));
        let mut holders = Holders::new();
        a.keep(&mut holders, true);
        b.keep(&mut holders, true);
        assert_eq!((a.pool().blocks, b.pool().blocks), ([1].into(), [2].into()));
        assert_eq!(a.take(), "192.0.2.8".parse().ok());
        a.keep(&mut holders, true);
        assert_eq!(a.pool().blocks.len(), 1, "there are enough");
        for _ in 0..3 {
            a.take().unwrap();
        }
        a.keep(&mut holders, true);
        assert_eq!(a.pool().blocks, [1, 3].into());
        // etcd is emptied: each claims its own again.
        holders.clear();
        b.keep(&mut holders, true);
        a.keep(&mut holders, true);
        assert_eq!(
            holders,
            BTreeMap::from([(1, "a"), (2, "b"), (3, "a")].map(|(n, h)| (n, h.to_owned())))
        );
        // Given back by hand, and another host's by now: nothing more is handed out of it.
        holders.insert(2, "a".into());
        b.keep(&mut holders, true);
        assert_eq!(decide("b", &b.pool(), &holders).lost, BTreeSet::new());
        assert!(!b.pool().blocks.contains(&2));
    }

    #[test]
    fn a_network_that_was_made_anew_keeps_the_blocks_of_the_one_before() {
        let made = |subnet: &str, mesh: Option<&str>| {
            let record = PoolRecord::new(subnet.parse().unwrap(), None, 1);
            let mut ids = BTreeMap::new();
            record.written_as("p").apply(&mut ids);
            let pool = |ids: &BTreeMap<_, _>| address_pool::of(ids).remove("p").unwrap();
            if let Some(mesh) = mesh {
                pool(&ids).join(mesh).apply(&mut ids);
            }
            pool(&ids)
        };
        let released = |subnet: &str, mesh: Option<&str>| {
            let mut pool = made(subnet, mesh);
            pool.record.released = true;
            pool
        };
        let subnet = "192.0.2.0/26";
        let old = released(subnet, Some("blue"));
        let are = |others: &[Pool]| {
            let after = are_to_give_back(&old, others.iter().chain([&old]));
            assert_eq!(are_to_give_back(&old, [&old].into_iter().chain(others)), after);
            after
        };
        assert!(are(&[]));
        assert!(!are(&[made(subnet, Some("blue"))]));
        // It was made anew twice, and is of another range.
        assert!(!are(&[released(subnet, Some("blue")), made(subnet, Some("blue"))]));
        let mut of_range = made(subnet, Some("blue"));
        of_range.record.range = "192.0.2.32/27".parse().ok();
        assert!(!are(&[of_range]));
        for others in [
            made("192.0.2.64/26", Some("blue")),
            made(subnet, Some("red")),
            made(subnet, None),
            released(subnet, Some("blue")),
        ] {
            assert!(are(std::slice::from_ref(&others)), "{others:?}");
        }
        let new = made(subnet, Some("blue"));
        assert!(!are_to_give_back(&new, [&new].into_iter()), "it is handed out of");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Hosts that claim, hand out, give back and crash between a claim and its note, with an etcd that
        /// is away at times: no address is on two hosts, and what is claimed goes on being used.
        #[test]
        fn no_two_hosts_have_one_address(
            steps in prop::collection::vec((0usize..4, 0u8..8, any::<usize>()), 1..150),
        ) {
            let new = |n: usize| Host::new(format!("h{n}"), "192.0.2.0/26");
            let mut hosts: Vec<_> = (0..4).map(new).collect();
            let mut holders = Holders::new();
            for (host, step, which) in steps {
                let host = &mut hosts[host];
                match step {
                    0 | 1 => host.keep(&mut holders, true),
                    2 => host.keep(&mut holders, false),
                    3 => host.give(which),
                    _ => {
                        let free = host.pool().free();
                        prop_assert_eq!(host.take().is_some(), free > 0);
                    }
                }
                let mut all = BTreeSet::new();
                for host in &hosts {
                    let pool = host.pool();
                    for ip in &host.held {
                        prop_assert!(all.insert(*ip), "{} twice", ip);
                        prop_assert!(pool.is_own(*ip));
                    }
                }
            }
        }
    }
}
