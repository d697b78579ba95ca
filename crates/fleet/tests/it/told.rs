//! What is told in order.

use docker_ovs_fleet::{Local, UnseenRows, decode};
use lab::{Etcd, need};
use report::v1::{Attachment, FleetAction, Liveness};

use crate::hosts::{Host, How, at, make_mesh, member, run, tunnels, until};

#[test]
fn what_a_host_has_is_known_and_goes_with_it() {
    need!(Etcd);
    let etcd = Etcd::start(1);
    run(async {
        let a = How::new("a", &etcd.endpoints()).start(at("192.0.2.1"));
        let b = How::new("b", &etcd.endpoints()).start(Local::default());
        b.sees("a", Liveness::Live).await;
        b.finds("192.0.2.1", &["a"]).await;
        let mut events = b.fleet.events();
        a.has(at("192.0.2.7"));
        let event = events.recv().await.unwrap();
        assert_eq!((event.action, &*event.host), (FleetAction::Changed, "a"));
        assert_eq!(event.attachment.as_ref().unwrap().addresses, ["192.0.2.7/24"]);
        assert_eq!((b.who("192.0.2.1"), b.who("192.0.2.7")), (vec![], vec!["a".to_owned()]));
        // A look that missed something takes nothing away.
        let hidden = UnseenRows { all: true, ..UnseenRows::default() };
        a.has(Local { hidden, bridges: vec!["br1".to_owned()], ..Local::default() });
        until("it is told", || b.knows("a").unwrap().bridges == ["br1"]).await;
        assert_eq!(b.who("192.0.2.7"), ["a"]);
        a.has(Local::default());
        assert_eq!(events.recv().await.unwrap().action, FleetAction::Vanished);
        // One that ends says so, and leaves its rows.
        a.has(at("192.0.2.8"));
        b.finds("192.0.2.8", &["a"]).await;
        a.stop().await;
        b.sees("a", Liveness::Stale).await;
        assert_eq!(b.who("192.0.2.8"), ["a"]);
        // The next one goes on with them.
        let leases = || etcd.says(&["lease", "list"]).lines().count();
        let before = leases();
        let a = How::new("a", &etcd.endpoints()).machine(|of| of.run = "2".into());
        let a = a.start(at("192.0.2.8"));
        b.sees("a", Liveness::Live).await;
        a.is_told().await;
        assert_eq!(leases(), before + 1, "only that of its sign of life is new");
    });
}

#[test]
fn ten_thousand_rows_of_one_host_are_told_and_no_more() {
    need!(Etcd);
    let etcd = Etcd::start(1);
    run(async {
        let row = |n: usize| -> Attachment {
            let text = format!(
                r#"{{"Container":"c{n}","ID":"{n:064}","Interface":"eth0","State":"on","Addresses":["10.0.{}.{}/8"]}}"#,
                n / 250,
                n % 250
            );
            decode(text.as_bytes()).unwrap()
        };
        let rows: Vec<_> = (0..10_005).map(row).collect();
        let b = How::new("b", &etcd.endpoints()).start(Local::default());
        b.is_told().await;
        let a = How::new("a", &etcd.endpoints()).start(Local::new(rows.iter(), Vec::new()));
        until("all are known", || b.fleet.status().attachments == 10_000).await;
        a.is_told().await;
        let why = a.fleet.condition().why.unwrap();
        assert!(why.contains("5 attachments are too many"), "{why}");
        assert_eq!(b.who("10.0.39.249"), ["a"]);
        assert!(b.who("10.0.40.0").is_empty());
        // At most a thousand keys have one lease; two more are signs of life.
        let leases = etcd.says(&["lease", "list"]);
        assert!(leases.starts_with("found 12 leases"), "{leases}");
        let first = rows.iter().skip(5);
        a.has(Local::new(first, Vec::new()));
        b.finds("10.0.40.0", &["a"]).await;
        until("the others are gone", || b.who("10.0.0.4").is_empty()).await;
        until("it has told all", || a.fleet.condition().why.is_none()).await;
        assert_eq!(b.fleet.status().attachments, 10_000);
    });
}

/// Whatever a host puts where it may, all others hear of each other.
#[test]
fn long_values_of_one_host_keep_the_others_from_nothing() {
    need!(Etcd);
    let etcd = Etcd::start(1);
    let client = || {
        let endpoints = vec![etcd.endpoints().parse().unwrap()];
        etcd::Client::new(etcd::Settings { endpoints, tls: None })
    };
    run(async {
        make_mesh(&etcd);
        let first = How::new("a", &etcd.endpoints()).start(member("10.0.0.1", "192.0.2.1"));
        first.is_told().await;
        client().put("/docker-ovs/v1/f/alive/greedy", "{}", 0).await.unwrap();
        // Its own rows, and what the role of each host lets it write.
        for place in ["rows/greedy/", "numbers/9", "blocks/blue/x/", "rows/b/"] {
            for number in 0..17 {
                let key = format!("/docker-ovs/v1/f/{place}{number:02}");
                client().put(key, "x".repeat(1_000_000), 0).await.unwrap();
            }
        }
        let b = How::new("b", &etcd.endpoints()).start(member("10.0.0.2", "192.0.2.2"));
        b.sees("a", Liveness::Live).await;
        b.finds("10.0.0.1", &["a"]).await;
        let status = || (b.is_lost(), b.fleet.status().unreadable);
        until("they are counted", || status() == (false, 17)).await;
        // It has a number, and tells what it has.
        b.is_told().await;
        assert_eq!(b.fleet.condition().number, Some(2));
        first.finds("10.0.0.2", &["b"]).await;
        until("the tunnel is made", || tunnels(&b) == Some(vec![("a".into(), 64_001)])).await;
        let keys = docker_ovs_fleet::keys::Keys::new("f");
        // It is no more.
        let block = keys.block("blue", &"10.0.0.0/24".parse().unwrap(), 1);
        client().put(block, "gone", 0).await.unwrap();
        let all = docker_ovs_fleet::blocks::all(&client(), &keys, None).await.unwrap();
        assert_eq!(all.iter().map(|(.., host)| host.as_str()).collect::<Vec<_>>(), ["gone"]);
        let etcd_client = client();
        let released = docker_ovs_fleet::blocks::release(&etcd_client, &keys, "blue", "a").await;
        let released = released.unwrap();
        assert_eq!((released.count, released.living.as_deref()), (0, Some("a")));
        let released = docker_ovs_fleet::blocks::release(&etcd_client, &keys, "blue", "gone").await;
        let released = released.unwrap();
        assert_eq!((released.count, released.living), (1, None));
    });
}

