//! What is out of order: each with how it was before, is meanwhile, and is afterwards.

use docker_ovs_fleet::Local;
use etcd::TlsFiles;
use lab::{Authority, Etcd, need};
use report::v1::Liveness;

use crate::hosts::{Host, How, at, make_mesh, member, run, tunnels, until};

/// Hosts `a` and `b` of one cluster that know of each other.
async fn two(etcd: &Etcd) -> (Host, Host) {
    let a = How::new("a", &etcd.endpoints()).start(at("192.0.2.1"));
    let b = How::new("b", &etcd.endpoints()).start(at("192.0.2.2"));
    a.finds("192.0.2.2", &["b"]).await;
    b.finds("192.0.2.1", &["a"]).await;
    a.sees("b", Liveness::Live).await;
    b.sees("a", Liveness::Live).await;
    (a, b)
}

#[test]
fn etcd_is_away_at_the_start_and_later() {
    need!(Etcd);
    let mut etcd = Etcd::start(1);
    etcd.kill_all();
    run(async {
        // Their clocks are an hour apart, of which nothing depends.
        let a = How::new("a", &etcd.endpoints()).clock(|| 3_600_000).start(at("192.0.2.1"));
        let b = How::new("b", &etcd.endpoints()).clock(|| 0).start(at("192.0.2.2"));
        a.is_not_told("no member of etcd answers").await;
        assert!(a.is_lost() && tunnels(&a).is_none());
        assert_eq!((a.who("192.0.2.1"), a.liveness("a")), (vec!["a".into()], Some(Liveness::Live)));
        etcd.revive();
        b.finds("192.0.2.1", &["a"]).await;
        a.finds("192.0.2.2", &["b"]).await;
        a.sees("b", Liveness::Live).await;
        b.sees("a", Liveness::Live).await;
        assert!(!a.is_lost() && !b.is_lost());
        etcd.kill_all();
        a.sees("b", Liveness::Stale).await;
        b.sees("a", Liveness::Stale).await;
        let since = |host: &Host, of: &str| host.knows(of).unwrap().from.stale_since.unwrap();
        assert_eq!(since(&a, "b"), "1970-01-01T01:00:00.000Z");
        assert_eq!(since(&b, "a"), "1970-01-01T00:00:00.000Z");
        assert_eq!((a.who("192.0.2.2"), a.liveness("a")), (vec!["b".into()], Some(Liveness::Live)));
        // What changes meanwhile is told afterwards.
        a.has(at("192.0.2.7"));
        etcd.revive();
        b.finds("192.0.2.7", &["a"]).await;
        b.sees("a", Liveness::Live).await;
        assert!(b.who("192.0.2.1").is_empty());
    });
}

#[test]
fn one_host_is_cut_off() {
    need!(Etcd);
    let etcd = Etcd::start(3);
    run(async {
        // Only that member is within its reach, and the other one cannot reach that.
        let a = How::new("a", etcd.endpoint(0)).start(at("192.0.2.1"));
        let others = format!("{},{}", etcd.endpoint(1), etcd.endpoint(2));
        let b = How::new("b", &others).start(at("192.0.2.2"));
        a.finds("192.0.2.2", &["b"]).await;
        b.finds("192.0.2.1", &["a"]).await;
        etcd.hang(0, true);
        a.has(at("192.0.2.7"));
        until("it knows that it is cut off", || a.is_lost()).await;
        a.is_not_told(etcd.endpoint(0)).await;
        assert_eq!((a.who("192.0.2.7"), a.who("192.0.2.2")), (vec!["a".into()], vec!["b".into()]));
        b.sees("a", Liveness::Stale).await;
        assert_eq!((b.who("192.0.2.1"), b.is_lost()), (vec!["a".to_owned()], false));
        etcd.hang(0, false);
        b.sees("a", Liveness::Live).await;
        a.sees("b", Liveness::Live).await;
        b.finds("192.0.2.7", &["a"]).await;
        assert!(b.who("192.0.2.1").is_empty());
    });
}

