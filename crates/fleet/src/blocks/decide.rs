//! What follows of the blocks that stand in etcd for a host and its pool: pure.

use std::collections::{BTreeMap, BTreeSet};

use model::address_pool::Pool;

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

/// Whether the blocks of a pool that is handed out of no more are to be given back: not where the network
/// was made anew, whose pool has its blocks under the same keys.
pub fn are_to_give_back<'p>(pool: &Pool, mut all: impl Iterator<Item = &'p Pool>) -> bool {
    let of = |pool: &Pool| (pool.record.mesh.clone(), pool.record.subnet);
    pool.record.released && !all.any(|other| !other.record.released && of(other) == of(pool))
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