/// A machine that got another id is called as it was, and finds its blocks with the id from before.
#[test]
fn blocks_stay_until_the_machine_that_is_called_so_tells_which_are_its_own() {
    need!(Etcd);
    let etcd = Etcd::start(1);
    let endpoints = vec![etcd.endpoints().parse().unwrap()];
    let client = etcd::Client::new(etcd::Settings { endpoints, tls: None });
    run(async {
        let keys = docker_ovs_fleet::keys::Keys::new("f");
        let net = "10.0.0.0/24".parse().unwrap();
        let put = |key: String, value: &str| etcd::Op::Put {
            key,
            value: value.to_owned().into(),
            lease: 0,
        };
        let block = put(keys.block("blue", &net, 1), "h3");
        let machine = put(keys.block_machine("blue", &net, 1), "m3");
        let claim = etcd::Txn { compare: Vec::new(), ops: vec![block, machine] };
        client.txn(claim).await.unwrap();
        let lives = |text: &'static str| client.put(keys.alive("h3"), text, 0);
        let release = || async {
            let released = docker_ovs_fleet::blocks::release(&client, &keys, "blue", "h3").await;
            let released = released.unwrap();
            assert_eq!(released.is_untold, released.unknown > 0);
            (released.count, released.living.is_some(), released.unknown)
        };
        lives(r#"{"Machine":"m3"}"#).await.unwrap();
        assert_eq!(release().await, (0, true, 0));
        lives(r#"{"Machine":"m4"}"#).await.unwrap();
        assert_eq!(release().await, (0, false, 1), "it may be the same machine");
        lives(r#"{"Machine":"m4","BlocksKept":true}"#).await.unwrap();
        assert_eq!(release().await, (1, false, 0), "it was installed anew");
    });
}

#[test]
fn two_fleets_and_two_hosts_of_one_name_are_kept_apart() {
    need!(Etcd);
    let etcd = Etcd::start(1);
    run(async {
        let a = How::new("a", &etcd.endpoints()).start(at("192.0.2.1"));
        let b = How::new("b", &etcd.endpoints()).start(Local::default());
        b.finds("192.0.2.1", &["a"]).await;
        let cloned = How::new("a", &etcd.endpoints()).machine(|of| of.machine = "other".into());
        let cloned = cloned.start(at("192.0.2.2"));
        cloned.is_not_told("another machine is called a").await;
        let copied = How::new("a", &etcd.endpoints()).machine(|of| of.boot = "b2".into());
        let copied = copied.start(at("192.0.2.3"));
        copied.is_not_told("a copy of it").await;
        // Each answers for itself, and knows of the others.
        cloned.finds("192.0.2.2", &["a"]).await;
        cloned.sees("b", Liveness::Live).await;
        assert_eq!((b.who("192.0.2.1"), b.who("192.0.2.2")), (vec!["a".to_owned()], vec![]));
        assert!(a.fleet.condition().published && b.who("192.0.2.3").is_empty());
        // The first ends in order: one of the others has the name at its next try.
        a.stop().await;
        until("it has the name", || {
            let told =
                [&cloned, &copied].iter().filter(|of| of.fleet.condition().published).count();
            told == 1
        })
        .await;
        drop(cloned);
    });
}

#[test]
fn a_host_that_was_installed_anew_has_its_number_again() {
    need!(Etcd);
    let etcd = Etcd::start(1);
    run(async {
        make_mesh(&etcd);
        let a = How::new("a", &etcd.endpoints()).start(member("10.0.0.1", "192.0.2.1"));
        until("it has its number", || a.fleet.condition().number == Some(1)).await;
        let b = How::new("b", &etcd.endpoints()).start(member("10.0.0.2", "192.0.2.2"));
        until("both have tunnels", || {
            tunnels(&a) == Some(vec![("b".into(), 64_002)])
                && tunnels(&b) == Some(vec![("a".into(), 64_001)])
        })
        .await;
        a.stop().await;
        b.sees("a", Liveness::Stale).await;
        assert_eq!(tunnels(&b), Some(vec![("a".into(), 64_001)]));
        let anew = How::new("a", &etcd.endpoints()).machine(|of| of.machine = "anew".into());
        let anew: Host = anew.start(member("10.0.0.9", "192.0.2.9"));
        anew.is_told().await;
        b.finds("10.0.0.9", &["a"]).await;
        assert_eq!(anew.fleet.condition().number, Some(1));
        until("the tunnel leads there", || {
            let wanted = b.fleet.wanted_tunnels().map(|wanted| wanted.tunnels).unwrap_or_default();
            let remote = wanted.iter().map(|of| (of.ofport, of.remote_ip.to_string()));
            remote.collect::<Vec<_>>() == [(64_001, "192.0.2.9".to_owned())]
        })
        .await;
        assert!(b.who("10.0.0.1").is_empty(), "the rows of the one before are gone");
    });
}