#[test]
fn etcd_compacts_what_was_not_read() {
    need!(Etcd);
    let mut etcd = Etcd::start(1);
    run(async {
        let (a, b) = two(&etcd).await;
        // While none follows, everything until now is compacted away.
        etcd.kill_all();
        a.sees("b", Liveness::Stale).await;
        b.sees("a", Liveness::Stale).await;
        a.has(at("192.0.2.7"));
        etcd.revive();
        let revision = || {
            let told = etcd.says(&["put", "/beside", "x", "--write-out=json"]);
            let at = told.split("\"revision\":").nth(1).unwrap();
            at.split(|c: char| !c.is_ascii_digit()).next().unwrap().to_owned()
        };
        etcd.says(&["compact", &revision(), "--physical"]);
        b.finds("192.0.2.7", &["a"]).await;
        b.sees("a", Liveness::Live).await;
        // And while both do.
        etcd.says(&["compact", &revision(), "--physical"]);
        a.has(at("192.0.2.8"));
        b.finds("192.0.2.8", &["a"]).await;
        assert!(!b.is_lost());
    });
}

/// Three hosts in a mesh, of which the last joined after a copy was made; then etcd is brought to
/// something earlier.
fn goes_back(change: impl FnOnce(&mut Etcd, &std::path::Path)) {
    let mut etcd = Etcd::start(1);
    run(async {
        make_mesh(&etcd);
        let a = How::new("a", &etcd.endpoints()).start(member("10.0.0.1", "192.0.2.1"));
        a.is_told().await;
        let b = How::new("b", &etcd.endpoints()).start(member("10.0.0.2", "192.0.2.2"));
        b.is_told().await;
        a.finds("10.0.0.2", &["b"]).await;
        let saved = etcd.save();
        a.has(member("10.0.0.7", "192.0.2.1"));
        let c = How::new("c", &etcd.endpoints()).start(member("10.0.0.3", "192.0.2.3"));
        let all = Some(vec![("b".to_owned(), 64_002), ("c".to_owned(), 64_003)]);
        until("it wants its tunnels", || tunnels(&a) == all).await;
        b.finds("10.0.0.7", &["a"]).await;
        etcd.kill_all();
        b.sees("a", Liveness::Stale).await;
        // What may be old makes and removes no tunnel.
        until("it is lost", || tunnels(&a).is_none()).await;
        assert_eq!(b.who("10.0.0.7"), ["a"]);
        change(&mut etcd, &saved);
        // `tunnels` fails as soon as any is to go.
        let known = |host: &Host| {
            tunnels(host);
            host.liveness("c") == Some(Liveness::Live) && host.liveness("a") == Some(Liveness::Live)
        };
        until("they know of each other", || known(&a) && known(&b)).await;
        b.finds("10.0.0.7", &["a"]).await;
        assert!(b.who("10.0.0.1").is_empty());
        make_mesh(&etcd);
        until("it wants its tunnels", || tunnels(&a) == all).await;
        assert_eq!(c.fleet.condition().number, Some(3));
        b.finds("10.0.0.3", &["c"]).await;
    });
}

#[test]
fn an_old_copy_of_etcd_is_restored() {
    need!(Etcd);
    goes_back(Etcd::restore);
}

#[test]
fn etcd_is_emptied() {
    need!(Etcd);
    goes_back(|etcd, _| {
        etcd.wipe();
        etcd.revive();
    });
}

#[test]
fn etcd_has_no_room() {
    need!(Etcd);
    let etcd = Etcd::start_with(1, &["--quota-backend-bytes", "2000000"]);
    run(async {
        let (a, b) = two(&etcd).await;
        let fill = |etcd: &Etcd| {
            let value = "x".repeat(100_000);
            etcd.ctl().args(["put", "/fill", &value]).output().unwrap().status.success()
        };
        until("it is full", || !fill(&etcd)).await;
        a.has(at("192.0.2.7"));
        a.is_not_told("space").await;
        // It is alive all the same, and knows of the others.
        assert_eq!((b.liveness("a"), b.who("192.0.2.1")), (Some(Liveness::Live), vec!["a".into()]));
        assert_eq!((a.is_lost(), a.who("192.0.2.7")), (false, vec!["a".to_owned()]));
        etcd.says(&["del", "/fill"]);
        let told = etcd.says(&["get", "/fill", "--write-out=json"]);
        let revision = told.split("\"revision\":").nth(1).unwrap();
        let revision: String = revision.chars().take_while(char::is_ascii_digit).collect();
        etcd.says(&["compact", &revision, "--physical"]);
        etcd.says(&["defrag"]);
        etcd.says(&["alarm", "disarm"]);
        b.finds("192.0.2.7", &["a"]).await;
        a.is_told().await;
        assert_eq!(b.liveness("a"), Some(Liveness::Live));
    });
}

