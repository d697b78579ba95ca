//! What follows of the blocks that stand in etcd for a host and its pool: pure.

use std::collections::{BTreeMap, BTreeSet};

use model::address_pool::Pool;

/// Who claims a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// Its name.
    pub host: String,
    /// A hash of its machine id and the fleet; empty where it has no id.
    pub machine: String,
}

/// Whose a block is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockHolder {
    /// The name that the host had when it claimed the block; empty where that cannot be read.
    pub host: String,
    /// Which machine it was, if that is known.
    pub machine: Option<String>,
    /// Whether it lives by that name, or is not known not to: not where another machine is called so now.
    pub lives: bool,
}

impl BlockHolder {
    /// Whether this is the host itself, as it is called now.
    pub(super) fn is_named_as(&self, own: &Claimant) -> bool {
        self.host == own.host
            && (self.is_of(own) || self.machine.is_none() || own.machine.is_empty())
    }

    /// Whether it is the same machine.
    fn is_of(&self, own: &Claimant) -> bool {
        !own.machine.is_empty() && self.machine.as_ref() == Some(&own.machine)
    }
}

/// What stands in etcd of a subnet's blocks: whose each is.
pub type Holders = BTreeMap<u32, BlockHolder>;

/// What follows of what stands in etcd.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The blocks that are this host's: they are in etcd as such.
    pub own: BTreeSet<u32>,
    /// Those of them that stand there under another name, or without the machine.
    pub to_write: BTreeSet<u32>,
    /// Those that are written down as this host's, and that etcd does not know.
    pub missing: BTreeSet<u32>,
    /// Those that are written down as this host's, and are another one's.
    pub lost: BTreeSet<u32>,
    /// Those that this machine had under another name, by which it lives: it may be its own of a moment ago,
    /// or a copy of it has that.
    pub waiting: BTreeSet<u32>,
    /// One to claim, where this host is to have more and one is free.
    pub next: Option<u32>,
}

