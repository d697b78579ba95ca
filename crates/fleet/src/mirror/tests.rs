use std::collections::BTreeSet;

use proptest::prelude::*;
use report::v1::{FleetHost, Liveness};

use super::*;
use crate::local::UnseenRows;
use crate::refused::MAX_REFUSED;

const ALIVE: &[u8] = br#"{"Machine":"m","Boot":"b","Run":"r","Started":0}"#;

fn row(ip: &str) -> Vec<u8> {
    format!(r#"{{"Container":"web","ID":"1","State":"on","Addresses":["{ip}/24"]}}"#).into_bytes()
}

/// A mirror of the host `own` that has a list of one host, `b`, with one row.
fn listed() -> Mirror {
    let mut mirror = Mirror::new("own", || 1_000);
    list(&mut mirror);
    mirror
}

fn list(mirror: &mut Mirror) {
    mirror.begin();
    mirror.put(&Key::Host("b"), br#"{"Version":"1"}"#);
    mirror.put(&Key::Alive("b"), ALIVE);
    mirror.put(&Key::Row("b", "1"), &row("192.0.2.1"));
    mirror.finish();
}

fn found(mirror: &Mirror, ip: &str) -> usize {
    mirror.candidates(&WhoQuery::Ip(ip.parse().unwrap())).len()
}

#[test]
fn nothing_is_known_before_the_first_list_is_whole() {
    let mut mirror = Mirror::new("own", || 1_000);
    mirror.begin();
    mirror.put(&Key::Alive("b"), ALIVE);
    // It broke off.
    mirror.lose("etcd is away");
    let from = mirror.from("b");
    assert_eq!((from.liveness, from.stale_since), (Liveness::Stale, None));
    list(&mut mirror);
    assert_eq!(mirror.from("b").liveness, Liveness::Live);
}

#[test]
fn a_list_that_broke_off_takes_nothing_away() {
    let mut mirror = listed();
    mirror.begin();
    mirror.lose("etcd is away");
    assert_eq!((mirror.counts(), found(&mirror, "192.0.2.1")), ((1, 1, 0), 1));
    let from = mirror.from("b");
    assert_eq!(from.liveness, Liveness::Stale);
    assert_eq!(from.stale_since.as_deref(), Some("1970-01-01T00:00:01.000Z"));
    // The next whole one does.
    mirror.begin();
    let changes = mirror.finish();
    assert!(
        matches!(&changes[..], [Change::Vanished(row), Change::Stale(host)] if &*row.host == "b" && &**host == "b"),
        "{changes:?}"
    );
    assert_eq!((mirror.counts(), found(&mirror, "192.0.2.1")), ((0, 0, 0), 0));
}

#[test]
fn a_host_that_is_silent_is_stale_with_its_rows() {
    let mut mirror = listed();
    assert!(matches!(mirror.delete(&Key::Alive("b")), Some(Change::Stale(_))));
    assert!(mirror.delete(&Key::Alive("b")).is_none());
    assert_eq!((mirror.from("b").liveness, found(&mirror, "192.0.2.1")), (Liveness::Stale, 1));
    assert!(matches!(mirror.put(&Key::Alive("b"), ALIVE), Some(Change::Live(_))));
    // A sign of life of another run is no news.
    assert!(mirror.put(&Key::Alive("b"), b"x").is_none());
    assert_eq!(mirror.from("b").liveness, Liveness::Live);
}

#[test]
fn what_cannot_be_read_leaves_the_last_good_value_and_is_counted() {
    let mut mirror = listed();
    assert!(mirror.put(&Key::Row("b", "1"), b"{").is_none());
    mirror.put(&Key::Host("b"), br#"{"Number":0}"#);
    assert_eq!((mirror.counts(), found(&mirror, "192.0.2.1")), ((1, 1, 2), 1));
    assert_eq!(mirror.hosts(true)[0].version, "1");
    assert!(mirror.hosts(true)[0].notes[0].contains("a number out of range"));
    // It outlives a list in which it is unreadable.
    mirror.begin();
    mirror.put(&Key::Row("b", "1"), &[0xff]);
    mirror.put(&Key::Host("b"), b"x");
    assert!(mirror.finish().iter().all(|change| matches!(change, Change::Stale(_))));
    assert_eq!((mirror.counts(), found(&mirror, "192.0.2.1")), ((1, 1, 2), 1));
}

#[test]
fn a_value_that_was_mended_or_taken_away_is_told_of_no_more() {
    let mut mirror = listed();
    let notes = |mirror: &Mirror| mirror.hosts(true)[0].notes.clone();
    mirror.put(&Key::Row("b", "1"), b"{");
    mirror.put(&Key::Row("b", "1"), &[0xff]);
    assert_eq!(mirror.counts().2, 1, "one value is one, however often it is written");
    mirror.put(&Key::Row("b", "2"), b"[]");
    mirror.put(&Key::Host("b"), br#"{"Number":0}"#);
    assert!(
        notes(&mirror)[0].contains("3 of its values") && notes(&mirror)[0].contains("a number")
    );
    // A record that is good, even if it says what it said; a row that is; one that is gone.
    mirror.put(&Key::Host("b"), br#"{"Version":"1"}"#);
    assert!(
        notes(&mirror)[0].contains("2 of its values") && !notes(&mirror)[0].contains("a number")
    );
    mirror.put(&Key::Row("b", "1"), &row("192.0.2.1"));
    assert_eq!(mirror.counts().2, 1);
    mirror.delete(&Key::Row("b", "2"));
    assert_eq!((mirror.counts().2, notes(&mirror)), (0, Vec::new()));
    mirror.put(&Key::Host("b"), b"x");
    mirror.delete(&Key::Host("b"));
    assert_eq!(mirror.counts().2, 0);
    // So is one of this host that is gone again.
    let local =
        |text: &str| Local { rows: [("1".to_owned(), text.to_owned())].into(), ..Local::default() };
    mirror.set_own(&local("{"), HostRecord::default());
    assert_eq!(mirror.counts().2, 1);
    let hidden = UnseenRows { all: true, ..UnseenRows::default() };
    mirror.set_own(&Local { hidden, ..Local::default() }, HostRecord::default());
    assert_eq!(mirror.counts().2, 1);
    mirror.set_own(&Local::default(), HostRecord::default());
    assert_eq!(mirror.counts().2, 0);
    // There is a bound on what is kept of that.
    for n in 0..=MAX_REFUSED {
        mirror.put(&Key::Row("b", &format!("bad{n}")), b"{");
    }
    assert_eq!(mirror.counts().2, MAX_REFUSED);
    assert!(notes(&mirror)[0].contains("100 or more of its values"), "{:?}", notes(&mirror));
}

#[test]
fn none_tells_what_this_host_has() {
    let mut mirror = listed();
    let local = Local {
        rows: [("1".to_owned(), String::from_utf8(row("192.0.2.9")).unwrap())].into(),
        ..Local::default()
    };
    assert_eq!(mirror.set_own(&local, HostRecord::default()).len(), 1);
    mirror.put(&Key::Row("own", "1"), &row("192.0.2.66"));
    mirror.put(&Key::Host("own"), br#"{"Version":"evil"}"#);
    mirror.delete(&Key::Row("own", "1"));
    mirror.delete(&Key::Alive("own"));
    assert_eq!((found(&mirror, "192.0.2.9"), found(&mirror, "192.0.2.66")), (1, 0));
    // Nor is it old when etcd is away, or what it has missing in a list.
    mirror.lose("etcd is away");
    assert_eq!(mirror.from("own").liveness, Liveness::Live);
    mirror.begin();
    mirror.finish();
    assert_eq!(found(&mirror, "192.0.2.9"), 1);
    // What a partial look lacks may be there.
    let unseen = |hidden| Local { hidden, ..Local::default() };
    let all = UnseenRows { all: true, ..UnseenRows::default() };
    mirror.set_own(&unseen(all), HostRecord::default());
    assert_eq!(found(&mirror, "192.0.2.9"), 1);
    // What an engine has, or a container, that was not seen: another's is gone.
    let tenants = decode(&row("192.0.2.9")).unwrap().tenants;
    let hidden = |engine: &str, id: &str| {
        let (engines, containers) = ([engine.to_owned()].into(), [id.to_owned()].into());
        unseen(UnseenRows { all: false, engines, containers })
    };
    mirror.set_own(&hidden(&tenants[0].engine, "other"), HostRecord::default());
    assert_eq!(found(&mirror, "192.0.2.9"), 1);
    mirror.set_own(&hidden("other", &tenants[0].id), HostRecord::default());
    assert_eq!(found(&mirror, "192.0.2.9"), 1);
    mirror.set_own(&hidden("other", "other"), HostRecord::default());
    assert_eq!(found(&mirror, "192.0.2.9"), 0);
    mirror.set_own(&local, HostRecord::default());
    mirror.set_own(&Local::default(), HostRecord::default());
    assert_eq!(found(&mirror, "192.0.2.9"), 0);
}

#[test]
fn a_number_alone_changes_nothing_else_of_this_host() {
    let mut mirror = Mirror::new("own", || 0);
    assert!(!mirror.set_own_number(7), "nothing is told of it yet");
    let record = HostRecord { version: "1".into(), ..HostRecord::default() };
    mirror.set_own(&Local::default(), record.clone());
    assert!(mirror.set_own_number(7) && !mirror.set_own_number(7));
    let own = mirror.hosts["own"].record.as_deref().unwrap();
    assert_eq!(*own, HostRecord { number: Some(7), ..record });
}

#[test]
fn of_one_host_there_are_bounds_and_the_others_have_room() {
    let mut mirror = Mirror::new("own", || 0);
    mirror.begin();
    for n in 0..=MAX_ROWS {
        mirror.put(&Key::Row("greedy", &n.to_string()), &row("192.0.2.1"));
    }
    mirror.put(&Key::Row("b", "1"), &row("192.0.2.2"));
    assert_eq!(mirror.counts(), (2, MAX_ROWS + 1, 1));
    // One that is there may change, and one that goes leaves room.
    assert!(mirror.put(&Key::Row("greedy", "0"), &row("192.0.2.3")).is_some());
    mirror.delete(&Key::Row("greedy", "0"));
    assert!(mirror.put(&Key::Row("greedy", "x"), &row("192.0.2.4")).is_some());
    for n in 0..MAX_HOSTS {
        mirror.put(&Key::Alive(&format!("h{n}")), ALIVE);
    }
    assert_eq!(mirror.hosts.len(), MAX_HOSTS);
    for n in 0..=MAX_MESHES {
        mirror.put(&Key::Mesh(&format!("m{n}")), br#"{"Type":"vxlan","Key":1,"DstPort":4789}"#);
    }
    assert_eq!(mirror.meshes.len(), MAX_MESHES);
}

/// A row that is as long as one may be, nearly.
fn long_row(ip: &str) -> Vec<u8> {
    let more = vec!["x".repeat(250); 15];
    format!(r#"{{"State":"on","Addresses":["{ip}/24"],"Later":{more:?}}}"#).into_bytes()
}

#[test]
fn rows_that_grow_pass_no_bound() {
    let mut mirror = listed();
    for n in 0..MAX_ROWS {
        mirror.put(&Key::Row("greedy", &n.to_string()), &row("192.0.2.3"));
    }
    for n in 0..MAX_ROWS {
        mirror.put(&Key::Row("greedy", &n.to_string()), &long_row("192.0.2.4"));
    }
    let cost = mirror.hosts["greedy"].cost;
    assert!((MAX_COST_OF_HOST - 4500..=MAX_COST_OF_HOST).contains(&cost), "{cost}");
    // The last good one stays, and may be another one of its length.
    let last = (MAX_ROWS - 1).to_string();
    assert!(mirror.put(&Key::Row("greedy", &last), &row("192.0.2.5")).is_some());
    assert!(mirror.put(&Key::Row("greedy", "0"), &long_row("192.0.2.5")).is_some());
    assert_eq!((found(&mirror, "192.0.2.5"), mirror.hosts["greedy"].rows.len()), (2, MAX_ROWS));
}

#[test]
fn what_rows_become_is_within_the_bound() {
    let ranges = br#"{"State":"on","TrunkRanges":[[0,4095]]}"#.to_vec();
    let addresses = format!(r#"{{"State":"on","Addresses":[{}"::1"]}}"#, r#""::1","#.repeat(600));
    let nothing = br#"{"State":"on"}"#.to_vec();
    for row in [ranges, addresses.into_bytes(), nothing] {
        let mut mirror = Mirror::new("own", || 1_000);
        for n in 0..MAX_ROWS {
            mirror.put(&Key::Row("greedy", &n.to_string()), &row);
        }
        let (_, kept, refused) = mirror.counts();
        assert!(kept > 200 && (kept == MAX_ROWS || refused > 0), "{kept} {refused}");
        // As a daemon answers them, and as they stand in memory.
        let rows = mirror.rows(None);
        let read = rows.iter().filter_map(|row| decode(row.text.as_bytes()).ok());
        let answer: usize = read.map(|row| serde_json::to_string(&row).unwrap().len()).sum();
        assert!(answer <= 2 * MAX_COST_OF_HOST, "{answer} bytes of {kept} rows");
        assert!(mirror.rows.cost() <= MAX_COST_OF_HOST);
        // Those of all hosts have one bound more.
        mirror.max_cost = mirror.rows.cost();
        assert!(mirror.put(&Key::Row("modest", "1"), &row).is_none());
        mirror.delete(&Key::Row("greedy", "0"));
        assert!(mirror.put(&Key::Row("modest", "1"), &row).is_some());
    }
}

#[test]
fn what_grows_on_other_hosts_leaves_the_rest_its_room() {
    let mut mirror = listed();
    mirror.max_cost = 10_000;
    for host in ["c", "d", "e"] {
        mirror.put(&Key::Row(host, "1"), &row("192.0.2.3"));
    }
    for host in ["c", "d", "e"] {
        mirror.put(&Key::Row(host, "1"), &long_row("192.0.2.4"));
    }
    assert_eq!((found(&mirror, "192.0.2.3"), found(&mirror, "192.0.2.4")), (1, 2));
    assert!(mirror.rows.cost() <= mirror.max_cost);
    assert!(mirror.put(&Key::Row("b", "2"), &row("192.0.2.5")).is_some(), "a short one fits");
    assert!(mirror.put(&Key::Row("b", "2"), &row("192.0.2.6")).is_some());
    // This host has what it has, and takes no room of the others.
    let text = |n: u8| String::from_utf8(long_row(&format!("198.51.100.{n}"))).unwrap();
    let rows = (0..9).map(|n| (n.to_string(), text(n))).collect();
    assert_eq!(mirror.set_own(&Local { rows, ..Local::default() }, HostRecord::default()).len(), 9);
    assert!(mirror.put(&Key::Row("b", "3"), &row("192.0.2.7")).is_some());
    mirror.delete(&Key::Row("c", "1"));
    assert!(mirror.put(&Key::Row("e", "1"), &long_row("192.0.2.4")).is_some());
}

#[test]
fn a_host_that_was_renamed_or_copied_is_noted() {
    let mut mirror = listed();
    mirror.put(&Key::Host("old"), br#"{"Machine":"m"}"#);
    mirror.put(&Key::Host("new"), br#"{"Machine":"m"}"#);
    mirror.put(&Key::Host("other"), br#"{"Machine":"n"}"#);
    let notes = |name: &str| {
        let hosts = mirror.hosts(true);
        hosts.into_iter().find(|host| host.from.host == name).unwrap().notes
    };
    assert!(notes("old")[0].contains("the same machine as new"));
    assert!(notes("new")[0].contains("the same machine as old"));
    assert!(notes("other").is_empty() && notes("b").is_empty());
    // One that is heard of by another name is not silent.
    let silent = |mirror: &Mirror| -> Vec<_> {
        let hosts = mirror.hosts(true).into_iter().filter(FleetHost::is_silent);
        hosts.map(|host| host.from.host).collect()
    };
    assert_eq!(silent(&mirror), ["new", "old", "other"]);
    mirror.put(&Key::Alive("new"), ALIVE);
    assert_eq!(silent(&mirror), ["other"]);
    let old = mirror.hosts(true).into_iter().find(|host| host.from.host == "old").unwrap();
    assert_eq!((old.from.liveness, old.live_as.as_deref()), (Liveness::Stale, Some("new")));
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8, u8),
    Garbage(u8, u8),
    Delete(u8, u8),
    /// A list of what there is, without one host.
    List(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u8, 0..4_u8, 0..6_u8).prop_map(|(host, id, ip)| Step::Put(host, id, ip)),
        1 => (0..3_u8, 0..4_u8).prop_map(|(host, id)| Step::Garbage(host, id)),
        2 => (0..3_u8, 0..4_u8).prop_map(|(host, id)| Step::Delete(host, id)),
        1 => (0..4_u8).prop_map(Step::List),
    ]
}

proptest! {
    /// Whatever is told in whatever order, the mirror has the last good value of each row, and finds it
    /// by its address.
    #[test]
    fn the_mirror_has_what_was_told_last(steps in prop::collection::vec(step(), 0..60)) {
        let mut mirror = Mirror::new("own", || 0);
        mirror.begin();
        mirror.finish();
        let mut told: BTreeMap<(u8, u8), u8> = BTreeMap::new();
        let put = |mirror: &mut Mirror, host: u8, id: u8, ip: u8| {
            let key = (format!("h{host}"), id.to_string());
            mirror.put(&Key::Row(&key.0, &key.1), &row(&format!("192.0.2.{ip}")));
        };
        for step in steps {
            match step {
                Step::Put(host, id, ip) => {
                    put(&mut mirror, host, id, ip);
                    told.insert((host, id), ip);
                }
                Step::Garbage(host, id) => {
                    mirror.put(&Key::Row(&format!("h{host}"), &id.to_string()), b"{}");
                }
                Step::Delete(host, id) => {
                    mirror.delete(&Key::Row(&format!("h{host}"), &id.to_string()));
                    told.remove(&(host, id));
                }
                Step::List(without) => {
                    told.retain(|(host, _), _| *host != without);
                    mirror.begin();
                    for ((host, id), ip) in &told {
                        put(&mut mirror, *host, *id, *ip);
                    }
                    mirror.finish();
                }
            }
            prop_assert_eq!(mirror.rows.len(), told.len());
            let cost: usize = mirror.rows(None).iter().map(|row| row.cost).sum();
            prop_assert_eq!(mirror.rows.cost(), cost);
            let of_hosts: usize = mirror.hosts.values().map(|host| host.cost).sum();
            prop_assert_eq!(of_hosts, cost);
            for ip in 0..6 {
                let wanted: BTreeSet<_> =
                    told.iter().filter(|(_, of)| **of == ip).map(|((host, _), _)| format!("h{host}")).collect();
                let rows = mirror.candidates(&WhoQuery::Ip(format!("192.0.2.{ip}").parse().unwrap()));
                let count = told.values().filter(|of| **of == ip).count();
                prop_assert_eq!(rows.len(), count);
                let hosts: BTreeSet<_> = rows.iter().map(|row| row.host.to_string()).collect();
                prop_assert_eq!(hosts, wanted);
            }
        }
    }
}
