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
    pool(&ids).with_blocks(&BTreeSet::from([0, 15]), &BTreeSet::new()).apply(&mut ids);
    assert_eq!(pool(&ids).free(), 15, "neither the first block nor the broadcast address");
    assert_eq!(take(&mut ids), "192.0.2.240".parse().ok());
    pool(&ids).with_blocks(&BTreeSet::from([2, 15]), &BTreeSet::new()).apply(&mut ids);
    assert_eq!(pool(&ids).blocks, BTreeSet::from([2, 15]));
    assert_eq!(take(&mut ids), "192.0.2.241".parse().ok());
    let is_own = |ip: &str| pool(&ids).is_own(ip.parse().unwrap());
    assert!(is_own("192.0.2.33") && !is_own("192.0.2.1") && !is_own("192.0.2.128"));
    assert!(pool(&ids).record.is_in_first_block("192.0.2.15".parse().unwrap()));
    // One that is waited for is written down, too, and nothing is handed out of it.
    pool(&ids).with_blocks(&BTreeSet::from([15]), &BTreeSet::from([2])).apply(&mut ids);
    let waits = pool(&ids);
    assert_eq!((&waits.blocks, &waits.waiting), (&BTreeSet::from([15]), &BTreeSet::from([2])));
    assert!(!waits.is_own("192.0.2.33".parse().unwrap()));
    waits.with_blocks(&BTreeSet::from([2, 15]), &BTreeSet::new()).apply(&mut ids);
    let back = pool(&ids);
    assert!(back.waiting.is_empty() && back.is_own("192.0.2.33".parse().unwrap()), "{ids:?}");
    back.with_blocks(&BTreeSet::from([2, 15]), &BTreeSet::from([3])).apply(&mut ids);
    pool(&ids).release().apply(&mut ids);
    let released = pool(&ids);
    assert!(released.record.released && released.addresses.is_empty());
    assert_eq!(released.blocks.len(), 2);
    released.forget().apply(&mut ids);
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[test]
fn a_range_and_the_size_of_a_subnet_say_which_blocks_are_worth_having() {
    let claimable =
        |subnet: &str, range: Option<&str>| record(subnet, range).claimable().collect::<Vec<_>>();
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