/// Decides for `host`, whose pool is `pool`, and which has had the blocks `earlier` written down until lately. A
/// block is the machine's that claimed it.
pub fn decide(
    host: &Claimant,
    pool: &Pool,
    earlier: &BTreeSet<u32>,
    holders: &Holders,
) -> Decision {
    let is_noted = |place: u32| pool.blocks.contains(&place) || earlier.contains(&place);
    let is_own = |place: u32, of: &BlockHolder| {
        let is_noted = is_noted(place);
        // Where another machine is called as this one was, that one's blocks are not its own; but a machine may
        // get another id, and knows its blocks by having written them down.
        let is_same = of.is_named_as(host) || (of.host == host.host && is_noted);
        // It was renamed. A copy of a machine has its id, and maybe its database, while it lives itself.
        is_same || (of.is_of(host) && is_noted && !of.lives)
    };
    let own = holders.iter().filter(|(place, of)| is_own(**place, of));
    let own: BTreeSet<u32> = own.map(|(place, _)| *place).collect();
    let is_old =
        |of: &BlockHolder| of.host != host.host || (!host.machine.is_empty() && !of.is_of(host));
    let to_write = own.iter().copied().filter(|place| holders.get(place).is_some_and(is_old));
    let to_write = to_write.collect();
    let is_waiting = |place: u32, of: &BlockHolder| is_noted(place) && of.is_of(host);
    let waiting = holders.iter().filter(|(place, of)| is_waiting(**place, of));
    let waiting = waiting.map(|(place, _)| *place).filter(|place| !own.contains(place)).collect();
    let others = pool.blocks.difference(&own).copied();
    let (lost, missing): (BTreeSet<u32>, _) = others.partition(|place| holders.contains_key(place));
    // What was claimed and not written down yet comes first.
    let is_known = own.is_subset(&pool.blocks) && missing.is_empty();
    let mut free = pool.record.claimable().filter(|place| !holders.contains_key(place));
    let next = (is_known && wants_more(pool)).then(|| free.next()).flatten();
    Decision { own, to_write, missing, lost, waiting, next }
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
        machine: String,
        ids: BTreeMap<String, String>,
        held: BTreeSet<IpAddr>,
    }

    impl Host {
        fn new(name: String, subnet: &str) -> Self {
            let record = PoolRecord::new(subnet.parse().unwrap(), None, 1);
            let machine = format!("machine of {name}");
            let (ids, held) = Default::default();
            let mut host = Self { name, machine, ids, held };
            record.written_as("p").apply(&mut host.ids);
            host.pool().join("blue").apply(&mut host.ids);
            host
        }

        fn claimant(&self) -> Claimant {
            Claimant { host: self.name.clone(), machine: self.machine.clone() }
        }

        fn holder(&self) -> BlockHolder {
            let machine = Some(self.machine.clone()).filter(|machine| !machine.is_empty());
            BlockHolder { host: self.name.clone(), machine, lives: true }
        }

        fn pool(&self) -> Pool {
            address_pool::of(&self.ids).remove("p").unwrap()
        }

        fn decide(&self, holders: &Holders) -> Decision {
            let pool = self.pool();
            decide(&self.claimant(), &pool, &pool.waiting, holders)
        }

        /// What `keep` does against an etcd that is `holders`; `noted` is whether it lives to write it down.
        fn keep(&mut self, holders: &mut Holders, noted: bool) {
            let decision = self.decide(holders);
            let mut own = decision.own;
            let new = decision.missing.into_iter().chain(decision.next);
            for place in new.chain(decision.to_write) {
                holders.insert(place, self.holder());
                own.insert(place);
            }
            if noted {
                self.pool().with_blocks(&own, &decision.waiting).apply(&mut self.ids);
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
        assert_eq!(holders, BTreeMap::from([(1, a.holder()), (2, b.holder()), (3, a.holder())]));
        // Given back by hand, and another host's by now: nothing more is handed out of it.
        holders.insert(2, a.holder());
        assert_eq!(b.decide(&holders).lost, [2].into());
        b.keep(&mut holders, true);
        assert_eq!(b.decide(&holders).lost, BTreeSet::new());
        assert!(!b.pool().blocks.contains(&2));
    }

    #[test]
    fn a_machine_takes_its_blocks_with_it_to_another_name() {
        let mut host = Host::new("h3".into(), "192.0.2.0/26");
        let mut holders = Holders::new();
        host.keep(&mut holders, true);
        let held = host.take().unwrap();
        "h3b".clone_into(&mut host.name);
        // That name may be a copy's, which lives: nothing more is handed out of the block.
        let lost = host.decide(&holders).lost;
        assert_eq!(lost, [1].into());
        host.keep(&mut holders, true);
        assert!(!host.pool().blocks.contains(&1));
        holders.get_mut(&1).unwrap().lives = false;
        // A copy that has noted nothing takes nothing over.
        let mut copy = Host::new("h4".into(), "192.0.2.0/26");
        copy.machine.clone_from(&host.machine);
        assert!(copy.decide(&holders).own.is_empty());
        host.keep(&mut holders, true);
        assert_eq!((&holders[&1], host.pool().blocks.contains(&1)), (&host.holder(), true));
        // Another machine that is called as it was.
        let other = Host { machine: "other".into(), ..Host::new("h3b".into(), "192.0.2.0/26") };
        let decision = other.decide(&holders);
        assert_eq!((decision.own, decision.next), (BTreeSet::new(), Some(2)));
        assert!(host.pool().is_own(held));
    }

    #[test]
    fn a_block_without_a_machine_is_the_names_and_gets_its_machine() {
        let mut host = Host::new("h3".into(), "192.0.2.0/26");
        let mut holders = Holders::new();
        host.keep(&mut holders, true);
        holders.get_mut(&1).unwrap().machine = None;
        let decision = host.decide(&holders);
        assert_eq!((decision.own, decision.to_write), ([1].into(), [1].into()));
        // A machine that got another id has written down what is its own.
        holders.insert(1, host.holder());
        "another".clone_into(&mut host.machine);
        let decision = host.decide(&holders);
        assert_eq!((decision.own, decision.to_write), ([1].into(), [1].into()));
        // One without any id goes by its name as ever, and writes nothing again and again.
        host.machine.clear();
        let decision = host.decide(&holders);
        assert_eq!((decision.own, decision.to_write), ([1].into(), BTreeSet::new()));
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
            steps in prop::collection::vec((0usize..4, 0u8..9, any::<usize>()), 1..150),
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
                    8 => {
                        // It is called as another one was, or as none ever: its old name falls silent.
                        let name = format!("h{}", which % 8);
                        for holder in holders.values_mut().filter(|of| of.host == host.name) {
                            holder.lives = false;
                        }
                        host.name = name;
                    }
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