#[test]
fn a_certificate_expires_and_is_renewed() {
    need!(Etcd);
    let mut etcd = Etcd::start_tls(1, Authority::new());
    run(async {
        let own = etcd.authority().sign(&["a"]);
        let files = TlsFiles {
            authorities: etcd.authority().cert().into(),
            own: Some((own.cert.clone().into(), own.key.clone().into())),
        };
        let others = etcd.authority().sign(&["b"]);
        let of_b = TlsFiles {
            authorities: etcd.authority().cert().into(),
            own: Some((others.cert.into(), others.key.into())),
        };
        let a = How::new("a", &etcd.endpoints()).tls(files).start(at("192.0.2.1"));
        let b = How::new("b", &etcd.endpoints()).tls(of_b).start(Local::default());
        b.finds("192.0.2.1", &["a"]).await;
        a.is_told().await;
        let expired = etcd.authority().sign_expired(&["a"]);
        std::fs::rename(expired.cert, &own.cert).unwrap();
        std::fs::rename(expired.key, &own.key).unwrap();
        // A connection that is there goes on; the next one is refused.
        etcd.kill_all();
        etcd.revive();
        until("it is refused", || a.is_lost() && !a.fleet.condition().published).await;
        b.sees("b", Liveness::Live).await;
        b.sees("a", Liveness::Stale).await;
        assert_eq!(
            (a.who("192.0.2.1"), b.who("192.0.2.1")),
            (vec!["a".into()], vec!["a".to_owned()])
        );
        let renewed = etcd.authority().sign(&["a"]);
        std::fs::rename(renewed.cert, &own.cert).unwrap();
        std::fs::rename(renewed.key, &own.key).unwrap();
        b.sees("a", Liveness::Live).await;
        until("it hears of the others", || !a.is_lost()).await;
    });
}

#[test]
fn what_a_host_has_in_etcd_is_taken_away() {
    need!(Etcd);
    let etcd = Etcd::start(1);
    run(async {
        let (a, b) = two(&etcd).await;
        let mut events = b.fleet.events();
        // As after a pause that was longer than its lease, or when an administrator does so.
        etcd.says(&["del", "/docker-ovs/v1/f/alive/a"]);
        let mut next = async || {
            let event = events.recv().await.unwrap();
            (event.action.to_string(), event.host.clone())
        };
        assert_eq!(next().await, ("stale".to_owned(), "a".to_owned()));
        assert_eq!(next().await, ("live".to_owned(), "a".to_owned()));
        // All its leases end, as when it was silent for long.
        let leases = etcd.says(&["lease", "list"]);
        for lease in leases.lines().skip(1) {
            etcd.says(&["lease", "revoke", lease]);
        }
        b.sees("a", Liveness::Live).await;
        a.sees("b", Liveness::Live).await;
        a.finds("192.0.2.2", &["b"]).await;
        b.finds("192.0.2.1", &["a"]).await;
        etcd.says(&["del", "--prefix", "/docker-ovs/v1/f/rows/a/"]);
        let mut seen = String::new();
        while seen != "appeared" {
            seen = events.recv().await.unwrap().action.to_string();
        }
        b.finds("192.0.2.1", &["a"]).await;
        // And what another puts there in its name is not left there.
        etcd.says(&[
            "put",
            "/docker-ovs/v1/f/rows/a/evil",
            r#"{"State":"on","Addresses":["192.0.2.66/24"]}"#,
        ]);
        b.finds("192.0.2.66", &[]).await;
        let there = || etcd.says(&["get", "--prefix", "/docker-ovs/v1/f/rows/a/", "--keys-only"]);
        until("it is taken away", || !there().contains("evil")).await;
    });
}
